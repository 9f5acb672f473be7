/* Chasing, every chase_every: several instances share the work by skipping what another one has locked. */
#include "notification/chase.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "notification/due.h"
#include "notification/notification.h"
#include "notification/tell.h"
#include "wjz/clock.h"
#include "wjz/log.h"

enum { ROUND_LIMIT = 128 };

struct chase {
    struct notification *self;
    wjz_timer *timer;
    wjz_event idle; /* set while no round runs */
};

/* The regions and notices of those that are to be repeated, or to be escalated. */
struct selection {
    int32_t regions[ROUND_LIMIT];
    int64_t notices[ROUND_LIMIT], due_us[ROUND_LIMIT];
    size_t count;
};

static void select_unseen(struct selection *selection, const struct unseen *unseen, int64_t now_us) {
    size_t i = selection->count++;
    selection->regions[i] = unseen->region;
    selection->notices[i] = unseen->notice;
    selection->due_us[i] = unseen->urgent ? now_us : quiet_until(now_us, unseen->quiet_from, unseen->quiet_to);
}

static int make_escalation(wjz_arena *arena, const struct unseen *unseen, struct ask *ret_ask) {
    const char *event = wjz_arena_printf(arena, "%s:%s:unseen", unseen->event, unseen->recipient);
    if (event != NULL && strlen(event) > 200)
        event = wjz_arena_printf(arena, "notice:%" PRId64 ":unseen", unseen->notice);
    Wjz__Notification__Notice *notice = ask_operators(arena, event, "notice_escalated");
    if (notice == NULL || ask_value(arena, notice, "person", unseen->recipient_name) < 0 ||
        ask_value(arena, notice, "title", unseen->title) < 0 || ask_value(arena, notice, "body", unseen->body) < 0)
        return -ENOMEM;
    if (unseen->escalate_to[0] != '\0') {
        notice->to_case = WJZ__NOTIFICATION__NOTICE__TO_PERSON;
        notice->person = wjz_arena_strdup(arena, unseen->escalate_to);
    }
    notice->urgency = WJZ__NOTIFICATION__URGENCY__URGENT;
    notice->subject_kind = wjz_arena_strdup(arena, unseen->subject_kind);
    notice->subject = (uint64_t)unseen->subject;
    if (notice->person == NULL || notice->subject_kind == NULL) return -ENOMEM;
    *ret_ask = (struct ask){unseen->region, notice};
    return 0;
}

static int chase_round(struct notification *self, size_t *ret_count, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r < 0) return r;
    wjz_arena *arena = wjz_tx_arena(tx);
    struct unseen *unseen = NULL;
    size_t count = 0, asked = 0;
    r = store_unseen(tx, ROUND_LIMIT, arena, &unseen, &count, err);
    if (r < 0) return r;

    struct selection *repeat = wjz_arena_calloc(arena, 2, sizeof *repeat), *escalate = repeat + 1;
    struct ask *asks = wjz_arena_calloc(arena, count, sizeof *asks);
    if (repeat == NULL || asks == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    int64_t now_us = wjz_clock_us();
    for (size_t i = 0; i < count; i++) {
        bool again = unseen[i].repeats == 0;
        select_unseen(again ? repeat : escalate, &unseen[i], now_us);
        if (!again && make_escalation(arena, &unseen[i], &asks[asked++]) < 0)
            return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    if (repeat->count > 0)
        r = store_repeat(tx, repeat->regions, repeat->notices, repeat->due_us, repeat->count, self->conf->repeat_after);
    if (r == 0 && escalate->count > 0) r = store_escalated(tx, escalate->regions, escalate->notices, escalate->count);
    if (r == 0) r = tell(self, tx, arena, asks, asked, true, err);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r < 0) return r;
    *ret_count = count;
    return 0;
}

static void run_rounds(void *arg) {
    struct chase *chase = arg;
    struct notification *self = chase->self;
    size_t count = ROUND_LIMIT;
    while (count == ROUND_LIMIT && chase->timer != NULL) {
        wjz_err err = {0};
        if (chase_round(self, &count, &err) < 0) {
            wjz_log_warn("unacknowledged notices not chased", "error=\"%s\"", err.text);
            break;
        }
        if (count == 0) continue;
        for (int kind = 0; kind < CHANNELS; kind++)
            channel_wake(self->channels[kind]);
    }
    wjz_event_set(self->loop, &chase->idle);
}

static void on_time(void *arg) {
    struct chase *chase = arg;
    if (!chase->idle.set) return;
    wjz_event_clear(&chase->idle);
    if (wjz_fiber_spawn(chase->self->loop, run_rounds, chase) < 0) wjz_event_set(chase->self->loop, &chase->idle);
}

int chase_open(struct notification *self, struct chase **ret_chase, wjz_err *err) {
    struct chase *chase = calloc(1, sizeof *chase);
    if (chase == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    chase->self = self;
    chase->idle.set = true;
    uint64_t every_ms = (uint64_t)self->conf->chase_every;
    int r = wjz_timer_open(self->loop, every_ms, every_ms, on_time, chase, &chase->timer);
    if (r < 0) {
        free(chase);
        return wjz_err_set(err, r, "could not start chasing");
    }
    *ret_chase = chase;
    return 0;
}

void chase_close(struct chase **chase) {
    if (*chase == NULL) return;
    wjz_timer_close(&(*chase)->timer);
    wjz_event_wait((*chase)->self->loop, &(*chase)->idle);
    free(*chase);
    *chase = NULL;
}
