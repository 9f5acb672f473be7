/* Consumer, the side of the database: batches. A batch is what has queued of one type while the one before was being
 * committed. The inbox row of each message is written in the batch's own transaction, so a message takes effect once
 * however often it is delivered. A message of another era than the transaction's may be of something that a crash has
 * undone: its sender is asked to look. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/consumer_state.h"
#include "wjz/clock.h"
#include "wjz/log.h"
#include "wjz/trace.h"

enum { MESSAGES = 64, MESSAGES_LIMIT = 256, BODY_BYTES = 1 << 20, UNPACK_LIMIT = 64 << 20 };
enum { PAUSE_FIRST_MS = 20, PAUSE_LAST_MS = 2000, READY_CHECK_MS = 50 };
enum { PURGE_DAYS = 14, PURGE_EVERY_MS = 60000, PURGE_ROWS = 5000 };

/* What a handler sees: the messages of one try. */
struct wjz_batch {
    wjz_tx *tx;
    wjz_arena *arena;    /* the handler's */
    wjz_arena *unpacked; /* of the bodies, limited */
    wjz_message messages[MESSAGES_LIMIT];
    size_t count;
    bool careful; /* the last try failed, or met messages that had been handled before */
};

typedef struct worker {
    wjz_consumer *consumer;
    wjz_batch batch;
    wjz_inlet *inlet;
    wjz_delivery *deliveries[MESSAGES_LIMIT]; /* taken from the inlet; NULL once settled */
    size_t count;
    int64_t era; /* of the last try's transaction */
} worker;

size_t wjz_batch_count(const wjz_batch *batch) {
    return batch->count;
}

const wjz_message *wjz_batch_message(const wjz_batch *batch, size_t index) {
    return &batch->messages[index];
}

wjz_tx *wjz_batch_tx(wjz_batch *batch) {
    return batch->tx;
}

wjz_arena *wjz_batch_arena(wjz_batch *batch) {
    return batch->arena;
}

bool wjz_batch_careful(const wjz_batch *batch) {
    return batch->careful;
}

/* --- one try --- */

/* Unpacks the deliveries' bodies into the batch; those that are no such message are rejected and NULL afterwards.
 * -EMSGSIZE when they do not fit into memory together. */
static int unpack(worker *self, wjz_delivery **deliveries, size_t count, wjz_err *err) {
    wjz_batch *batch = &self->batch;
    batch->count = 0;
    wjz_arena_reset(batch->unpacked);
    for (size_t i = 0; i < count; i++) {
        if (!deliveries[i]) continue;
        const wjz_envelope *envelope = &deliveries[i]->envelope;
        wjz_message *message = &batch->messages[batch->count];
        *message = (wjz_message){.id = (int64_t)envelope->id,
                                 .region = (int32_t)envelope->region,
                                 .created_at_us = envelope->created_at_us,
                                 .attempt = (int)envelope->attempt};
        const bool fresh = envelope->fresh_length > 0;
        int r = wjz_message_unpack(self->inlet->route->type, fresh ? envelope->fresh : envelope->body,
                                   fresh ? envelope->fresh_length : envelope->body_length, batch->unpacked,
                                   &message->body, err);
        if (r == 0) {
            batch->count++;
            continue;
        }
        if (r != -EBADMSG) return r;
        wjz_consumer_reject(self->consumer, deliveries[i], err->text);
        deliveries[i] = NULL;
    }
    return 0;
}

/* Writes the inbox rows. Nearly all messages are new, so their rows travel with the handler's first statements, and the
 * whole fails when one is there already; a careful try finds out which, and drops them from the batch. */
