/* Relay, the side of the wire: which consumer gets which message, and what comes back from it.
 *
 *     commit ─▶ waiting ─▶ in flight ─▶ acknowledged ─▶ row deleted
 *                  ▲           │ └────▶ rejected ─────▶ row waits for its backoff, or dead letter
 *                  └───────────┘
 *        consumer died, left, reconnected; lease ended
 *
 * A message that does not fit into memory has its row written without an owner ("spilled"), and from then on new ones
 * queue behind it in the table, until the keeper has read all of them back: so a flood is handled in about the order in
 * which it came. */
#include "runtime/relay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bus.pb-c.h"
#include "runtime/relay_state.h"
#include "runtime/wire.h"
#include "wjz/clock.h"
#include "wjz/id.h"
#include "wjz/log.h"

enum { BODY_LIMIT = 4 << 20, FRAME_ARENA = 1 << 20, SUSPECT_AFTER = 2 /* deaths */ };
/* Heartbeats after which a connection is given up whose instance is not registered. */
enum { MISSED_LIMIT = 10 };

/* --- parcels --- */

void wjz_parcels_append(wjz_parcels *list, wjz_parcel *parcel) {
    parcel->list = list;
    parcel->next = NULL;
    parcel->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = parcel;
    list->last = parcel;
    list->count++;
}

void wjz_parcels_prepend(wjz_parcels *list, wjz_parcel *parcel) {
    parcel->list = list;
    parcel->previous = NULL;
    parcel->next = list->first;
    *(list->first ? &list->first->previous : &list->last) = parcel;
    list->first = parcel;
    list->count++;
}

void wjz_parcel_unlink(wjz_parcel *parcel) {
    wjz_parcels *list = parcel->list;
    if (!list) return;
    *(parcel->previous ? &parcel->previous->next : &list->first) = parcel->next;
    *(parcel->next ? &parcel->next->previous : &list->last) = parcel->previous;
    list->count--;
    parcel->list = NULL;
    parcel->holder = NULL;
}

void wjz_parcel_free(wjz_parcel *parcel) {
    if (!parcel) return;
    wjz_parcel_unlink(parcel);
    if (wjz_idmap_get(&parcel->destination->parcels, parcel->id) == parcel)
        wjz_idmap_take(&parcel->destination->parcels, parcel->id);
    free(parcel->error);
    free(parcel->data);
    free(parcel);
}

static void show_depth(wjz_destination *destination) {
    uint64_t credit = 0;
    for (wjz_consumer_link *link = destination->consumers; link; link = link->next)
        credit += link->credit;
    wjz_set(destination->depth, (double)destination->held);
    wjz_set(destination->credit, (double)credit);
}

static void hold(wjz_parcel *parcel) {
    parcel->destination->held++;
    parcel->destination->bytes += parcel->length;
}

static void let_go(wjz_parcel *parcel) {
    parcel->destination->held--;
    parcel->destination->bytes -= parcel->length;
}

static bool in_flight_anywhere(const wjz_relay *relay) {
    for (size_t i = 0; i < relay->destination_count; i++)
        for (wjz_consumer_link *link = relay->destinations[i].consumers; link; link = link->next)
            if (link->in_flight.count > 0) return true;
    return false;
}

static void check_idle(wjz_relay *relay) {
    if (relay->closing && relay->committing == 0 && !in_flight_anywhere(relay))
        wjz_event_set(relay->ground->loop, &relay->idle);
}

size_t wjz_destination_room(const wjz_destination *destination, size_t *ret_bytes) {
    const wjz_relay_options *options = &destination->relay->options;
    *ret_bytes = destination->bytes < options->memory_bytes ? options->memory_bytes - destination->bytes : 0;
    size_t most = (size_t)options->memory_messages;
    return *ret_bytes > 0 && destination->held < most ? most - destination->held : 0;
}

/* --- dispatch --- */

static void requeue(wjz_parcel *parcel) {
    wjz_destination *destination = parcel->destination;
    wjz_parcel_unlink(parcel);
    if (parcel->lost) {
        let_go(parcel);
        wjz_parcel_free(parcel);
        return;
    }
    wjz_count(destination->relay->redelivered, 1);
    wjz_parcels_prepend(parcel->deaths >= SUSPECT_AFTER ? &destination->suspects : &destination->waiting, parcel);
}

