/* See store_rehearse.h. */
#include "scoring/store_rehearse.h"

#include <errno.h>

#include "scoring/store_rows.h"
#include "scoring/store_runs.h"

static const wjz_stmt BEGIN = {
    "scoring_begin_rehearsal",
    "INSERT INTO scoring.rehearsal (id, version, beside, days, actor, since)"
    " SELECT $1, $2, version, $3, $4, now() - make_interval(days => $3) FROM scoring.pack WHERE state = 'active'",
    0};

#define COLUMNS                                                                                                        \
    "id, version, beside, actor, state, error, days, cursor_region, cursor_clue, since, requested_at, ended_at,"       \
    " total IS NOT NULL, coalesce(total, 0), done, complaints, changed, busy_us, before, after"
enum { COLUMN_COUNT = 20 };

static const wjz_stmt TAKE = {"scoring_take_rehearsal", STORE_TAKE_RUN("rehearsal", "id", COLUMNS), COLUMN_COUNT};

/* A clue without a time of report counts by when it was scored. */
static const wjz_stmt COUNT = {
    "scoring_count_rehearsal",
    "UPDATE scoring.rehearsal SET total = (SELECT count(*) FROM scoring.clue WHERE merged_into = 0"
    " AND coalesce(last_report_at, scored_at) >= $2) WHERE id = $1 RETURNING total",
    1};

static const wjz_stmt FAIL = {"scoring_fail_rehearsal",
                              "UPDATE scoring.rehearsal SET state = 'failed', error = $2, ended_at = clock_timestamp()"
                              " WHERE id = $1 AND state = 'running'",
                              0};

static const wjz_stmt NEXT = {"scoring_next_to_rehearse",
                              "WITH next AS MATERIALIZED (SELECT region, id, subject FROM scoring.clue WHERE "
                              "merged_into = 0 AND (region, id) > ($1, $2)"
                              " AND coalesce(last_report_at, scored_at) >= $3 ORDER BY region, id LIMIT $4)"
                              " SELECT n.region, n.id, f.complaint, n.subject FROM next n CROSS JOIN LATERAL (SELECT "
                              "complaint FROM scoring.finding"
                              " WHERE region = n.region AND clue = n.id ORDER BY complaint LIMIT $5) f"
                              " WHERE n.region = (SELECT min(region) FROM next) ORDER BY n.id, f.complaint",
                              4};

static const wjz_stmt PUT_CHANGES = {
    "scoring_put_star_changes",
    "INSERT INTO scoring.rehearsal_change (rehearsal, region, clue, index_before, index_after, stars_before,"
    " stars_after, why) SELECT $1, unnest($2::int4[]), unnest($3::int8[]), unnest($4::float8[]),"
    " unnest($5::float8[]), unnest($6::int2[]), unnest($7::int2[]), unnest($8::bytea[])"
    " ON CONFLICT DO NOTHING",
    0};

static const wjz_stmt ADVANCE = {
    "scoring_advance_rehearsal",
    "UPDATE scoring.rehearsal SET cursor_region = $3, cursor_clue = $4, done = $5, complaints = $6, changed = $7,"
    " busy_us = $8, before = $9, after = $10, lease_until = clock_timestamp() + make_interval(secs => $11),"
    " state = CASE WHEN $12 THEN 'done' ELSE state END, ended_at = CASE WHEN $12 THEN clock_timestamp() END"
    " WHERE id = $1 AND owner = $2 AND state = 'running'",
    0};

static const wjz_stmt FIND = {"scoring_find_rehearsal", "SELECT " COLUMNS " FROM scoring.rehearsal WHERE id = $1",
                              COLUMN_COUNT};

static const wjz_stmt LIST_CHANGES = {
    "scoring_list_star_changes",
    "SELECT region, clue, index_before, index_after, stars_before, stars_after, why FROM scoring.rehearsal_change"
    " WHERE rehearsal = $1 ORDER BY abs(stars_after - stars_before) DESC, abs(index_after - index_before) DESC, clue"
    " LIMIT $2",
    7};

