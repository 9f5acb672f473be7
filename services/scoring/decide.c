/* Everything is looked at within the region's lock: what a verb sees is what it changes. Nothing is changed before the
 * last refusal. */
#include "scoring/decide.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/matters.h"
#include "scoring/store_decisions.h"
#include "scoring/store_review.h"
#include "wjz/id.h"

enum { CLUES_LIMIT = 64, REASON_BYTES = 2000 };

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

static int refuse(decide *d, wjz_refusal_code code, const char *field, const char *value, const char *message,
                  const char *remedy) {
    *d->refusal = (wjz_refusal){.code = code, .field = field, .value = value, .message = message, .remedy = remedy};
    return -EPERM;
}

static int refuse_id(decide *d, wjz_refusal_code code, const char *field, int64_t id, const char *message,
                     const char *remedy) {
    return refuse(d, code, field, wjz_arena_printf(d->arena, "%" PRId64, id), message, remedy);
}

int decide_check(decide *d, wjz_err *err) {
    bool known = false;
    if (!d->reason[0] || strlen(d->reason) > REASON_BYTES)
        return refuse(d, WJZ_REFUSAL_INVALID, "reason", "",
                      "须写明理由，至多 2000 字节 / a reason is needed, of at most 2000 bytes", NULL);
    int r = d->person[0] ? store_knows_person(d->tx, d->region, d->person, &known, err) : 0;
    if (r) return r;
    return known ? 0
                 : refuse(d, WJZ_REFUSAL_NOT_FOUND, "person", d->person,
                          "名录中没有此人 / the directory has no such person in this region", NULL);
}

/* --- what is named --- */

/* Sorted, each once. */
static int copy_ids(const decide *d, const uint64_t *ids, size_t count, int64_t **ret_ids, size_t *ret_count) {
    int64_t *copy = wjz_arena_alloc(d->arena, count * sizeof *copy);
    if (!copy) return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        copy[i] = (int64_t)ids[i];
    qsort(copy, count, sizeof *copy, wjz_id_order);
    size_t unique = 0;
    for (size_t i = 0; i < count; i++) {
        if (unique == 0 || copy[unique - 1] != copy[i]) copy[unique++] = copy[i];
    }
    *ret_ids = copy;
    *ret_count = unique;
    return 0;
}

static int check_seen(decide *d, const Wjz__Scoring__SeenClue *seen, const named_clue *clues, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (clues[i].id != (int64_t)seen->clue) continue;
        if (clues[i].merged_into)
            return refuse_id(d, WJZ_REFUSAL_CONFLICT, "clue", clues[i].id,
                             wjz_arena_printf(d->arena, "此线索已并入 %" PRId64 " / it was merged into that clue",
                                              clues[i].merged_into),
                             "改用并入后的线索 / name the clue that it was merged into");
        if (seen->revision && seen->revision != (uint64_t)clues[i].revision)
            return refuse_id(d, WJZ_REFUSAL_CONFLICT, "revision", clues[i].revision,
                             "线索已有变化 / the clue has changed since it was looked at",
                             "重新查看后再决定 / look at it again, then decide");
        return 0;
    }
    return refuse_id(d, WJZ_REFUSAL_NOT_FOUND, "clue", (int64_t)seen->clue,
                     "没有这条线索 / no such clue in this region", "wjz clues list");
}

/* Checks the clues and names them and their complaints in d. */
static int name_clues(decide *d, Wjz__Scoring__SeenClue *const *seen, size_t count, wjz_err *err) {
    named_clue *clues = NULL;
    size_t found = 0;
    uint64_t *ids = wjz_arena_alloc(d->arena, count * sizeof *ids);
    if (!ids) return out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        ids[i] = seen[i]->clue;
    if (copy_ids(d, ids, count, &d->clues, &d->clue_count)) return out_of_memory(err);
    if (d->clue_count < count)
        return refuse(d, WJZ_REFUSAL_INVALID, "clue", "", "同一线索出现两次 / a clue is named twice", NULL);
    int r = store_named_clues(d->tx, d->region, d->clues, d->clue_count, d->arena, &clues, &found, err);
    for (size_t i = 0; !r && i < count; i++)
        r = check_seen(d, seen[i], clues, found);
    if (!r)
        r = store_complaints_of_clues(d->tx, d->region, d->clues, d->clue_count, DECISION_COMPLAINTS + 1, d->arena,
                                      &d->complaints, &d->complaint_count, err);
    if (!r && d->complaint_count > DECISION_COMPLAINTS)
        return refuse(d, WJZ_REFUSAL_TOO_LARGE, "clue", "",
                      "一次决定至多涉及 10000 件诉求 / a decision names at most 10000 complaints", NULL);
    return r;
}

