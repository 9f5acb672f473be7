/* See store_runs.h. */
#include "scoring/store_runs.h"

#include <errno.h>

#include "scoring/store_rows.h"

/* Messages that were refused before are not live work: they may wait for minutes. */
static const wjz_stmt LIVE_LOAD = {
    "scoring_live_load",
    "SELECT count(*), coalesce((extract(epoch FROM clock_timestamp() - min(created_at)) * 1e6)::int8, 0)"
    " FROM (SELECT created_at FROM intake.outbox WHERE destination = 'scoring' AND attempts = 0 LIMIT 256) w",
    2};

static const wjz_stmt SUPERSEDE = {"scoring_supersede_rescores",
                                   "UPDATE scoring.rescore SET state = 'superseded', ended_at = clock_timestamp()"
                                   " WHERE state = 'running' AND ($1 = 0 OR region = $1)",
                                   0};

/* The regions by skipping through the index: there are few of them, and many findings. */
static const wjz_stmt BEGIN_ALL = {
    "scoring_begin_rescores",
    "WITH RECURSIVE found AS ("
    " (SELECT region FROM scoring.finding ORDER BY region LIMIT 1) UNION ALL"
    " SELECT (SELECT f.region FROM scoring.finding f WHERE f.region > found.region ORDER BY f.region LIMIT 1)"
    " FROM found WHERE found.region IS NOT NULL)"
    " INSERT INTO scoring.rescore (region, id, version, scored_from)"
    " SELECT region, $1, $2, clock_timestamp() FROM found WHERE region IS NOT NULL",
    0};

static const wjz_stmt BEGIN_ONE = {
    "scoring_begin_rescore",
    "INSERT INTO scoring.rescore (region, id, version, scored_from) VALUES ($1, $2, $3, clock_timestamp())", 0};

#define RESCORE_COLUMNS                                                                                                \
    "region, id, version, state, cursor, coalesce(last, 0), last IS NOT NULL, scored_from, began_at, ended_at, total," \
    " done, busy_us"

static const wjz_stmt TAKE = {"scoring_take_rescore", STORE_TAKE_RUN("rescore", "region, id", RESCORE_COLUMNS), 13};

static const wjz_stmt COUNT = {
    "scoring_count_rescore",
    "UPDATE scoring.rescore r SET last = c.last, total = c.total FROM (SELECT coalesce(max(complaint), 0) AS last,"
    " count(*) AS total FROM scoring.finding WHERE region = $1) c WHERE r.region = $1 AND r.id = $2"
    " RETURNING r.last, r.total",
    2};

static const wjz_stmt NEXT = {
    "scoring_next_to_rescore",
    "WITH next AS MATERIALIZED (SELECT complaint, clue FROM scoring.finding WHERE region = $1 AND complaint > $2"
    " AND complaint <= $3 AND scored_at < $4 ORDER BY complaint LIMIT $5)"
    " SELECT complaint, true FROM next UNION ALL"
    " (SELECT mate.complaint, false FROM (SELECT DISTINCT clue FROM next) c CROSS JOIN LATERAL"
    " (SELECT f.complaint FROM scoring.finding f WHERE f.region = $1 AND f.clue = c.clue"
    " AND f.complaint > (SELECT max(complaint) FROM next) AND f.scored_at < $4 LIMIT 400) mate LIMIT 2000)",
    2};

static const wjz_stmt ADVANCE = {
    "scoring_advance_rescore",
    "UPDATE scoring.rescore SET cursor = $4, done = $5, busy_us = $6,"
    " lease_until = clock_timestamp() + make_interval(secs => $7), state = CASE WHEN $8 THEN 'done' ELSE state END,"
    " ended_at = CASE WHEN $8 THEN clock_timestamp() END"
    " WHERE region = $1 AND id = $2 AND owner = $3 AND state = 'running'",
    0};

static const wjz_stmt LIST = {"scoring_list_rescores",
                              "SELECT " RESCORE_COLUMNS " FROM scoring.rescore ORDER BY began_at DESC, region LIMIT $1",
                              13};

int store_live_load(wjz_tx *tx, live_load *ret_load, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(tx, &LIVE_LOAD, NULL, 0, &rows, err);
    if (r) return r;
    *ret_load = (live_load){wjz_row_int(rows, 0, 0), wjz_row_int(rows, 0, 1)};
    return 0;
}

int store_begin_rescores(wjz_tx *tx, int64_t id, const char *version) {
    int r = wjz_tx_send_v(tx, &SUPERSEDE, wjz_i32(0));
    return r ? r : wjz_tx_send_v(tx, &BEGIN_ALL, wjz_i64(id), wjz_text(version));
}

