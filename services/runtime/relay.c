/* Relay: a message is written to the outbox in the transaction that it announces, and kept in memory to be sent as soon
 * as that is committed.
 *
 * A message that does not fit into memory has its row written without an owner ("spilled"), and from then on new ones
 * queue behind it in the table, until the keeper has read all of them back: so a flood is handled in about the order in
 * which it came. */
#include "runtime/relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bus.pb-c.h"
#include "runtime/door.h"
#include "runtime/relay_state.h"
#include "runtime/wire.h"
#include "wjz/clock.h"
#include "wjz/id.h"

enum { BODY_LIMIT = 4 << 20, FRAME_ARENA = 1 << 20 };

/* --- emit --- */

static void dispatch_all(void *arg) {
    wjz_relay *relay = arg;
    relay->dispatching = false;
    for (size_t i = 0; i < relay->destination_count; i++)
        wjz_destination_dispatch(&relay->destinations[i]);
}

/* A moment later: who waits for the commit is answered first, before consumers wake up and want the processor. */
static void dispatch_later(wjz_relay *relay) {
    if (!relay->dispatching) wjz_loop_ready_later(relay->ground->loop, &relay->dispatch);
    relay->dispatching = true;
}

/* Committed: waits to be sent. False when it cannot be kept. */
static bool keep(wjz_parcel *parcel) {
    wjz_destination *destination = parcel->destination;
    if (parcel->spilled || destination->relay->closing || wjz_idmap_put(&destination->parcels, parcel->id, parcel) < 0)
        return false;
    wjz_parcels_append(&destination->waiting, parcel);
    dispatch_later(destination->relay);
    return true;
}

static void on_commit_end(void *arg, int result) {
    wjz_parcel *parcel = arg;
    wjz_destination *destination = parcel->destination;
    wjz_relay *relay = destination->relay;
    bool unknown = result == -ECONNRESET;
    relay->committing--;
    if (parcel->spilled && (result == 0 || unknown)) {
        destination->spilled = true;
        destination->look_at_us = 0;
        wjz_event_set(relay->ground->loop, &relay->work);
    }
    if (unknown && !parcel->spilled && !relay->closing) {
        wjz_parcel_forget_fresh(parcel);
        wjz_parcels_append(&relay->doubtful, parcel);
        wjz_event_set(relay->ground->loop, &relay->work);
    } else if (result != 0 || !keep(parcel)) { /* the row, if there is one, is free or found when its lease ends */
        if (!parcel->spilled) wjz_parcel_let_go(parcel);
        wjz_parcel_free(parcel);
    }
    wjz_relay_check_idle(relay);
}

static wjz_parcel *parcel_new(wjz_destination *destination, uint64_t id, int32_t region, uint8_t *data, size_t length) {
    wjz_parcel *parcel = malloc(sizeof *parcel);
    if (parcel)
        *parcel = (wjz_parcel){.destination = destination, .id = id, .region = region, .data = data, .length = length};
    return parcel;
}

/* What is emitted, to all its destinations. */
typedef struct emission {
    wjz_tx *tx;
    uint64_t id;
    int32_t region;
    const ProtobufCMessage *body, *fresh; /* fresh: NULL for none */
} emission;

/* Where there is no room for the fresh body the message does without. */
static void add_fresh(wjz_parcel *parcel, const ProtobufCMessage *fresh) {
    wjz_destination *destination = parcel->destination;
    size_t size = protobuf_c_message_get_packed_size(fresh), whole;
    if (size > BODY_LIMIT || destination->fresh + size > destination->relay->options.memory_bytes) return;
    if (wjz_envelope_add_fresh(&parcel->data, parcel->length, fresh, size, &whole) < 0) return;
    parcel->fresh = whole - parcel->length;
    destination->fresh += parcel->fresh;
}

