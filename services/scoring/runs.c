/* See runs.h. */
#include "scoring/runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/pace.h"
#include "scoring/refuse.h"
#include "scoring/scoring.h"
#include "scoring/store_runs.h"
#include "wjz/clock.h"
#include "wjz/log.h"

enum { IDLE_MS = 500, FAILED_MS = 1000 };

struct runs {
    scoring_service *self;
    const run_kind *const *kinds;
    wjz_event wake, ended;
    bool stopping;
    pace pace;
    const run_kind *kind; /* of the run in hand, NULL: none */
    void *run;
    wjz_arena *keep;
    int alone; /* portions of one item that are left, after one of many failed */
    bool skip; /* the next item failed alone */
    wjz_metric *items, *held, *skipped;
};

static bool wait_ms(runs *r, uint64_t ms) {
    if (!r->stopping && wjz_event_wait_ms(r->self->loop, &r->wake, ms) == 0) wjz_event_clear(&r->wake);
    return !r->stopping;
}

static void leave(runs *r) {
    if (r->kind && r->kind->leave) r->kind->leave(r->run);
    r->kind = NULL;
    r->run = NULL;
    r->alone = 0;
    r->skip = false;
    wjz_arena_reset(r->keep);
}

static run_portion portion_of(runs *r, wjz_tx *tx, wjz_arena *arena) {
    return (run_portion){.self = r->self,
                         .tx = tx,
                         .arena = arena,
                         .keep = r->keep,
                         .instance = wjz_bus_instance_number(r->self->bus),
                         .limit = r->alone || r->skip ? 1 : r->pace.portion,
                         .skip = r->skip};
}

/* Looks for a run of any kind. */
static int take(runs *r, wjz_err *err) {
    for (const run_kind *const *kind = r->kinds; *kind; kind++) {
        WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
        void *run = NULL;
        int result = wjz_tx_begin(r->self->db, &tx, err);
        run_portion portion = portion_of(r, tx, r->keep);
        if (!result) result = (*kind)->take(&portion, &run, err);
        if (!result) result = wjz_tx_commit(&tx, err);
        if (result && run && (*kind)->leave) (*kind)->leave(run);
        if (result) return result;
        if (!run) continue;
        r->kind = *kind;
        r->run = run;
        pace_begin(&r->pace);
        wjz_log_info("run taken", "kind=\"%s\"", r->kind->name);
        return 0;
    }
    return 0;
}

/* How long live work must go first. */
static int hold_ms(runs *r, wjz_tx *tx, wjz_err *err) {
    live_load load = {0};
    int result = store_live_load(tx, &load, err);
    if (result) return result;
    int ms = pace_hold(&r->pace, load.waiting, load.oldest_us, wjz_clock_monotonic_us());
    if (ms) wjz_count(r->held, 1);
    return ms;
}

/* A portion; *ret_pause_ms what others have before the next one. */
static int work(runs *r, int *ret_pause_ms, wjz_err *err) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int result = arena ? wjz_tx_begin(r->self->db, &tx, err) : wjz_err_set(err, -ENOMEM, "out of memory");
    if (!result) result = hold_ms(r, tx, err);
    *ret_pause_ms = result;
    if (result) return result < 0 ? result : 0;
    int64_t began = wjz_clock_monotonic_us();
    run_portion portion = portion_of(r, tx, arena);
    result = r->kind->work(&portion, r->run, err);
    if (result) return result;
    result = wjz_tx_commit(&tx, err);
    if (result) { /* the run in memory is ahead of the store */
        leave(r);
        return result;
    }
    int64_t now = wjz_clock_monotonic_us();
    wjz_count(r->items, (uint64_t)portion.done);
    *ret_pause_ms = pace_took(&r->pace, portion.done, now - began, now);
    if (r->alone) r->alone--;
    r->skip = false;
    if (!portion.ended) return 0;
    wjz_log_info("run ended", "kind=\"%s\"", r->kind->name);
    leave(r);
    return 0;
}

/* What one item does must not keep the others from being done: they are tried alone, and the one that fails is passed
 * over. */
static void failed(runs *r, int result, const wjz_err *err) {
    if (!r->kind) {
        wjz_log_warn("portion not committed", "error=\"%s\"", err->text);
    } else if (result == -ESTALE || store_is_away(result)) {
        wjz_log_info("run let go", "error=\"%s\"", err->text);
        leave(r);
    } else if (r->skip) {
        wjz_log_error("run cannot go on", "kind=\"%s\" error=\"%s\"", r->kind->name, err->text);
        leave(r);
    } else if (r->alone || r->pace.portion == 1) {
        wjz_log_error("passed over in a run", "kind=\"%s\" error=\"%s\"", r->kind->name, err->text);
        wjz_count(r->skipped, 1);
        r->skip = true;
    } else {
        wjz_log_warn("portion failed", "kind=\"%s\" error=\"%s\"", r->kind->name, err->text);
        r->alone = r->pace.portion;
    }
}

static uint64_t look(runs *r) {
    wjz_err err = {0};
    int pause_ms = 0;
    int result = 0;
    if (!r->kind) {
        result = versions_renew(r->self->packs, r->self->db, &err);
        if (!result) result = take(r, &err);
        if (result) {
            wjz_log_warn("runs not looked for", "error=\"%s\"", err.text);
            return FAILED_MS;
        }
        if (!r->kind) return IDLE_MS;
    }
    result = work(r, &pause_ms, &err);
    if (!result) return (uint64_t)pause_ms;
    failed(r, result, &err);
    return r->kind ? 0 : FAILED_MS;
}

static void main_fiber(void *arg) {
    runs *r = arg;
    uint64_t pause_ms = 0;
    while (wait_ms(r, pause_ms))
        pause_ms = look(r);
    leave(r);
    wjz_event_set(r->self->loop, &r->ended);
}

int runs_start(scoring_service *self, const run_kind *const *kinds, runs **ret_runs, wjz_err *err) {
    runs *r = calloc(1, sizeof *r);
    if (r) *r = (runs){.self = self, .kinds = kinds, .keep = wjz_arena_new(0)};
    if (!r || !r->keep) {
        free(r);
        return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    r->items = wjz_counter("wjz_scoring_run_items_total", "", "complaints and clues worked off by runs");
    r->held = wjz_counter("wjz_scoring_run_held_total", "", "times a run waited because live work did");
    r->skipped = wjz_counter("wjz_scoring_run_skipped_total", "", "complaints and clues that a run passed over");
    int result = wjz_fiber_spawn(self->loop, main_fiber, r);
    if (result) {
        wjz_arena_destroy(&r->keep);
        free(r);
        return wjz_err_set(err, result, "could not start the runs: %s", strerror(-result));
    }
    *ret_runs = r;
    return 0;
}

void runs_wake(runs *r) {
    if (r) wjz_event_set(r->self->loop, &r->wake);
}

void runs_stop(runs **runs_at) {
    if (!runs_at || !*runs_at) return;
    runs *r = *runs_at;
    r->stopping = true;
    wjz_event_set(r->self->loop, &r->wake);
    wjz_event_wait(r->self->loop, &r->ended);
    wjz_arena_destroy(&r->keep);
    free(r);
    *runs_at = NULL;
}
