/* A shuffle needs only to draw which cells the recent cases fall into: the first entries of a list of all cases' cells
 * are exchanged with random later ones. For a count there is one expectation below which it beats the best so far; it
 * is found when first asked for, so that nearly all cylinders are done with one comparison. */
#include "scoring/scan.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/scan_cells.h"
#include "wjz/id.h"

enum { LENGTHS_MOST = 16 };

static const int LENGTHS[] = {1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90};

typedef struct scanner {
    const scan_options *options;
    scan_ground ground;
    size_t length_count;
    int lengths[LENGTHS_MOST];        /* days of the windows, ascending */
    uint64_t in_window[LENGTHS_MOST]; /* all cases of the last so many days */
    size_t recent;                    /* cases in the longest window */
    uint8_t *age_of;                  /* of each recent case: the shortest window it is in */
    uint32_t *counts;                 /* [cell][length]: cases of the window */
    size_t most_in_circle;
    /* what a count's expectation must be below to beat `best` */
    double best;
    double *below; /* by count, NAN: not known */
    size_t below_known;
    uint64_t random;
    const atomic_bool *stop; /* may be NULL; what was found after it has become true is worth nothing */
} scanner;

/* A cylinder with its figures. */
typedef struct cylinder {
    uint32_t centre, circle; /* circle: cells in it */
    uint32_t length;
    uint64_t cases;
    double expected, statistic;
} cylinder;

/* --- the statistic --- */

/* Log likelihood ratio of c cases where mu are expected, of n in all. */
static double ratio(double c, double mu, double n) {
    if (c <= mu) return 0;
    double outside = c < n ? (n - c) * log((n - c) / (n - mu)) : 0;
    return c * log(c / mu) + outside;
}

static void set_best(scanner *s, double best) {
    s->best = best;
    for (size_t i = 0; i <= s->below_known; i++)
        s->below[i] = NAN;
    s->below_known = 0;
}

/* The ratio falls as mu grows towards c: halve the interval until it is narrow. */
static double expectation_below(scanner *s, uint64_t c) {
    double n = (double)s->ground.count, low = 0, high = (double)c;
    for (int i = 0; i < 48; i++) {
        double middle = (low + high) / 2;
        if (ratio((double)c, middle, n) > s->best)
            low = middle;
        else
            high = middle;
    }
    s->below[c] = high;
    if (c > s->below_known) s->below_known = c;
    return high;
}

static bool may_beat(scanner *s, uint64_t c, double mu) {
    double below = s->below[c];
    if (isnan(below)) below = expectation_below(s, c);
    return mu <= below;
}

/* --- counting --- */

/* From cases by cell and age to cases by cell and window. */
static void add_up(scanner *s, const uint32_t *cell_of) {
    size_t lengths = s->length_count;
    memset(s->counts, 0, s->ground.cell_count * lengths * sizeof *s->counts);
    for (size_t i = 0; i < s->recent; i++)
        s->counts[cell_of[i] * lengths + s->age_of[i]]++;
    for (size_t cell = 0; cell < s->ground.cell_count; cell++)
        for (size_t k = 1; k < lengths; k++)
            s->counts[cell * lengths + k] += s->counts[cell * lengths + k - 1];
}

/* The best cylinder around a cell; its statistic is that of ret_best when none is better. */
static void scan_centre(scanner *s, uint32_t centre, cylinder *ret_best) {
    size_t lengths = s->length_count, n = s->ground.cell_count;
    const uint32_t *around = s->ground.around + centre * n;
    uint64_t in_circle = 0, sums[LENGTHS_MOST] = {0};
    double all = (double)s->ground.count;
    for (uint32_t k = 0; k < n; k++) {
        const uint32_t *counts = s->counts + around[k] * lengths;
        in_circle += s->ground.cells[around[k]].cases;
        if (in_circle > s->most_in_circle) break;
        for (size_t t = 0; t < lengths; t++)
            sums[t] += counts[t];
        for (size_t t = 0; t < lengths; t++) {
            double mu = (double)in_circle * (double)s->in_window[t] / all;
            if (sums[t] < s->options->least_cases || (double)sums[t] <= mu || !may_beat(s, sums[t], mu)) continue;
            double statistic = ratio((double)sums[t], mu, all);
            if (statistic <= s->best) continue;
            set_best(s, statistic);
            *ret_best = (cylinder){centre, k + 1, (uint32_t)t, sums[t], mu, statistic};
        }
    }
}

