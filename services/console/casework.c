/* Changes of clues and their assignments: each is a question to the service that owns them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/ask.h"
#include "console/console.h"
#include "console/store_clues.h"
#include "proto/assignment.pb-c.h"
#include "proto/intake.pb-c.h"
#include "proto/report.pb-c.h"
#include "proto/rules.pb-c.h"
#include "proto/scoring.pb-c.h"

/* --- assignments --- */

static json_t *id_or_null(uint64_t id) {
    return id ? json_sprintf("%" PRIu64, id) : json_null();
}

static json_t *show_assignment(WJZ_UNUSED exchange *x, const target *t, const ProtobufCMessage *answer) {
    const Wjz__Assignment__AssignmentAnswer *a = (const void *)answer;
    const Wjz__Assignment__AssignmentState *now = a->assignment, *next = a->successor;
    static const char *const states[] = {"",          "assigned", "accepted", "verifying", "returned", "transferred",
                                         "escalated", "closed",   "withdrawn"};
    const Wjz__Assignment__AssignmentState *last = next ? next : now;
    size_t state = now->state < WJZ_COUNT(states) ? now->state : 0;
    return json_pack("{s:o, s:s, s:I, s:o, s:o}", "assignment", id_or_null(now->assignment), "state", states[state],
                     "revision", (json_int_t)now->revision, "successor", id_or_null(next ? next->assignment : 0),
                     "version",
                     json_sprintf("%.*s.%" PRIu64 ".%" PRIu64, (int)strcspn(t->version, "."), t->version,
                                  last->assignment, last->revision));
}

#define ABOUT_ASSIGNMENT(message)                                                                                      \
    {                                                                                                                  \
        .service = "assignment", .asks = &wjz__assignment__##message##__descriptor,                                    \
        .answers = &wjz__assignment__assignment_answer__descriptor, .about = "assignment",                             \
        .target = &ASSIGNMENT_TARGET, .actor = "actor", .show = show_assignment                                        \
    }

static const question ACCEPT = ABOUT_ASSIGNMENT(accept_assignment), VERIFY = ABOUT_ASSIGNMENT(begin_verification),
                      RETURN = ABOUT_ASSIGNMENT(return_assignment), TRANSFER = ABOUT_ASSIGNMENT(transfer_assignment),
                      OUTCOME = ABOUT_ASSIGNMENT(record_outcome), DECLARE = ABOUT_ASSIGNMENT(declare_recusal),
                      DECIDE = ABOUT_ASSIGNMENT(decide_recusal);

/* --- decisions on what is one matter --- */

static json_t *show_decided(const Wjz__Scoring__CluesDecided *decided, int64_t clue) {
    json_t *others = json_array();
    for (size_t i = 0; i < decided->n_clues; i++)
        if ((int64_t)decided->clues[i]->clue != clue)
            (void)json_array_append_new(others, id_or_null(decided->clues[i]->clue));
    return json_pack("{s:o, s:o, s:o}", "decision", json_sprintf("%" PRIu64, decided->decision), "clue",
                     json_sprintf("%" PRId64, clue), "others", others);
}

/* Sends the message, copies every clue that it concerned, answers. */
static int decide(exchange *x, const question *q, const target *t, const ProtobufCMessage *message, wjz_err *err) {
    const ProtobufCMessage *body;
    int r = ask_send(x, q, t, message, &body, err);
    if (r != 0) return r < 0 ? r : 0;
    const Wjz__Scoring__CluesDecided *decided = (const void *)body;
    int64_t *clues = wjz_arena_calloc(x->arena, decided->n_clues + 1, sizeof *clues);
    if (!clues) return -ENOMEM;
    size_t count = 0;
    if (t->clue) clues[count++] = t->clue;
    for (size_t i = 0; i < decided->n_clues; i++)
        if ((int64_t)decided->clues[i]->clue != t->clue) clues[count++] = (int64_t)decided->clues[i]->clue;
    return ask_done(x, t, clues, count, show_decided(decided, t->clue), err);
}

static Wjz__Scoring__SeenClue seen(int64_t clue, const char *version) {
    Wjz__Scoring__SeenClue it = WJZ__SCORING__SEEN_CLUE__INIT;
    it.clue = (uint64_t)clue;
    it.revision = version ? strtoull(version, NULL, 10) : 0;
    return it;
}

#define DECISION(target_of, name)                                                                                      \
    { .service = "scoring", .answers = &wjz__scoring__clues_decided__descriptor, .about = name, .target = &target_of }
static const question ON_CLUE = DECISION(CLUE_TARGET, "clue"), ON_DECISION = DECISION(DECISION_TARGET, "decision"),
                      ON_REVIEW = DECISION(REVIEW_TARGET, "pair");

