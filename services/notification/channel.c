/* A channel: one fiber takes what is due, one fiber per transfer sends it and records the outcome. */
#include "notification/channel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notification/due.h"
#include "notification/notification.h"
#include "notification/tell.h"
#include "wjz/clock.h"
#include "wjz/log.h"
#include "wjz/metrics.h"

struct channel {
    struct notification *self;
    struct channel_spec spec;
    const char *name;
    wjz_timer *sweep;
    wjz_event wake, ended; /* ended: the taking fiber is gone and nothing is under way */
    bool taking, stopping;
    bool drained; /* the last claim got all there was */
    int under_way;
    int unreachable; /* attempts in a row that found nobody */
    int64_t paused_until_us;
    wjz_metric *results[4], *seconds;
};

static const char *const result_names[] = {
    [ATTEMPT_SENT] = "sent",
    [ATTEMPT_DEFERRED] = "deferred",
    [ATTEMPT_UNREACHABLE] = "deferred",
    [ATTEMPT_FAILED] = "failed",
};

/* What one claim brought; its memory goes with the last of its transfers. */
struct claim {
    wjz_arena *arena;
    size_t left;
    int64_t made_us; /* monotonic */
};

struct transfer {
    struct channel *channel;
    struct claim *claim;
    const struct sending *sending;
    const char *address;
};

static void drop_claim(struct claim **claim) {
    if (*claim == NULL) return;
    wjz_arena_destroy(&(*claim)->arena);
    free(*claim);
    *claim = NULL;
}

void channel_wake(struct channel *channel) {
    if (channel != NULL) wjz_event_set(channel->self->loop, &channel->wake);
}

static void end_if_idle(struct channel *channel) {
    if (channel->stopping && !channel->taking && channel->under_way == 0)
        wjz_event_set(channel->self->loop, &channel->ended);
}

/* --- recording how an attempt ended --- */

/* The operators learn of what will never arrive, except of notices about just that. */
static int tell_failure(struct channel *channel, wjz_tx *tx, wjz_arena *arena, const struct sending *sending,
                        const struct outcome *outcome, wjz_err *err) {
    if (strcmp(sending->subject_kind, ABOUT_DELIVERY) == 0) return 0;
    const char *event = wjz_arena_printf(arena, "notice:%" PRId64 ":%s:failed", sending->notice, channel->name);
    Wjz__Notification__Notice *notice = ask_operators(arena, event, "delivery_failed");
    if (notice == NULL ||
        ask_value(arena, notice, "notice", wjz_arena_printf(arena, "%" PRId64, sending->notice)) < 0 ||
        ask_value(arena, notice, "person", sending->recipient) < 0 ||
        ask_value(arena, notice, "channel", channel->name) < 0 ||
        ask_value(arena, notice, "error", outcome->answer) < 0)
        return wjz_err_set(err, -ENOMEM, "out of memory");
    static char about_delivery[] = ABOUT_DELIVERY;
    notice->subject_kind = about_delivery;
    notice->subject = (uint64_t)sending->notice;
    return tell(channel->self, tx, arena, &(struct ask){sending->region, notice}, 1, true, err);
}

static int record(struct channel *channel, const struct transfer *transfer, const struct outcome *outcome,
                  int64_t due_us, wjz_err *err) {
    static const char *const states[] = {
        [ATTEMPT_SENT] = "sent",
        [ATTEMPT_DEFERRED] = "waiting",
        [ATTEMPT_UNREACHABLE] = "waiting",
        [ATTEMPT_FAILED] = "failed",
    };
    const struct sending *sending = transfer->sending;
    struct delivery line = {
        .region = sending->region,
        .notice = sending->notice,
        .channel = channel->name,
        .result = result_names[outcome->result],
        .address = transfer->address,
        .answer = outcome->answer,
        .instance = channel->self->conf->service.instance,
        .round = sending->round,
        .attempt = sending->attempt,
        .status = outcome->status,
    };
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(channel->self->db, &tx, err);
    if (r < 0) return r;
    wjz_arena *arena = wjz_tx_arena(tx);
    r = store_finish(tx, sending, channel->name, states[outcome->result], due_us);
    if (r == 0 && outcome->silent && outcome->result == ATTEMPT_DEFERRED)
        r = store_postpone(tx, sending, channel->name, due_us);
    if (r == 0) r = store_log(tx, &line, 1, arena);
    if (r == 0 && outcome->result == ATTEMPT_FAILED) r = tell_failure(channel, tx, arena, sending, outcome, err);
    return r < 0 ? r : wjz_tx_commit(&tx, err);
}

