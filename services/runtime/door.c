/* Door: every request gets exactly one answer, a reply or a typed refusal, whatever bytes it was made of. Only frames
 * that name no id at all, and questions whose deadline has passed, get none. */
#include "runtime/door.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/envelope.pb-c.h"
#include "runtime/wire.h"
#include "wjz/clock.h"
#include "wjz/log.h"
#include "wjz/metrics.h"
#include "wjz/trace.h"

enum { IN_FLIGHT = 64, PER_SENDER = 16, ARENA_LIMIT = 64 << 20, BUSY_MS = 200, SENDER_TEXT = 64 };

typedef struct door_route {
    struct door_route *next;
    const wjz_request_route *route;
    int table;
    wjz_metric *done, *refused, *seconds;
} door_route;

struct wjz_door {
    const wjz_ground *ground;
    wjz_door_spec spec;
    wjz_socket *socket;
    door_route *routes;
    wjz_call *calls; /* running */
    int running;
    size_t bytes; /* of their frames */
    bool draining;
    wjz_event over; /* set while no call runs */
    wjz_door_outside outside;
    wjz_metric *malformed, *unknown, *busy, *late;
};

struct wjz_call {
    wjz_call *next, **at; /* in the door's list */
    wjz_door *door;
    const door_route *route;
    wjz_arena *arena;
    zmq_msg_t from, frame;
    wjz_envelope envelope;
    wjz_message message;
    char sender[SENDER_TEXT];
    bool answered, refused;
};

/* --- answers --- */

static void send_answer(wjz_door *door, zmq_msg_t *from, uint64_t id, uint32_t region, const ProtobufCMessage *body) {
    uint8_t *data;
    size_t length;
    if (!door->socket || wjz_envelope_pack(id, (int32_t)region, 0, body, &data, &length) < 0) return;
    const wjz_blob frames[] = {{zmq_msg_data(from), zmq_msg_size(from)}, {data, length}};
    int r = wjz_socket_send(door->socket, frames, 2);
    /* An asker that does not read loses its answers and asks again. */
    if (r < 0 && r != -EHOSTUNREACH) wjz_log_warn("could not answer request", "error=\"%s\"", strerror(-r));
    free(data);
}

static char *text_or_empty(const char *text) {
    return (char *)(uintptr_t)(text ? text : "");
}

static void send_refusal(wjz_door *door, zmq_msg_t *from, uint64_t id, uint32_t region, const wjz_refusal *refusal) {
    Wjz__Refusal body = WJZ__REFUSAL__INIT;
    body.code = (Wjz__Refusal__Code)refusal->code;
    body.field = text_or_empty(refusal->field);
    body.value = text_or_empty(refusal->value);
    body.message = text_or_empty(refusal->message);
    body.remedy = text_or_empty(refusal->remedy);
    body.retry_after_ms = refusal->retry_after_ms;
    send_answer(door, from, id, region, &body.base);
}

int wjz_call_reply(wjz_call *call, const ProtobufCMessage *reply) {
    if (call->answered) return 0;
    call->answered = true;
    send_answer(call->door, &call->from, call->envelope.id, call->envelope.region, reply);
    return 0;
}

int wjz_call_refuse(wjz_call *call, const wjz_refusal *refusal) {
    if (call->answered) return 0;
    call->answered = call->refused = true;
    send_refusal(call->door, &call->from, call->envelope.id, call->envelope.region, refusal);
    return 0;
}

const wjz_message *wjz_call_message(const wjz_call *call) {
    return &call->message;
}

const char *wjz_call_sender(const wjz_call *call) {
    return call->sender;
}

wjz_arena *wjz_call_arena(wjz_call *call) {
    return call->arena;
}

/* --- calls --- */

static void call_free(wjz_call *call) {
    wjz_door *door = call->door;
    *call->at = call->next;
    if (call->next) call->next->at = call->at;
    wjz_arena_destroy(&call->arena);
    door->bytes -= zmq_msg_size(&call->frame);
    zmq_msg_close(&call->from);
    zmq_msg_close(&call->frame);
    free(call);
    if (--door->running > 0) return;
    wjz_event_set(door->ground->loop, &door->over);
    if (door->outside.closing) wjz_door_outside_over(door);
}

