/* Consumer, the side of the wire. A producer's socket asks every new connection to join by an empty message; so a
 * consumer joins again after each reconnection without having to notice one. */
#include "runtime/consumer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bus.pb-c.h"
#include "runtime/consumer_state.h"
#include "wjz/clock.h"
#include "wjz/id.h"
#include "wjz/log.h"

enum { ERROR_TEXT = 300, TELL_MS = 20, TELL_AT = 4 /* a fourth of the credit */ };

/* --- sources and deliveries --- */

static void source_release(wjz_source *source) {
    if (--source->references > 0) return;
    wjz_socket_close(&source->socket);
    free(source);
}

static void delivery_free(wjz_delivery *delivery) {
    source_release(delivery->source);
    zmq_msg_close(&delivery->frame);
    free(delivery);
}

/* To the producer; what cannot be told because it is gone is found out by its successor. */
static void tell(wjz_source *source, const ProtobufCMessage *body) {
    uint8_t *data;
    size_t length;
    if (!source->socket || wjz_envelope_pack((uint64_t)wjz_id_next(), 0, 0, body, &data, &length) < 0) return;
    int r = wjz_socket_send(source->socket, (const wjz_blob[]){{data, length}}, 1);
    if (r < 0)
        wjz_log_warn("could not answer producer", "number=%" PRIu32 " error=\"%s\"", source->number, strerror(-r));
    free(data);
}

static void tell_returned(wjz_source *source, uint64_t id) {
    Wjz__Bus__Leave leave = WJZ__BUS__LEAVE__INIT;
    leave.returned = &id;
    leave.n_returned = 1;
    tell(source, &leave.base);
}

static void tell_done(wjz_source *source) {
    if (source->done_count == 0) return;
    Wjz__Bus__Acknowledge acknowledge = WJZ__BUS__ACKNOWLEDGE__INIT;
    acknowledge.id = source->done;
    acknowledge.n_id = source->done_count;
    acknowledge.era = (uint64_t)source->done_era;
    tell(source, &acknowledge.base);
    source->done_count = 0;
}

static void tell_all_done(void *arg) {
    wjz_consumer *consumer = arg;
    consumer->telling_soon = false;
    for (wjz_source *source = consumer->sources; source; source = source->next)
        tell_done(source);
}

static void note_done(wjz_source *source, uint64_t id, int64_t era) {
    if (source->done_era != era) tell_done(source);
    source->done_era = era;
    source->done[source->done_count++] = id;
    if (source->done_count == WJZ_ACKNOWLEDGED_MOST) tell_done(source);
}

/* Now, when they are many or nothing follows; else soon. */
static void tell_in_time(wjz_source *source) {
    wjz_consumer *consumer = source->consumer;
    size_t many = (size_t)consumer->options.credit / TELL_AT;
    if (source->done_count >= many || consumer->draining) {
        tell_done(source);
    } else if (!consumer->telling_soon) {
        wjz_timer_again(consumer->telling, TELL_MS);
        consumer->telling_soon = true;
    }
}

/* Takes it out of hand. The same message from further producers goes like the first; the first of what goes. */
static wjz_delivery *take_out(wjz_consumer *consumer, wjz_delivery *delivery) {
    wjz_idmap_take(&consumer->in_hand, delivery->envelope.id);
    return delivery;
}

/* Frees it; the next twin. */
static wjz_delivery *let_go(wjz_delivery *delivery) {
    wjz_delivery *next = delivery->twin;
    delivery_free(delivery);
    return next;
}

void wjz_consumer_acknowledge(wjz_consumer *consumer, wjz_delivery **deliveries, size_t count, int64_t era) {
    for (size_t i = 0; i < count; i++) {
        wjz_delivery *at = deliveries[i] ? take_out(consumer, WJZ_STEAL(deliveries[i])) : NULL;
        for (; at; at = let_go(at))
            note_done(at->source, at->envelope.id, era);
    }
    for (wjz_source *source = consumer->sources; source; source = source->next)
        if (source->done_count > 0) tell_in_time(source);
}