static int keep_new(worker *self, wjz_err *err) {
    wjz_batch *batch = &self->batch;
    const wjz_stmt *stmts = self->consumer->ground->sql->stmts;
    if (!batch->careful && batch->count == 1) {
        const wjz_param alone[] = {wjz_i32(batch->messages[0].region), wjz_i64(batch->messages[0].id)};
        return wjz_tx_send_aside(batch->tx, &stmts[WJZ_INBOX_NEW_ONE], alone, 2);
    }
    int32_t regions[MESSAGES_LIMIT];
    int64_t ids[MESSAGES_LIMIT];
    for (size_t i = 0; i < batch->count; i++) {
        regions[i] = batch->messages[i].region;
        ids[i] = batch->messages[i].id;
    }
    const wjz_param params[] = {wjz_i32s(regions, batch->count), wjz_i64s(ids, batch->count)};
    if (!batch->careful) return wjz_tx_send_aside(batch->tx, &stmts[WJZ_INBOX_NEW], params, 2);
    wjz_rows *rows;
    int r = wjz_tx_query(batch->tx, &stmts[WJZ_INBOX_INSERT], params, 2, &rows, err);
    if (r < 0 || (size_t)wjz_rows_count(rows) == batch->count) return r;
    wjz_idmap fresh = {0};
    for (int row = 0; row < wjz_rows_count(rows) && r == 0; row++)
        r = wjz_idmap_put(&fresh, (uint64_t)wjz_row_int(rows, row, 0), batch);
    size_t kept = 0;
    for (size_t i = 0; i < batch->count; i++)
        if (wjz_idmap_get(&fresh, (uint64_t)batch->messages[i].id)) batch->messages[kept++] = batch->messages[i];
    batch->count = kept;
    wjz_idmap_clear(&fresh);
    return r;
}

static bool is_foreign(const worker *self, const wjz_delivery *delivery) {
    return delivery->envelope.era != 0 && self->era != 0 && delivery->envelope.era != self->era;
}

/* -EAGAIN when some were, so that the rest is tried without them. */
static int doubt_foreign(worker *self, wjz_delivery **deliveries, size_t count, wjz_err *err) {
    size_t foreign = 0;
    for (size_t i = 0; i < count; i++) {
        if (!deliveries[i] || !is_foreign(self, deliveries[i])) continue;
        wjz_consumer_doubt(self->consumer, WJZ_STEAL(deliveries[i]));
        foreign++;
    }
    if (foreign == 0) return 0;
    return wjz_err_set(err, -EAGAIN, "the server has come back since %zu messages were sent", foreign);
}

static int run_handler(worker *self, wjz_delivery **deliveries, size_t count, wjz_err *err) {
    wjz_batch *batch = &self->batch;
    int r = wjz_tx_begin(self->consumer->ground->db, &batch->tx, err);
    if (r == 0) {
        self->era = wjz_tx_era(batch->tx);
        r = doubt_foreign(self, deliveries, count, err);
    }
    if (r == 0 && self->inlet->route->lazy && self->era != 0) wjz_tx_lazy(batch->tx);
    if (r == 0) r = keep_new(self, err);
    if (r == 0 && batch->count > 0) {
        wjz_observe(self->consumer->batch_messages, batch->count);
        r = self->inlet->route->handler(batch, self->consumer->state, err);
        if (r < 0 && !err->text[0]) wjz_err_set(err, r, "%s", strerror(-r));
        if (r == 0) r = wjz_tx_commit(&batch->tx, err);
    }
    wjz_tx_abort(&batch->tx);
    return r;
}

/* Handles some of the worker's deliveries in one transaction and acknowledges them. */
static int handle(worker *self, wjz_delivery **deliveries, size_t count, wjz_err *err) {
    int64_t began_us = wjz_clock_monotonic_us();
    *err = (wjz_err){0};
    int r = unpack(self, deliveries, count, err);
    if (r < 0 || self->batch.count == 0) return r;
    char trace[64];
    for (size_t i = 0; i < count; i++)
        if (deliveries[i]) {
            wjz_trace_continue(wjz_envelope_trace(&deliveries[i]->envelope, trace));
            break;
        }
    size_t whole = self->batch.count;
    wjz_arena_reset(self->batch.arena);
    r = run_handler(self, deliveries, count, err);
    if (r == -EEXIST && !self->batch.careful) { /* an inbox row, or one of the handler's: the careful try will tell */
        self->batch.careful = true;
        *err = (wjz_err){0};
        wjz_arena_reset(self->batch.arena);
        r = run_handler(self, deliveries, count, err);
    }
    self->batch.careful = r < 0 || self->batch.count < whole;
    if (r < 0) return r;
    wjz_count(self->inlet->handled, self->batch.count);
    wjz_observe(self->inlet->seconds, (uint64_t)(wjz_clock_monotonic_us() - began_us));
    wjz_consumer_acknowledge(self->consumer, deliveries, count, self->era);
    return 0;
}