static void requeue_all(wjz_consumer_link *link) {
    while (link->in_flight.last)
        requeue(link->in_flight.last);
}

/* The consumer is no more: what it had in hand goes to others, unless it has outlived too many of them. */
static void bereave(wjz_consumer_link *link) {
    wjz_relay *relay = link->destination->relay;
    bool in_order = link->state == WJZ_LINK_LEAVING;
    for (wjz_parcel *parcel = link->in_flight.first, *next; parcel; parcel = next) {
        next = parcel->next;
        if (in_order || ++parcel->deaths < relay->options.attempts) continue;
        wjz_parcel_unlink(parcel);
        let_go(parcel);
        parcel->error = strdup("the consumers that had it in hand died, one after the other");
        parcel->attempts = relay->options.attempts - 1; /* no more of them */
        wjz_parcels_append(&relay->rejected, parcel);
        wjz_event_set(relay->ground->loop, &relay->work);
    }
    requeue_all(link);
}

static void link_enter(wjz_consumer_link *link, wjz_link_state state) {
    if (state == WJZ_LINK_ABSENT || state == WJZ_LINK_GONE) bereave(link);
    if (state != WJZ_LINK_JOINED) link->credit = 0;
    link->state = state;
    link->blocked = false;
}

static void link_free(wjz_consumer_link *link) {
    wjz_consumer_link **at = &link->destination->consumers;
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    requeue_all(link);
    free(link);
}

static void free_gone(wjz_destination *destination) {
    for (wjz_consumer_link *link = destination->consumers, *next; link; link = next) {
        next = link->next;
        if (link->state == WJZ_LINK_GONE) link_free(link);
    }
}

static bool takes(const wjz_consumer_link *link) {
    return link->state == WJZ_LINK_JOINED && !link->blocked && link->credit > 0;
}

/* A consumer that works on a suspect gets nothing beside it, so that a death tells who is guilty. */
static bool has_suspect(const wjz_consumer_link *link) {
    return link->in_flight.count == 1 && link->in_flight.first->deaths >= SUSPECT_AFTER;
}

/* The consumer with most free credit. While suspects wait, the first consumer is kept free for them. */
static wjz_consumer_link *pick(const wjz_destination *destination) {
    wjz_consumer_link *best = NULL, *link = destination->consumers;
    if (link && destination->suspects.count > 0) link = link->next;
    for (; link; link = link->next)
        if (takes(link) && !has_suspect(link) && (!best || link->credit > best->credit)) best = link;
    return best;
}

static wjz_consumer_link *pick_idle(const wjz_destination *destination) {
    for (wjz_consumer_link *link = destination->consumers; link; link = link->next)
        if (takes(link) && link->in_flight.count == 0) return link;
    return NULL;
}

/* Hands the parcel to the consumer. False when it went nowhere and stays where it is. */
static bool send_parcel(wjz_consumer_link *link, wjz_parcel *parcel) {
    wjz_relay *relay = parcel->destination->relay;
    size_t length = wjz_envelope_set_attempt(parcel->data, parcel->length, (uint32_t)(parcel->attempts + 1));
    const wjz_blob frames[] = {{link->identity, link->identity_length}, {parcel->data, length}};
    int r = wjz_socket_send(relay->socket, frames, 2);
    if (r == -EAGAIN) link->blocked = true;
    if (r == -EHOSTUNREACH) link_enter(link, WJZ_LINK_GONE);
    if (r < 0) return false;
    wjz_count(relay->sent, 1);
    parcel->sent_at_us = wjz_clock_monotonic_us();
    return true;
}

static void send_first(wjz_parcels *list, wjz_consumer_link *link) {
    wjz_parcel *parcel = list->first;
    if (!send_parcel(link, parcel)) return; /* and the link takes nothing more */
    wjz_parcel_unlink(parcel);
    wjz_parcels_append(&link->in_flight, parcel);
    parcel->holder = link;
    link->credit--;
}

void wjz_destination_dispatch(wjz_destination *destination) {
    wjz_consumer_link *link;
    if (destination->relay->closing) return;
    while (destination->suspects.first && (link = pick_idle(destination)))
        send_first(&destination->suspects, link);
    while (destination->waiting.first && (link = pick(destination)))
        send_first(&destination->waiting, link);
    free_gone(destination);
    show_depth(destination);
}