/* What is to be sent when the transaction is committed, and the row it must have then. Takes over data. */
static int prepare(wjz_destination *destination, const emission *it, uint8_t *data, size_t length,
                   wjz_param row[WJZ_OUTBOX_PARAMS]) {
    wjz_relay *relay = destination->relay;
    wjz_parcel *parcel = parcel_new(destination, it->id, it->region, data, length);
    if (!parcel) {
        free(data);
        return -ENOMEM;
    }
    size_t bytes;
    parcel->spilled = relay->closing || destination->spilled || wjz_destination_room(destination, &bytes) == 0;
    double lease_s = parcel->spilled ? 0 : relay->options.lease_ms / 1000.0;
    parcel->leased_until_us = wjz_clock_monotonic_us() + relay->options.lease_ms * INT64_C(1000);
    parcel->era = wjz_tx_era(it->tx);
    if (it->fresh && !parcel->spilled) add_fresh(parcel, it->fresh);
    int r = wjz_tx_after(it->tx, on_commit_end, parcel);
    if (r < 0) {
        wjz_parcel_free(parcel);
        return r;
    }
    relay->committing++;
    if (!parcel->spilled) wjz_parcel_hold(parcel);
    int32_t owner = parcel->spilled ? 0 : (int32_t)wjz_registry_number(relay->ground->registry);
    wjz_param values[WJZ_OUTBOX_PARAMS] = {
        wjz_i32(it->region),
        wjz_i64((int64_t)it->id),
        wjz_text(destination->name),
        wjz_text(it->body->descriptor->name),
        wjz_bytes(parcel->data, length),
        wjz_i32(owner),
        wjz_f64(lease_s),
    };
    memcpy(row, values, sizeof values);
    return 0;
}

static int pack_for(const wjz_relay *relay, const wjz_emit_route *route, const emission *it,
                    wjz_param row[WJZ_OUTBOX_PARAMS]) {
    uint8_t *data;
    size_t length;
    int r = wjz_envelope_pack(it->id, it->region, 0, it->body, &data, &length);
    return r < 0 ? r : prepare(wjz_relay_destination(relay, route->destination), it, data, length, row);
}

/* To every destination that the table has for the body's type; how many these are. */
static int emit_by(wjz_relay *relay, const wjz_emit_route *table, const emission *it, wjz_err *err) {
    int routes = 0;
    const ProtobufCMessageDescriptor *type = it->body->descriptor;
    for (const wjz_emit_route *route = table; route && route->type; route++) {
        if (route->type != type) continue;
        wjz_param row[WJZ_OUTBOX_PARAMS];
        int r = pack_for(relay, route, it, row);
        if (r == 0) r = wjz_tx_send(it->tx, &relay->ground->sql->stmts[WJZ_OUTBOX_INSERT], row, WJZ_OUTBOX_PARAMS);
        if (r < 0) return wjz_err_set(err, r, "could not emit %s to %s", type->name, route->destination);
        routes++;
    }
    return routes;
}

static int check_size(const ProtobufCMessage *body, wjz_err *err) {
    size_t size = protobuf_c_message_get_packed_size(body);
    if (size <= BODY_LIMIT) return 0;
    return wjz_err_set(err, -EMSGSIZE, "cannot emit %s of %zu bytes: the limit is %d", body->descriptor->name, size,
                       BODY_LIMIT);
}

/* NULL when there is none, or another one as well. */
static const wjz_emit_route *only_route(const wjz_emit_route *table, const ProtobufCMessageDescriptor *type) {
    const wjz_emit_route *found = NULL;
    for (const wjz_emit_route *route = table; route && route->type; route++) {
        if (route->type != type) continue;
        if (found) return NULL;
        found = route;
    }
    return found;
}

int wjz_relay_emit_row(wjz_relay *relay, wjz_tx *tx, int32_t region, const ProtobufCMessage *body,
                       const ProtobufCMessage *fresh, wjz_param row[WJZ_OUTBOX_PARAMS], wjz_err *err) {
    int r = check_size(body, err);
    if (r < 0) return r;
    const wjz_emit_route *route = only_route(relay->options.emits, body->descriptor);
    if (!route)
        return wjz_err_set(err, -EINVAL, "cannot emit %s as a row: it has not one destination", body->descriptor->name);
    const emission it = {tx, (uint64_t)wjz_id_next(), region, body, fresh};
    r = pack_for(relay, route, &it, row);
    return r < 0 ? wjz_err_set(err, r, "could not emit %s to %s", body->descriptor->name, route->destination) : 0;
}

