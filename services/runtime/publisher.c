/* Publisher: one PUB socket, and one SUB socket connected to every instance's PUB once somebody listens. Two frames:
 * the type as the topic, and the envelope. */
#include "runtime/publisher.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/wire.h"
#include "wjz/id.h"
#include "wjz/log.h"
#include "wjz/metrics.h"

enum { ARENA_LIMIT = 16 << 20 };

typedef struct listener {
    struct listener *next;
    const ProtobufCMessageDescriptor *type;
    wjz_publication_fn *fn;
    void *arg;
} listener;

typedef struct station {
    struct station *next;
    uint32_t number;
    char endpoint[WJZ_ENDPOINT_TEXT];
} station;

struct wjz_publisher {
    const wjz_ground *ground;
    wjz_socket *pub, *sub;
    wjz_arena *arena;
    listener *listeners;
    station *stations; /* that sub is connected to */
    wjz_metric *published, *received;
};

/* --- sending --- */

static void ignore_frames(void *arg, zmq_msg_t *frames, int count) {
    (void)arg;
    (void)frames;
    (void)count;
}

void wjz_publisher_publish(wjz_publisher *publisher, int32_t region, const ProtobufCMessage *body) {
    uint8_t *data;
    size_t length;
    if (!publisher->pub || wjz_envelope_pack((uint64_t)wjz_id_next(), region, 0, body, &data, &length) < 0) return;
    const char *type = body->descriptor->name;
    if (wjz_socket_send(publisher->pub, (const wjz_blob[]){{type, strlen(type)}, {data, length}}, 2) == 0)
        wjz_count(publisher->published, 1);
    free(data);
}

/* --- listening --- */

static void tell(wjz_publisher *publisher, const ProtobufCMessageDescriptor *type, const wjz_message *message) {
    for (listener *next, *at = publisher->listeners; at; at = next) {
        next = at->next;
        if (at->type == type) at->fn(message, at->arg);
    }
}

static const ProtobufCMessageDescriptor *type_of(const wjz_publisher *publisher, const wjz_envelope *envelope) {
    const listener *at = publisher->listeners;
    while (at && !wjz_envelope_is(envelope, at->type))
        at = at->next;
    return at ? at->type : NULL;
}

static void on_frames(void *arg, zmq_msg_t *frames, int count) {
    wjz_publisher *publisher = arg;
    wjz_envelope envelope;
    wjz_err err = {0};
    int r = count == 2 ? wjz_envelope_read(zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]), &envelope, &err)
                       : wjz_err_set(&err, -EBADMSG, "cannot read a message of %d frames", count);
    const ProtobufCMessageDescriptor *type = r == 0 ? type_of(publisher, &envelope) : NULL;
    if (r == 0 && (!type || envelope.schema != WJZ_SCHEMA)) return; /* a longer name of the same beginning */
    wjz_message message = {0};
    if (r == 0) {
        wjz_arena_reset(publisher->arena);
        message = (wjz_message){.id = (int64_t)envelope.id,
                                .region = (int32_t)envelope.region,
                                .created_at_us = envelope.created_at_us,
                                .attempt = 1};
        r = wjz_message_unpack(type, envelope.body, envelope.body_length, publisher->arena, &message.body, &err);
    }
    if (r < 0) {
        wjz_log_warn("publication ignored", "error=\"%s\"", err.text);
        return;
    }
    wjz_count(publisher->received, 1);
    tell(publisher, type, &message);
}

static void tune_in(wjz_publisher *publisher, const wjz_peer *peer) {
    for (station *at = publisher->stations; at; at = at->next)
        if (at->number == peer->number) return;
    station *made = calloc(1, sizeof *made);
    if (!made) return; /* tried again when peers change */
    made->number = peer->number;
    snprintf(made->endpoint, sizeof made->endpoint, "%s", peer->publish);
    wjz_err err = {0};
    if (wjz_ground_connect(publisher->sub, made->endpoint, peer->key, &err) < 0) {
        wjz_log_warn("could not listen", "peer=%s/%s error=\"%s\"", peer->service, peer->name, err.text);
        free(made);
        return;
    }
    made->next = publisher->stations;
    publisher->stations = made;
}