/* To another consumer if one has credit, else to the same once more at no cost of credit: it ignores what it has in
 * hand, and handles what it has lost. */
static void resend(wjz_parcel *parcel) {
    if (parcel->lost) return;
    wjz_consumer_link *holder = parcel->holder, *other = pick(parcel->destination);
    wjz_count(parcel->destination->relay->redelivered, 1);
    if (other && other != holder && send_parcel(other, parcel)) {
        wjz_parcel_unlink(parcel);
        wjz_parcels_append(&other->in_flight, parcel);
        parcel->holder = other;
        other->credit--;
        return;
    }
    parcel->sent_at_us = wjz_clock_monotonic_us(); /* next try after another lease */
    (void)!send_parcel(holder, parcel);
}

void wjz_relay_resend_late(wjz_relay *relay) {
    int64_t before_us = wjz_clock_monotonic_us() - relay->options.lease_ms * INT64_C(1000);
    for (size_t i = 0; i < relay->destination_count && !relay->closing; i++) {
        for (wjz_consumer_link *link = relay->destinations[i].consumers; link; link = link->next)
            for (wjz_parcel *parcel = link->in_flight.first, *next; parcel && link->state != WJZ_LINK_GONE;
                 parcel = next) {
                next = parcel->next;
                if (parcel->sent_at_us < before_us) resend(parcel);
            }
        wjz_destination_dispatch(&relay->destinations[i]);
    }
}

/* --- emit --- */

static void on_commit_end(void *arg, int result) {
    wjz_parcel *parcel = arg;
    wjz_destination *destination = parcel->destination;
    wjz_relay *relay = destination->relay;
    relay->committing--;
    if (result == 0 && parcel->spilled) {
        destination->spilled = true;
        destination->look_at_us = 0;
        wjz_event_set(relay->ground->loop, &relay->work);
    }
    bool kept = result == 0 && !parcel->spilled && !relay->closing &&
                wjz_idmap_put(&destination->parcels, parcel->id, parcel) == 0;
    if (kept) {
        wjz_parcels_append(&destination->waiting, parcel);
        wjz_destination_dispatch(destination);
    } else { /* the row, if there is one, is free or found when its lease ends */
        if (!parcel->spilled) let_go(parcel);
        wjz_parcel_free(parcel);
    }
    check_idle(relay);
}

static wjz_destination *destination_of(const wjz_relay *relay, const char *name) {
    for (size_t i = 0; i < relay->destination_count; i++)
        if (strcmp(relay->destinations[i].name, name) == 0) return &relay->destinations[i];
    return NULL;
}

static wjz_parcel *parcel_new(wjz_destination *destination, uint64_t id, int32_t region, uint8_t *data, size_t length) {
    wjz_parcel *parcel = malloc(sizeof *parcel);
    if (parcel)
        *parcel = (wjz_parcel){.destination = destination, .id = id, .region = region, .data = data, .length = length};
    return parcel;
}

/* Takes over data. */
static int emit_to(wjz_destination *destination, wjz_tx *tx, uint64_t id, int32_t region, const char *type,
                   uint8_t *data, size_t length) {
    wjz_relay *relay = destination->relay;
    const wjz_ground *ground = relay->ground;
    wjz_parcel *parcel = parcel_new(destination, id, region, data, length);
    if (!parcel) {
        free(data);
        return -ENOMEM;
    }
    size_t bytes;
    parcel->spilled = relay->closing || destination->spilled || wjz_destination_room(destination, &bytes) == 0;
    double lease_s = parcel->spilled ? 0 : relay->options.lease_ms / 1000.0;
    parcel->leased_until_us = wjz_clock_monotonic_us() + relay->options.lease_ms * INT64_C(1000);
    int r = wjz_tx_after(tx, on_commit_end, parcel);
    if (r < 0) {
        wjz_parcel_free(parcel);
        return r;
    }
    relay->committing++;
    if (!parcel->spilled) hold(parcel);
    int32_t owner = parcel->spilled ? 0 : (int32_t)wjz_registry_number(ground->registry);
    return wjz_tx_send_v(tx, &ground->sql->stmts[WJZ_OUTBOX_INSERT], wjz_i32(region), wjz_i64((int64_t)id),
                         wjz_text(destination->name), wjz_text(type), wjz_bytes(data, length), wjz_i32(owner),
                         wjz_f64(lease_s));
}