int wjz_relay_emit(wjz_relay *relay, wjz_tx *tx, int32_t region, const ProtobufCMessage *body,
                   const ProtobufCMessage *fresh, wjz_err *err) {
    int r = check_size(body, err);
    if (r < 0) return r;
    /* Every service may report a dead letter, whether its table says so or not. */
    static const wjz_emit_route DIED[] = {{&wjz__bus__message_died__descriptor, "notification"}, {NULL, NULL}};
    const emission it = {tx, (uint64_t)wjz_id_next(), region, body, fresh};
    int routes = emit_by(relay, relay->options.emits, &it, err);
    if (routes == 0) routes = emit_by(relay, DIED, &it, err);
    if (routes == 0) return wjz_err_set(err, -ENOENT, "cannot emit %s: it has no route", body->descriptor->name);
    return routes < 0 ? routes : 0;
}

void wjz_destination_claimed(wjz_destination *destination, const wjz_claimed *row) {
    wjz_parcel *known = wjz_idmap_get(&destination->parcels, row->id);
    if (known) { /* its renewal came late, or its deletion is on its way */
        known->leased_until_us = row->leased_until_us;
        known->lost = false;
        if (known->list != &destination->relay->acknowledged) known->era = row->era;
        free(row->data);
        return;
    }
    wjz_parcel *parcel = parcel_new(destination, row->id, row->region, row->data, row->length);
    if (!parcel || wjz_idmap_put(&destination->parcels, row->id, parcel) < 0) {
        free(parcel);
        free(row->data); /* found again when the lease ends */
        return;
    }
    parcel->attempts = row->attempts;
    parcel->leased_until_us = row->leased_until_us;
    parcel->era = row->era;
    wjz_envelope envelope;
    if (wjz_envelope_read(row->data, row->length, &envelope, NULL) < 0 || envelope.id != row->id) {
        parcel->attempts = destination->relay->options.attempts - 1; /* no receiver could ever answer it */
        parcel->error = strdup("the row holds no envelope of its id");
        wjz_parcels_append(&destination->relay->rejected, parcel);
        return;
    }
    wjz_parcel_hold(parcel);
    wjz_parcels_append(&destination->waiting, parcel);
}
void wjz_relay_look(wjz_relay *relay) {
    for (size_t i = 0; i < relay->destination_count; i++)
        relay->destinations[i].look_at_us = 0;
    wjz_event_set(relay->ground->loop, &relay->work);
}

/* --- lifetime --- */

static int add_destination(wjz_relay *relay, const char *name) {
    if (wjz_relay_destination(relay, name)) return 0;
    wjz_destination *wider = realloc(relay->destinations, (relay->destination_count + 1) * sizeof *wider);
    if (!wider) return -ENOMEM;
    relay->destinations = wider;
    wjz_destination *destination = &wider[relay->destination_count++];
    char labels[128];
    snprintf(labels, sizeof labels, "destination=\"%.100s\"", name);
    *destination = (wjz_destination){
        .relay = relay,
        .name = name,
        .depth = wjz_gauge("wjz_queue_depth", labels, "messages in memory: waiting, in flight or being committed"),
        .credit = wjz_gauge("wjz_queue_credit", labels, "messages that consumers would take now"),
        .oldest = wjz_gauge("wjz_queue_oldest_seconds", labels, "age of the oldest message in the service's outbox"),
        .rows = wjz_gauge("wjz_outbox_rows", labels, "rows in the service's outbox, counted up to 10,000"),
    };
    return 0;
}

static int add_destinations(wjz_relay *relay) {
    int r = 0;
    for (const wjz_emit_route *route = relay->options.emits; route && route->type && r == 0; route++)
        r = add_destination(relay, route->destination);
    return r < 0 ? r : add_destination(relay, "notification");
}

