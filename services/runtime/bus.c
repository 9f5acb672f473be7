/* Bus: puts its parts together and takes them apart again. The parts are the registry (who is there), the relay
 * (queues, sending), the consumer (queues, receiving), a door (requests, answering), the asker (requests, asking) and
 * the publisher; each stands on the ground that is laid here. */
#include "runtime/bus.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/asker.h"
#include "runtime/consumer.h"
#include "runtime/dead_letters.h"
#include "runtime/door.h"
#include "runtime/publisher.h"
#include "runtime/relay.h"
#include "runtime/wire.h"
#include "runtime/zap.h"
#include "wjz/log.h"

enum { CREDIT = 8, WORKERS = 2, LEASE_MS = 30000, ATTEMPTS = 8, HEARTBEAT_MS = 500 };
enum { MEMORY_MESSAGES = 256, MEMORY_BYTES = 32 << 20, BUS_IN_FLIGHT = 256 };
enum { CLOSE_DRAIN_MS = 60000, ZMQ_SOCKETS = 4096 };

struct wjz_bus {
    wjz_ground ground;
    char *service, *instance, *bind, *advertise_host;
    bool client, ready;
    wjz_zap *zap;
    wjz_relay *relay;
    wjz_consumer *consumer;
    wjz_door *requests; /* of other services */
    wjz_asker *asker;
    wjz_publisher *publisher;
    wjz_door *doors; /* to the outside */
    wjz_dead_letters dead_letters;
    wjz_event close_asked, part_closed;
    wjz_call_fn *closed;
    void *closed_arg;
};

/* --- ground --- */

const wjz_ground *wjz_bus_ground(const wjz_bus *bus) {
    return &bus->ground;
}

wjz_door **wjz_bus_doors(wjz_bus *bus) {
    return &bus->doors;
}

/* --- peers --- */

static int judge(void *arg, const char *domain, const char *public_key, char user[64]) {
    wjz_bus *bus = arg;
    if (strcmp(domain, WJZ_BUS_DOMAIN) != 0) return wjz_door_judge(bus->doors, domain, public_key, user);
    if (!bus->ground.registry) return -EAGAIN;
    const wjz_peer *peer = wjz_registry_find_key(bus->ground.registry, public_key);
    if (!peer) {
        wjz_registry_refresh(bus->ground.registry); /* it may have registered a moment ago */
        return -EAGAIN;
    }
    wjz_peer_user(peer, user);
    return 0;
}

static void on_beaten(void *arg, bool changed) {
    wjz_bus *bus = arg;
    if (!bus->ground.registry) return; /* the first one, inside wjz_registry_open */
    if (bus->relay) wjz_relay_beaten(bus->relay, changed);
    wjz_zap_resume(bus->zap);
    if (!changed) return;
    if (bus->consumer) wjz_consumer_peers_changed(bus->consumer);
    if (bus->asker) wjz_asker_peers_changed(bus->asker);
    if (bus->publisher) wjz_publisher_peers_changed(bus->publisher);
}

/* --- opening --- */

static int or_default(int value, int fallback) {
    return value > 0 ? value : fallback;
}

static int lay_ground(wjz_bus *bus, wjz_loop *loop, wjz_db *db, const wjz_bus_options *options, wjz_err *err) {
    bus->service = strdup(options->service);
    bus->instance = strdup(options->instance);
    bus->bind = strdup(options->bind ? options->bind : "");
    bus->advertise_host = options->advertise_host ? strdup(options->advertise_host) : NULL;
    if (!bus->service || !bus->instance || !bus->bind || (options->advertise_host && !bus->advertise_host))
        return wjz_err_set(err, -ENOMEM, "could not open bus: out of memory");
    if (!options->client && !wjz_over_tcp(bus->bind) && strncmp(bus->bind, "ipc://", 6) != 0)
        return wjz_err_set(err, -EINVAL, "cannot bind the bus to \"%s\": give \"ipc://FOLDER\" or \"tcp://HOST\"",
                           bus->bind);
    bus->client = options->client;
    bus->ground = (wjz_ground){
        .loop = loop,
        .zmq = zmq_ctx_new(),
        .db = db,
        .housekeeping = options->housekeeping ? options->housekeeping : db,
        .service = bus->service,
        .instance = bus->instance,
        .bind = bus->bind,
        .advertise_host = bus->advertise_host,
        .curve = wjz_over_tcp(bus->bind),
    };
    if (!bus->ground.zmq || zmq_ctx_set(bus->ground.zmq, ZMQ_MAX_SOCKETS, ZMQ_SOCKETS) != 0 ||
        zmq_curve_keypair(bus->ground.public_key, bus->ground.secret_key) != 0)
        return wjz_err_set(err, -EIO, "could not open bus: %s", zmq_strerror(errno));
    wjz_ground_clear_leftovers(&bus->ground);
    return bus->client ? 0 : wjz_queue_sql_for(bus->service, &bus->ground.sql, err);
}