/* The body, checked as the route wants it; 0, or the answer has been given. */
static int unpack(wjz_call *call) {
    const wjz_request_route *route = call->route->route;
    const wjz_envelope *envelope = &call->envelope;
    wjz_err err = {0};
    void *body = (void *)(uintptr_t)envelope->body; /* in our own frame */
    int r = route->lax_strings ? wjz_wire_check_lax(route->type, body, envelope->body_length, &err)
                               : wjz_wire_check(route->type, body, envelope->body_length, &err);
    if (r == 0) r = wjz_wire_unpack(route->type, body, envelope->body_length, call->arena, &call->message.body, &err);
    if (r == 0) return 0;
    wjz_refusal refusal = {
        .code = r == -EMSGSIZE ? WJZ_REFUSAL_TOO_LARGE : WJZ_REFUSAL_MALFORMED,
        .field = "body",
        .message = err.text,
        .remedy = r == -EMSGSIZE ? "send fewer items in one message" : "send a well-formed message of the named type",
    };
    wjz_count(call->door->malformed, 1);
    wjz_call_refuse(call, &refusal);
    return r;
}

static void run_call(wjz_call *call) {
    wjz_door *door = call->door;
    const wjz_request_route *route = call->route->route;
    char trace[64];
    wjz_trace_continue(wjz_envelope_trace(&call->envelope, trace));
    if (unpack(call) < 0) return;
    wjz_err err = {0};
    int r = route->handler(call, door->spec.states[call->route->table], &err);
    if (r < 0 || !call->answered)
        wjz_log_error("request failed", "type=%s id=%" PRIu64 " error=\"%s\"", route->type->name, call->envelope.id,
                      r < 0 ? (err.text[0] ? err.text : strerror(-r)) : "no answer");
    wjz_refusal refusal = {.code = WJZ_REFUSAL_INTERNAL, .message = "the request failed inside the service"};
    if (r == -EAGAIN || r == -ECONNRESET || r == -ETIMEDOUT)
        refusal = (wjz_refusal){.code = WJZ_REFUSAL_RETRY_LATER,
                                .message = "the database is away",
                                .remedy = "ask again after the given time",
                                .retry_after_ms = 1000};
    wjz_call_refuse(call, &refusal); /* unless it was answered */
}

static void on_call(void *arg) {
    wjz_call *call = arg;
    const door_route *route = call->route;
    int64_t began_us = wjz_clock_monotonic_us();
    run_call(call);
    wjz_count(call->refused ? route->refused : route->done, 1);
    wjz_observe(route->seconds, (uint64_t)(wjz_clock_monotonic_us() - began_us));
    call_free(call);
}

static const door_route *route_of(const wjz_door *door, const wjz_envelope *envelope) {
    const door_route *route = door->routes;
    while (route && !wjz_envelope_is(envelope, route->route->type))
        route = route->next;
    return route;
}

/* What ZAP knew the connection's key as; none without CURVE. */
static void read_sender(zmq_msg_t *frame, char sender[SENDER_TEXT]) {
    const char *user = zmq_msg_gets(frame, "User-Id");
    snprintf(sender, SENDER_TEXT, "%s", user && user[0] ? user : "local");
}

/* One request alone is never too large: how large it may be, the socket knows. */
static bool is_beyond(size_t limit, size_t held, size_t more) {
    return limit != 0 && held != 0 && held + more > limit;
}

static bool is_busy(const wjz_door *door, const char *sender, size_t length) {
    const wjz_door_spec *spec = &door->spec;
    if (door->draining || door->running >= spec->in_flight || is_beyond(spec->bytes, door->bytes, length)) return true;
    int same = 0;
    size_t bytes = 0;
    for (const wjz_call *call = door->calls; call; call = call->next) {
        if (strcmp(call->sender, sender) != 0) continue;
        same++;
        bytes += zmq_msg_size(&call->frame);
    }
    return same >= spec->in_flight_per_sender || is_beyond(spec->bytes_per_sender, bytes, length);
}