/* What was sent must be recorded, or it is sent again: kept at until the store is back. */
static void record_surely(struct channel *channel, const struct transfer *transfer, const struct outcome *outcome,
                          int64_t due_us) {
    for (int attempt = 1;; attempt++) {
        wjz_err err = {0};
        if (record(channel, transfer, outcome, due_us, &err) == 0) return;
        wjz_log_warn("delivery not recorded", "notice=%" PRId64 " channel=%s attempt=%d result=%s error=\"%s\"",
                     transfer->sending->notice, channel->name, transfer->sending->attempt,
                     result_names[outcome->result], err.text);
        if (channel->stopping) return;
        wjz_fiber_sleep(channel->self->loop, (uint64_t)backoff_ms(attempt, 100, 5000));
    }
}

/* --- one transfer --- */

static void note_reachable(struct channel *channel, const struct outcome *outcome) {
    const struct notification_conf *conf = channel->self->conf;
    if (outcome->result != ATTEMPT_UNREACHABLE) {
        if (channel->unreachable > 0) wjz_log_info("channel back", "channel=%s", channel->name);
        channel->unreachable = 0;
        channel->paused_until_us = 0;
        return;
    }
    int64_t wait_ms = backoff_ms(++channel->unreachable, conf->backoff_first, conf->backoff_most);
    channel->paused_until_us = wjz_clock_us() + wait_ms * 1000;
    wjz_log_warn("channel unreachable", "channel=%s wait_ms=%" PRId64 " error=\"%s\"", channel->name, wait_ms,
                 outcome->answer);
}

/* When the sending is due again, and whether this was its last attempt. */
static int64_t due_again(struct channel *channel, const struct sending *sending, struct outcome *outcome) {
    const struct notification_conf *conf = channel->self->conf;
    if (outcome->result == ATTEMPT_DEFERRED && sending->attempt >= conf->send_attempts)
        outcome->result = ATTEMPT_FAILED;
    if (outcome->result == ATTEMPT_UNREACHABLE) return channel->paused_until_us;
    if (outcome->result != ATTEMPT_DEFERRED) return 0;
    return wjz_clock_us() + backoff_ms(sending->attempt, conf->backoff_first, conf->backoff_most) * 1000;
}

static void run_transfer(void *arg) {
    struct transfer *transfer = arg;
    struct channel *channel = transfer->channel;
    struct claim *claim = transfer->claim;
    struct outcome outcome = {.result = ATTEMPT_DEFERRED, .answer = "the lease was nearly over"};
    int64_t begun_us = wjz_clock_monotonic_us();
    if (begun_us - claim->made_us < channel->self->conf->send_lease * 1000 / 2)
        channel->spec.send(channel->self, transfer->sending, claim->arena, &outcome);
    wjz_observe(channel->seconds, (uint64_t)(wjz_clock_monotonic_us() - begun_us));
    note_reachable(channel, &outcome);
    int64_t due_us = due_again(channel, transfer->sending, &outcome);
    wjz_count(channel->results[outcome.result], 1);
    record_surely(channel, transfer, &outcome, due_us);

    free(transfer);
    if (--claim->left == 0) drop_claim(&claim);
    channel->under_way--;
    if (!channel->drained) channel_wake(channel);
    end_if_idle(channel);
}

/* --- taking what is due --- */

/* How many may be taken now: one at a time while nobody is known to be at the other end. */
static int room(const struct channel *channel) {
    if (wjz_clock_us() < channel->paused_until_us) return 0;
    int most = channel->unreachable > 0 ? 1 : (int)channel->spec.parallel;
    return most > channel->under_way ? most - channel->under_way : 0;
}

static int log_started(struct channel *channel, wjz_tx *tx, wjz_arena *arena, const struct transfer *const *transfers,
                       size_t count) {
    struct delivery *lines = wjz_arena_calloc(arena, count, sizeof *lines);
    if (lines == NULL) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct sending *sending = transfers[i]->sending;
        lines[i] = (struct delivery){
            .region = sending->region,
            .notice = sending->notice,
            .channel = channel->name,
            .result = "started",
            .address = transfers[i]->address,
            .answer = "",
            .instance = channel->self->conf->service.instance,
            .round = sending->round,
            .attempt = sending->attempt,
        };
    }
    return store_log(tx, lines, count, arena);
}

static int make_transfers(struct channel *channel, struct claim *claim, const struct sending *sendings, size_t count,
                          struct transfer **transfers) {
    for (size_t i = 0; i < count; i++) {
        transfers[i] = malloc(sizeof *transfers[i]);
        if (transfers[i] == NULL) return -ENOMEM;
        *transfers[i] = (struct transfer){
            .channel = channel,
            .claim = claim,
            .sending = &sendings[i],
            .address = channel->spec.address(channel->self, &sendings[i], claim->arena),
        };
    }
    return 0;
}

