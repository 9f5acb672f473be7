/* Statements about decisions; there are few of them, each in a transaction of its own. */
#include "scoring/store_decisions.h"

#include <errno.h>

#include "scoring/store_rows.h"
#include "scoring/tell.h"

static const wjz_stmt KNOWS_PERSON = {
    "scoring_knows_person", "SELECT count(*) FROM directory.person WHERE region = $1 AND code = $2 AND active", 1};

static const wjz_stmt NAMED_CLUES = {
    "scoring_named_clues",
    "SELECT id, merged_into, revision FROM scoring.clue WHERE region = $1 AND id = ANY ($2) ORDER BY id", 3};

static const wjz_stmt COMPLAINTS_OF_CLUES = {
    "scoring_complaints_of_clues",
    "SELECT complaint FROM scoring.finding WHERE region = $1 AND clue = ANY ($2) ORDER BY complaint LIMIT $3", 1};

static const wjz_stmt FIND_DECISION = {
    "scoring_find_decision",
    "SELECT undone_by, review, kind = 'undo', members || others, clues, were_in FROM scoring.decision"
    " WHERE region = $1 AND id = $2",
    6};

static const wjz_stmt PUT_DECISION = {
    "scoring_put_decision",
    "INSERT INTO scoring.decision (region, id, undoes, review, kind, person, reason, clues, members, others, were_in)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    0};

static const wjz_stmt MARK_UNDONE = {
    "scoring_mark_undone", "UPDATE scoring.decision SET undone_by = $3 WHERE region = $1 AND id = $2", 0};

static const wjz_stmt CLUE_STATES = {
    "scoring_clue_states",
    "SELECT c.id, c.revision, c.index, c.stars, c.kind, c.branch, c.domain, c.town, c.village, c.place, c.mediation, c.urgent,"
    " c.confidential, c.look_on_spot, c.complaint_count, c.merged_into, c.feed, c.report_region, c.subject,"
    " ARRAY(SELECT f.complaint FROM scoring.finding f WHERE f.region = c.region AND f.clue = c.id ORDER BY f.complaint LIMIT $4)"
    " FROM scoring.clue c WHERE c.region = $1 AND (c.id = ANY ($2) OR c.id IN (SELECT f.clue FROM scoring.finding f"
    " WHERE f.region = $1 AND f.complaint = ANY ($3))) ORDER BY c.id",
    20};

int store_knows_person(wjz_tx *tx, int32_t region, const char *code, bool *ret_known, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &KNOWS_PERSON, &rows, err, wjz_i32(region), wjz_text(code));
    if (!r) *ret_known = wjz_row_int(rows, 0, 0) > 0;
    return r;
}

int store_named_clues(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                      named_clue **ret_clues, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &NAMED_CLUES, &rows, err, wjz_i32(region), wjz_i64s(ids, count));
    if (r) return r;
    size_t found = (size_t)wjz_rows_count(rows);
    named_clue *clues = wjz_arena_alloc(arena, found * sizeof *clues);
    if (!clues) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < found; i++)
        clues[i] = (named_clue){wjz_row_int(rows, (int)i, 0), wjz_row_int(rows, (int)i, 1),
                                (int32_t)wjz_row_int(rows, (int)i, 2)};
    *ret_clues = clues;
    *ret_count = found;
    return 0;
}

int store_complaints_of_clues(wjz_tx *tx, int32_t region, const int64_t *clues, size_t count, int limit,
                              wjz_arena *arena, int64_t **ret_ids, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &COMPLAINTS_OF_CLUES, &rows, err, wjz_i32(region), wjz_i64s(clues, count),
                           wjz_i64(limit));
    if (r) return r;
    size_t found = (size_t)wjz_rows_count(rows);
    int64_t *ids = wjz_arena_alloc(arena, found * sizeof *ids);
    if (!ids) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < found; i++)
        ids[i] = wjz_row_int(rows, (int)i, 0);
    *ret_ids = ids;
    *ret_count = found;
    return 0;
}

