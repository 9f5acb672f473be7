/* Reading clues: lists, one with its score card, its complaints with the places of evidence, similar ones, law, export.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/ask.h"
#include "console/card.h"
#include "console/clue_list.h"
#include "console/console.h"
#include "console/cursor.h"
#include "console/sheet.h"
#include "console/store_clues.h"
#include "proto/similar.pb-c.h"
#include "wjz/log.h"

enum { EVIDENCE_COMPLAINTS = 64 };

/* --- lists --- */

/* What somebody looks for by words is written down, with what is found, in one transaction. */
static int list_prepare(exchange *x, wjz_err *err) {
    const char *words = wjz_request_query(x->request, "q");
    int r = clue_list_prepare(x, err);
    if (r < 0 || !words) return r;
    json_t *detail = json_pack("{s:s}", "q", words);
    r = detail ? exchange_note_ahead(x, "search", "clues", detail) : -ENOMEM;
    json_decref(detail);
    return r;
}

static const char *const EXPORT_TITLES[] = {"编号", "星级", "成案指数",   "领域",     "检察部门", "类型",
                                            "标题", "地点", "被反映对象", "检察院",   "联络站",   "承办人",
                                            "状态", "结果", "诉求数",     "首次反映", "最近反映"};

static int export_run(exchange *x, wjz_err *err) {
    sheet *s = NULL;
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    int r = sheet_new(EXPORT_TITLES, WJZ_COUNT(EXPORT_TITLES), &s);
    for (int i = 0; r == 0 && i < wjz_rows_count(rows); i++)
        r = sheet_add_json(s, wjz_row_text(rows, i, 0));
    x->detail = json_pack("{s:i}", "rows", wjz_rows_count(rows));
    if (r == 0) r = exchange_note(x, "export", "clues", "", "done", x->detail);
    if (r == 0) r = sheet_answer_csv(x, s, "clues.csv");
    sheet_destroy(&s);
    return r < 0 ? wjz_err_set(err, r, "could not make the file") : 0;
}

/* --- one clue --- */

static int detail_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    return wjz_tx_send_v(x->tx, &CLUE_DETAIL, wjz_i64(exchange_id(x, "clue")));
}

static const wjz_stmt TEXTS = {
    "console_texts",
    "SELECT p.id, p.title, p.content, array_to_string(p.categories, E'\\x1f'), p.address, p.visit_note, p.reply"
    " FROM console.clue c CROSS JOIN unnest($2::int8[]) w(id) CROSS JOIN LATERAL"
    " (SELECT x.* FROM console.complaint x WHERE x.region = c.region AND x.id = w.id OFFSET 0) p WHERE c.clue = $1",
    7};

static card_texts texts_at(const wjz_rows *rows, int row) {
    return (card_texts){wjz_row_int(rows, row, 0),  wjz_row_text(rows, row, 1), wjz_row_text(rows, row, 2),
                        wjz_row_text(rows, row, 3), wjz_row_text(rows, row, 4), wjz_row_text(rows, row, 5),
                        wjz_row_text(rows, row, 6)};
}

static unsigned caseworker(const exchange *x) {
    return x->who.mask & CASEWORKERS;
}

/* What the person may do with the assignment now; the service that owns it decides in the end. */
static json_t *actions(const exchange *x, const char *state, const char *prosecutor, bool has_recusal) {
    json_t *list = json_array();
    bool mine = prosecutor && strcmp(prosecutor, x->who.person) == 0, heads = x->who.mask & HEADS,
         works = mine || heads || !prosecutor || !*prosecutor;
    bool assigned = state && strcmp(state, "assigned") == 0, accepted = state && strcmp(state, "accepted") == 0;
    bool open = assigned || accepted || (state && strcmp(state, "verifying") == 0);
    const struct {
        const char *name;
        bool may;
    } all[] = {{"accept", assigned && works && (x->who.mask & READERS)},
               {"verify", accepted && works},
               {"return", open && works},
               {"transfer", open && works && caseworker(x)},
               {"outcome", open && !assigned && works},
               {"declare_recusal", open && mine && !has_recusal},
               {"decide_recusal", has_recusal && (x->who.mask & CHIEF)},
               {"override_stars", caseworker(x)},
               {"merge", caseworker(x)},
               {"split", caseworker(x)},
               {"reveal", caseworker(x)}};
    for (size_t i = 0; i < WJZ_COUNT(all); i++)
        if (all[i].may) (void)json_array_append_new(list, json_string(all[i].name));
    return list;
}

static void add_actions(exchange *x, json_t *clue, const char *prosecutor) {
    json_t *assignment = json_object_get(clue, "assignment");
    const char *state = json_string_value(json_object_get(assignment, "state"));
    json_t *recusal = json_object_get(assignment, "recusal");
    bool undecided = json_is_object(recusal) && json_is_null(json_object_get(recusal, "granted"));
    if (!json_is_object(assignment)) return;
    if (!json_is_array(json_object_get(assignment, "trace")))
        (void)json_object_set_new(assignment, "trace", json_array());
    (void)json_object_set_new(assignment, "actions", actions(x, state, prosecutor, undecided));
}