typedef struct endpoints {
    char queue[WJZ_ENDPOINT_TEXT], request[WJZ_ENDPOINT_TEXT], publish[WJZ_ENDPOINT_TEXT];
} endpoints;

static int open_requests(wjz_bus *bus, const wjz_bus_options *options, char ret_endpoint[WJZ_ENDPOINT_TEXT],
                         wjz_err *err) {
    wjz_door_spec spec = {
        .tables = {options->requests, WJZ_DEAD_LETTER_ROUTES},
        .states = {options->state, &bus->dead_letters},
        .in_flight = BUS_IN_FLIGHT,
        .in_flight_per_sender = BUS_IN_FLIGHT,
        .name = "bus",
    };
    wjz_socket_options socket = wjz_ground_server(&bus->ground, ZMQ_ROUTER, NULL, NULL);
    int r = wjz_door_new(&bus->ground, &spec, &socket, &bus->requests, err);
    return r < 0 ? r : wjz_ground_bind(&bus->ground, wjz_door_socket(bus->requests), "request", ret_endpoint, err);
}

static int open_serving_parts(wjz_bus *bus, const wjz_bus_options *options, endpoints *ret, wjz_err *err) {
    wjz_relay_options relay = {
        .emits = options->emits,
        .lease_ms = or_default(options->lease_ms, LEASE_MS),
        .attempts = or_default(options->attempts, ATTEMPTS),
        .memory_messages = or_default(options->memory_messages, MEMORY_MESSAGES),
        .memory_bytes = options->memory_bytes ? options->memory_bytes : MEMORY_BYTES,
    };
    wjz_consumer_options consumer = {
        .routes = options->queues,
        .credit = or_default(options->credit, CREDIT),
        .workers = or_default(options->workers, WORKERS),
    };
    int r = wjz_relay_open(&bus->ground, &relay, &bus->relay, ret->queue, err);
    if (r == 0) r = wjz_consumer_open(&bus->ground, &consumer, &bus->consumer, err);
    if (r == 0) r = open_requests(bus, options, ret->request, err);
    bus->dead_letters = (wjz_dead_letters){.ground = &bus->ground, .relay = bus->relay};
    return r;
}

static int register_bus(wjz_bus *bus, const wjz_bus_options *options, const endpoints *at, wjz_err *err) {
    wjz_registry_options registry = {
        .service = bus->service,
        .name = bus->instance,
        .queue = at->queue,
        .request = at->request,
        .publish = at->publish,
        .key = bus->ground.public_key,
        .admin = options->admin ? options->admin : "",
        .heartbeat_ms = or_default(options->heartbeat_ms, HEARTBEAT_MS),
        .beaten = on_beaten,
        .arg = bus,
    };
    return wjz_registry_open(bus->ground.loop, bus->ground.housekeeping, &registry, &bus->ground.registry, err);
}

static void close_run(void *arg);

static void on_part_closed(void *arg) {
    wjz_bus *bus = arg;
    wjz_event_set(bus->ground.loop, &bus->part_closed);
}

static void wait_part(wjz_bus *bus) {
    wjz_event_wait(bus->ground.loop, &bus->part_closed);
    wjz_event_clear(&bus->part_closed);
}

/* Takes apart whatever has been put together. From a fiber. */
static void take_apart(wjz_bus *bus) {
    wjz_asker_close(&bus->asker);
    if (bus->relay) {
        wjz_relay_close(&bus->relay, on_part_closed, bus);
        wait_part(bus);
    }
    wjz_consumer_close(&bus->consumer);
    if (bus->ground.registry) {
        wjz_registry_close(&bus->ground.registry, on_part_closed, bus);
        wait_part(bus);
    }
    wjz_door_destroy(&bus->requests);
    wjz_publisher_close(&bus->publisher);
    wjz_zap_close(&bus->zap);
    /* Waits until what was sent has left, at most for the sockets' linger time. */
    if (bus->ground.zmq) zmq_ctx_term(bus->ground.zmq);
    free(bus->service);
    free(bus->instance);
    free(bus->bind);
    free(bus->advertise_host);
    free(bus);
}

int wjz_bus_open(wjz_loop *loop, wjz_db *db, const wjz_bus_options *options, wjz_bus **ret_bus, wjz_err *err) {
    wjz_bus *bus = calloc(1, sizeof *bus);
    if (!bus) return wjz_err_set(err, -ENOMEM, "could not open bus: out of memory");
    endpoints at = {.queue = ""};
    int r = lay_ground(bus, loop, db, options, err);
    if (r == 0) r = wjz_zap_open(loop, bus->ground.zmq, judge, bus, &bus->zap, err);
    if (r == 0 && !bus->client) r = open_serving_parts(bus, options, &at, err);
    if (r == 0) r = wjz_publisher_open(&bus->ground, !bus->client, &bus->publisher, at.publish, err);
    if (r == 0) r = wjz_asker_open(&bus->ground, &bus->asker, err);
    if (r == 0) r = register_bus(bus, options, &at, err);
    if (r == 0 && bus->relay) r = wjz_relay_start(bus->relay, err);
    if (r == 0 && (r = wjz_fiber_spawn(loop, close_run, bus)) < 0)
        wjz_err_set(err, r, "could not open bus: %s", strerror(-r));
    if (r < 0) {
        bus->ground.loop = loop;
        take_apart(bus);
        return r;
    }
    bus->ready = true;
    *ret_bus = bus;
    return 0;
}

