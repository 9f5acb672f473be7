/* Each domain with enough clues is a scan of its own; what a cluster is worth among so many scans says p_run. */
#include "scoring/scans.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "scoring/notices.h"
#include "scoring/store_scans.h"
#include "scoring/store_warnings.h"
#include "wjz/clock.h"
#include "wjz/id.h"

enum {
    CELLS = 256,
    LEAST_CASES = 3,      /* of a cluster */
    LEAST_OF_DOMAIN = 10, /* fewer are not scanned: nothing could stand out */
    CLUSTERS = 5,         /* of a domain */
    IDS = 200,            /* listed of a cluster */
    OLD_NEWS_DAYS = 7,    /* a cluster told within that time is not told again */
    NEAR_M = 1000,
};
static const double KEPT_UP_TO_P = 0.05, TOLD_UP_TO_P = 0.05;

typedef struct scan_turn {
    round_lease *round;
    scan_clue *clues; /* with a place and a day, by domain */
    size_t clue_count, clue_room;
    scan_run_row run;
    scan_cluster_row *clusters;
    size_t cluster_count;
} scan_turn;

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* --- gathering --- */

/* Its own position, else the middle of its village or town. */
static bool place_clue(const gazetteer *places, scan_clue *clue) {
    const uint64_t codes[] = {clue->village, clue->town};
    for (size_t i = 0; i < 2 && !clue->has_position; i++) {
        const place_entry *place = codes[i] ? gazetteer_by_code(places, codes[i]) : NULL;
        if (!place || !place->has_position) continue;
        clue->has_position = true;
        clue->longitude = place->longitude;
        clue->latitude = place->latitude;
    }
    return clue->has_position;
}

static int keep(scan_turn *t, scan_clue *page, size_t count) {
    if (t->clue_count + count > t->clue_room) {
        size_t room = 2 * (t->clue_room + count);
        scan_clue *clues = wjz_arena_alloc(t->round->arena, room * sizeof *clues);
        if (!clues) return -ENOMEM;
        if (t->clue_count) memcpy(clues, t->clues, t->clue_count * sizeof *clues);
        t->clues = clues;
        t->clue_room = room;
    }
    for (size_t i = 0; i < count; i++) {
        if (!page[i].dated)
            t->run.undated++;
        else if (!place_clue(t->round->self->places, &page[i]))
            t->run.unplaced++;
        else if (page[i].day > t->run.day - t->run.days && page[i].day <= t->run.day)
            t->clues[t->clue_count++] = page[i];
    }
    return 0;
}

static int by_domain(const void *a, const void *b) {
    const scan_clue *x = a, *y = b;
    int order = strcmp(x->domain, y->domain);
    return order ? order : x->id < y->id ? -1 : x->id > y->id;
}

static int gather(scan_turn *t, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int64_t after = INT64_MIN, last = INT64_MIN;
    int r = wjz_tx_begin(t->round->self->db, &tx, err);
    do {
        scan_clue *page = NULL;
        size_t count = 0;
        after = last;
        if (r == 0) r = store_load_scan_clues(tx, t->round->region, after, t->round->arena, &page, &count, &last, err);
        if (r == 0 && keep(t, page, count) < 0) r = out_of_memory(err);
        round_pause(t->round);
    } while (r == 0 && last > after);
    if (r == 0 && t->clue_count) qsort(t->clues, t->clue_count, sizeof *t->clues, by_domain);
    return r;
}

/* --- scanning --- */

static int scan_domain(scan_turn *t, const scan_clue *clues, size_t count, wjz_err *err) {
    wjz_arena *arena = t->round->arena;
    scan_case *cases = wjz_arena_alloc(arena, count * sizeof *cases);
    scan_result result;
    if (!cases) return out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        cases[i] = (scan_case){clues[i].id, clues[i].longitude, clues[i].latitude, clues[i].day};
    const char *domain = clues->domain;
    const scan_options options = {.last_day = t->run.day,
                                  .days = t->run.days,
                                  .most_window = (int)t->round->conf->scan_window,
                                  .permutations = t->run.permutations,
                                  .seed = XXH3_64bits_withSeed(domain, strlen(domain), (uint64_t)t->run.seed),
                                  .most_share = 0.5,
                                  .most_cells = CELLS,
                                  .least_cases = LEAST_CASES,
                                  .most_clusters = CLUSTERS,
                                  .most_ids = IDS};
    int r = scan_space_time(cases, count, &options, round_give_way, t->round, arena, &result);
    if (r) return wjz_err_set(err, r, "could not scan domain \"%s\"", domain);
    t->run.scans++;
    t->run.cells += result.cells;
    for (size_t i = 0; i < result.cluster_count; i++)
        if (result.clusters[i].p_value <= KEPT_UP_TO_P)
            t->clusters[t->cluster_count++] = (scan_cluster_row){.domain = domain, .cluster = result.clusters[i]};
    return 0;
}

static int less_likely(const void *a, const void *b) {
    const scan_cluster_row *x = a, *y = b;
    if (x->cluster.p_value != y->cluster.p_value) return x->cluster.p_value < y->cluster.p_value ? -1 : 1;
    if (x->cluster.statistic != y->cluster.statistic) return x->cluster.statistic > y->cluster.statistic ? -1 : 1;
    return strcmp(x->domain, y->domain);
}