/* Answers with the clue of id, which the rows are, and its evidence. */
static int answer_clue(exchange *x, int64_t id, const wjz_rows *rows, wjz_err *err) {
    if (wjz_rows_count(rows) == 0)
        return refuse(x, 404, "not_found", "没有，或无权查看 / there is none, or none for you");
    json_t *clue = json_loads(wjz_row_text(rows, 0, 0), 0, NULL);
    wjz_blob bytes = wjz_row_bytes(rows, 0, 1);
    const ProtobufCMessage *body;
    add_actions(x, clue, wjz_row_text(rows, 0, 5));
    int r =
        clue ? wjz_message_unpack(&wjz__scoring__score_card__descriptor, bytes.data, bytes.length, x->arena, &body, err)
             : -ENOMEM;
    int64_t ids[EVIDENCE_COMPLAINTS];
    card_texts texts[EVIDENCE_COMPLAINTS];
    wjz_rows *found = NULL;
    const Wjz__Scoring__ScoreCard *card = r == 0 ? (const void *)body : NULL;
    size_t count = card ? card_complaints(card, ids, EVIDENCE_COMPLAINTS) : 0;
    if (r == 0) r = wjz_tx_query_v(x->tx, &TEXTS, &found, err, wjz_i64(id), wjz_i64s(ids, count));
    count = r == 0 ? (size_t)wjz_rows_count(found) : 0;
    for (size_t i = 0; i < count && i < EVIDENCE_COMPLAINTS; i++)
        texts[i] = texts_at(found, (int)i);
    if (r == 0) {
        (void)json_object_set_new(clue, "card", card_json(card, texts, count));
        (void)json_object_set_new(clue, "collisions", card_collisions_json(card));
        return answer_json(x, 200, clue);
    }
    json_decref(clue);
    return r;
}

static int detail_run(exchange *x, wjz_err *err) {
    return answer_clue(x, exchange_id(x, "clue"), wjz_tx_rows(x->tx, 1), err);
}

int clues_answer(exchange *x, int64_t id, wjz_err *err) {
    wjz_rows *rows;
    int r = wjz_tx_query_v(x->tx, &CLUE_DETAIL, &rows, err, wjz_i64(id));
    return r < 0 ? r : answer_clue(x, id, rows, err);
}

/* --- its complaints --- */

static int complaints_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    static const bind binds[] = {{"clue", BIND_ID}, {"cursor", BIND_TIME_CURSOR}, {"limit", BIND_LIMIT}, {0}};
    wjz_param params[BIND_PARAMS];
    int count, r = bind_params(x, binds, params, &count);
    return r < 0 ? r : wjz_tx_send(x->tx, &COMPLAINTS, params, count);
}

static const char *member(const json_t *object, const char *name) {
    return json_string_value(json_object_get(object, name));
}

static json_t *complaint_json(exchange *x, const wjz_rows *rows, int row) {
    json_t *item = json_loads(wjz_row_text(rows, row, 0), 0, NULL);
    wjz_blob bytes = wjz_row_bytes(rows, row, 3);
    const ProtobufCMessage *finding;
    const card_texts texts = {wjz_row_int(rows, row, 2), member(item, "title"),      member(item, "content"), NULL,
                              member(item, "address"),   member(item, "visit_note"), member(item, "reply")};
    bool known =
        wjz_message_unpack(&wjz__scoring__finding__descriptor, bytes.data, bytes.length, x->arena, &finding, NULL) == 0;
    (void)json_object_set_new(item, "evidence", known ? card_hits_json((const void *)finding, &texts) : json_array());
    return item;
}

static int complaints_run(exchange *x, WJZ_UNUSED wjz_err *err) {
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    int count = wjz_rows_count(rows), limit = bind_limit(x), shown = count > limit ? limit : count;
    char next[CURSOR_TEXT];
    json_t *items = json_array();
    for (int i = 0; i < shown; i++)
        (void)json_array_append_new(items, complaint_json(x, rows, i));
    if (count > limit) cursor_write((cursor){wjz_row_int(rows, shown - 1, 1), wjz_row_int(rows, shown - 1, 2)}, next);
    return answer_json(
        x, 200, json_pack("{s:o, s:o}", "items", items, "next", count > limit ? json_string(next) : json_null()));
}

/* --- similar ones: scoring says which, the store which of them are seen --- */