void wjz_publisher_peers_changed(wjz_publisher *publisher) {
    const wjz_registry *registry = publisher->ground->registry;
    if (!publisher->sub) return;
    for (station **at = &publisher->stations; *at;) {
        station *gone = *at;
        if (wjz_registry_find(registry, gone->number)) {
            at = &gone->next;
            continue;
        }
        *at = gone->next;
        wjz_socket_disconnect(publisher->sub, gone->endpoint);
        free(gone);
    }
    for (const wjz_peer *peer = wjz_registry_peers(registry); peer; peer = peer->next)
        if (peer->alive && peer->publish[0]) tune_in(publisher, peer);
}

static int open_sub(wjz_publisher *publisher, wjz_err *err) {
    const wjz_ground *ground = publisher->ground;
    wjz_socket_options options = wjz_ground_client(ground, ZMQ_SUB, on_frames, publisher);
    int r = wjz_socket_open(ground->loop, ground->zmq, &options, &publisher->sub, err);
    if (r < 0) return r;
    wjz_socket_read(publisher->sub, true);
    wjz_publisher_peers_changed(publisher);
    return 0;
}

int wjz_publisher_subscribe(wjz_publisher *publisher, const ProtobufCMessageDescriptor *type, wjz_publication_fn *fn,
                            void *arg, wjz_err *err) {
    listener *made = calloc(1, sizeof *made);
    if (!made) return wjz_err_set(err, -ENOMEM, "could not subscribe: out of memory");
    int r = publisher->sub ? 0 : open_sub(publisher, err);
    if (r < 0) {
        free(made);
        return r;
    }
    wjz_socket_subscribe(publisher->sub, type->name);
    *made = (listener){.next = publisher->listeners, .type = type, .fn = fn, .arg = arg};
    publisher->listeners = made;
    return 0;
}

void wjz_publisher_unsubscribe(wjz_publisher *publisher, const void *arg) {
    for (listener **at = &publisher->listeners; *at;) {
        listener *ended = *at;
        if (ended->arg != arg) {
            at = &ended->next;
            continue;
        }
        *at = ended->next;
        free(ended);
    }
}

/* --- lifetime --- */

int wjz_publisher_open(const wjz_ground *ground, bool serve, wjz_publisher **ret_publisher,
                       char ret_endpoint[WJZ_ENDPOINT_TEXT], wjz_err *err) {
    wjz_publisher *publisher = calloc(1, sizeof *publisher);
    if (!publisher || !(publisher->arena = wjz_arena_new(ARENA_LIMIT))) {
        free(publisher);
        return wjz_err_set(err, -ENOMEM, "could not open publisher: out of memory");
    }
    publisher->ground = ground;
    publisher->published = wjz_counter("wjz_published_total", "", "live messages published");
    publisher->received = wjz_counter("wjz_publications_received_total", "", "live messages received");
    wjz_socket_options options = wjz_ground_server(ground, ZMQ_PUB, ignore_frames, publisher);
    int r = serve ? wjz_socket_open(ground->loop, ground->zmq, &options, &publisher->pub, err) : 0;
    ret_endpoint[0] = '\0';
    if (serve && r == 0) r = wjz_ground_bind(ground, publisher->pub, "publish", ret_endpoint, err);
    if (r < 0) {
        wjz_publisher_close(&publisher);
        return r;
    }
    *ret_publisher = publisher;
    return 0;
}

void wjz_publisher_close(wjz_publisher **publisher) {
    wjz_publisher *closing = WJZ_STEAL(*publisher);
    if (!closing) return;
    wjz_socket_close(&closing->pub);
    wjz_socket_close(&closing->sub);
    while (closing->listeners) {
        listener *at = closing->listeners;
        closing->listeners = at->next;
        free(at);
    }
    while (closing->stations) {
        station *at = closing->stations;
        closing->stations = at->next;
        free(at);
    }
    wjz_arena_destroy(&closing->arena);
    free(closing);
}
