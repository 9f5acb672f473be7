/* See store_near.h. */
#include "scoring/store_near.h"

#include <errno.h>
#include <string.h>

#include "scoring/store_rows.h"
#include "wjz/clock.h"

enum { FACTS_OF_PENALTY = 4, END_OF_DAY = 86399 };

static const wjz_stmt PENALTIES = {
    "scoring_near_penalties",
    "SELECT subject, record, document_no, decided_on, pay_until, coalesce(executed_on, decided_on),"
    " coalesce(pay_until < $3 AND executed_on IS NULL AND court_application_on IS NULL, false), rectified,"
    " licence_withdrawn FROM scoring.penalty WHERE region = $1 AND subject = ANY ($2) AND subject <> ''"
    " AND NOT revoked ORDER BY record LIMIT 4000",
    9};

/* Of a clue and of all that was merged into it, directly or by way of others. */
static const wjz_stmt OUTCOMES = {
    "scoring_near_outcomes",
    "WITH RECURSIVE part (clue, whole) AS (SELECT c, c FROM unnest($2::int8[]) c UNION"
    " SELECT m.id, p.whole FROM part p JOIN scoring.clue m ON m.region = $1 AND m.merged_into = p.clue"
    " AND m.merged_into <> 0)"
    " SELECT p.whole, o.assignment, o.outcome, o.at FROM part p JOIN assignment.outcome o ON o.region = $1"
    " AND o.clue = p.clue ORDER BY o.at, o.assignment",
    4};

/* Whole days, so that none is looked at by half: as many as have some hundreds of penalties. */
static const wjz_stmt OVERDUE = {
    "scoring_overdue_subjects",
    "WITH due AS MATERIALIZED (SELECT pay_until, subject FROM scoring.penalty WHERE region = $1 AND pay_until > $2"
    " AND pay_until < $3 AND executed_on IS NULL AND court_application_on IS NULL AND NOT revoked),"
    " last AS (SELECT max(pay_until) AS day FROM (SELECT pay_until FROM due ORDER BY pay_until LIMIT 500) first)"
    " SELECT DISTINCT subject, last.day FROM due, last WHERE pay_until <= last.day AND subject <> '' ORDER BY subject",
    2};

static const wjz_stmt OTHER_MATTERS = {
    "scoring_near_matters",
    "SELECT subject, id, town, last_report_at, (SELECT f.complaint FROM scoring.finding f WHERE f.region = c.region"
    " AND f.clue = c.id LIMIT 1) FROM scoring.clue c WHERE region = $1 AND subject = ANY ($2) AND subject <> ''"
    " AND merged_into = 0 AND town <> 0 LIMIT 500",
    5};

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* The end of the day: what comes on the same day is not after it. */
static int64_t day_us(const wjz_rows *rows, int row, int column) {
    if (wjz_row_null(rows, row, column)) return 0;
    return wjz_clock_from_day(wjz_day_from_number(wjz_row_date(rows, row, column)), END_OF_DAY);
}

static size_t read_penalty(const wjz_rows *rows, int row, row_texts *texts, near_row *ret) {
    near_row base = {.subject = row_text(texts, rows, row, 0),
                     .fact = {.id = wjz_row_int(rows, row, 1), .number = row_text(texts, rows, row, 2)}};
    const struct {
        near_state state;
        bool is;
        int64_t at_us;
    } facts[FACTS_OF_PENALTY] = {
        {NEAR_PUNISHED, true, day_us(rows, row, 3)},
        {NEAR_NOT_EXECUTED, wjz_row_bool(rows, row, 6), day_us(rows, row, 4)},
        {NEAR_RECTIFIED, wjz_row_bool(rows, row, 7), day_us(rows, row, 5)},
        {NEAR_LICENCE_WITHDRAWN, wjz_row_bool(rows, row, 8), day_us(rows, row, 3)},
    };
    size_t count = 0;
    for (size_t i = 0; i < FACTS_OF_PENALTY; i++) {
        if (!facts[i].is) continue;
        ret[count] = base;
        ret[count].fact.state = facts[i].state;
        ret[count++].fact.at_us = facts[i].at_us;
    }
    return count;
}

/* What says that the matter was dealt with; no action and passing on say nothing. */
static bool read_outcome(const wjz_rows *rows, int row, near_row *ret) {
    static const char *const settled[] = {"filed", "recommended", "aided"};
    const char *outcome = wjz_row_text(rows, row, 2);
    bool mediated = strcmp(outcome, "mediated") == 0, known = mediated;
    for (size_t i = 0; i < WJZ_COUNT(settled); i++)
        known = known || strcmp(outcome, settled[i]) == 0;
    *ret = (near_row){.subject = "",
                      .clue = wjz_row_int(rows, row, 0),
                      .fact = {.state = mediated ? NEAR_MEDIATED : NEAR_SETTLED,
                               .id = wjz_row_int(rows, row, 1),
                               .at_us = wjz_row_time(rows, row, 3),
                               .number = ""}};
    return known;
}