void wjz_consumer_return(wjz_consumer *consumer, wjz_delivery **deliveries, size_t count) {
    for (size_t i = 0; i < count; i++) {
        wjz_delivery *at = deliveries[i] ? take_out(consumer, WJZ_STEAL(deliveries[i])) : NULL;
        for (; at; at = let_go(at))
            tell_returned(at->source, at->envelope.id);
    }
}

static void tell_doubt(wjz_source *source, uint64_t id) {
    Wjz__Bus__Doubt body = WJZ__BUS__DOUBT__INIT;
    body.id = &id;
    body.n_id = 1;
    tell(source, &body.base);
}

void wjz_consumer_doubt(wjz_consumer *consumer, wjz_delivery *delivery) {
    for (wjz_delivery *at = take_out(consumer, delivery); at; at = let_go(at))
        tell_doubt(at->source, at->envelope.id);
}

static void reject(wjz_source *source, uint64_t id, const char *error) {
    char text[ERROR_TEXT];
    snprintf(text, sizeof text, "%s", error);
    Wjz__Bus__Reject body = WJZ__BUS__REJECT__INIT;
    body.id = id;
    body.error = text;
    tell(source, &body.base);
}

void wjz_consumer_reject(wjz_consumer *consumer, wjz_delivery *delivery, const char *error) {
    for (wjz_delivery *at = take_out(consumer, delivery); at; at = let_go(at))
        reject(at->source, at->envelope.id, error);
}

/* --- what producers send --- */

static void join(wjz_source *source) {
    wjz_consumer *consumer = source->consumer;
    if (consumer->draining) return;
    Wjz__Bus__Join body = WJZ__BUS__JOIN__INIT;
    body.service = (char *)(uintptr_t)consumer->ground->service;
    body.instance = wjz_registry_number(consumer->ground->registry);
    body.credit = (uint32_t)consumer->options.credit;
    tell(source, &body.base);
}

static wjz_inlet *inlet_of(wjz_consumer *consumer, const wjz_envelope *envelope) {
    for (size_t i = 0; i < consumer->inlet_count; i++)
        if (wjz_envelope_is(envelope, consumer->inlets[i].route->type)) return &consumer->inlets[i];
    return NULL;
}

/* A message that is in hand already: from the same producer it is ignored, because one answer is enough. */
static void keep_twin(wjz_delivery *known, wjz_delivery *delivery) {
    for (wjz_delivery *other = known; other; other = other->twin)
        if (other->source == delivery->source) {
            delivery_free(delivery);
            return;
        }
    delivery->twin = known->twin;
    known->twin = delivery;
}

static wjz_delivery *delivery_new(wjz_source *source, zmq_msg_t *frame, wjz_err *err) {
    wjz_delivery *delivery = calloc(1, sizeof *delivery);
    if (!delivery) {
        wjz_err_set(err, -ENOMEM, "could not take message: out of memory");
        return NULL;
    }
    zmq_msg_init(&delivery->frame);
    zmq_msg_move(&delivery->frame, frame);
    delivery->source = source;
    source->references++;
    int r = wjz_envelope_read(zmq_msg_data(&delivery->frame), zmq_msg_size(&delivery->frame), &delivery->envelope, err);
    if (r == 0) return delivery;
    delivery_free(delivery);
    return NULL;
}

