#include "console/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/console.h"
#include "console/guard.h"
#include "wjz/clock.h"
#include "wjz/log.h"
#include "wjz/metrics.h"

enum { PORTION = 20 /* some milliseconds */, PORTION_BUSY = 10, REGIONS_MOST = 64 };
enum { REST_BUSY = 39, REST_BEHIND = 9, REST = 1 /* times as long as the step took */ };
enum { BEHIND_S = 10 };

static const wjz_stmt REGIONS = {"console_regions", "SELECT console.regions()", 1};
static const wjz_stmt STEP = {"console_follow_step", "SELECT copied, more, busy FROM console.follow_step($1, $2)", 3};
static const wjz_stmt SWEEP = {"console_sweep", "SELECT console.sweep_sessions()::text", 1};
static const wjz_stmt ALIVE = {"console_alive",
                               "SELECT COALESCE(string_agg(DISTINCT service, ',' ORDER BY service), '') FROM "
                               "bus.instance WHERE heartbeat_at > now() - interval '5 seconds'",
                               1};

struct follow {
    console *console;
    wjz_event stop, ended;
    int64_t swept_us;
    bool busy;            /* complaints came in when last looked */
    int64_t caught_up_us; /* monotonic: when last nothing was left to copy */
    char alive[400];
    wjz_metric *copied;
};

static int read_regions(follow *f, int64_t *ret_regions, size_t *ret_count, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows;
    int64_t *found;
    int r = wjz_tx_begin(f->console->db, &tx, err);
    if (r == 0) r = wjz_tx_query(tx, &REGIONS, NULL, 0, &rows, err);
    if (r == 0) r = wjz_row_ints(rows, 0, 0, wjz_tx_arena(tx), &found, ret_count);
    if (r < 0) return r;
    if (*ret_count > REGIONS_MOST) *ret_count = REGIONS_MOST;
    memcpy(ret_regions, found, *ret_count * sizeof *found);
    return 0;
}

typedef struct footing {
    int copied;
    bool more; /* to do at once */
    bool busy; /* complaints are coming in */
} footing;

/* *now tells how the step before went, and how this one did. */
static int step(follow *f, int32_t region, footing *now, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows;
    int portion = now->busy ? PORTION_BUSY : PORTION;
    int r = wjz_tx_begin(f->console->db, &tx, err);
    if (r == 0) r = wjz_tx_query_v(tx, &STEP, &rows, err, wjz_i32(region), wjz_i32(portion));
    if (r < 0) return r;
    *now = (footing){(int)wjz_row_int(rows, 0, 0), wjz_row_bool(rows, 0, 1), wjz_row_bool(rows, 0, 2)};
    return wjz_tx_commit(&tx, err);
}

static int look_after(follow *f, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows;
    const console *c = f->console;
    bool sweep = wjz_clock_monotonic_us() - f->swept_us > c->conf->guard_every * 1000;
    int r = wjz_tx_begin(c->db, &tx, err);
    if (r == 0 && sweep) r = wjz_tx_send(tx, &SWEEP, NULL, 0);
    if (r == 0 && sweep) r = guard_look(tx, c->bus, (int)c->conf->views_alarm, err);
    if (r == 0) r = wjz_tx_query(tx, &ALIVE, NULL, 0, &rows, err);
    if (r < 0) return r;
    const char *alive = wjz_row_text(rows, 0, 0);
    if (strcmp(alive, f->alive) != 0) {
        snprintf(f->alive, sizeof f->alive, "%s", alive);
        events_tell(f->console->events, "services", 0, 0);
    }
    if (sweep) f->swept_us = wjz_clock_monotonic_us();
    return wjz_tx_commit(&tx, err);
}

/* Those who score and assign come first: while complaints come in, copying, which no one waits for, takes a fortieth of
 * the time, a few milliseconds at once, and a tenth when that has not been enough for a while; else half of it.
 * False when it is to stop. */
static bool make_way(follow *f, int64_t took_us, bool busy) {
    bool behind = wjz_clock_monotonic_us() - f->caught_up_us > BEHIND_S * WJZ_SECOND_US;
    int rest = !busy ? REST : behind ? REST_BEHIND : REST_BUSY;
    uint64_t rest_ms = (uint64_t)(took_us * rest / 1000) + 1;
    return wjz_event_wait_ms(f->console->loop, &f->stop, rest_ms) == -ETIMEDOUT;
}

/* As long as a round may take. True in *ret_behind when there is more to do. */
static int follow_region(follow *f, int32_t region, bool *ret_behind, wjz_err *err) {
    const console *c = f->console;
    int64_t until_us = wjz_clock_monotonic_us() + c->conf->follow_every * 1000, began_us, took_us;
    int copied = 0, r;
    footing now = {.busy = f->busy};
    do {
        began_us = wjz_clock_monotonic_us();
        r = step(f, region, &now, err);
        took_us = wjz_clock_monotonic_us() - began_us;
        if (r == 0) copied += now.copied;
    } while (r == 0 && now.more && make_way(f, took_us, now.busy) && wjz_clock_monotonic_us() < until_us);
    f->busy = now.busy;
    *ret_behind = *ret_behind || now.more;
    wjz_count(f->copied, (uint64_t)copied);
    if (copied > 0) events_tell(c->events, "clue", region, 0);
    return r;
}

static int go_round(follow *f, bool *ret_behind, wjz_err *err) {
    int64_t regions[REGIONS_MOST];
    size_t count = 0;
    int r = read_regions(f, regions, &count, err);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = follow_region(f, (int32_t)regions[i], ret_behind, err);
    return r == 0 ? look_after(f, err) : r;
}

static void live(void *arg) {
    follow *f = arg;
    console *c = f->console;
    uint64_t pause_ms = (uint64_t)c->conf->follow_every;
    while (wjz_event_wait_ms(c->loop, &f->stop, pause_ms) == -ETIMEDOUT) {
        wjz_err err = {0};
        bool behind = false;
        int r = go_round(f, &behind, &err);
        if (r < 0 && r != -ECANCELED) wjz_log_warn("clues not followed", "error=\"%s\"", err.text);
        if (r == 0 && !behind) f->caught_up_us = wjz_clock_monotonic_us();
        pause_ms = r == 0 && behind ? 0 : (uint64_t)c->conf->follow_every;
    }
    wjz_event_set(c->loop, &f->ended);
}

int follow_open(console *c, follow **ret_follow, wjz_err *err) {
    follow *f = calloc(1, sizeof *f);
    if (!f) return wjz_err_set(err, -ENOMEM, "out of memory");
    *f = (follow){.console = c,
                  .caught_up_us = wjz_clock_monotonic_us(),
                  .copied = wjz_counter("wjz_console_clues_copied_total", "", "clues copied for lists and searches")};
    int r = wjz_fiber_spawn(c->loop, live, f);
    if (r < 0) {
        free(f);
        return wjz_err_set(err, r, "could not start following clues");
    }
    *ret_follow = f;
    return 0;
}

void follow_close(follow **at) {
    follow *f = at ? WJZ_STEAL(*at) : NULL;
    if (!f) return;
    wjz_event_set(f->console->loop, &f->stop);
    wjz_event_wait(f->console->loop, &f->ended);
    free(f);
}