/* Asked for each centre: an idle thread that has a long way to the next look may be long in ending. */
static bool is_stopped(const scanner *s) {
    return s->stop && atomic_load(s->stop);
}

static double scan_highest(scanner *s) {
    cylinder best = {0};
    set_best(s, 0);
    for (uint32_t centre = 0; centre < s->ground.cell_count && !is_stopped(s); centre++)
        scan_centre(s, centre, &best);
    return best.statistic;
}

/* --- chance --- */

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(scanner *s) {
    uint64_t z = s->random += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void shuffle_recent(scanner *s, uint32_t *cell_of) {
    size_t count = s->ground.count;
    for (size_t i = 0; i < s->recent; i++) {
        size_t other = i + (size_t)((unsigned __int128)next_random(s) * (count - i) >> 64);
        uint32_t cell = cell_of[i];
        cell_of[i] = cell_of[other];
        cell_of[other] = cell;
    }
}

/* --- preparing --- */

static int choose_lengths(scanner *s) {
    const scan_options *o = s->options;
    if (o->days < 2 || o->most_window < 1 || o->most_window > o->days / 2 || o->permutations < 0 || o->most_cells < 1 ||
        o->least_cases < 1 || !(o->most_share > 0 && o->most_share <= 1))
        return -EINVAL;
    for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS && LENGTHS[i] <= o->most_window; i++)
        s->lengths[s->length_count++] = LENGTHS[i];
    return 0;
}

/* The shortest window that a case is in; length_count: none. */
static size_t window_of(const scanner *s, const scan_case *c) {
    size_t k = 0;
    while (k < s->length_count && s->options->last_day - c->day >= s->lengths[k])
        k++;
    return k;
}

static int prepare(scanner *s, wjz_arena *arena, uint32_t **ret_cell_of) {
    const scan_ground *g = &s->ground;
    uint32_t *cell_of = wjz_arena_alloc(arena, g->count * sizeof *cell_of);
    s->age_of = wjz_arena_alloc(arena, g->count);
    s->counts = wjz_arena_alloc(arena, g->cell_count * s->length_count * sizeof *s->counts);
    s->below = wjz_arena_alloc(arena, (g->count + 1) * sizeof *s->below);
    if (!cell_of || !s->age_of || !s->counts || !s->below) return -ENOMEM;
    s->below_known = g->count;
    s->most_in_circle = (size_t)(s->options->most_share * (double)g->count);
    size_t late = g->count;
    for (size_t i = 0; i < g->count; i++) {
        size_t age = window_of(s, g->cases[i]);
        if (age == s->length_count) {
            cell_of[--late] = g->cell_of[i];
            continue;
        }
        s->age_of[s->recent] = (uint8_t)age;
        cell_of[s->recent++] = g->cell_of[i];
        for (size_t k = age; k < s->length_count; k++)
            s->in_window[k]++;
    }
    *ret_cell_of = cell_of;
    return 0;
}

/* --- what is told --- */

static int higher(const void *a, const void *b) {
    const cylinder *x = a, *y = b;
    if (x->statistic != y->statistic) return x->statistic > y->statistic ? -1 : 1;
    return x->centre < y->centre ? -1 : x->centre > y->centre;
}

/* The best cylinder of each centre, highest first. */
static int scan_observed(scanner *s, wjz_arena *arena, cylinder **ret_list) {
    cylinder *list = wjz_arena_calloc(arena, s->ground.cell_count, sizeof *list);
    if (!list) return -ENOMEM;
    for (uint32_t centre = 0; centre < s->ground.cell_count && !is_stopped(s); centre++) {
        list[centre].centre = centre;
        set_best(s, 0);
        scan_centre(s, centre, &list[centre]);
    }
    qsort(list, s->ground.cell_count, sizeof *list, higher);
    *ret_list = list;
    return 0;
}

static bool takes_free_cells(const scanner *s, const cylinder *c, bool *taken) {
    const uint32_t *around = s->ground.around + c->centre * s->ground.cell_count;
    for (uint32_t k = 0; k < c->circle; k++)
        if (taken[around[k]]) return false;
    for (uint32_t k = 0; k < c->circle; k++)
        taken[around[k]] = true;
    return true;
}