static void take(wjz_consumer *consumer, wjz_delivery *delivery) {
    const wjz_envelope *envelope = &delivery->envelope;
    wjz_delivery *known = wjz_idmap_get(&consumer->in_hand, envelope->id);
    if (known) {
        keep_twin(known, delivery);
        return;
    }
    wjz_inlet *inlet = inlet_of(consumer, envelope);
    const char *fault = NULL;
    if (!inlet)
        fault = "the receiver does not know this type";
    else if (envelope->schema != WJZ_SCHEMA)
        fault = "the receiver does not know this schema version";
    else if (wjz_idmap_put(&consumer->in_hand, envelope->id, delivery) < 0)
        fault = "the receiver is out of memory";
    if (fault) {
        reject(delivery->source, envelope->id, fault);
        delivery_free(delivery);
        return;
    }
    *inlet->end = delivery;
    inlet->end = &delivery->next;
    /* The first one tells those who wait for how long the queue rests; the following ones need not. */
    if (inlet->waiting++ == 0 || wjz_inlet_may_begin(consumer, inlet, wjz_clock_monotonic_us()))
        wjz_event_set(consumer->ground->loop, &consumer->work);
}

static void on_frames(void *arg, zmq_msg_t *frames, int count) {
    wjz_source *source = arg;
    wjz_consumer *consumer = source->consumer;
    if (count == 1 && zmq_msg_size(&frames[0]) == 0) {
        join(source);
        return;
    }
    wjz_err err = {0};
    wjz_delivery *delivery = NULL;
    if (count == 1)
        delivery = delivery_new(source, &frames[0], &err);
    else
        wjz_err_set(&err, -EBADMSG, "cannot read a message of %d frames", count);
    if (!delivery) {
        wjz_log_warn("delivery ignored", "number=%" PRIu32 " error=\"%s\"", source->number, err.text);
        return;
    }
    if (consumer->draining) /* crossed our leave */
        wjz_consumer_return(consumer, &delivery, 1);
    else
        take(consumer, delivery);
}

/* --- connections --- */

static void connect_source(wjz_consumer *consumer, const wjz_peer *peer) {
    wjz_source *source = calloc(1, sizeof *source);
    if (!source) return; /* tried again when peers change */
    *source = (wjz_source){.consumer = consumer, .number = peer->number, .references = 1};
    wjz_socket_options options = wjz_ground_client(consumer->ground, ZMQ_DEALER, on_frames, source);
    options.send_window = -1; /* answers are as many as the credit */
    wjz_err err = {0};
    int r = wjz_socket_open(consumer->ground->loop, consumer->ground->zmq, &options, &source->socket, &err);
    if (r == 0) r = wjz_ground_connect(source->socket, peer->queue, peer->key, &err);
    if (r < 0) {
        wjz_log_warn("could not reach producer", "peer=%s/%s error=\"%s\"", peer->service, peer->name, err.text);
        source_release(source);
        return;
    }
    wjz_socket_read(source->socket, true);
    source->next = consumer->sources;
    consumer->sources = source;
}

static void drop_source(wjz_source **at) {
    wjz_source *source = *at;
    *at = source->next;
    source->next = NULL;
    wjz_socket_close(&source->socket);
    source_release(source);
}

static bool connected(const wjz_consumer *consumer, uint32_t number) {
    const wjz_source *source = consumer->sources;
    while (source && source->number != number)
        source = source->next;
    return source;
}

void wjz_consumer_peers_changed(wjz_consumer *consumer) {
    const wjz_registry *registry = consumer->ground->registry;
    if (!consumer->started || consumer->draining || consumer->inlet_count == 0) return;
    for (wjz_source **at = &consumer->sources; *at;)
        if (wjz_registry_find(registry, (*at)->number))
            at = &(*at)->next;
        else
            drop_source(at);
    for (const wjz_peer *peer = wjz_registry_peers(registry); peer; peer = peer->next)
        if (peer->alive && peer->queue[0] && !connected(consumer, peer->number)) connect_source(consumer, peer);
}

/* --- lifetime --- */

