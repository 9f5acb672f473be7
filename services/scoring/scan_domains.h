/* A scan of each domain with clues enough, and what a cluster is worth among so many scans. Pure: the same clues in any
 * order, with the same options, give the same. */
#ifndef SCORING_SCAN_DOMAINS_H
#define SCORING_SCAN_DOMAINS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/scan.h"
#include "wjz/arena.h"

typedef struct scan_clue {
    int64_t id;
    uint64_t village;
    uint32_t town;
    bool has_position, dated;
    double longitude, latitude;
    int32_t day; /* of the first report */
    const char *domain;
} scan_clue;

typedef struct scan_cluster_row {
    const char *domain;
    scan_cluster cluster;
    double p_run; /* the p-value for as many scans as there were */
} scan_cluster_row;

typedef struct scan_domains_options {
    int32_t day; /* the last one */
    int days, most_window, permutations;
    uint64_t seed; /* that of each domain follows from it and the domain's name */
} scan_domains_options;

typedef struct scan_domains_result {
    size_t scans, cells;
    scan_cluster_row *clusters; /* of p_value 0.05 at most, the least likely first */
    size_t cluster_count;
} scan_domains_result;

enum { SCAN_LEAST_OF_DOMAIN = 10 }; /* clues; fewer are not scanned: nothing could stand out */

/* Each clue must have a place and a day; they are sorted. The result lives in the arena, its domains where the
 * clues' do. stop and errors as of scan_space_time. */
WJZ_MUST_CHECK int scan_domains(scan_clue *clues, size_t count, const scan_domains_options *options,
                                const atomic_bool *stop, wjz_arena *arena, scan_domains_result *ret_result);

#endif