int wjz_relay_emit(wjz_relay *relay, wjz_tx *tx, int32_t region, const ProtobufCMessage *body, wjz_err *err) {
    const ProtobufCMessageDescriptor *type = body->descriptor;
    size_t size = protobuf_c_message_get_packed_size(body);
    if (size > BODY_LIMIT)
        return wjz_err_set(err, -EMSGSIZE, "cannot emit %s of %zu bytes: the limit is %d", type->name, size,
                           BODY_LIMIT);
    uint64_t id = (uint64_t)wjz_id_next();
    bool routed = false;
    static const wjz_emit_route DIED[] = {{&wjz__bus__message_died__descriptor, "notification"}, {NULL, NULL}};
    const wjz_emit_route *tables[] = {relay->options.emits, DIED};
    for (size_t i = 0; i < WJZ_COUNT(tables); i++)
        for (const wjz_emit_route *route = tables[i]; route && route->type; route++) {
            if (route->type != type) continue;
            routed = true;
            uint8_t *data;
            size_t length;
            int r = wjz_envelope_pack(id, region, 0, body, &data, &length);
            if (r == 0)
                r = emit_to(destination_of(relay, route->destination), tx, id, region, type->name, data, length);
            if (r < 0) return wjz_err_set(err, r, "could not emit %s to %s", type->name, route->destination);
        }
    return routed ? 0 : wjz_err_set(err, -ENOENT, "cannot emit %s: it has no route", type->name);
}

void wjz_destination_claimed(wjz_destination *destination, uint64_t id, int32_t region, int attempts, uint8_t *data,
                             size_t length, int64_t leased_until_us) {
    wjz_parcel *known = wjz_idmap_get(&destination->parcels, id);
    if (known) { /* its renewal came late, or its deletion is on its way */
        known->leased_until_us = leased_until_us;
        known->lost = false;
        free(data);
        return;
    }
    wjz_parcel *parcel = parcel_new(destination, id, region, data, length);
    if (!parcel || wjz_idmap_put(&destination->parcels, id, parcel) < 0) {
        free(parcel);
        free(data); /* found again when the lease ends */
        return;
    }
    parcel->attempts = attempts;
    parcel->leased_until_us = leased_until_us;
    wjz_envelope envelope;
    if (wjz_envelope_read(data, length, &envelope, NULL) < 0 || envelope.id != id) {
        parcel->attempts = destination->relay->options.attempts - 1; /* no receiver could ever answer it */
        parcel->error = strdup("the row holds no envelope of its id");
        wjz_parcels_append(&destination->relay->rejected, parcel);
        return;
    }
    hold(parcel);
    wjz_parcels_append(&destination->waiting, parcel);
}

/* --- what consumers say --- */

static wjz_consumer_link *link_of(const wjz_relay *relay, const void *identity, size_t length) {
    for (size_t i = 0; i < relay->destination_count; i++)
        for (wjz_consumer_link *link = relay->destinations[i].consumers; link; link = link->next)
            if (link->identity_length == length && memcmp(link->identity, identity, length) == 0) return link;
    return NULL;
}

/* Over CURVE an instance can speak only for itself. */
static bool speaks_for(const wjz_relay *relay, zmq_msg_t *frame, const wjz_peer *peer) {
    if (!relay->ground->curve) return true;
    const char *user = zmq_msg_gets(frame, "User-Id");
    size_t length = strlen(peer->service);
    return user && strncmp(user, peer->service, length) == 0 && user[length] == '/' &&
           strcmp(user + length + 1, peer->name) == 0;
}

static wjz_consumer_link *link_new(wjz_destination *destination, uint32_t number) {
    wjz_consumer_link *link = calloc(1, sizeof *link);
    if (!link) return NULL;
    *link = (wjz_consumer_link){.next = destination->consumers, .destination = destination, .number = number};
    return destination->consumers = link;
}