/* --- until they are settled --- */

/* Nothing is wrong with the messages: the database is away, another transaction was in the way, or memory is short. */
static bool may_pass(int r) {
    return r == -EAGAIN || r == -ECONNRESET || r == -ETIMEDOUT || r == -ENOMEM || r == -ECANCELED;
}

static void pause_for(worker *self, uint64_t *pause_ms) {
    const wjz_ground *ground = self->consumer->ground;
    wjz_fiber_sleep(ground->loop, *pause_ms);
    if (*pause_ms < PAUSE_LAST_MS) *pause_ms *= 2;
    while (!wjz_db_ready(ground->db) && !self->consumer->draining)
        wjz_fiber_sleep(ground->loop, READY_CHECK_MS);
}

/* Tries until the deliveries are settled or proved guilty. 0, or the error of which one of them is guilty. */
static int handle_until(worker *self, wjz_delivery **deliveries, size_t count, wjz_err *err) {
    uint64_t pause_ms = PAUSE_FIRST_MS;
    for (bool said = false;;) {
        int r = handle(self, deliveries, count, err);
        if (!may_pass(r)) return r;
        if (self->consumer->draining) { /* another instance may be luckier */
            wjz_consumer_return(self->consumer, deliveries, count);
            return 0;
        }
        if (!said) wjz_log_warn("batch delayed", "type=%s error=\"%s\"", self->inlet->route->type->name, err->text);
        said = true;
        pause_for(self, &pause_ms);
    }
}

static void handle_alone(worker *self, wjz_delivery **delivery) {
    wjz_err err;
    int r = handle_until(self, delivery, 1, &err);
    if (r == 0 || !*delivery) return;
    wjz_log_warn("message rejected", "type=%s id=%" PRIu64 " attempt=%" PRIu32 " error=\"%s\"",
                 self->inlet->route->type->name, (*delivery)->envelope.id, (*delivery)->envelope.attempt, err.text);
    wjz_consumer_reject(self->consumer, *delivery, err.text);
    *delivery = NULL;
}

static void handle_all(worker *self) {
    wjz_err err;
    if (self->count > 1 && handle_until(self, self->deliveries, self->count, &err) == 0) return;
    for (size_t i = 0; i < self->count; i++)
        if (self->deliveries[i]) handle_alone(self, &self->deliveries[i]);
}

/* --- the fiber --- */

typedef struct batch_limit {
    size_t messages, bytes;
} batch_limit;

static batch_limit limit_of(const wjz_queue_route *route) {
    batch_limit limit = {route->messages > 0 ? (size_t)route->messages : MESSAGES,
                         route->bytes ? route->bytes : BODY_BYTES};
    if (limit.messages > MESSAGES_LIMIT) limit.messages = MESSAGES_LIMIT;
    return limit;
}

static bool fills_a_batch(const wjz_inlet *inlet) {
    batch_limit limit = limit_of(inlet->route);
    size_t messages = 0, bytes = 0;
    for (const wjz_delivery *at = inlet->first; at; at = at->next) {
        bytes += at->envelope.body_length;
        if (++messages >= limit.messages || bytes > limit.bytes) return true;
    }
    return false;
}

/* Enough to begin before the rest is over: more would not be sent to us, or not fit. */
static bool ends_rest(const wjz_consumer *consumer, const wjz_inlet *inlet) {
    return inlet->waiting >= (size_t)consumer->options.credit || fills_a_batch(inlet);
}

bool wjz_inlet_may_begin(const wjz_consumer *consumer, const wjz_inlet *inlet, int64_t now_us) {
    if (!inlet->first || (inlet->busy > 0 && !fills_a_batch(inlet))) return false;
    return inlet->rest_until_us <= now_us || ends_rest(consumer, inlet);
}

/* Types in turn; NULL when nothing waits that may begin. */
static wjz_inlet *next_inlet(wjz_consumer *consumer) {
    int64_t now_us = wjz_clock_monotonic_us();
    for (size_t i = 0; i < consumer->inlet_count; i++) {
        wjz_inlet *inlet = &consumer->inlets[consumer->next_inlet];
        consumer->next_inlet = (consumer->next_inlet + 1) % consumer->inlet_count;
        if (wjz_inlet_may_begin(consumer, inlet, now_us)) return inlet;
    }
    return NULL;
}