/* --- carrying out --- */

/* The clues that its complaints are in. */
static int64_t *clues_before(const decide *d, const regroup *g, const decision *made) {
    int64_t *clues = wjz_arena_alloc(d->arena, (made->member_count + made->other_count) * sizeof *clues);
    if (!clues) return NULL;
    for (size_t i = 0; i < made->member_count; i++)
        clues[i] = regroup_clue(g, made->members[i]);
    for (size_t i = 0; i < made->other_count; i++)
        clues[made->member_count + i] = regroup_clue(g, made->others[i]);
    return clues;
}

/* Keeps it and lets the groups follow. Nothing may refuse after it. */
static int keep(decide *d, regroup *g, const decision *made, bool leave, int64_t review, wjz_err *err) {
    const decision_row row = {.made = made,
                              .id = made->id,
                              .review = review,
                              .person = d->person,
                              .reason = d->reason,
                              .clues = d->clues,
                              .clue_count = d->clue_count,
                              .were_in = clues_before(d, g, made)};
    int r = row.were_in ? regroup_decide(g, made, leave) : -ENOMEM;
    if (!r) r = store_put_decision(d->tx, d->region, &row);
    if (r)
        return wjz_err_set(err, r == -ENOENT ? -EIO : r, "could not carry out a decision about %zu complaints",
                           made->member_count + made->other_count);
    d->id = made->id;
    return 0;
}

/* What a verb was given, on its way through matters_decide. */
typedef struct verb {
    decide *d;
    const ProtobufCMessage *asked;
} verb;

static int merge(regroup *g, void *arg, wjz_err *err) {
    decide *d = ((verb *)arg)->d;
    const Wjz__Scoring__MergeClues *asked = (const Wjz__Scoring__MergeClues *)((verb *)arg)->asked;
    int r = name_clues(d, asked->clue, asked->n_clue, err);
    if (r) return r;
    const decision made = {
        .id = wjz_id_next(), .kind = DECISION_MERGE, .members = d->complaints, .member_count = d->complaint_count};
    return keep(d, g, &made, false, 0, err);
}

int decide_merge(decide *d, const Wjz__Scoring__MergeClues *asked, wjz_err *err) {
    if (asked->n_clue < 2 || asked->n_clue > CLUES_LIMIT)
        return refuse_id(d, WJZ_REFUSAL_INVALID, "clue", (int64_t)asked->n_clue,
                         "须为 2 至 64 条线索 / between 2 and 64 clues can be merged", NULL);
    return matters_decide(d->self, d->tx, d->region, merge, &(verb){d, &asked->base}, d->arena, err);
}

/* Moves the complaints that are not among `chosen` to others. */
static int others_of(decide *d, const int64_t *chosen, size_t count, int64_t **ret_others, size_t *ret_count) {
    int64_t *others = wjz_arena_alloc(d->arena, d->complaint_count * sizeof *others);
    if (!others) return -ENOMEM;
    for (size_t i = 0; i < d->complaint_count; i++) {
        if (!wjz_id_among(chosen, count, d->complaints[i])) others[(*ret_count)++] = d->complaints[i];
    }
    *ret_others = others;
    return 0;
}