static void on_join(wjz_relay *relay, zmq_msg_t *from, zmq_msg_t *frame, const Wjz__Bus__Join *join) {
    wjz_destination *destination = destination_of(relay, join->service);
    if (!destination) return; /* consumers join whoever has a queue; this one has nothing for it */
    const wjz_peer *peer = wjz_registry_find(relay->ground->registry, join->instance);
    if (peer && (strcmp(peer->service, join->service) != 0 || !speaks_for(relay, frame, peer))) {
        wjz_log_warn("join refused", "service=\"%.40s\" number=%" PRIu32, join->service, join->instance);
        return;
    }
    wjz_consumer_link *link = destination->consumers;
    while (link && link->number != join->instance)
        link = link->next;
    if (link)
        requeue_all(link); /* it came back over another connection, on which nothing is in flight */
    else if (!(link = link_new(destination, join->instance)))
        return;
    link->identity_length = zmq_msg_size(from);
    memcpy(link->identity, zmq_msg_data(from), link->identity_length);
    link_enter(link, peer ? WJZ_LINK_JOINED : WJZ_LINK_ABSENT);
    if (!peer) { /* registered a moment ago */
        wjz_registry_refresh(relay->ground->registry);
        return;
    }
    link->credit = link->window = join->credit;
    destination->look_at_us = 0;
    wjz_event_set(relay->ground->loop, &relay->work);
    wjz_destination_dispatch(destination);
}

/* The parcel that is in flight, wherever: an acknowledgement counts also when the message was sent to another since. */
static wjz_parcel *settle(wjz_consumer_link *link, uint64_t id, wjz_parcels *list) {
    if (link->credit < link->window) link->credit++;
    wjz_parcel *parcel = wjz_idmap_get(&link->destination->parcels, id);
    wjz_relay *relay = link->destination->relay;
    if (!parcel || parcel->list == &relay->acknowledged || parcel->list == &relay->rejected) return NULL;
    wjz_parcel_unlink(parcel);
    let_go(parcel);
    wjz_parcels_append(list, parcel);
    wjz_event_set(relay->ground->loop, &relay->work);
    return parcel;
}

static void on_acknowledge(wjz_relay *relay, wjz_consumer_link *link, const Wjz__Bus__Acknowledge *acknowledge) {
    for (size_t i = 0; i < acknowledge->n_id; i++)
        settle(link, acknowledge->id[i], &relay->acknowledged);
    wjz_count(relay->acknowledged_total, acknowledge->n_id);
}

static void on_reject(wjz_relay *relay, wjz_consumer_link *link, const Wjz__Bus__Reject *reject) {
    wjz_parcel *parcel = settle(link, reject->id, &relay->rejected);
    wjz_count(relay->rejected_total, 1);
    if (parcel) parcel->error = strndup(reject->error, 400);
}

static void on_leave(wjz_consumer_link *link, const Wjz__Bus__Leave *leave) {
    link_enter(link, WJZ_LINK_LEAVING);
    for (size_t i = 0; i < leave->n_returned; i++) {
        wjz_parcel *parcel = wjz_idmap_get(&link->destination->parcels, leave->returned[i]);
        if (parcel && parcel->holder == link) requeue(parcel);
    }
}

/* An empty message asks a consumer to join. */
static int ask_to_join(wjz_relay *relay, const void *identity, size_t length) {
    return wjz_socket_send(relay->socket, (const wjz_blob[]){{identity, length}, {"", 0}}, 2);
}

static void on_message(wjz_relay *relay, zmq_msg_t *from, zmq_msg_t *frame, const wjz_envelope *envelope,
                       const ProtobufCMessage *body) {
    if (body->descriptor == &wjz__bus__join__descriptor) {
        on_join(relay, from, frame, (const Wjz__Bus__Join *)body);
        return;
    }
    wjz_consumer_link *link = link_of(relay, zmq_msg_data(from), zmq_msg_size(from));
    if (!link) {
        (void)ask_to_join(relay, zmq_msg_data(from), zmq_msg_size(from));
        return;
    }
    if (wjz_envelope_is(envelope, &wjz__bus__acknowledge__descriptor))
        on_acknowledge(relay, link, (const Wjz__Bus__Acknowledge *)body);
    else if (wjz_envelope_is(envelope, &wjz__bus__reject__descriptor))
        on_reject(relay, link, (const Wjz__Bus__Reject *)body);
    else
        on_leave(link, (const Wjz__Bus__Leave *)body);
    wjz_destination_dispatch(link->destination);
    check_idle(relay);
}