static void find_metrics(wjz_relay *relay) {
    relay->sent = wjz_counter("wjz_queue_sent_total", "", "messages sent to consumers");
    relay->redelivered = wjz_counter("wjz_queue_redelivered_total", "", "messages sent again to a consumer");
    relay->acknowledged_total = wjz_counter("wjz_queue_acknowledged_total", "", "messages that consumers confirmed");
    relay->rejected_total = wjz_counter("wjz_queue_rejected_total", "", "messages that consumers could not handle");
    relay->dead = wjz_counter("wjz_queue_dead_total", "", "messages put to the dead letters");
    relay->malformed = wjz_door_refusals("queue", "malformed");
}

void wjz_relay_end(wjz_relay *relay) {
    for (size_t i = 0; i < relay->destination_count; i++) {
        wjz_destination *destination = &relay->destinations[i];
        while (destination->consumers)
            wjz_link_free(destination->consumers);
        while (destination->waiting.first)
            wjz_parcel_free(destination->waiting.first);
        while (destination->suspects.first)
            wjz_parcel_free(destination->suspects.first);
    }
    while (relay->acknowledged.first)
        wjz_parcel_free(relay->acknowledged.first);
    while (relay->rejected.first)
        wjz_parcel_free(relay->rejected.first);
    while (relay->doubtful.first)
        wjz_parcel_free(relay->doubtful.first);
    for (size_t i = 0; i < relay->destination_count; i++)
        wjz_idmap_clear(&relay->destinations[i].parcels);
    wjz_socket_close(&relay->socket);
    wjz_arena_destroy(&relay->arena);
    free(relay->destinations);
    wjz_call_fn *closed = relay->closed;
    void *arg = relay->closed_arg;
    free(relay);
    if (closed) closed(arg);
}

int wjz_relay_open(const wjz_ground *ground, const wjz_relay_options *options, wjz_relay **ret_relay,
                   char ret_endpoint[WJZ_ENDPOINT_TEXT], wjz_err *err) {
    wjz_relay *relay = calloc(1, sizeof *relay);
    if (!relay) return wjz_err_set(err, -ENOMEM, "could not open relay: out of memory");
    relay->ground = ground;
    relay->options = *options;
    relay->arena = wjz_arena_new(FRAME_ARENA);
    relay->dispatch = (wjz_ready){.fn = dispatch_all, .arg = relay};
    find_metrics(relay);
    int r = relay->arena ? add_destinations(relay) : -ENOMEM;
    if (r < 0) wjz_err_set(err, r, "could not open relay: out of memory");
    wjz_socket_options socket = wjz_ground_server(ground, ZMQ_ROUTER, wjz_relay_on_frames, relay);
    socket.name = "queue";
    socket.writable = wjz_relay_on_writable;
    socket.ended = wjz_relay_on_ended;
    socket.probe = true; /* tells every new connection to join */
    if (r == 0) r = wjz_socket_open(ground->loop, ground->zmq, &socket, &relay->socket, err);
    if (r == 0) r = wjz_ground_bind(ground, relay->socket, "queue", ret_endpoint, err);
    if (r < 0) {
        wjz_relay_end(relay);
        return r;
    }
    *ret_relay = relay;
    return 0;
}

int wjz_relay_start(wjz_relay *relay, wjz_err *err) {
    relay->orphans = true;
    int r = wjz_fiber_spawn(relay->ground->loop, wjz_relay_keep, relay);
    if (r < 0) return wjz_err_set(err, r, "could not start relay: %s", strerror(-r));
    relay->started = true;
    wjz_socket_read(relay->socket, true);
    return 0;
}

void wjz_relay_close(wjz_relay **relay, wjz_call_fn *closed, void *arg) {
    wjz_relay *closing = WJZ_STEAL(*relay);
    closing->closed = closed;
    closing->closed_arg = arg;
    closing->closing = true;
    if (!closing->started) {
        wjz_relay_end(closing);
        return;
    }
    wjz_relay_check_idle(closing);
    wjz_event_set(closing->ground->loop, &closing->work);
}
