/* Only watches with hits that no alarm has seen are looked at, and of their hits only those near the new ones. */
#include "scoring/alarms.h"

#include <errno.h>
#include <inttypes.h>

#include "scoring/notices.h"
#include "scoring/store_alarms.h"
#include "scoring/watching.h"
#include "wjz/clock.h"

enum { HITS_A_ROUND = 20000, SWEEP_EVERY_US = 1000000 };

static void tell_run(notices *n, int64_t id, const alarm_watch *w, const alarm_run *run) {
    char since[WJZ_CLOCK_TEXT];
    wjz_clock_format(run->from_us, since);
    for (size_t i = 0; i < w->tell_count; i++) {
        const char *event = wjz_arena_printf(n->arena, "watch:%" PRId64 ":%" PRId64, id, run->crossed_us);
        Wjz__Notification__Notice *notice = notices_add(n, event, "watch_alert", w->tell[i], "watch", id);
        notices_number(n, notice, "watch", id);
        notices_value(n, notice, "title", w->title);
        notices_number(n, notice, "complaints", (int64_t)run->complaints);
        notices_number(n, notice, "clues", (int64_t)run->clues);
        notices_number(n, notice, "days", w->days);
        notices_value(n, notice, "since", wjz_arena_strdup(n->arena, since));
        notices_number(n, notice, "undated", (int64_t)run->undated);
    }
}

static int look_at(round_lease *round, wjz_tx *tx, const fresh_watch *fresh, notices *n, wjz_err *err) {
    alarm_watch w;
    alarm_hit *hits = NULL;
    alarm_run *found = NULL;
    size_t hit_count = 0, run_count = 0;
    int r =
        store_load_alarm(tx, round->region, fresh->watch, fresh->earliest_us, round->arena, &w, &hits, &hit_count, err);
    if (r) return r;
    if (alarm_runs(hits, hit_count, (size_t)w.count, w.days, w.of_clues, round->arena, &found, &run_count))
        return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; r == 0 && i < run_count; i++) {
        bool known = false;
        r = store_prolong_alert(tx, round->region, fresh->watch, &found[i], &known, err);
        if (r || known) continue;
        /* What is long over is kept, but is no news. */
        bool news = !w.ended && found[i].to_us > wjz_clock_us() - w.days * WJZ_DAY_US;
        if (news) tell_run(n, fresh->watch, &w, &found[i]);
        r = store_add_alert(tx, round->region, fresh->watch, &found[i], news);
        if (r) wjz_err_set(err, r, "could not write an alert of watch %" PRId64, fresh->watch);
    }
    return r;
}

int alarms_round(round_lease *round, wjz_err *err) {
    bool sweeping = false;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    fresh_watch *fresh = NULL;
    size_t count = 0, hits = 0;
    notices n = {.arena = round->arena};
    int r = watching_sweep(round, &sweeping, err);
    if (r == 0) r = wjz_tx_begin(round->self->db, &tx, err);
    if (r == 0) r = store_take_fresh(tx, round->region, HITS_A_ROUND, round->arena, &fresh, &count, &hits, err);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = look_at(round, tx, &fresh[i], &n, err);
    if (r == 0) r = notices_send(&n, round->self->bus, tx, round->region, err);
    int64_t wait_us = hits == HITS_A_ROUND ? 0 : sweeping ? SWEEP_EVERY_US : round->conf->alarms_every * 1000;
    if (r == 0) r = round_finish(round, tx, wjz_clock_us() + wait_us, err);
    return r == 0 ? wjz_tx_commit(&tx, err) : r;
}