static int list_ids(const scanner *s, const cylinder *c, wjz_arena *arena, scan_cluster *cluster) {
    const scan_ground *g = &s->ground;
    const uint32_t *around = g->around + c->centre * g->cell_count;
    int64_t *ids = wjz_arena_alloc(arena, c->cases * sizeof *ids);
    bool *inside = wjz_arena_calloc(arena, g->cell_count, sizeof *inside);
    size_t count = 0;
    if (!ids || !inside) return -ENOMEM;
    for (uint32_t k = 0; k < c->circle; k++)
        inside[around[k]] = true;
    for (size_t i = 0; i < g->count; i++)
        if (inside[g->cell_of[i]] && g->cases[i]->day >= cluster->from_day) ids[count++] = g->cases[i]->id;
    qsort(ids, count, sizeof *ids, wjz_id_order);
    cluster->ids = ids;
    cluster->id_count = count < s->options->most_ids ? count : s->options->most_ids;
    return 0;
}

static int describe(const scanner *s, const cylinder *c, const double *by_chance, wjz_arena *arena,
                    scan_cluster *cluster) {
    const scan_ground *g = &s->ground;
    const scan_cell *centre = &g->cells[c->centre];
    const scan_cell *farthest = &g->cells[g->around[c->centre * g->cell_count + c->circle - 1]];
    int as_extreme = 0;
    for (int i = 0; i < s->options->permutations; i++)
        as_extreme += by_chance[i] >= c->statistic;
    *cluster = (scan_cluster){.longitude = g->longitude + centre->x / g->metres_east,
                              .latitude = g->latitude + centre->y / g->metres_north,
                              .radius_m = sqrt(scan_distance_squared(centre, farthest)),
                              .from_day = s->options->last_day - s->lengths[c->length] + 1,
                              .to_day = s->options->last_day,
                              .cases = c->cases,
                              .expected = c->expected,
                              .statistic = c->statistic,
                              .p_value = (1.0 + as_extreme) / (1.0 + s->options->permutations)};
    return list_ids(s, c, arena, cluster);
}

static int tell(scanner *s, const cylinder *list, const double *by_chance, wjz_arena *arena, scan_result *result) {
    bool *taken = wjz_arena_calloc(arena, s->ground.cell_count, sizeof *taken);
    result->clusters = wjz_arena_alloc(arena, s->options->most_clusters * sizeof *result->clusters);
    if (!taken || !result->clusters) return -ENOMEM;
    int r = 0;
    for (size_t i = 0; r == 0 && i < s->ground.cell_count && result->cluster_count < s->options->most_clusters; i++) {
        if (list[i].statistic > 0 && takes_free_cells(s, &list[i], taken))
            r = describe(s, &list[i], by_chance, arena, &result->clusters[result->cluster_count++]);
    }
    return r;
}

int scan_space_time(const scan_case *cases, size_t count, const scan_options *options, const atomic_bool *stop,
                    wjz_arena *arena, scan_result *ret_result) {
    scanner s = {.options = options, .random = options->seed, .stop = stop};
    uint32_t *cell_of = NULL;
    cylinder *observed = NULL;
    int r = choose_lengths(&s);
    if (r == 0) r = scan_gather(cases, count, options, arena, &s.ground);
    if (r == 0) r = prepare(&s, arena, &cell_of);
    double *by_chance = wjz_arena_alloc(arena, (size_t)(options->permutations + 1) * sizeof *by_chance);
    if (r == 0 && !by_chance) r = -ENOMEM;
    if (r < 0) return r;
    add_up(&s, cell_of);
    r = scan_observed(&s, arena, &observed);
    for (int i = 0; r == 0 && i < options->permutations && !is_stopped(&s); i++) {
        shuffle_recent(&s, cell_of);
        add_up(&s, cell_of);
        by_chance[i] = scan_highest(&s);
    }
    if (is_stopped(&s)) return -ECANCELED;
    scan_result result = {.cases = s.ground.count, .cells = s.ground.cell_count};
    if (r == 0) r = tell(&s, observed, by_chance, arena, &result);
    if (r == 0) *ret_result = result;
    return r;
}