static int merge_run(exchange *x, wjz_err *err) {
    target t, into;
    wjz_rows *rows;
    int r = ask_target(x, &t);
    if (r != 0) return r < 0 ? r : 0;
    r = wjz_tx_query_v(x->tx, &CLUE_TARGET, &rows, err, wjz_i64(exchange_id(x, "into")));
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0)
        return refuse_field(x, 422, "not_found", "into", "没有，或无权查看 / there is none, or none for you");
    into.clue = wjz_row_int(rows, 0, 2);
    if (wjz_row_int(rows, 0, 0) != t.region)
        return refuse_field(x, 422, "invalid", "into", "属于另一区划 / belongs to another county");
    Wjz__Scoring__SeenClue one = seen(t.clue, t.version), other = seen(into.clue, NULL), *both[] = {&one, &other};
    Wjz__Scoring__MergeClues message = WJZ__SCORING__MERGE_CLUES__INIT;
    message.n_clue = 2;
    message.clue = both;
    message.person = (char *)x->who.person;
    message.reason = exchange_copy(x, "reason");
    return decide(x, &ON_CLUE, &t, &message.base, err);
}

static int split_run(exchange *x, wjz_err *err) {
    target t;
    int r = ask_target(x, &t);
    if (r != 0) return r < 0 ? r : 0;
    const json_t *list = json_object_get(x->body, "complaints"), *item;
    size_t i;
    Wjz__Scoring__SeenClue one = seen(t.clue, t.version);
    Wjz__Scoring__SplitClue message = WJZ__SCORING__SPLIT_CLUE__INIT;
    message.clue = &one;
    message.n_complaint = json_array_size(list);
    message.complaint = wjz_arena_calloc(x->arena, message.n_complaint, sizeof *message.complaint);
    message.person = (char *)x->who.person;
    message.reason = exchange_copy(x, "reason");
    if (!message.complaint) return -ENOMEM;
    json_array_foreach(list, i, item) {
        message.complaint[i] = strtoull(json_string_value(item), NULL, 10);
    }
    return decide(x, &ON_CLUE, &t, &message.base, err);
}

static int undo_run(exchange *x, wjz_err *err) {
    target t;
    int r = ask_target(x, &t);
    if (r != 0) return r < 0 ? r : 0;
    Wjz__Scoring__UndoDecision message = WJZ__SCORING__UNDO_DECISION__INIT;
    message.decision = (uint64_t)exchange_id(x, "decision");
    message.person = (char *)x->who.person;
    message.reason = exchange_copy(x, "reason");
    return decide(x, &ON_DECISION, &t, &message.base, err);
}

static int repeat_run(exchange *x, wjz_err *err) {
    target t;
    int r = ask_target(x, &t);
    if (r != 0) return r < 0 ? r : 0;
    Wjz__Scoring__DecideRepeat message = WJZ__SCORING__DECIDE_REPEAT__INIT;
    message.review = (uint64_t)exchange_id(x, "pair");
    message.same = json_is_true(json_object_get(x->body, "same"));
    message.person = (char *)x->who.person;
    message.reason = exchange_copy(x, "reason");
    if (!*message.reason) message.reason = (char *)(message.same ? "同一事" : "非同一事");
    return decide(x, &ON_REVIEW, &t, &message.base, err);
}

static const question ON_QUESTION = DECISION(REVIEW_TARGET, "question");

static int confirm_run(exchange *x, wjz_err *err) {
    target t;
    int r = ask_target(x, &t);
    if (r != 0) return r < 0 ? r : 0;
    Wjz__Scoring__ConfirmScore message = WJZ__SCORING__CONFIRM_SCORE__INIT;
    message.review = (uint64_t)exchange_id(x, "question");
    message.person = (char *)x->who.person;
    message.reason = exchange_copy(x, "reason");
    return decide(x, &ON_QUESTION, &t, &message.base, err);
}

/* --- a person's own star --- */

static const question RATE = {
    .service = "scoring", .answers = &wjz__scoring__clue_rating__descriptor, .about = "clue", .target = &CLUE_TARGET};

static int stars_run(exchange *x, wjz_err *err) {
    target t;
    const ProtobufCMessage *answer;
    int r = ask_target(x, &t);
    if (r != 0) return r < 0 ? r : 0;
    const json_t *stars = json_object_get(x->body, "stars");
    Wjz__Scoring__RateClue given = WJZ__SCORING__RATE_CLUE__INIT;
    Wjz__Scoring__WithdrawRating withdraw = WJZ__SCORING__WITHDRAW_RATING__INIT;
    given.clue = withdraw.clue = (uint64_t)t.clue;
    given.rater = withdraw.rater = (char *)x->who.person;
    given.reason = withdraw.reason = exchange_copy(x, "reason");
    given.stars = (uint32_t)json_integer_value(stars);
    r = ask_send(x, &RATE, &t, json_is_null(stars) ? &withdraw.base : &given.base, &answer, err);
    if (r != 0) return r < 0 ? r : 0;
    r = wjz_tx_send_v(x->tx, &REFRESH, wjz_i32(t.region), wjz_i64s(&t.clue, 1));
    if (r == 0) r = exchange_note(x, x->endpoint->event, "clue", exchange_path(x, "clue"), "done", x->body);
    return r == 0 ? clues_answer(x, t.clue, err) : r;
}