static int read_penalties(const wjz_rows *rows, wjz_arena *arena, near_row **ret_rows, size_t *ret_count) {
    int count = wjz_rows_count(rows);
    near_row *list = wjz_arena_alloc(arena, (size_t)count * FACTS_OF_PENALTY * sizeof *list);
    row_texts texts = {.arena = arena};
    size_t made = 0;
    for (int i = 0; list && i < count; i++)
        made += read_penalty(rows, i, &texts, list + made);
    if (!list || texts.failed) return -ENOMEM;
    *ret_rows = list;
    *ret_count = made;
    return 0;
}

static int read_outcomes(const wjz_rows *rows, wjz_arena *arena, near_row **ret_rows, size_t *ret_count) {
    int count = wjz_rows_count(rows);
    near_row *list = wjz_arena_alloc(arena, (size_t)count * sizeof *list);
    size_t made = 0;
    for (int i = 0; list && i < count; i++)
        made += read_outcome(rows, i, &list[made]) ? 1 : 0;
    if (!list) return -ENOMEM;
    *ret_rows = list;
    *ret_count = made;
    return 0;
}

int store_ask_near(wjz_tx *tx, int32_t region, const char *const *subjects, size_t subject_count, const int64_t *clues,
                   size_t clue_count, int32_t today, near_question *ret_question) {
    near_question asked = {.penalties = -1, .outcomes = -1};
    int r = 0;
    if (subject_count) {
        asked.penalties = wjz_tx_next(tx);
        r = wjz_tx_send_v(tx, &PENALTIES, wjz_i32(region), wjz_texts(subjects, subject_count), wjz_date(today));
    }
    if (!r && clue_count) {
        asked.outcomes = wjz_tx_next(tx);
        r = wjz_tx_send_v(tx, &OUTCOMES, wjz_i32(region), wjz_i64s(clues, clue_count));
    }
    if (!r) *ret_question = asked;
    return r;
}

int store_answer_near(wjz_tx *tx, const near_question *asked, wjz_arena *arena, near_row **ret_penalties,
                      size_t *ret_penalty_count, near_row **ret_outcomes, size_t *ret_outcome_count) {
    *ret_penalty_count = *ret_outcome_count = 0;
    int r = 0;
    if (asked->penalties >= 0)
        r = read_penalties(wjz_tx_rows(tx, asked->penalties), arena, ret_penalties, ret_penalty_count);
    if (!r && asked->outcomes >= 0)
        r = read_outcomes(wjz_tx_rows(tx, asked->outcomes), arena, ret_outcomes, ret_outcome_count);
    return r;
}

int store_read_other_matters(wjz_tx *tx, int32_t region, const char *const *subjects, size_t count, wjz_arena *arena,
                             near_row **ret_rows, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &OTHER_MATTERS, &rows, err, wjz_i32(region), wjz_texts(subjects, count));
    if (r) return r;
    size_t found = (size_t)wjz_rows_count(rows);
    near_row *list = wjz_arena_alloc(arena, found * sizeof *list);
    row_texts texts = {.arena = arena};
    for (size_t i = 0; list && i < found; i++)
        list[i] = (near_row){.subject = row_text(&texts, rows, (int)i, 0),
                             .complaint = wjz_row_int(rows, (int)i, 4),
                             .fact = {.state = NEAR_OTHER_TOWN,
                                      .id = wjz_row_int(rows, (int)i, 1),
                                      .town = (uint32_t)wjz_row_int(rows, (int)i, 2),
                                      .at_us = wjz_row_time(rows, (int)i, 3),
                                      .number = ""}};
    if (!list || texts.failed) return out_of_memory(err);
    *ret_rows = list;
    *ret_count = found;
    return 0;
}

int store_overdue_subjects(wjz_tx *tx, int32_t region, int32_t after, int32_t today, wjz_arena *arena,
                           const char ***ret_subjects, size_t *ret_count, int32_t *ret_to, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &OVERDUE, &rows, err, wjz_i32(region), wjz_date(after), wjz_date(today));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    const char **list = wjz_arena_alloc(arena, (count + 1) * sizeof *list);
    row_texts texts = {.arena = arena};
    for (size_t i = 0; list && i < count; i++)
        list[i] = row_text(&texts, rows, (int)i, 0);
    if (!list || texts.failed) return out_of_memory(err);
    *ret_to = count ? wjz_row_date(rows, 0, 1) : today - 1;
    *ret_subjects = list;
    *ret_count = count;
    return 0;
}