/* Leases up to limit sendings and writes down that they begin; transfers has room for them. */
static int lease(struct channel *channel, struct claim *claim, int limit, struct transfer **transfers,
                 size_t *ret_count, wjz_err *err) {
    struct notification *self = channel->self;
    struct sending *sendings = NULL;
    size_t count = 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0)
        r = store_claim(tx, channel->name, limit, self->conf->send_lease, (int)wjz_bus_instance_number(self->bus),
                        claim->arena, &sendings, &count, err);
    if (r == 0) r = make_transfers(channel, claim, sendings, count, transfers);
    if (r == 0 && count > 0)
        r = log_started(channel, tx, claim->arena, (const struct transfer *const *)transfers, count);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r == 0) *ret_count = count;
    return r;
}

static void start_transfer(struct channel *channel, struct transfer *transfer) {
    channel->under_way++;
    if (wjz_fiber_spawn(channel->self->loop, run_transfer, transfer) == 0) return;
    wjz_log_error("transfer not started", "notice=%" PRId64 " channel=%s error=\"no fiber\"", transfer->sending->notice,
                  channel->name); /* its lease brings it back */
    channel->under_way--;
    transfer->claim->left--;
    free(transfer);
}

/* Whether there may be more. */
static bool take(struct channel *channel) {
    enum { MOST = 64 };
    struct transfer *transfers[MOST] = {0};
    int limit = room(channel);
    if (limit == 0) return false;
    if (limit > MOST) limit = MOST;
    struct claim *claim = calloc(1, sizeof *claim);
    if (claim != NULL) claim->arena = wjz_arena_new(0);
    if (claim == NULL || claim->arena == NULL) {
        free(claim);
        return false;
    }
    claim->made_us = wjz_clock_monotonic_us();
    wjz_err err = {0};
    size_t count = 0;
    if (lease(channel, claim, limit, transfers, &count, &err) < 0) {
        wjz_log_warn("due notices not taken", "channel=%s error=\"%s\"", channel->name, err.text);
        for (size_t i = 0; i < MOST; i++)
            free(transfers[i]);
        drop_claim(&claim);
        return false;
    }
    channel->drained = count < (size_t)limit;
    claim->left = count + 1; /* one for this function */
    for (size_t i = 0; i < count; i++)
        start_transfer(channel, transfers[i]);
    if (--claim->left == 0) drop_claim(&claim);
    return !channel->drained;
}

static void run_taking(void *arg) {
    struct channel *channel = arg;
    while (!channel->stopping) {
        wjz_event_wait(channel->self->loop, &channel->wake);
        wjz_event_clear(&channel->wake);
        while (!channel->stopping && take(channel)) {
        }
    }
    channel->taking = false;
    end_if_idle(channel);
}

/* --- lifetime --- */

static void on_sweep(void *arg) {
    channel_wake(arg);
}

static void make_metrics(struct channel *channel) {
    char labels[64];
    for (size_t i = 0; i < WJZ_COUNT(result_names); i++) {
        snprintf(labels, sizeof labels, "channel=\"%s\",result=\"%s\"", channel->name, result_names[i]);
        channel->results[i] = wjz_counter("wjz_deliveries_total", labels, "Attempts to deliver a notice that ended.");
    }
    snprintf(labels, sizeof labels, "channel=\"%s\"", channel->name);
    channel->seconds = wjz_histogram("wjz_delivery_seconds", labels, "Time of one transfer.");
}

int channel_open(struct notification *self, const struct channel_spec *spec, struct channel **ret_channel,
                 wjz_err *err) {
    struct channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    channel->self = self;
    channel->spec = *spec;
    channel->name = channel_names[spec->kind];
    make_metrics(channel);
    uint64_t sweep_ms = (uint64_t)self->conf->send_sweep;
    int r = wjz_timer_open(self->loop, 1, sweep_ms, on_sweep, channel, &channel->sweep);
    if (r == 0) r = wjz_fiber_spawn(self->loop, run_taking, channel);
    if (r < 0) {
        wjz_timer_close(&channel->sweep);
        free(channel);
        return wjz_err_set(err, r, "could not open channel \"%s\"", channel_names[spec->kind]);
    }
    channel->taking = true;
    *ret_channel = channel;
    return 0;
}

void channel_close(struct channel **channel) {
    if (*channel == NULL) return;
    wjz_timer_close(&(*channel)->sweep);
    (*channel)->stopping = true;
    channel_wake(*channel);
    wjz_event_wait((*channel)->self->loop, &(*channel)->ended);
    free(*channel);
    *channel = NULL;
}
