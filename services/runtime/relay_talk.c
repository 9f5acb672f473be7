/* Relay, the conversation: what consumers say over the queue socket, and what the registry says about them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bus.pb-c.h"
#include "runtime/relay_state.h"
#include "runtime/wire.h"
#include "wjz/log.h"

/* Heartbeats after which a connection is given up whose instance is not registered. */
enum { MISSED_LIMIT = 10 };

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
    char own[64];
    wjz_peer_user(peer, own);
    return user && strcmp(user, own) == 0;
}

static wjz_consumer_link *link_new(wjz_destination *destination, uint32_t number) {
    wjz_consumer_link *link = calloc(1, sizeof *link);
    if (!link) return NULL;
    *link = (wjz_consumer_link){.next = destination->consumers, .destination = destination, .number = number};
    return destination->consumers = link;
}

static void on_join(wjz_relay *relay, zmq_msg_t *from, zmq_msg_t *frame, const Wjz__Bus__Join *join) {
    wjz_destination *destination = wjz_relay_destination(relay, join->service);
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
        wjz_link_requeue_all(link); /* it came back over another connection, on which nothing is in flight */
    else if (!(link = link_new(destination, join->instance)))
        return;
    link->identity_length = zmq_msg_size(from);
    memcpy(link->identity, zmq_msg_data(from), link->identity_length);
    link->connection = wjz_socket_connection(frame);
    wjz_link_enter(link, peer ? WJZ_LINK_JOINED : WJZ_LINK_ABSENT);
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
static wjz_parcel *settle(wjz_consumer_link *link, uint64_t id) {
    if (link->credit < link->window) link->credit++;
    wjz_parcel *parcel = wjz_idmap_get(&link->destination->parcels, id);
    wjz_relay *relay = link->destination->relay;
    if (!parcel || parcel->list == &relay->acknowledged || parcel->list == &relay->rejected) return NULL;
    wjz_parcel_unlink(parcel);
    wjz_parcel_let_go(parcel);
    return parcel;
}

static void on_acknowledge(wjz_relay *relay, wjz_consumer_link *link, const Wjz__Bus__Acknowledge *acknowledge) {
    for (size_t i = 0; i < acknowledge->n_id; i++) {
        wjz_parcel *parcel = settle(link, acknowledge->id[i]);
        if (!parcel) continue;
        parcel->era = (int64_t)acknowledge->era;
        wjz_relay_acknowledged(relay, parcel);
    }
    wjz_count(relay->acknowledged_total, acknowledge->n_id);
}

static void on_reject(wjz_relay *relay, wjz_consumer_link *link, const Wjz__Bus__Reject *reject) {
    wjz_parcel *parcel = settle(link, reject->id);
    wjz_count(relay->rejected_total, 1);
    if (!parcel) return;
    parcel->error = strndup(reject->error, 400);
    wjz_parcels_append(&relay->rejected, parcel);
    wjz_event_set(relay->ground->loop, &relay->work);
}

/* The keeper reads again which of them are in the outbox. */
static void on_doubt(wjz_relay *relay, wjz_consumer_link *link, const Wjz__Bus__Doubt *doubt) {
    for (size_t i = 0; i < doubt->n_id; i++) {
        wjz_parcel *parcel = wjz_idmap_get(&link->destination->parcels, doubt->id[i]);
        if (!parcel || parcel->holder != link) continue;
        if (link->credit < link->window) link->credit++;
        wjz_parcel_let_go(parcel);
        wjz_parcel_free(parcel);
        wjz_relay_doubt(relay);
    }
}

static void on_leave(wjz_consumer_link *link, const Wjz__Bus__Leave *leave) {
    wjz_link_enter(link, WJZ_LINK_LEAVING);
    for (size_t i = 0; i < leave->n_returned; i++) {
        wjz_parcel *parcel = wjz_idmap_get(&link->destination->parcels, leave->returned[i]);
        if (parcel && parcel->holder == link) wjz_parcel_requeue(parcel);
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
    else if (wjz_envelope_is(envelope, &wjz__bus__doubt__descriptor))
        on_doubt(relay, link, (const Wjz__Bus__Doubt *)body);
    else
        on_leave(link, (const Wjz__Bus__Leave *)body);
    wjz_destination_dispatch(link->destination);
    wjz_relay_check_idle(relay);
}

void wjz_relay_on_frames(void *arg, zmq_msg_t *frames, int count) {
    static const ProtobufCMessageDescriptor *const TYPES[] = {
        &wjz__bus__acknowledge__descriptor, &wjz__bus__join__descriptor, &wjz__bus__reject__descriptor,
        &wjz__bus__leave__descriptor, &wjz__bus__doubt__descriptor};
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
    if (r == 0) {
        on_message(relay, &frames[0], &frames[1], &envelope, body);
    } else {
        wjz_count(relay->malformed, 1);
        wjz_log_warn("queue frame ignored", "error=\"%s\"", err.text);
    }
}

void wjz_relay_on_writable(void *arg) {
    wjz_relay *relay = arg;
    for (size_t i = 0; i < relay->destination_count; i++) {
        wjz_destination *destination = &relay->destinations[i];
        for (wjz_consumer_link *link = destination->consumers; link; link = link->next)
            link->blocked = false;
        wjz_destination_dispatch(destination);
    }
}

/* A consumer that was killed is known to be gone by its connection, long before the registry misses its heartbeat. Who
 * is taken for gone by mistake, because the number is a new connection's already, is asked to join at its next word. */
void wjz_relay_on_ended(void *arg, int connection) {
    wjz_relay *relay = arg;
    for (size_t i = 0; i < relay->destination_count; i++) {
        wjz_destination *destination = &relay->destinations[i];
        for (wjz_consumer_link *link = destination->consumers; link; link = link->next)
            if (link->connection == connection) wjz_link_enter(link, WJZ_LINK_GONE);
        wjz_destination_dispatch(destination);
    }
    wjz_relay_check_idle(relay);
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
    if (!alive && link->state != WJZ_LINK_ABSENT) wjz_link_enter(link, WJZ_LINK_ABSENT);
    bool reached = !alive || ask_to_join(relay, link->identity, link->identity_length) != -EHOSTUNREACH;
    link->missed = listed(relay, link->number) ? 0 : link->missed + 1;
    if (!reached || link->missed > MISSED_LIMIT) wjz_link_enter(link, WJZ_LINK_GONE);
}

void wjz_relay_beaten(wjz_relay *relay, bool changed) {
    for (size_t i = 0; i < relay->destination_count && !relay->closing; i++) {
        for (wjz_consumer_link *link = relay->destinations[i].consumers; link; link = link->next)
            review(relay, link);
        wjz_destination_dispatch(&relay->destinations[i]);
    }
    wjz_relay_check_idle(relay);
    if (!changed) return;
    relay->orphans = true; /* an instance of this service may be among the dead */
    wjz_event_set(relay->ground->loop, &relay->work);
}
