#include "scoring/scan_domains.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum {
    CELLS = 256,
    LEAST_CASES = 3, /* of a cluster */
    CLUSTERS = 5,    /* of a domain */
    IDS = 200,       /* listed of a cluster */
};
static const double KEPT_UP_TO_P = 0.05;

static int by_domain(const void *a, const void *b) {
    const scan_clue *x = a, *y = b;
    int order = strcmp(x->domain, y->domain);
    return order ? order : x->id < y->id ? -1 : x->id > y->id;
}

/* How many of the sorted clues are of the first one's domain. */
static size_t count_same(const scan_clue *clues, size_t count) {
    size_t same = 0;
    while (same < count && strcmp(clues[same].domain, clues->domain) == 0)
        same++;
    return same;
}

static int scan_domain(const scan_clue *clues, size_t count, const scan_domains_options *o, const atomic_bool *stop,
                       wjz_arena *arena, scan_domains_result *result) {
    scan_case *cases = wjz_arena_alloc(arena, count * sizeof *cases);
    scan_result found;
    if (!cases) return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        cases[i] = (scan_case){clues[i].id, clues[i].longitude, clues[i].latitude, clues[i].day};
    const char *domain = clues->domain;
    const scan_options options = {.last_day = o->day,
                                  .days = o->days,
                                  .most_window = o->most_window,
                                  .permutations = o->permutations,
                                  .seed = XXH3_64bits_withSeed(domain, strlen(domain), o->seed),
                                  .most_share = 0.5,
                                  .most_cells = CELLS,
                                  .least_cases = LEAST_CASES,
                                  .most_clusters = CLUSTERS,
                                  .most_ids = IDS};
    int r = scan_space_time(cases, count, &options, stop, arena, &found);
    if (r) return r;
    result->scans++;
    result->cells += found.cells;
    for (size_t i = 0; i < found.cluster_count; i++)
        if (found.clusters[i].p_value <= KEPT_UP_TO_P)
            result->clusters[result->cluster_count++] =
                (scan_cluster_row){.domain = domain, .cluster = found.clusters[i]};
    return 0;
}

static int less_likely(const void *a, const void *b) {
    const scan_cluster_row *x = a, *y = b;
    if (x->cluster.p_value != y->cluster.p_value) return x->cluster.p_value < y->cluster.p_value ? -1 : 1;
    if (x->cluster.statistic != y->cluster.statistic) return x->cluster.statistic > y->cluster.statistic ? -1 : 1;
    return strcmp(x->domain, y->domain);
}

int scan_domains(scan_clue *clues, size_t count, const scan_domains_options *options, const atomic_bool *stop,
                 wjz_arena *arena, scan_domains_result *ret_result) {
    scan_domains_result result = {0};
    if (count) qsort(clues, count, sizeof *clues, by_domain);
    result.clusters = wjz_arena_alloc(arena, count / SCAN_LEAST_OF_DOMAIN * CLUSTERS * sizeof *result.clusters);
    int r = result.clusters ? 0 : -ENOMEM;
    for (size_t from = 0, same; r == 0 && from < count; from += same) {
        same = count_same(clues + from, count - from);
        if (same >= SCAN_LEAST_OF_DOMAIN) r = scan_domain(clues + from, same, options, stop, arena, &result);
    }
    if (r) return r;
    for (size_t i = 0; i < result.cluster_count; i++)
        result.clusters[i].p_run = fmin(1, result.clusters[i].cluster.p_value * (double)result.scans);
    if (result.cluster_count) qsort(result.clusters, result.cluster_count, sizeof *result.clusters, less_likely);
    *ret_result = result;
    return 0;
}