/* What keeps a request from being carried out at all; false when nothing does. */
static bool fault_of(wjz_door *door, const wjz_envelope *envelope, const char *sender, size_t length,
                     wjz_refusal *ret) {
    if (!route_of(door, envelope)) {
        wjz_count(door->unknown, 1);
        *ret = (wjz_refusal){.code = WJZ_REFUSAL_UNKNOWN_TYPE,
                             .field = "type",
                             .message = "no such request is answered here",
                             .remedy = "see the catalogue of messages"};
    } else if (envelope->schema != WJZ_SCHEMA) {
        *ret = (wjz_refusal){.code = WJZ_REFUSAL_INVALID,
                             .field = "schema",
                             .message = "this schema version is not known here",
                             .remedy = "send version 1"};
    } else if (is_busy(door, sender, length)) {
        wjz_count(door->busy, 1);
        *ret = (wjz_refusal){.code = WJZ_REFUSAL_RETRY_LATER,
                             .message = "too many requests are under way",
                             .remedy = "ask again after the given time",
                             .retry_after_ms = BUSY_MS};
    } else {
        return false;
    }
    return true;
}

/* Takes over the frames. */
static int call_new(wjz_door *door, zmq_msg_t *frames, const char *sender) {
    wjz_call *call = calloc(1, sizeof *call);
    if (!call) return -ENOMEM;
    call->door = door;
    call->arena = wjz_arena_new(door->spec.arena_limit);
    snprintf(call->sender, sizeof call->sender, "%s", sender);
    zmq_msg_init(&call->from);
    zmq_msg_init(&call->frame);
    call->next = door->calls;
    call->at = &door->calls;
    if (call->next) call->next->at = &call->next;
    door->calls = call;
    door->running++;
    wjz_event_clear(&door->over);
    int r = call->arena ? wjz_fiber_spawn(door->ground->loop, on_call, call) : -ENOMEM;
    if (r < 0) {
        call_free(call);
        return r;
    }
    zmq_msg_move(&call->from, &frames[0]);
    zmq_msg_move(&call->frame, &frames[1]);
    door->bytes += zmq_msg_size(&call->frame);
    /* Read before; small frames live inside the zmq_msg_t, so what points into them has moved. */
    r = wjz_envelope_read(zmq_msg_data(&call->frame), zmq_msg_size(&call->frame), &call->envelope, NULL);
    call->route = r == 0 ? route_of(door, &call->envelope) : NULL;
    call->message = (wjz_message){.id = (int64_t)call->envelope.id,
                                  .region = (int32_t)call->envelope.region,
                                  .created_at_us = call->envelope.created_at_us,
                                  .attempt = (int)call->envelope.attempt};
    return 0;
}

static void refuse_malformed(wjz_door *door, zmq_msg_t *from, const char *why) {
    wjz_count(door->malformed, 1);
    send_refusal(door, from, 0, 0,
                 &(wjz_refusal){.code = WJZ_REFUSAL_MALFORMED,
                                .message = why,
                                .remedy = "send one frame with a packed wjz.Envelope"});
}

static void on_frames(void *arg, zmq_msg_t *frames, int count) {
    wjz_door *door = arg;
    wjz_err err = {0};
    wjz_envelope envelope;
    if (count != 2) {
        refuse_malformed(door, &frames[0], "a request is one frame");
        return;
    }
    if (zmq_msg_size(&frames[1]) == 0) return; /* a peer's probe */
    if (wjz_envelope_read(zmq_msg_data(&frames[1]), zmq_msg_size(&frames[1]), &envelope, &err) < 0) {
        refuse_malformed(door, &frames[0], err.text);
        return;
    }
    if (envelope.deadline_us != 0 && envelope.deadline_us < wjz_clock_us()) {
        wjz_count(door->late, 1);
        return; /* nobody waits for it */
    }
    char sender[SENDER_TEXT];
    wjz_refusal refusal;
    read_sender(&frames[1], sender);
    if (fault_of(door, &envelope, sender, zmq_msg_size(&frames[1]), &refusal)) {
        send_refusal(door, &frames[0], envelope.id, envelope.region, &refusal);
        return;
    }
    if (call_new(door, frames, sender) == 0) return;
    wjz_count(door->busy, 1);
    send_refusal(
        door, &frames[0], envelope.id, envelope.region,
        &(wjz_refusal){.code = WJZ_REFUSAL_RETRY_LATER, .message = "out of memory", .retry_after_ms = BUSY_MS});
}

