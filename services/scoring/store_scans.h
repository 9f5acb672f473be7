/* SQL of space-time scans. Rows that are read live in the arena. */
#ifndef SCORING_STORE_SCANS_H
#define SCORING_STORE_SCANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/scan.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

typedef struct scan_clue {
    int64_t id;
    uint64_t village;
    uint32_t town;
    bool has_position, dated;
    double longitude, latitude;
    int32_t day; /* of the first report */
    const char *domain;
} scan_clue;

/* The next clues above `after` by number that have a domain and two stars or more; *ret_last is the last number looked
 * at, `after` when there are no more. */
WJZ_MUST_CHECK int store_load_scan_clues(wjz_tx *tx, int32_t region, int64_t after, wjz_arena *arena,
                                         scan_clue **ret_clues, size_t *ret_count, int64_t *ret_last, wjz_err *err);

typedef struct scan_run_row {
    int64_t id, seed;
    int32_t day, days, permutations, took_ms;
    size_t cases, undated, unplaced, cells, scans;
} scan_run_row;

typedef struct scan_cluster_row {
    const char *domain;
    scan_cluster cluster;
    double p_run;
} scan_cluster_row;

/* Clusters of runs of the days before, from `since` on, for telling old news from new. */
WJZ_MUST_CHECK int store_load_clusters(wjz_tx *tx, int32_t region, int32_t since, wjz_arena *arena,
                                       scan_cluster_row **ret_rows, size_t *ret_count, wjz_err *err);
/* Queued. */
WJZ_MUST_CHECK int store_put_scan(wjz_tx *tx, int32_t region, const scan_run_row *run, const scan_cluster_row *rows,
                                  size_t count);

#endif
