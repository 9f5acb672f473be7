/* What time does. Every instance sweeps; locks and SKIP LOCKED keep them from doing anything twice. */
#include "scheduling/sweep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "scheduling/appointments.h"
#include "scheduling/plan.h"
#include "scheduling/scheduling.h"
#include "scheduling/store.h"
#include "scheduling/store_booking.h"
#include "scheduling/visits.h"
#include "wjz/clock.h"
#include "wjz/log.h"

struct sweep {
    struct scheduling *self;
    wjz_timer *timer;
    wjz_event idle;     /* set while no round runs */
    int64_t planned_us; /* monotonic, 0: not yet */
};

static int expire_holds(struct scheduling *self, wjz_err *err) {
    int count = 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_expire_holds(tx, &count, err);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r == 0 && count > 0) wjz_log_info("holds expired", "count=%d", count);
    return r;
}

static int remind(struct scheduling *self, wjz_err *err) {
    size_t count = 1;
    int r = 0;
    while (r == 0 && count > 0)
        r = appointments_remind(self, &count, err);
    return r;
}

static int plan_region(struct scheduling *self, int32_t region, wjz_err *err) {
    int32_t today = wjz_day_number(wjz_clock_day(wjz_clock_us()));
    const struct plan_request request = {region, today, today + (int32_t)self->conf->plan_days - 1, NULL, OURSELVES};
    struct plan_result result;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = plan_shifts(self, tx, wjz_tx_arena(tx), &request, &result, err);
    uint32_t made = r == 0 ? result.made : 0, removed = r == 0 ? result.removed : 0;
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r == 0 && made + removed > 0)
        wjz_log_info("shifts planned", "region=%" PRId32 " made=%" PRIu32 " removed=%" PRIu32, region, made, removed);
    return r;
}

static int plan_all(struct scheduling *self, wjz_err *err) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    if (arena == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    int64_t *regions = NULL;
    size_t count = 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_regions(tx, arena, &regions, &count, err);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = plan_region(self, (int32_t)regions[i], err);
    return r;
}

/* Planning comes before visits, which need its shifts. */
static int plan_when_due(struct sweep *sweep, wjz_err *err) {
    int64_t now_us = wjz_clock_monotonic_us();
    if (sweep->planned_us != 0 && now_us - sweep->planned_us < sweep->self->conf->plan_every * 1000) return 0;
    int r = plan_all(sweep->self, err);
    if (r == 0) sweep->planned_us = now_us;
    return r;
}

static void run_round(void *arg) {
    struct sweep *sweep = arg;
    wjz_err err = {0};
    int r = expire_holds(sweep->self, &err);
    if (r == 0) r = plan_when_due(sweep, &err);
    if (r == 0) r = visits_retry(sweep->self, &err);
    if (r == 0) r = remind(sweep->self, &err);
    if (r < 0) wjz_log_warn("sweep not finished", "error=\"%s\"", err.text);
    wjz_event_set(sweep->self->loop, &sweep->idle);
}

static void on_time(void *arg) {
    struct sweep *sweep = arg;
    if (!sweep->idle.set) return;
    wjz_event_clear(&sweep->idle);
    if (wjz_fiber_spawn(sweep->self->loop, run_round, sweep) < 0) wjz_event_set(sweep->self->loop, &sweep->idle);
}

int sweep_open(struct scheduling *self, struct sweep **ret_sweep, wjz_err *err) {
    struct sweep *sweep = calloc(1, sizeof *sweep);
    if (sweep == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    sweep->self = self;
    sweep->idle.set = true;
    int r = wjz_timer_open(self->loop, 1, (uint64_t)self->conf->sweep, on_time, sweep, &sweep->timer);
    if (r < 0) {
        free(sweep);
        return wjz_err_set(err, r, "could not start sweeping");
    }
    *ret_sweep = sweep;
    return 0;
}

void sweep_close(struct sweep **sweep) {
    if (*sweep == NULL) return;
    wjz_timer_close(&(*sweep)->timer);
    wjz_event_wait((*sweep)->self->loop, &(*sweep)->idle);
    free(*sweep);
    *sweep = NULL;
}