/* --- lifetime --- */

static int add_route(wjz_door *door, const wjz_request_route *route, int table) {
    door_route *added = calloc(1, sizeof *added);
    if (!added) return -ENOMEM;
    char labels[200];
    *added = (door_route){.next = door->routes, .route = route, .table = table};
    snprintf(labels, sizeof labels, "type=\"%.120s\",result=\"reply\"", route->type->name);
    added->done = wjz_counter("wjz_requests_total", labels, "requests answered");
    snprintf(labels, sizeof labels, "type=\"%.120s\",result=\"refusal\"", route->type->name);
    added->refused = wjz_counter("wjz_requests_total", labels, "requests answered");
    snprintf(labels, sizeof labels, "type=\"%.120s\"", route->type->name);
    added->seconds = wjz_histogram("wjz_request_seconds", labels, "time to answer a request");
    door->routes = added;
    return 0;
}

wjz_metric *wjz_door_refusals(const char *door, const char *reason) {
    char labels[160];
    snprintf(labels, sizeof labels, "door=\"%.60s\",reason=\"%s\"", door, reason);
    return wjz_counter("wjz_door_refused_total", labels, "requests refused before they reached a handler");
}

void wjz_door_destroy(wjz_door **destroyed) {
    wjz_door *door = WJZ_STEAL(*destroyed);
    if (!door) return;
    wjz_socket_close(&door->socket);
    while (door->routes) {
        door_route *route = door->routes;
        door->routes = route->next;
        free(route);
    }
    free(door);
}

int wjz_door_new(const wjz_ground *ground, const wjz_door_spec *spec, wjz_socket_options *options, wjz_door **ret_door,
                 wjz_err *err) {
    wjz_door *door = calloc(1, sizeof *door);
    if (!door) return wjz_err_set(err, -ENOMEM, "could not open door: out of memory");
    door->ground = ground;
    door->spec = *spec;
    if (door->spec.in_flight == 0) door->spec.in_flight = IN_FLIGHT;
    if (door->spec.in_flight_per_sender == 0) door->spec.in_flight_per_sender = PER_SENDER;
    if (door->spec.arena_limit == 0) door->spec.arena_limit = ARENA_LIMIT;
    door->over.set = true;
    door->malformed = wjz_door_refusals(spec->name, "malformed");
    door->unknown = wjz_door_refusals(spec->name, "unknown_type");
    door->busy = wjz_door_refusals(spec->name, "busy");
    door->late = wjz_door_refusals(spec->name, "deadline");
    int r = 0;
    for (int table = 0; table < 2; table++)
        for (const wjz_request_route *route = spec->tables[table]; route && route->type && r == 0; route++)
            r = add_route(door, route, table);
    if (r < 0) wjz_err_set(err, r, "could not open door: out of memory");
    options->name = spec->name;
    options->received = on_frames;
    options->arg = door;
    if (r == 0) r = wjz_socket_open(ground->loop, ground->zmq, options, &door->socket, err);
    if (r < 0) {
        wjz_door_destroy(&door);
        return r;
    }
    *ret_door = door;
    return 0;
}

wjz_socket *wjz_door_socket(wjz_door *door) {
    return door->socket;
}

wjz_door_outside *wjz_door_outside_of(wjz_door *door) {
    return &door->outside;
}

void wjz_door_start(wjz_door *door, void *state) {
    door->spec.states[0] = state;
    wjz_socket_read(door->socket, true);
}

int wjz_door_drain(wjz_door *door, uint64_t ms) {
    door->draining = true;
    return door->running == 0 ? 0 : wjz_event_wait_ms(door->ground->loop, &door->over, ms);
}

void wjz_door_refuse_new(wjz_door *door) {
    door->draining = true;
}

int wjz_door_running(const wjz_door *door) {
    return door->running;
}

const wjz_ground *wjz_door_ground(const wjz_door *door) {
    return door->ground;
}