static int split(regroup *g, void *arg, wjz_err *err) {
    decide *d = ((verb *)arg)->d;
    const Wjz__Scoring__SplitClue *asked = (const Wjz__Scoring__SplitClue *)((verb *)arg)->asked;
    int64_t *chosen = NULL, *others = NULL;
    size_t count = 0, other_count = 0;
    int r = name_clues(d, &asked->clue, 1, err);
    if (r) return r;
    if (copy_ids(d, asked->complaint, asked->n_complaint, &chosen, &count)) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (!wjz_id_among(d->complaints, d->complaint_count, chosen[i]))
            return refuse_id(d, WJZ_REFUSAL_NOT_FOUND, "complaint", chosen[i],
                             "此诉求不在该线索中 / the complaint is not in the clue", "wjz clues show CLUE");
    }
    if (others_of(d, chosen, count, &others, &other_count)) return out_of_memory(err);
    if (!other_count)
        return refuse(d, WJZ_REFUSAL_INVALID, "complaint", "", "不能分出全部诉求 / a clue keeps at least one complaint",
                      NULL);
    const decision made = {.id = wjz_id_next(),
                           .kind = DECISION_SPLIT,
                           .members = chosen,
                           .member_count = count,
                           .others = others,
                           .other_count = other_count};
    return keep(d, g, &made, true, 0, err);
}

int decide_split(decide *d, const Wjz__Scoring__SplitClue *asked, wjz_err *err) {
    if (!asked->clue) return refuse(d, WJZ_REFUSAL_INVALID, "clue", "", "须指明线索 / which clue is missing", NULL);
    if (!asked->n_complaint)
        return refuse(d, WJZ_REFUSAL_INVALID, "complaint", "",
                      "须指明要分出的诉求 / which complaints to split off is missing", "wjz clues show CLUE");
    return matters_decide(d->self, d->tx, d->region, split, &(verb){d, &asked->base}, d->arena, err);
}

/* Where the complaints of a past decision were, and which of these clues have been merged away since. */
static int places_before(const decide *d, const past_decision *past, was_in **ret_places, wjz_err *err) {
    named_clue *clues = NULL;
    int64_t *ids = NULL;
    size_t id_count = 0, count = 0;
    was_in *places = wjz_arena_calloc(d->arena, past->were_in_count, sizeof *places);
    if (!places || copy_ids(d, (const uint64_t *)past->were_in, past->were_in_count, &ids, &id_count))
        return out_of_memory(err);
    int r = store_named_clues(d->tx, d->region, ids, id_count, d->arena, &clues, &count, err);
    for (size_t i = 0; !r && i < past->were_in_count; i++) {
        const named_clue *clue = bsearch(&past->were_in[i], clues, count, sizeof *clues, wjz_id_order);
        places[i] = (was_in){past->were_in[i], clue && clue->merged_into};
    }
    if (!r) *ret_places = places;
    return r;
}

static int undo(regroup *g, void *arg, wjz_err *err) {
    decide *d = ((verb *)arg)->d;
    const Wjz__Scoring__UndoDecision *asked = (const Wjz__Scoring__UndoDecision *)((verb *)arg)->asked;
    int64_t id = (int64_t)asked->decision;
    past_decision past = {0};
    was_in *places = NULL;
    bool found = false;
    int r = store_find_decision(d->tx, d->region, id, d->arena, &found, &past, err);
    if (r) return r;
    if (!found)
        return refuse_id(d, WJZ_REFUSAL_NOT_FOUND, "decision", id, "没有这项决定 / no such decision in this region",
                         "wjz clues decisions");
    if (past.undo || past.undone_by)
        return refuse_id(d, WJZ_REFUSAL_CONFLICT, "decision", id,
                         past.undo ? "撤销本身不能撤销 / what takes another back cannot be taken back itself"
                                   : "已经撤销 / it has been taken back already",
                         "如需恢复，请重新决定 / decide anew instead");
    const decision_row row = {
        .id = wjz_id_next(), .undoes = id, .person = d->person, .reason = d->reason, .clues = NULL};
    r = places_before(d, &past, &places, err);
    if (r) return r;
    r = regroup_undo(g, id, places, past.were_in_count);
    if (!r) r = store_put_decision(d->tx, d->region, &row);
    if (!r && past.review) r = store_reopen_question(d->tx, d->region, past.review);
    if (r) return wjz_err_set(err, r == -ENOENT ? -EIO : r, "could not take back decision %" PRId64, id);
    d->id = row.id;
    d->clues = past.clues;
    d->clue_count = past.clue_count;
    d->complaints = past.complaints;
    d->complaint_count = past.complaint_count;
    return 0;
}

