/* Clusters in space and time that no border shows: the prospective space-time permutation scan statistic (Kulldorff,
 * Heffernan, Hartman, Assunção, Mostashari, "A Space–Time Permutation Scan Statistic for Disease Outbreak Detection",
 * PLoS Medicine 2(3):e59, 2005). It needs the cases alone, no population: under chance, where a case lies says nothing
 * about when it came. Cylinders — a circle of cells around a cell, the last so many days — are compared with what the
 * margins let expect, by Poisson's likelihood ratio; how unlikely the highest ratio is shows by shuffling the times.
 *
 * Work is bounded: points are gathered in at most `most_cells` cells, the number of circles is at most the square of
 * that, and there is a fixed list of window lengths. Pure: the same cases in any order, with the same options, give the
 * same. */
#ifndef SCORING_SCAN_H
#define SCORING_SCAN_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"

typedef struct scan_case {
    int64_t id;
    double longitude, latitude;
    int32_t day;
} scan_case;

typedef struct scan_options {
    int32_t last_day;   /* windows end with it; cases after it, or `days` or more before it, are left out */
    int days;           /* length of the time that is compared with */
    int most_window;    /* longest window, at most half of days */
    int permutations;   /* e.g. 999 */
    uint64_t seed;      /* of the shuffling */
    double most_share;  /* of all cases in one circle, e.g. 0.5 */
    size_t most_cells;  /* e.g. 256 */
    size_t least_cases; /* in a cluster, e.g. 3 */
    size_t most_clusters;
    size_t most_ids; /* listed of a cluster */
} scan_options;

typedef struct scan_cluster {
    double longitude, latitude, radius_m; /* of the circle; 0: one cell */
    int32_t from_day, to_day;
    size_t cases;
    double expected, statistic;
    double p_value; /* (1 + shuffles at least as extreme) / (1 + permutations) */
    int64_t *ids;   /* ascending */
    size_t id_count;
} scan_cluster;

typedef struct scan_result {
    size_t cases, cells;    /* that were looked at */
    scan_cluster *clusters; /* the most extreme first; they share no cell */
    size_t cluster_count;
} scan_result;

/* The result lives in the arena. -ENOMEM; -EINVAL for options that make no sense; -ECANCELED soon after stop (may be
 * NULL) has become true. */
WJZ_MUST_CHECK int scan_space_time(const scan_case *cases, size_t count, const scan_options *options,
                                   const atomic_bool *stop, wjz_arena *arena, scan_result *ret_result);

#endif
