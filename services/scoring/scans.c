/* What is read and what is written, a turn of the loop each; the scans are computed beside it. */
#include "scoring/scans.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "scoring/notices.h"
#include "scoring/store_scans.h"
#include "scoring/store_warnings.h"
#include "wjz/clock.h"
#include "wjz/id.h"

enum {
    OLD_NEWS_DAYS = 7, /* a cluster told within that time is not told again */
    NEAR_M = 1000,
};
static const double TOLD_UP_TO_P = 0.05;

typedef struct scan_turn {
    round_lease *round;
    scan_clue *clues; /* with a place and a day */
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

static int gather_page(scan_turn *t, int64_t *last, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    scan_clue *page = NULL;
    size_t count = 0;
    int r = wjz_tx_begin(t->round->self->db, &tx, err);
    if (r == 0) r = store_load_scan_clues(tx, t->round->region, *last, t->round->arena, &page, &count, last, err);
    return r == 0 && keep(t, page, count) < 0 ? out_of_memory(err) : r;
}

/* A page holds a connection, not all of them. */
static int gather(scan_turn *t, wjz_err *err) {
    int64_t after, last = INT64_MIN;
    int r;
    do {
        after = last;
        r = gather_page(t, &last, err);
        round_pause(t->round);
    } while (r == 0 && last > after);
    return r;
}

/* --- scanning --- */

/* What the computation beside the loop may touch. */
typedef struct scan_work {
    scan_clue *clues;
    size_t clue_count;
    scan_domains_options options;
    const atomic_bool *stop;
    wjz_arena *arena;
    scan_domains_result found;
    int result;
} scan_work;

static void compute(void *arg) {
    scan_work *w = arg;
    w->result = scan_domains(w->clues, w->clue_count, &w->options, w->stop, w->arena, &w->found);
}

static int scan_all(scan_turn *t, wjz_arena *arena, wjz_err *err) {
    t->run.cases = t->clue_count;
    if (t->clue_count < SCAN_LEAST_OF_DOMAIN) return 0;
    scan_work work = {.clues = t->clues,
                      .clue_count = t->clue_count,
                      .options = {.day = t->run.day,
                                  .days = t->run.days,
                                  .most_window = (int)t->round->conf->scan_window,
                                  .permutations = t->run.permutations,
                                  .seed = (uint64_t)t->run.seed},
                      .stop = t->round->closing,
                      .arena = arena};
    int r = round_compute(t->round, compute, &work);
    if (r == 0) r = work.result;
    if (r == -ECANCELED) return wjz_err_set(err, -EINTR, "the process ends");
    if (r) return wjz_err_set(err, r, "could not scan: %s", strerror(-r));
    t->run.scans = work.found.scans;
    t->run.cells = work.found.cells;
    t->clusters = work.found.clusters;
    t->cluster_count = work.found.cluster_count;
    return 0;
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
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0); /* the computation's own */
    int r = arena ? gather(&t, err) : out_of_memory(err);
    if (r == 0) r = scan_all(&t, arena, err);
    t.run.took_ms = (int32_t)((wjz_clock_monotonic_us() - began_us) / 1000);
    return r ? r : write(&t, err);
}
