/* A hit is marked as seen before the others are read: one that comes in between is seen twice, never missed. */
#include "scoring/store_alarms.h"

#include <errno.h>
#include <string.h>

#include "scoring/store_rows.h"

static const wjz_stmt TAKE_FRESH = {
    "scoring_take_fresh_hits",
    "WITH fresh AS (UPDATE scoring.watch_hit SET counted = true WHERE region = $1 AND NOT counted AND (complaint, "
    "watch)"
    " IN (SELECT complaint, watch FROM scoring.watch_hit WHERE region = $1 AND NOT counted LIMIT $2)"
    " RETURNING watch, at) SELECT watch, min(at), count(*) FROM fresh GROUP BY watch ORDER BY watch",
    3};

static const wjz_stmt LOAD_WATCH = {
    "scoring_load_alarm_watch",
    "SELECT title, alert_count, alert_days, alert_clues, ended_at IS NOT NULL, array_to_string(tell, E'\\x1f')"
    " FROM scoring.watch WHERE region = $1 AND id = $2",
    6};

static const wjz_stmt LOAD_HITS = {
    "scoring_load_alarm_hits",
    "SELECT h.at, f.clue, h.dated FROM scoring.watch_hit h JOIN scoring.finding f ON f.region = h.region"
    " AND f.complaint = h.complaint WHERE h.region = $1 AND h.watch = $2 AND h.at > $3 - (SELECT w.alert_days FROM"
    " scoring.watch w WHERE w.region = $1 AND w.id = $2) * interval '1 day' ORDER BY h.at, h.complaint",
    3};

static const wjz_stmt PROLONG_ALERT = {
    "scoring_prolong_alert",
    "UPDATE scoring.watch_alert SET to_at = greatest(to_at, $4), from_at = least(from_at, $3),"
    " complaints = greatest(complaints, $5), clues = greatest(clues, $6), undated = greatest(undated, $7)"
    " WHERE region = $1 AND watch = $2 AND to_at >= $3 AND from_at <= $4 RETURNING 1",
    1};

static const wjz_stmt ADD_ALERT = {
    "scoring_add_alert",
    "INSERT INTO scoring.watch_alert (region, watch, crossed_at, from_at, to_at, complaints, clues, undated, told)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    0};

int store_take_fresh(wjz_tx *tx, int32_t region, int limit, wjz_arena *arena, fresh_watch **ret_watches,
                     size_t *ret_count, size_t *ret_hits, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &TAKE_FRESH, &rows, err, wjz_i32(region), wjz_i64(limit));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    fresh_watch *watches = wjz_arena_alloc(arena, count * sizeof *watches);
    if (!watches) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_hits = 0;
    for (size_t i = 0; i < count; i++) {
        watches[i] = (fresh_watch){wjz_row_int(rows, (int)i, 0), wjz_row_time(rows, (int)i, 1)};
        *ret_hits += (size_t)wjz_row_int(rows, (int)i, 2);
    }
    *ret_watches = watches;
    *ret_count = count;
    return 0;
}

static int read_watch(const wjz_rows *rows, wjz_arena *arena, alarm_watch *ret) {
    row_texts texts = {.arena = arena};
    *ret = (alarm_watch){.title = row_text(&texts, rows, 0, 0),
                         .count = (int)wjz_row_int(rows, 0, 1),
                         .days = (int)wjz_row_int(rows, 0, 2),
                         .of_clues = wjz_row_bool(rows, 0, 3),
                         .ended = wjz_row_bool(rows, 0, 4)};
    row_list tell = row_texts_of(&texts, rows, 0, 5);
    ret->tell = tell.items;
    ret->tell_count = tell.count;
    return texts.failed ? -ENOMEM : 0;
}

int store_load_alarm(wjz_tx *tx, int32_t region, int64_t watch, int64_t earliest_us, wjz_arena *arena,
                     alarm_watch *ret_watch, alarm_hit **ret_hits, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_send_v(tx, &LOAD_WATCH, wjz_i32(region), wjz_i64(watch));
    if (r) return wjz_err_set(err, r, "could not ask for watch %lld", (long long)watch);
    r = wjz_tx_query_v(tx, &LOAD_HITS, &rows, err, wjz_i32(region), wjz_i64(watch), wjz_time(earliest_us));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    alarm_hit *hits = wjz_arena_alloc(arena, count * sizeof *hits);
    if (!hits || read_watch(wjz_tx_rows(tx, 0), arena, ret_watch) < 0)
        return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        hits[i] =
            (alarm_hit){wjz_row_time(rows, (int)i, 0), wjz_row_int(rows, (int)i, 1), wjz_row_bool(rows, (int)i, 2)};
    *ret_hits = hits;
    *ret_count = count;
    return 0;
}

int store_prolong_alert(wjz_tx *tx, int32_t region, int64_t watch, const alarm_run *run, bool *ret_known,
                        wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &PROLONG_ALERT, &rows, err, wjz_i32(region), wjz_i64(watch), wjz_time(run->from_us),
                           wjz_time(run->to_us), wjz_i32((int32_t)run->complaints), wjz_i32((int32_t)run->clues),
                           wjz_i32((int32_t)run->undated));
    if (r == 0) *ret_known = wjz_rows_count(rows) > 0;
    return r;
}

int store_add_alert(wjz_tx *tx, int32_t region, int64_t watch, const alarm_run *run, bool told) {
    return wjz_tx_send_v(tx, &ADD_ALERT, wjz_i32(region), wjz_i64(watch), wjz_time(run->crossed_us),
                         wjz_time(run->from_us), wjz_time(run->to_us), wjz_i32((int32_t)run->complaints),
                         wjz_i32((int32_t)run->clues), wjz_i32((int32_t)run->undated), wjz_bool(told));
}