int store_begin_rescore(wjz_tx *tx, int32_t region, int64_t id, const char *version) {
    int r = wjz_tx_send_v(tx, &SUPERSEDE, wjz_i32(region));
    return r ? r : wjz_tx_send_v(tx, &BEGIN_ONE, wjz_i32(region), wjz_i64(id), wjz_text(version));
}

static void read_rescore(const wjz_rows *rows, int row, row_texts *texts, rescore_row *ret) {
    *ret = (rescore_row){.region = (int32_t)wjz_row_int(rows, row, 0),
                         .id = wjz_row_int(rows, row, 1),
                         .version = row_text(texts, rows, row, 2),
                         .state = row_text(texts, rows, row, 3),
                         .cursor = wjz_row_int(rows, row, 4),
                         .last = wjz_row_int(rows, row, 5),
                         .counted = wjz_row_bool(rows, row, 6),
                         .scored_from_us = wjz_row_time(rows, row, 7),
                         .began_at_us = wjz_row_time(rows, row, 8),
                         .ended_at_us = wjz_row_time(rows, row, 9),
                         .total = wjz_row_int(rows, row, 10),
                         .done = wjz_row_int(rows, row, 11),
                         .busy_us = wjz_row_int(rows, row, 12)};
}

static double seconds(int64_t ms) {
    return (double)ms / 1000;
}

int store_take_run(wjz_tx *tx, const wjz_stmt *take, int64_t instance, int64_t lease_ms, wjz_rows **ret_rows,
                   wjz_err *err) {
    return wjz_tx_query_v(tx, take, ret_rows, err, wjz_i64(instance), wjz_f64(seconds(lease_ms)));
}

int store_advance_run(wjz_tx *tx, const wjz_stmt *advance, const wjz_param *params, int count, bool *ret_ours,
                      wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(tx, advance, params, count, &rows, err);
    if (!r) *ret_ours = wjz_rows_affected(rows) > 0;
    return r;
}

int store_take_rescore(wjz_tx *tx, int64_t instance, int64_t lease_ms, wjz_arena *arena, rescore_row *ret_row,
                       bool *ret_found, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = store_take_run(tx, &TAKE, instance, lease_ms, &rows, err);
    if (r) return r;
    row_texts texts = {.arena = arena};
    *ret_found = wjz_rows_count(rows) > 0;
    if (*ret_found) read_rescore(rows, 0, &texts, ret_row);
    return texts.failed ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

int store_count_rescore(wjz_tx *tx, rescore_row *row, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &COUNT, &rows, err, wjz_i32(row->region), wjz_i64(row->id));
    if (r || !wjz_rows_count(rows)) return r;
    row->last = wjz_row_int(rows, 0, 0);
    row->total = wjz_row_int(rows, 0, 1);
    row->counted = true;
    return 0;
}

int store_next_to_rescore(wjz_tx *tx, const rescore_row *row, int limit, wjz_arena *arena, int64_t **ret_ids,
                          size_t *ret_count, int64_t *ret_cursor, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &NEXT, &rows, err, wjz_i32(row->region), wjz_i64(row->cursor), wjz_i64(row->last),
                           wjz_time(row->scored_from_us), wjz_i64(limit));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    int64_t *ids = wjz_arena_alloc(arena, count * sizeof *ids);
    if (!ids) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_cursor = row->cursor;
    for (size_t i = 0; i < count; i++) {
        ids[i] = wjz_row_int(rows, (int)i, 0);
        if (wjz_row_bool(rows, (int)i, 1) && ids[i] > *ret_cursor) *ret_cursor = ids[i];
    }
    *ret_ids = ids;
    *ret_count = count;
    return 0;
}

int store_advance_rescore(wjz_tx *tx, int64_t instance, int64_t lease_ms, const rescore_row *row, bool ended,
                          bool *ret_ours, wjz_err *err) {
    const wjz_param params[] = {wjz_i32(row->region),       wjz_i64(row->id),   wjz_i64(instance),
                                wjz_i64(row->cursor),       wjz_i64(row->done), wjz_i64(row->busy_us),
                                wjz_f64(seconds(lease_ms)), wjz_bool(ended)};
    return store_advance_run(tx, &ADVANCE, params, WJZ_COUNT(params), ret_ours, err);
}

int store_list_rescores(wjz_tx *tx, int limit, wjz_arena *arena, rescore_row **ret_rows, size_t *ret_count,
                        wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LIST, &rows, err, wjz_i64(limit));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    rescore_row *list = wjz_arena_calloc(arena, count, sizeof *list);
    row_texts texts = {.arena = arena};
    for (size_t i = 0; list && i < count; i++)
        read_rescore(rows, (int)i, &texts, &list[i]);
    if (!list || texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_rows = list;
    *ret_count = count;
    return 0;
}