static int scan_all(scan_turn *t, wjz_err *err) {
    size_t domains = 0;
    for (size_t i = 0; i < t->clue_count; i++)
        domains += i == 0 || strcmp(t->clues[i - 1].domain, t->clues[i].domain) != 0;
    t->clusters = wjz_arena_alloc(t->round->arena, domains * CLUSTERS * sizeof *t->clusters);
    if (!t->clusters) return out_of_memory(err);
    int r = 0;
    for (size_t from = 0, to; r == 0 && from < t->clue_count; from = to) {
        for (to = from + 1; to < t->clue_count && strcmp(t->clues[from].domain, t->clues[to].domain) == 0;)
            to++;
        if (to - from >= LEAST_OF_DOMAIN) r = scan_domain(t, t->clues + from, to - from, err);
    }
    for (size_t i = 0; i < t->cluster_count; i++)
        t->clusters[i].p_run = fmin(1, t->clusters[i].cluster.p_value * (double)t->run.scans);
    if (t->cluster_count) qsort(t->clusters, t->cluster_count, sizeof *t->clusters, less_likely);
    t->run.cases = t->clue_count;
    return r;
}

/* --- telling --- */

static double metres_between(const scan_cluster *a, const scan_cluster *b) {
    double degree = 111319.49, north = (a->latitude - b->latitude) * degree;
    double east = (a->longitude - b->longitude) * degree * cos(a->latitude * (M_PI / 180));
    return hypot(north, east);
}

static bool is_new(const scan_cluster_row *row, const scan_cluster_row *told, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const scan_cluster *a = &row->cluster, *b = &told[i].cluster;
        if (told[i].p_run <= TOLD_UP_TO_P && strcmp(told[i].domain, row->domain) == 0 &&
            metres_between(a, b) <= a->radius_m + b->radius_m + NEAR_M)
            return false;
    }
    return true;
}

static void tell(notices *n, const scan_turn *t, size_t number, const char *to) {
    const scan_cluster_row *row = &t->clusters[number];
    const scan_cluster *c = &row->cluster;
    wjz_day from = wjz_day_from_number(c->from_day);
    const char *event = wjz_arena_printf(n->arena, "scan:%" PRId64 ":%zu", t->run.id, number + 1);
    Wjz__Notification__Notice *notice = notices_add(n, event, "area_cluster", to, "scan", t->run.id);
    notices_value(n, notice, "domain", row->domain);
    notices_number(n, notice, "clues", (int64_t)c->cases);
    notices_value(n, notice, "expected", wjz_arena_printf(n->arena, "%.1f", c->expected));
    notices_value(n, notice, "from", wjz_arena_printf(n->arena, "%04d-%02d-%02d", from.year, from.month, from.day));
    notices_value(n, notice, "radius", wjz_arena_printf(n->arena, "%.1f", c->radius_m / 1000));
    notices_value(n, notice, "position", wjz_arena_printf(n->arena, "%.4f, %.4f", c->longitude, c->latitude));
    notices_value(n, notice, "p", wjz_arena_printf(n->arena, "%.3f", row->p_run));
}

static int write(scan_turn *t, wjz_err *err) {
    round_lease *round = t->round;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    scan_cluster_row *told = NULL;
    const char *const nobody[] = {""}, **leaders = NULL;
    size_t told_count = 0, leader_count = 0;
    notices n = {.arena = round->arena};
    int r = wjz_tx_begin(round->self->db, &tx, err);
    if (r == 0)
        r = store_load_clusters(tx, round->region, t->run.day - OLD_NEWS_DAYS, round->arena, &told, &told_count, err);
    if (r == 0) r = store_load_leaders(tx, round->region, round->arena, &leaders, &leader_count, err);
    if (r) return r;
    const char *const *to = leader_count ? leaders : nobody;
    for (size_t i = 0; i < t->cluster_count; i++) {
        if (t->clusters[i].p_run > TOLD_UP_TO_P || !is_new(&t->clusters[i], told, told_count)) continue;
        for (size_t k = 0; k < (leader_count ? leader_count : 1); k++)
            tell(&n, t, i, to[k]);
    }
    if (store_put_scan(tx, round->region, &t->run, t->clusters, t->cluster_count)) return out_of_memory(err);
    r = notices_send(&n, round->self->bus, tx, round->region, err);
    if (r == 0) r = round_finish(round, tx, round_next_time(wjz_clock_us(), round->conf->scan_at / 1000), err);
    return r ? r : wjz_tx_commit(&tx, err);
}

int scans_round(round_lease *round, wjz_err *err) {
    int64_t began_us = wjz_clock_monotonic_us();
    int32_t today = wjz_day_number(wjz_clock_day(wjz_clock_us()));
    scan_turn t = {.round = round,
                   .run = {.id = wjz_id_next(),
                           .day = today,
                           .seed = (int64_t)round->region * 100000 + today,
                           .days = (int32_t)round->conf->scan_days,
                           .permutations = (int32_t)round->conf->scan_permutations}};
    int r = gather(&t, err);
    if (r == 0) r = scan_all(&t, err);
    t.run.took_ms = (int32_t)((wjz_clock_monotonic_us() - began_us) / 1000);
    return r ? r : write(&t, err);
}
