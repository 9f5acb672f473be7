/* Clues are read in pages, so that neither a statement nor what is made of its rows takes long. */
#include "scoring/store_scans.h"

#include <errno.h>

#include "scoring/store_rows.h"

static const wjz_stmt LOAD_CLUES = {
    "scoring_scan_clues",
    "SELECT id, village, town, longitude, latitude, (first_report_at AT TIME ZONE 'Asia/Shanghai')::date, domain,"
    " stars >= 2 AND merged_into = 0 AND domain <> 'none' FROM scoring.clue WHERE region = $1 AND id > $2 ORDER BY id"
    " LIMIT 2000",
    8};

static const wjz_stmt LOAD_CLUSTERS = {
    "scoring_scan_clusters",
    "SELECT c.domain, c.longitude, c.latitude, c.radius_m, c.p_value, c.p_run FROM scoring.scan_run r JOIN"
    " scoring.scan_cluster c ON c.region = r.region AND c.run = r.id WHERE r.region = $1 AND r.day >= $2",
    6};

static const wjz_stmt ADD_RUN = {
    "scoring_add_scan_run",
    "INSERT INTO scoring.scan_run (region, id, day, days, seed, permutations, cases, undated, unplaced, cells, scans,"
    " took_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    0};

static const wjz_stmt ADD_CLUSTER = {
    "scoring_add_scan_cluster",
    "INSERT INTO scoring.scan_cluster (region, run, number, domain, longitude, latitude, radius_m, from_day, to_day,"
    " cases, expected, statistic, p_value, p_run, clues) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
    " $13, $14, $15)",
    0};

int store_load_scan_clues(wjz_tx *tx, int32_t region, int64_t after, wjz_arena *arena, scan_clue **ret_clues,
                          size_t *ret_count, int64_t *ret_last, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_CLUES, &rows, err, wjz_i32(region), wjz_i64(after));
    if (r) return r;
    int count = wjz_rows_count(rows);
    scan_clue *clues = wjz_arena_alloc(arena, (size_t)count * sizeof *clues);
    row_texts texts = {.arena = arena, .failed = !clues};
    size_t kept = 0;
    for (int i = 0; i < count && !texts.failed; i++) {
        if (!wjz_row_bool(rows, i, 7)) continue;
        clues[kept++] = (scan_clue){.id = wjz_row_int(rows, i, 0),
                                    .village = (uint64_t)wjz_row_int(rows, i, 1),
                                    .town = (uint32_t)wjz_row_int(rows, i, 2),
                                    .has_position = !wjz_row_null(rows, i, 3) && !wjz_row_null(rows, i, 4),
                                    .longitude = wjz_row_null(rows, i, 3) ? 0 : wjz_row_real(rows, i, 3),
                                    .latitude = wjz_row_null(rows, i, 4) ? 0 : wjz_row_real(rows, i, 4),
                                    .dated = !wjz_row_null(rows, i, 5),
                                    .day = wjz_row_date(rows, i, 5),
                                    .domain = row_text(&texts, rows, i, 6)};
    }
    if (texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_clues = clues;
    *ret_count = kept;
    *ret_last = count ? wjz_row_int(rows, count - 1, 0) : after;
    return 0;
}

int store_load_clusters(wjz_tx *tx, int32_t region, int32_t since, wjz_arena *arena, scan_cluster_row **ret_rows,
                        size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_CLUSTERS, &rows, err, wjz_i32(region), wjz_date(since));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    scan_cluster_row *list = wjz_arena_calloc(arena, count, sizeof *list);
    row_texts texts = {.arena = arena, .failed = !list};
    for (size_t i = 0; i < count && !texts.failed; i++) {
        int row = (int)i;
        list[i].domain = row_text(&texts, rows, row, 0);
        list[i].cluster.longitude = wjz_row_real(rows, row, 1);
        list[i].cluster.latitude = wjz_row_real(rows, row, 2);
        list[i].cluster.radius_m = wjz_row_real(rows, row, 3);
        list[i].cluster.p_value = wjz_row_real(rows, row, 4);
        list[i].p_run = wjz_row_real(rows, row, 5);
    }
    if (texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_rows = list;
    *ret_count = count;
    return 0;
}

int store_put_scan(wjz_tx *tx, int32_t region, const scan_run_row *run, const scan_cluster_row *rows, size_t count) {
    int r = wjz_tx_send_v(tx, &ADD_RUN, wjz_i32(region), wjz_i64(run->id), wjz_date(run->day), wjz_i32(run->days),
                          wjz_i64(run->seed), wjz_i32(run->permutations), wjz_i32((int32_t)run->cases),
                          wjz_i32((int32_t)run->undated), wjz_i32((int32_t)run->unplaced), wjz_i32((int32_t)run->cells),
                          wjz_i32((int32_t)run->scans), wjz_i32(run->took_ms));
    for (size_t i = 0; r == 0 && i < count; i++) {
        const scan_cluster *c = &rows[i].cluster;
        r = wjz_tx_send_v(tx, &ADD_CLUSTER, wjz_i32(region), wjz_i64(run->id), wjz_i32((int32_t)i + 1),
                          wjz_text(rows[i].domain), wjz_f64(c->longitude), wjz_f64(c->latitude), wjz_f64(c->radius_m),
                          wjz_date(c->from_day), wjz_date(c->to_day), wjz_i32((int32_t)c->cases), wjz_f64(c->expected),
                          wjz_f64(c->statistic), wjz_f64(c->p_value), wjz_f64(rows[i].p_run),
                          wjz_i64s(c->ids, c->id_count));
    }
    return r;
}