int store_begin_rehearsal(wjz_tx *tx, int64_t id, const char *version, int32_t days, const char *actor) {
    return wjz_tx_send_v(tx, &BEGIN, wjz_i64(id), wjz_text(version), wjz_i32(days), wjz_text(actor));
}

static int read_sums(const wjz_rows *rows, int row, int column, wjz_arena *arena, int64_t sums[5]) {
    int64_t *items = NULL;
    size_t count = 0;
    int r = wjz_row_ints(rows, row, column, arena, &items, &count);
    for (size_t i = 0; !r && i < 5; i++)
        sums[i] = i < count ? items[i] : 0;
    return r;
}

static int read_row(const wjz_rows *rows, int row, wjz_arena *arena, rehearsal_row *ret, wjz_err *err) {
    row_texts texts = {.arena = arena};
    *ret = (rehearsal_row){.id = wjz_row_int(rows, row, 0),
                           .version = row_text(&texts, rows, row, 1),
                           .beside = row_text(&texts, rows, row, 2),
                           .actor = row_text(&texts, rows, row, 3),
                           .state = row_text(&texts, rows, row, 4),
                           .error = row_text(&texts, rows, row, 5),
                           .days = (int32_t)wjz_row_int(rows, row, 6),
                           .cursor_region = (int32_t)wjz_row_int(rows, row, 7),
                           .cursor_clue = wjz_row_int(rows, row, 8),
                           .since_us = wjz_row_time(rows, row, 9),
                           .requested_at_us = wjz_row_time(rows, row, 10),
                           .ended_at_us = wjz_row_time(rows, row, 11),
                           .counted = wjz_row_bool(rows, row, 12),
                           .total = wjz_row_int(rows, row, 13),
                           .done = wjz_row_int(rows, row, 14),
                           .complaints = wjz_row_int(rows, row, 15),
                           .changed = wjz_row_int(rows, row, 16),
                           .busy_us = wjz_row_int(rows, row, 17)};
    if (texts.failed || read_sums(rows, row, 18, arena, ret->before) || read_sums(rows, row, 19, arena, ret->after))
        return wjz_err_set(err, -ENOMEM, "out of memory");
    return 0;
}

/* The one row, if there is one. */
static int read_found(const wjz_rows *rows, wjz_arena *arena, rehearsal_row *ret_row, bool *ret_found, wjz_err *err) {
    *ret_found = wjz_rows_count(rows) > 0;
    return *ret_found ? read_row(rows, 0, arena, ret_row, err) : 0;
}

int store_take_rehearsal(wjz_tx *tx, int64_t instance, int64_t lease_ms, wjz_arena *arena, rehearsal_row *ret_row,
                         bool *ret_found, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = store_take_run(tx, &TAKE, instance, lease_ms, &rows, err);
    return r ? r : read_found(rows, arena, ret_row, ret_found, err);
}

int store_count_rehearsal(wjz_tx *tx, rehearsal_row *row, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &COUNT, &rows, err, wjz_i64(row->id), wjz_time(row->since_us));
    if (r) return r;
    row->total = wjz_row_int(rows, 0, 0);
    row->counted = true;
    return 0;
}

int store_fail_rehearsal(wjz_tx *tx, int64_t id, const char *error, wjz_err *err) {
    wjz_rows *rows = NULL;
    return wjz_tx_query_v(tx, &FAIL, &rows, err, wjz_i64(id), wjz_text(error));
}