int store_find_decision(wjz_tx *tx, int32_t region, int64_t id, wjz_arena *arena, bool *ret_found,
                        past_decision *ret_decision, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &FIND_DECISION, &rows, err, wjz_i32(region), wjz_i64(id));
    *ret_found = !r && wjz_rows_count(rows) > 0;
    if (!*ret_found) return r;
    *ret_decision = (past_decision){.id = id,
                                    .undone_by = wjz_row_int(rows, 0, 0),
                                    .review = wjz_row_int(rows, 0, 1),
                                    .undo = wjz_row_bool(rows, 0, 2)};
    r = wjz_row_ints(rows, 0, 3, arena, &ret_decision->complaints, &ret_decision->complaint_count);
    if (!r) r = wjz_row_ints(rows, 0, 4, arena, &ret_decision->clues, &ret_decision->clue_count);
    if (!r) r = wjz_row_ints(rows, 0, 5, arena, &ret_decision->were_in, &ret_decision->were_in_count);
    return r ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

int store_put_decision(wjz_tx *tx, int32_t region, const decision_row *row) {
    static const char *const kinds[] = {
        [DECISION_MERGE] = "merge", [DECISION_SPLIT] = "split", [DECISION_APART] = "apart"};
    const decision none = {0}, *made = row->made ? row->made : &none;
    int r = wjz_tx_send_v(tx, &PUT_DECISION, wjz_i32(region), wjz_i64(row->id), wjz_i64(row->undoes),
                          wjz_i64(row->review), wjz_text(row->made ? kinds[made->kind] : "undo"),
                          wjz_text(row->person), wjz_text(row->reason), wjz_i64s(row->clues, row->clue_count),
                          wjz_i64s(made->members, made->member_count), wjz_i64s(made->others, made->other_count),
                          wjz_i64s(row->were_in, row->were_in ? made->member_count + made->other_count : 0));
    if (r || !row->undoes) return r;
    return wjz_tx_send_v(tx, &MARK_UNDONE, wjz_i32(region), wjz_i64(row->undoes), wjz_i64(row->id));
}

static Wjz__Scoring__ClueState *read_state(const wjz_rows *rows, int row, row_texts *texts) {
    Wjz__Scoring__ClueState *state = wjz_arena_alloc(texts->arena, sizeof *state);
    int64_t *complaints = NULL;
    if (!state || wjz_row_ints(rows, row, 19, texts->arena, &complaints, &state->n_complaint)) return NULL;
    size_t count = state->n_complaint;
    wjz__scoring__clue_state__init(state);
    state->clue = (uint64_t)wjz_row_int(rows, row, 0);
    state->revision = (uint64_t)wjz_row_int(rows, row, 1);
    state->index = wjz_row_real(rows, row, 2);
    state->stars = (uint32_t)wjz_row_int(rows, row, 3);
    state->kind = (char *)row_text(texts, rows, row, 4);
    state->branch = (char *)row_text(texts, rows, row, 5);
    state->domain = (char *)row_text(texts, rows, row, 6);
    state->town = (uint32_t)wjz_row_int(rows, row, 7);
    state->village = (uint64_t)wjz_row_int(rows, row, 8);
    state->place = (char *)row_text(texts, rows, row, 9);
    state->mediation = wjz_row_bool(rows, row, 10);
    state->urgent = wjz_row_bool(rows, row, 11);
    state->confidential = wjz_row_bool(rows, row, 12);
    state->look_on_spot = wjz_row_bool(rows, row, 13);
    state->complaint_count = (uint32_t)wjz_row_int(rows, row, 14);
    state->merged_into = (uint64_t)wjz_row_int(rows, row, 15);
    state->feed = (char *)row_text(texts, rows, row, 16);
    state->report_region = (uint32_t)wjz_row_int(rows, row, 17);
    state->subject = (char *)row_text(texts, rows, row, 18);
    state->n_complaint = count;
    state->complaint = (uint64_t *)complaints;
    return state;
}

int store_clue_states(wjz_tx *tx, int32_t region, const int64_t *clues, size_t clue_count, const int64_t *complaints,
                      size_t complaint_count, wjz_arena *arena, Wjz__Scoring__ClueState ***ret_states,
                      size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &CLUE_STATES, &rows, err, wjz_i32(region), wjz_i64s(clues, clue_count),
                           wjz_i64s(complaints, complaint_count), wjz_i64(TELL_COMPLAINTS));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    Wjz__Scoring__ClueState **states = wjz_arena_alloc(arena, count * sizeof(Wjz__Scoring__ClueState *));
    row_texts texts = {.arena = arena, .failed = !states};
    for (size_t i = 0; !texts.failed && i < count; i++) {
        states[i] = read_state(rows, (int)i, &texts);
        texts.failed |= !states[i];
    }
    if (texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_states = states;
    *ret_count = count;
    return 0;
}