static int make_inlets(wjz_consumer *consumer) {
    for (const wjz_queue_route *route = consumer->options.routes; route && route->type; route++)
        consumer->inlet_count++;
    consumer->inlets = calloc(consumer->inlet_count + 1, sizeof *consumer->inlets);
    if (!consumer->inlets) return -ENOMEM;
    for (size_t i = 0; i < consumer->inlet_count; i++) {
        wjz_inlet *inlet = &consumer->inlets[i];
        char labels[160];
        inlet->route = &consumer->options.routes[i];
        inlet->end = &inlet->first;
        snprintf(labels, sizeof labels, "type=\"%.120s\"", inlet->route->type->name);
        inlet->handled = wjz_counter("wjz_handled_total", labels, "queued messages handled and committed");
        inlet->seconds = wjz_histogram("wjz_handle_seconds", labels, "time to handle a batch, with its transaction");
    }
    return 0;
}

int wjz_consumer_open(const wjz_ground *ground, const wjz_consumer_options *options, wjz_consumer **ret_consumer,
                      wjz_err *err) {
    wjz_consumer *consumer = calloc(1, sizeof *consumer);
    if (!consumer) return wjz_err_set(err, -ENOMEM, "could not open consumer: out of memory");
    consumer->ground = ground;
    consumer->options = *options;
    consumer->batch_messages = wjz_size_histogram("wjz_batch_messages", "", "messages handled in one transaction");
    if (make_inlets(consumer) < 0) {
        free(consumer);
        return wjz_err_set(err, -ENOMEM, "could not open consumer: out of memory");
    }
    *ret_consumer = consumer;
    return 0;
}

int wjz_consumer_start(wjz_consumer *consumer, void *state, wjz_err *err) {
    wjz_loop *loop = consumer->ground->loop;
    consumer->state = state;
    consumer->started = true;
    if (consumer->inlet_count == 0) return 0;
    int r = wjz_timer_open(loop, TELL_MS, 0, tell_all_done, consumer, &consumer->telling);
    if (r == 0) r = wjz_fiber_spawn(loop, wjz_consumer_purge, consumer);
    consumer->purging = r == 0;
    for (int i = 0; i < consumer->options.workers && r == 0; i++) {
        r = wjz_fiber_spawn(loop, wjz_consumer_work, consumer);
        if (r == 0) consumer->workers++;
    }
    if (r < 0) return wjz_err_set(err, r, "could not start consumer: %s", strerror(-r));
    wjz_consumer_peers_changed(consumer);
    return 0;
}

/* Tells every producer, whether it has something to come back or not. */
static void leave(wjz_consumer *consumer) {
    for (wjz_source *source = consumer->sources; source; source = source->next) {
        tell_done(source);
        Wjz__Bus__Leave body = WJZ__BUS__LEAVE__INIT;
        tell(source, &body.base);
    }
    for (size_t i = 0; i < consumer->inlet_count; i++) {
        wjz_inlet *inlet = &consumer->inlets[i];
        while (inlet->first) {
            wjz_delivery *delivery = inlet->first;
            inlet->first = delivery->next;
            wjz_consumer_return(consumer, &delivery, 1);
        }
        inlet->end = &inlet->first;
        inlet->waiting = 0;
    }
}

int wjz_consumer_drain(wjz_consumer *consumer, uint64_t ms) {
    if (!consumer->draining) {
        consumer->draining = true;
        leave(consumer);
        wjz_event_set(consumer->ground->loop, &consumer->work);
    }
    return consumer->workers == 0 ? 0 : wjz_event_wait_ms(consumer->ground->loop, &consumer->over, ms);
}

void wjz_consumer_close(wjz_consumer **consumer) {
    wjz_consumer *closing = WJZ_STEAL(*consumer);
    if (!closing) return;
    wjz_loop *loop = closing->ground->loop;
    wjz_event_set(loop, &closing->closing);
    if (closing->purging) wjz_event_wait(loop, &closing->purged);
    wjz_timer_close(&closing->telling);
    while (closing->sources)
        drop_source(&closing->sources);
    wjz_idmap_clear(&closing->in_hand);
    free(closing->inlets);
    free(closing);
}