/* What waits of one type. False when nothing waits that may begin. */
static bool take_batch(worker *self) {
    wjz_inlet *inlet = next_inlet(self->consumer);
    if (!inlet) return false;
    batch_limit limit = limit_of(inlet->route);
    size_t bytes = 0;
    self->inlet = inlet;
    inlet->busy++;
    inlet->rest_until_us = wjz_clock_monotonic_us() + inlet->route->rest_ms * INT64_C(1000);
    for (self->count = 0; inlet->first && self->count < limit.messages; self->count++) {
        bytes += inlet->first->envelope.body_length;
        if (self->count > 0 && bytes > limit.bytes) break;
        self->deliveries[self->count] = inlet->first;
        inlet->first = inlet->first->next;
    }
    inlet->waiting -= self->count;
    if (!inlet->first) inlet->end = &inlet->first;
    return true;
}

/* Until something comes, or the rest is over of what waits. */
static void wait_for_work(wjz_consumer *consumer) {
    int64_t now_us = wjz_clock_monotonic_us(), until_us = INT64_MAX;
    for (size_t i = 0; i < consumer->inlet_count; i++) {
        const wjz_inlet *inlet = &consumer->inlets[i];
        if (inlet->first && inlet->rest_until_us > now_us && inlet->rest_until_us < until_us)
            until_us = inlet->rest_until_us;
    }
    wjz_event_clear(&consumer->work);
    if (until_us == INT64_MAX)
        wjz_event_wait(consumer->ground->loop, &consumer->work);
    else
        (void)!wjz_event_wait_ms(consumer->ground->loop, &consumer->work, (uint64_t)(until_us - now_us) / 1000 + 1);
}

static worker *worker_new(wjz_consumer *consumer) {
    worker *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->consumer = consumer;
    self->batch.arena = wjz_arena_new(0);
    self->batch.unpacked = wjz_arena_new(UNPACK_LIMIT);
    return self;
}

static void worker_free(worker *self) {
    if (!self) return;
    wjz_arena_destroy(&self->batch.arena);
    wjz_arena_destroy(&self->batch.unpacked);
    free(self);
}

void wjz_consumer_work(void *arg) {
    wjz_consumer *consumer = arg;
    worker *self = worker_new(consumer);
    bool able = self && self->batch.arena && self->batch.unpacked;
    if (!able) wjz_log_error("worker not started", "error=\"out of memory\"");
    while (able && !consumer->draining) {
        if (take_batch(self)) {
            handle_all(self);
            self->inlet->busy--;
            continue;
        }
        wait_for_work(consumer);
    }
    worker_free(self);
    if (--consumer->workers == 0) wjz_event_set(consumer->ground->loop, &consumer->over);
}

static int purge_once(wjz_consumer *consumer, int64_t *ret_rows, wjz_err *err) {
    const wjz_queue_sql *sql = consumer->ground->sql;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows;
    int r = wjz_tx_begin(consumer->ground->housekeeping, &tx, err);
    if (r < 0) return r;
    wjz_tx_lazy(tx);
    r = wjz_tx_query_v(tx, &sql->stmts[WJZ_INBOX_PURGE], &rows, err, wjz_i32(PURGE_DAYS));
    if (r < 0) return r;
    *ret_rows = wjz_rows_affected(rows);
    return wjz_tx_commit(&tx, err);
}

void wjz_consumer_purge(void *arg) {
    wjz_consumer *consumer = arg;
    wjz_loop *loop = consumer->ground->loop;
    uint64_t pause_ms = 0;
    while (wjz_event_wait_ms(loop, &consumer->closing, pause_ms) == -ETIMEDOUT) {
        wjz_err err = {0};
        int64_t rows = 0;
        int r = purge_once(consumer, &rows, &err);
        if (r < 0) wjz_log_warn("inbox not purged", "error=\"%s\"", err.text);
        pause_ms = rows == PURGE_ROWS ? 1000 : PURGE_EVERY_MS;
    }
    wjz_event_set(loop, &consumer->purged);
}