int decide_undo(decide *d, const Wjz__Scoring__UndoDecision *asked, wjz_err *err) {
    return matters_decide(d->self, d->tx, d->region, undo, &(verb){d, &asked->base}, d->arena, err);
}

/* --- answers to questions --- */

static int find_question(decide *d, uint64_t id, uint64_t revision, asked_question *ret, wjz_err *err) {
    bool found = false;
    int r = store_find_question(d->tx, d->region, (int64_t)id, &found, ret, err);
    if (r) return r;
    if (!found)
        return refuse_id(d, WJZ_REFUSAL_NOT_FOUND, "review", (int64_t)id,
                         "没有这个问题 / no such question in this region", "wjz review list");
    if (!ret->open)
        return refuse_id(d, WJZ_REFUSAL_CONFLICT, "review", (int64_t)id,
                         "问题已有结论或不再存在 / the question was decided, or does not arise any more",
                         "wjz review list");
    if (revision && revision != (uint64_t)ret->revision)
        return refuse_id(d, WJZ_REFUSAL_CONFLICT, "revision", ret->revision,
                         "问题已有变化 / the question has changed since it was looked at",
                         "重新查看后再决定 / look at it again, then decide");
    return 0;
}

static int refuse_kind(decide *d, int64_t id, const char *message) {
    return refuse_id(d, WJZ_REFUSAL_INVALID, "review", id, message, "wjz review show REVIEW");
}

static int answer_pair(regroup *g, void *arg, wjz_err *err) {
    decide *d = ((verb *)arg)->d;
    const Wjz__Scoring__DecideRepeat *asked = (const Wjz__Scoring__DecideRepeat *)((verb *)arg)->asked;
    asked_question q = {0};
    int r = find_question(d, asked->review, asked->revision, &q, err);
    if (r) return r;
    if (!q.about_pair)
        return refuse_kind(d, q.id, "这不是重复与否的问题 / the question is not whether two complaints are one matter");
    d->clues = wjz_arena_alloc(d->arena, 2 * sizeof *d->clues);
    d->complaints = wjz_arena_alloc(d->arena, 2 * sizeof *d->complaints);
    if (!d->clues || !d->complaints) return out_of_memory(err);
    d->clues[0] = q.clue;
    d->clues[1] = q.other_clue;
    d->clue_count = q.clue == q.other_clue ? 1 : 2;
    d->complaints[0] = q.a;
    d->complaints[1] = q.b;
    d->complaint_count = 2;
    const decision made = {.id = wjz_id_next(),
                           .kind = asked->same ? DECISION_MERGE : DECISION_APART,
                           .members = d->complaints,
                           .member_count = asked->same ? 2 : 1,
                           .others = d->complaints + 1,
                           .other_count = asked->same ? 0 : 1};
    r = store_answer_question(d->tx, d->region, q.id, asked->same, made.id, d->person, d->reason);
    return r ? out_of_memory(err) : keep(d, g, &made, false, q.id, err);
}

int decide_repeat(decide *d, const Wjz__Scoring__DecideRepeat *asked, wjz_err *err) {
    return matters_decide(d->self, d->tx, d->region, answer_pair, &(verb){d, &asked->base}, d->arena, err);
}

int decide_score(decide *d, const Wjz__Scoring__ConfirmScore *asked, wjz_err *err) {
    asked_question q = {0};
    int r = find_question(d, asked->review, asked->revision, &q, err);
    if (r) return r;
    if (!q.about_clue)
        return refuse_kind(d, q.id, "这不是成案指数的问题 / the question is not whether an index is right");
    d->clues = wjz_arena_alloc(d->arena, sizeof *d->clues);
    if (!d->clues) return out_of_memory(err);
    d->clues[0] = q.clue;
    d->clue_count = 1;
    r = store_answer_question(d->tx, d->region, q.id, true, 0, d->person, d->reason);
    return r ? out_of_memory(err) : 0;
}