/* --- who may see a confidential clue --- */

static int access_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    return wjz_tx_send_v(x->tx, &CLUE_TARGET, wjz_i64(exchange_id(x, "clue")));
}

static int grant_run(exchange *x, wjz_err *err) {
    wjz_rows *rows;
    int64_t clue = exchange_id(x, "clue");
    if (wjz_rows_count(wjz_tx_rows(x->tx, 1)) == 0)
        return refuse(x, 404, "not_found", "没有，或无权查看 / there is none, or none for you");
    wjz_param params[] = {wjz_i64(clue), wjz_text(exchange_text(x, "person")), wjz_text(exchange_text(x, "reason"))};
    int r = wjz_tx_send(x->tx, &ACCESS_GRANT, params, 3);
    if (r == 0) r = exchange_note(x, x->endpoint->event, "clue", exchange_path(x, "clue"), "done", x->body);
    if (r == 0) r = wjz_tx_query_v(x->tx, &CLUE_ACCESS.stmt, &rows, err, wjz_i64(clue));
    return r == 0 ? read_answer_one(x, rows) : r;
}

static int revoke_run(exchange *x, wjz_err *err) {
    wjz_rows *rows;
    int r = wjz_tx_query_v(x->tx, &ACCESS_REVOKE, &rows, err, wjz_i64(exchange_id(x, "clue")),
                           wjz_text(exchange_path(x, "person")));
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0) return refuse(x, 404, "not_found", "没有 / there is none");
    json_t *detail = json_pack("{s:s}", "person", exchange_path(x, "person"));
    r = exchange_note(x, x->endpoint->event, "clue", exchange_path(x, "clue"), "done", detail);
    json_decref(detail);
    return r == 0 ? answer_nothing(x) : r;
}

/* --- what is masked, with a reason --- */

static int plain_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    return wjz_tx_send_v(x->tx, &PLAIN_TEXT, wjz_i64(exchange_id(x, "complaint")), wjz_text(exchange_text(x, "reason")),
                         wjz_text(x->address));
}

static int plain_run(exchange *x, WJZ_UNUSED wjz_err *err) {
    static const char *const names[] = {"title", "content", "address", "reply", "visit_note"};
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    if (wjz_rows_count(rows) == 0)
        return refuse(x, 404, "not_found", "没有，或无权查看 / there is none, or none for you");
    json_t *texts = json_object();
    for (int i = 0; i < (int)WJZ_COUNT(names); i++)
        (void)json_object_set_new(texts, names[i], json_string(wjz_row_text(rows, 0, i)));
    return answer_json(x, 200, texts);
}

static const question REVEAL = {.service = "intake",
                                .asks = &wjz__intake__reveal_reporter__descriptor,
                                .answers = &wjz__intake__reporter_revealed__descriptor,
                                .about = "complaint",
                                .target = &COMPLAINT_TARGET,
                                .actor = "actor"};

const endpoint CASEWORK_ENDPOINTS[] = {
    ASK("acceptAssignment", READERS, &ACCEPT, "accept", "assignment"),
    ASK("beginVerification", READERS, &VERIFY, "verify", "assignment"),
    ASK("returnAssignment", READERS, &RETURN, "return", "assignment"),
    ASK("transferAssignment", CASEWORKERS, &TRANSFER, "transfer", "assignment"),
    ASK("recordOutcome", READERS, &OUTCOME, "outcome", "assignment"),
    ASK("declareRecusal", CASEWORKERS, &DECLARE, "recusal", "assignment"),
    ASK("decideRecusal", CHIEF, &DECIDE, "recusal_decision", "assignment"),
    {"mergeClues", CASEWORKERS, ask_prepare, merge_run, &ON_CLUE, "merge", "clue"},
    {"splitClue", CASEWORKERS, ask_prepare, split_run, &ON_CLUE, "split", "clue"},
    {"undoDecision", CASEWORKERS, ask_prepare, undo_run, &ON_DECISION, "undo", "decision"},
    {"decideRepeat", CASEWORKERS, ask_prepare, repeat_run, &ON_REVIEW, "repeat_decision", "review"},
    {"decideReviewClue", CASEWORKERS, ask_prepare, confirm_run, &ON_QUESTION, "score_confirmed", "review"},
    {"overrideStars", CASEWORKERS, ask_prepare, stars_run, &RATE, "stars", "clue"},
    {"grantAccess", CHIEF, access_prepare, grant_run, NULL, "access_grant", "clue"},
    {"revokeAccess", CHIEF, NULL, revoke_run, NULL, "access_revoke", "clue"},
    ASK("revealReporter", CASEWORKERS, &REVEAL, "reveal_reporter", "complaint"),
    {"readPlainText", CASEWORKERS, plain_prepare, plain_run, NULL, NULL, "complaint"},
    {0},
};