int wjz_bus_start(wjz_bus *bus, void *state, wjz_err *err) {
    if (bus->client) return wjz_err_set(err, -EINVAL, "cannot start to serve: the bus was opened as a client");
    int r = wjz_consumer_start(bus->consumer, state, err);
    if (r == 0) wjz_door_start(bus->requests, state);
    return r;
}

/* --- closing --- */

int wjz_bus_drain(wjz_bus *bus, uint64_t ms) {
    int r = bus->consumer ? wjz_consumer_drain(bus->consumer, ms) : 0;
    int r2 = bus->requests ? wjz_door_drain(bus->requests, ms) : 0;
    return r < 0 ? r : r2;
}

/* The fiber that will close the bus, there from the beginning so that closing cannot fail. */
static void close_run(void *arg) {
    wjz_bus *bus = arg;
    wjz_event_wait(bus->ground.loop, &bus->close_asked);
    assert(!bus->doors && "doors are closed before their bus");
    if (wjz_bus_drain(bus, CLOSE_DRAIN_MS) < 0)
        wjz_log_warn("handlers still run", "service=%s waited_ms=%d", bus->service, CLOSE_DRAIN_MS);
    while (wjz_bus_drain(bus, CLOSE_DRAIN_MS) < 0) {
    }
    wjz_call_fn *closed = bus->closed;
    void *closed_arg = bus->closed_arg;
    take_apart(bus);
    if (closed) closed(closed_arg);
}

void wjz_bus_close(wjz_bus **bus, wjz_call_fn *closed, void *arg) {
    wjz_bus *closing = WJZ_STEAL(*bus);
    closing->ready = false;
    closing->closed = closed;
    closing->closed_arg = arg;
    wjz_event_set(closing->ground.loop, &closing->close_asked);
}

/* --- using --- */

bool wjz_bus_ready(const wjz_bus *bus) {
    return bus->ready;
}

uint32_t wjz_bus_instance_number(const wjz_bus *bus) {
    return wjz_registry_number(bus->ground.registry);
}

int wjz_bus_emit_fresh(wjz_bus *bus, wjz_tx *tx, int32_t region, const ProtobufCMessage *body,
                       const ProtobufCMessage *fresh, wjz_err *err) {
    if (!bus->relay) return wjz_err_set(err, -ENOENT, "cannot emit %s: a client has no outbox", body->descriptor->name);
    return wjz_relay_emit(bus->relay, tx, region, body, fresh, err);
}

int wjz_bus_emit(wjz_bus *bus, wjz_tx *tx, int32_t region, const ProtobufCMessage *body, wjz_err *err) {
    return wjz_bus_emit_fresh(bus, tx, region, body, NULL, err);
}

int wjz_bus_emit_row(wjz_bus *bus, wjz_tx *tx, int32_t region, const ProtobufCMessage *body,
                     const ProtobufCMessage *fresh, wjz_param params[WJZ_OUTBOX_PARAMS], wjz_err *err) {
    if (!bus->relay) return wjz_err_set(err, -ENOENT, "cannot emit %s: a client has no outbox", body->descriptor->name);
    return wjz_relay_emit_row(bus->relay, tx, region, body, fresh, params, err);
}

int wjz_bus_request(wjz_bus *bus, const char *service, int32_t region, const ProtobufCMessage *body, int64_t timeout_ms,
                    const ProtobufCMessageDescriptor *reply_type, wjz_arena *arena, const ProtobufCMessage **ret_reply,
                    wjz_refusal *ret_refusal, wjz_err *err) {
    wjz_question question = {service, region, body, timeout_ms, reply_type, arena};
    return wjz_asker_ask(bus->asker, &question, ret_reply, ret_refusal, err);
}

void wjz_bus_publish(wjz_bus *bus, int32_t region, const ProtobufCMessage *body) {
    wjz_publisher_publish(bus->publisher, region, body);
}

int wjz_bus_subscribe(wjz_bus *bus, const ProtobufCMessageDescriptor *type, wjz_publication_fn *fn, void *arg,
                      wjz_err *err) {
    return wjz_publisher_subscribe(bus->publisher, type, fn, arg, err);
}

void wjz_bus_unsubscribe(wjz_bus *bus, const void *arg) {
    wjz_publisher_unsubscribe(bus->publisher, arg);
}
