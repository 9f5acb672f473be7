/* SQL of space-time scans. Rows that are read live in the arena. */
#ifndef SCORING_STORE_SCANS_H
#define SCORING_STORE_SCANS_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/scan_domains.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* The next clues above `after` by number that have a domain and two stars or more; *ret_last is the last number looked
 * at, `after` when there are no more. */
WJZ_MUST_CHECK int store_load_scan_clues(wjz_tx *tx, int32_t region, int64_t after, wjz_arena *arena,
                                         scan_clue **ret_clues, size_t *ret_count, int64_t *ret_last, wjz_err *err);

typedef struct scan_run_row {
    int64_t id, seed;
    int32_t day, days, permutations, took_ms;
    size_t cases, undated, unplaced, cells, scans;
} scan_run_row;

/* Clusters of runs of the days before, from `since` on, for telling old news from new. */
WJZ_MUST_CHECK int store_load_clusters(wjz_tx *tx, int32_t region, int32_t since, wjz_arena *arena,
                                       scan_cluster_row **ret_rows, size_t *ret_count, wjz_err *err);
/* Queued. */
WJZ_MUST_CHECK int store_put_scan(wjz_tx *tx, int32_t region, const scan_run_row *run, const scan_cluster_row *rows,
                                  size_t count);

#endif