static int similar_run(exchange *x, wjz_err *err) {
    static const question SIMILAR = {.service = "scoring",
                                     .asks = &wjz__scoring__find_similar__descriptor,
                                     .answers = &wjz__scoring__similar_clues__descriptor};
    target t;
    const ProtobufCMessage *body;
    int r = ask_target(x, &t);
    if (r != 0) return r < 0 ? r : 0;
    Wjz__Scoring__FindSimilar message = WJZ__SCORING__FIND_SIMILAR__INIT;
    message.clue = (uint64_t)t.clue;
    message.limit = 20;
    r = ask_send(x, &SIMILAR, &t, &message.base, &body, err);
    if (r != 0) return r < 0 ? r : 0;
    const Wjz__Scoring__SimilarClues *similar = (const void *)body;
    int64_t *ids = wjz_arena_calloc(x->arena, similar->n_clues + 1, sizeof *ids);
    wjz_rows *rows;
    if (!ids) return -ENOMEM;
    for (size_t i = 0; i < similar->n_clues; i++)
        ids[i] = (int64_t)similar->clues[i]->clue;
    r = wjz_tx_query_v(x->tx, &CLUE_ROWS, &rows, err, wjz_i64s(ids, similar->n_clues));
    if (r < 0) return r;
    json_t *items = json_array();
    for (int row = 0; row < wjz_rows_count(rows); row++) {
        const Wjz__Scoring__SimilarClue *one = similar->clues[wjz_row_int(rows, row, 1) - 1];
        json_t *reasons = json_array();
        for (size_t j = 0; j < one->n_reasons; j++)
            (void)json_array_append_new(reasons, json_sprintf("%s:%s", one->reasons[j]->kind, one->reasons[j]->value));
        (void)json_array_append_new(items, json_pack("{s:o, s:o, s:f, s:o}", "clue",
                                                     json_loads(wjz_row_text(rows, row, 0), 0, NULL), "reasons",
                                                     reasons, "similarity", one->similarity, "outcome",
                                                     *one->outcome ? json_string(one->outcome) : json_null()));
    }
    return answer_json(x, 200, json_pack("{s:o}", "items", items));
}

/* --- photos --- */

static const wjz_stmt RENDITION = {"console_rendition", "SELECT console.rendition(decode($1, 'hex'), $2)", 1};

static int attachment_prepare(exchange *x, WJZ_UNUSED wjz_err *err) {
    const char *form = exchange_path(x, "form");
    return wjz_tx_send_v(x->tx, &RENDITION, wjz_text(exchange_path(x, "attachment")),
                         wjz_text(strcmp(form, "content") == 0 ? "display" : "thumbnail"));
}

static int attachment_run(exchange *x, WJZ_UNUSED wjz_err *err) {
    wjz_blob bytes = wjz_row_bytes(wjz_tx_rows(x->tx, 1), 0, 0);
    if (!bytes.data) return refuse(x, 404, "not_found", "没有，或无权查看 / there is none, or none for you");
    return answer_picture(x, "image/jpeg", bytes.data, bytes.length);
}

/* --- law --- */

static int law_run(exchange *x, wjz_err *err) {
    const wjz_rows *rows = wjz_tx_rows(x->tx, 1);
    if (wjz_rows_count(rows) == 0)
        return refuse(x, 404, "not_found", "没有，或无权查看 / there is none, or none for you");
    json_t *law = reference_law(x->console->reference, wjz_row_text(rows, 0, 0));
    return law ? answer_json(x, 200, law) : wjz_err_set(err, -ENOMEM, "out of memory");
}

static const read_spec LAW = {{"console_clue_domain", "SELECT domain FROM console.clue WHERE clue = $1", 1},
                              {{"clue", BIND_ID}, {0}}};
static const question ABOUT_CLUE = {.service = "scoring", .about = "clue", .target = &CLUE_TARGET};

const endpoint CLUE_ENDPOINTS[] = {
    {"listClues", READERS | AT_ONCE, list_prepare, clue_list_run, &CLUES, NULL, "clues"},
    {"downloadClues", CASEWORKERS | ORGAN_ADMIN, read_prepare, export_run, &CLUES_EXPORTED, NULL, "clues"},
    {"readClue", READERS, detail_prepare, detail_run, NULL, "view_clue", "clue"},
    {"listComplaints", READERS, complaints_prepare, complaints_run, NULL, "view_complaints", "clue"},
    {"readAttachment", READERS, attachment_prepare, attachment_run, NULL, "view_attachment", "attachment"},
    {"readHistory", READERS, read_prepare, read_one, &CLUE_HISTORY, NULL, NULL},
    {"listSimilar", READERS, ask_prepare, similar_run, &ABOUT_CLUE, NULL, NULL},
    {"readLaw", READERS, read_prepare, law_run, &LAW, NULL, NULL},
    {"listAccess", READERS, read_prepare, read_one, &CLUE_ACCESS, NULL, NULL},
    {"listReviewClues", CASEWORKERS, read_prepare, read_page, &REVIEW_CLUES, NULL, NULL},
    {"listRepeats", CASEWORKERS, read_prepare, read_page, &REVIEW_REPEATS, "view_repeats", "review"},
    {0},
};