static void on_frames(void *arg, zmq_msg_t *frames, int count) {
    static const ProtobufCMessageDescriptor *const TYPES[] = {
        &wjz__bus__acknowledge__descriptor, &wjz__bus__join__descriptor, &wjz__bus__reject__descriptor,
        &wjz__bus__leave__descriptor};
    wjz_relay *relay = arg;
    wjz_envelope envelope;
    wjz_err err = {0};
    int r = count == 2 ? wjz_envelope_read(zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]), &envelope, &err)
                       : wjz_err_set(&err, -EBADMSG, "cannot read a message of %d frames", count);
    const ProtobufCMessage *body = NULL;
    wjz_arena_reset(relay->arena);
    for (size_t i = 0; r == 0 && i < WJZ_COUNT(TYPES) && !body; i++)
        if (wjz_envelope_is(&envelope, TYPES[i]))
            r = wjz_message_unpack(TYPES[i], envelope.body, envelope.body_length, relay->arena, &body, &err);
    if (r == 0 && !body)
        r = wjz_err_set(&err, -EBADMSG, "cannot understand \"%.*s\" on a queue",
                        (int)(envelope.type_length < 80 ? envelope.type_length : 80), envelope.type);
    if (r == 0)
        on_message(relay, &frames[0], &frames[1], &envelope, body);
    else
        wjz_log_warn("queue frame ignored", "error=\"%s\"", err.text);
}

static void on_writable(void *arg) {
    wjz_relay *relay = arg;
    for (size_t i = 0; i < relay->destination_count; i++) {
        wjz_destination *destination = &relay->destinations[i];
        for (wjz_consumer_link *link = destination->consumers; link; link = link->next)
            link->blocked = false;
        wjz_destination_dispatch(destination);
    }
}

/* --- peers --- */

static bool listed(const wjz_relay *relay, uint32_t number) {
    const wjz_peer *peer = wjz_registry_peers(relay->ground->registry);
    while (peer && peer->number != number)
        peer = peer->next;
    return peer;
}

/* Brings the link to what the registry says of its instance. */
static void review(wjz_relay *relay, wjz_consumer_link *link) {
    bool alive = wjz_registry_find(relay->ground->registry, link->number);
    if (alive && link->state != WJZ_LINK_ABSENT) return;
    if (!alive && link->state != WJZ_LINK_ABSENT) link_enter(link, WJZ_LINK_ABSENT);
    bool reached = !alive || ask_to_join(relay, link->identity, link->identity_length) != -EHOSTUNREACH;
    link->missed = listed(relay, link->number) ? 0 : link->missed + 1;
    if (!reached || link->missed > MISSED_LIMIT) link_enter(link, WJZ_LINK_GONE);
}

void wjz_relay_beaten(wjz_relay *relay, bool changed) {
    for (size_t i = 0; i < relay->destination_count && !relay->closing; i++) {
        for (wjz_consumer_link *link = relay->destinations[i].consumers; link; link = link->next)
            review(relay, link);
        wjz_destination_dispatch(&relay->destinations[i]);
    }
    check_idle(relay);
    if (!changed) return;
    relay->orphans = true; /* an instance of this service may be among the dead */
    wjz_event_set(relay->ground->loop, &relay->work);
}

void wjz_relay_look(wjz_relay *relay) {
    for (size_t i = 0; i < relay->destination_count; i++)
        relay->destinations[i].look_at_us = 0;
    wjz_event_set(relay->ground->loop, &relay->work);
}

/* --- lifetime --- */

static int add_destination(wjz_relay *relay, const char *name) {
    if (destination_of(relay, name)) return 0;
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
}

void wjz_relay_end(wjz_relay *relay) {
    for (size_t i = 0; i < relay->destination_count; i++) {
        wjz_destination *destination = &relay->destinations[i];
        while (destination->consumers)
            link_free(destination->consumers);
        while (destination->waiting.first)
            wjz_parcel_free(destination->waiting.first);
        while (destination->suspects.first)
            wjz_parcel_free(destination->suspects.first);
    }
    while (relay->acknowledged.first)
        wjz_parcel_free(relay->acknowledged.first);
    while (relay->rejected.first)
        wjz_parcel_free(relay->rejected.first);
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
    find_metrics(relay);
    int r = relay->arena ? add_destinations(relay) : -ENOMEM;
    if (r < 0) wjz_err_set(err, r, "could not open relay: out of memory");
    wjz_socket_options socket = wjz_ground_server(ground, ZMQ_ROUTER, on_frames, relay);
    socket.writable = on_writable;
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
    check_idle(closing);
    wjz_event_set(closing->ground->loop, &closing->work);
}