int store_next_to_rehearse(wjz_tx *tx, const rehearsal_row *row, int limit, int most, wjz_arena *arena,
                           rehearsed **ret_list, size_t *ret_count, int32_t *ret_region, int64_t *ret_cursor,
                           wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &NEXT, &rows, err, wjz_i32(row->cursor_region), wjz_i64(row->cursor_clue),
                           wjz_time(row->since_us), wjz_i64(limit), wjz_i64(most));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    rehearsed *list = wjz_arena_alloc(arena, count * sizeof *list);
    row_texts texts = {.arena = arena};
    for (size_t i = 0; list && i < count; i++) {
        list[i] =
            (rehearsed){wjz_row_int(rows, (int)i, 1), wjz_row_int(rows, (int)i, 2), row_text(&texts, rows, (int)i, 3)};
        *ret_region = (int32_t)wjz_row_int(rows, (int)i, 0);
        *ret_cursor = list[i].clue;
    }
    if (!list || texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_list = list;
    *ret_count = count;
    return 0;
}

int store_put_star_changes(wjz_tx *tx, int64_t rehearsal, const star_change_row *rows, size_t count, wjz_arena *arena) {
    COLUMN(int32_t, region, rows[i].region);
    COLUMN(int64_t, clue, rows[i].clue);
    COLUMN(double, index_before, rows[i].index_before);
    COLUMN(double, index_after, rows[i].index_after);
    COLUMN(int16_t, stars_before, rows[i].stars_before);
    COLUMN(int16_t, stars_after, rows[i].stars_after);
    COLUMN(wjz_blob, why, rows[i].why);
    return wjz_tx_send_v(tx, &PUT_CHANGES, wjz_i64(rehearsal), wjz_i32s(region, count), wjz_i64s(clue, count),
                         wjz_f64s(index_before, NULL, count), wjz_f64s(index_after, NULL, count),
                         wjz_i16s(stars_before, count), wjz_i16s(stars_after, count), wjz_blobs(why, count));
}

int store_advance_rehearsal(wjz_tx *tx, int64_t instance, int64_t lease_ms, const rehearsal_row *row, bool ended,
                            bool *ret_ours, wjz_err *err) {
    const wjz_param params[] = {wjz_i64(row->id),
                                wjz_i64(instance),
                                wjz_i32(row->cursor_region),
                                wjz_i64(row->cursor_clue),
                                wjz_i64(row->done),
                                wjz_i64(row->complaints),
                                wjz_i64(row->changed),
                                wjz_i64(row->busy_us),
                                wjz_i64s(row->before, 5),
                                wjz_i64s(row->after, 5),
                                wjz_f64((double)lease_ms / 1000),
                                wjz_bool(ended)};
    return store_advance_run(tx, &ADVANCE, params, WJZ_COUNT(params), ret_ours, err);
}

int store_find_rehearsal(wjz_tx *tx, int64_t id, wjz_arena *arena, rehearsal_row *ret_row, bool *ret_found,
                         wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &FIND, &rows, err, wjz_i64(id));
    return r ? r : read_found(rows, arena, ret_row, ret_found, err);
}

int store_list_star_changes(wjz_tx *tx, int64_t rehearsal, int limit, wjz_arena *arena, star_change_row **ret_rows,
                            size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LIST_CHANGES, &rows, err, wjz_i64(rehearsal), wjz_i64(limit));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    star_change_row *list = wjz_arena_calloc(arena, count, sizeof *list);
    bool failed = !list;
    for (size_t i = 0; !failed && i < count; i++) {
        list[i] = (star_change_row){.region = (int32_t)wjz_row_int(rows, (int)i, 0),
                                    .clue = wjz_row_int(rows, (int)i, 1),
                                    .index_before = wjz_row_real(rows, (int)i, 2),
                                    .index_after = wjz_row_real(rows, (int)i, 3),
                                    .stars_before = (int16_t)wjz_row_int(rows, (int)i, 4),
                                    .stars_after = (int16_t)wjz_row_int(rows, (int)i, 5)};
        failed = row_copy(arena, wjz_row_bytes(rows, (int)i, 6), &list[i].why) != 0;
    }
    if (failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_rows = list;
    *ret_count = count;
    return 0;
}
