/* Asker: finds a living instance, asks it, and lets the fiber wait for the answer, the deadline or the instance's
 * death, whichever comes first. */
#include "runtime/asker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/answer.h"
#include "runtime/idmap.h"
#include "runtime/wire.h"
#include "wjz/clock.h"
#include "wjz/id.h"
#include "wjz/log.h"

typedef struct line {
    struct line *next;
    wjz_asker *asker;
    uint32_t number;
    wjz_socket *socket;
} line;

/* A fiber that waits; lives on its stack. */
typedef struct waiter {
    struct waiter *next, **at;
    uint64_t id;
    uint32_t number; /* of the instance asked */
    wjz_event event;
    zmq_msg_t answer;
    int result; /* 0: answered */
} waiter;

struct wjz_asker {
    const wjz_ground *ground;
    line *lines;
    waiter *waiters;
    wjz_idmap by_id;
    size_t turn;
    bool closing;
};

/* --- waiters --- */

static int waiter_enter(wjz_asker *asker, waiter *self) {
    int r = wjz_idmap_put(&asker->by_id, self->id, self);
    if (r < 0) return r;
    zmq_msg_init(&self->answer);
    self->next = asker->waiters;
    self->at = &asker->waiters;
    if (self->next) self->next->at = &self->next;
    asker->waiters = self;
    return 0;
}

static void waiter_leave(wjz_asker *asker, waiter *self) {
    wjz_idmap_take(&asker->by_id, self->id);
    *self->at = self->next;
    if (self->next) self->next->at = self->at;
    zmq_msg_close(&self->answer);
}

static void wake(wjz_asker *asker, waiter *self, int result) {
    if (self->event.set) return;
    self->result = result;
    wjz_event_set(asker->ground->loop, &self->event);
}

static void on_frames(void *arg, zmq_msg_t *frames, int count) {
    line *from = arg;
    wjz_envelope envelope;
    wjz_err err = {0};
    int r = count == 1 ? wjz_envelope_read(zmq_msg_data(&frames[0]), zmq_msg_size(&frames[0]), &envelope, &err)
                       : wjz_err_set(&err, -EBADMSG, "cannot read a message of %d frames", count);
    if (r < 0) {
        wjz_log_warn("answer ignored", "number=%" PRIu32 " error=\"%s\"", from->number, err.text);
        return;
    }
    waiter *self = wjz_idmap_get(&from->asker->by_id, envelope.id);
    if (!self || self->event.set || self->number != from->number) return; /* came too late */
    zmq_msg_move(&self->answer, &frames[0]);
    wake(from->asker, self, 0);
}

/* --- lines --- */

static void line_free(line *closing) {
    wjz_socket_close(&closing->socket);
    free(closing);
}

static int line_to(wjz_asker *asker, const wjz_peer *peer, line **ret_line, wjz_err *err) {
    for (line *known = asker->lines; known; known = known->next)
        if (known->number == peer->number) {
            *ret_line = known;
            return 0;
        }
    line *made = calloc(1, sizeof *made);
    if (!made) return wjz_err_set(err, -ENOMEM, "could not ask %s: out of memory", peer->service);
    *made = (line){.asker = asker, .number = peer->number};
    wjz_socket_options options = wjz_ground_client(asker->ground, ZMQ_DEALER, on_frames, made);
    int r = wjz_socket_open(asker->ground->loop, asker->ground->zmq, &options, &made->socket, err);
    if (r == 0) r = wjz_ground_connect(made->socket, peer->request, peer->key, err);
    if (r < 0) {
        line_free(made);
        return r;
    }
    wjz_socket_read(made->socket, true);
    made->next = asker->lines;
    asker->lines = made;
    *ret_line = made;
    return 0;
}

static bool can_ask(const wjz_peer *peer, const char *service) {
    return peer->alive && peer->request[0] && strcmp(peer->service, service) == 0;
}

/* Living instances in turn; NULL when there is none. */
static const wjz_peer *choose(wjz_asker *asker, const char *service) {
    const wjz_peer *first = wjz_registry_peers(asker->ground->registry);
    size_t count = 0;
    for (const wjz_peer *peer = first; peer; peer = peer->next)
        count += can_ask(peer, service);
    if (count == 0) return NULL;
    size_t place = asker->turn++ % count;
    for (const wjz_peer *peer = first; peer; peer = peer->next)
        if (can_ask(peer, service) && place-- == 0) return peer;
    return NULL;
}

/* --- questions --- */

static int send_question(const wjz_question *question, uint64_t id, line *to, wjz_err *err) {
    uint8_t *data;
    size_t length;
    int64_t deadline_us = wjz_clock_us() + question->timeout_ms * 1000;
    int r = wjz_envelope_pack(id, question->region, deadline_us, question->body, &data, &length);
    if (r < 0) return wjz_err_set(err, r, "could not ask %s: out of memory", question->service);
    r = wjz_socket_send(to->socket, (const wjz_blob[]){{data, length}}, 1);
    free(data);
    if (r < 0)
        return wjz_err_set(err, -EHOSTUNREACH, "could not ask %s: instance %" PRIu32 " takes no more questions",
                           question->service, to->number);
    return 0;
}

static int wait_for(wjz_asker *asker, const wjz_question *question, waiter *self, wjz_err *err) {
    uint64_t ms = question->timeout_ms > 0 ? (uint64_t)question->timeout_ms : 0;
    int r = wjz_event_wait_ms(asker->ground->loop, &self->event, ms);
    if (r == 0) r = self->result;
    if (r == -ECANCELED) return wjz_err_set(err, r, "could not ask %s: closing", question->service);
    if (r == -ECONNREFUSED)
        return wjz_err_set(err, -ETIMEDOUT, "%s did not answer: instance %" PRIu32 " has ended", question->service,
                           self->number);
    if (r < 0)
        return wjz_err_set(err, -ETIMEDOUT, "%s did not answer within %" PRId64 " ms", question->service,
                           question->timeout_ms);
    return 0;
}

int wjz_asker_ask(wjz_asker *asker, const wjz_question *question, const ProtobufCMessage **ret_reply,
                  wjz_refusal *ret_refusal, wjz_err *err) {
    if (asker->closing) return wjz_err_set(err, -ECANCELED, "could not ask %s: closing", question->service);
    const wjz_peer *peer = choose(asker, question->service);
    if (!peer) return wjz_err_set(err, -EHOSTUNREACH, "could not ask %s: no instance is running", question->service);
    line *to = NULL;
    int r = line_to(asker, peer, &to, err);
    if (r < 0) return r;
    waiter self = {.id = (uint64_t)wjz_id_next(), .number = peer->number};
    if (waiter_enter(asker, &self) < 0)
        return wjz_err_set(err, -ENOMEM, "could not ask %s: out of memory", question->service);
    r = send_question(question, self.id, to, err);
    if (r == 0) r = wait_for(asker, question, &self, err);
    if (r == 0)
        r = wjz_answer_read(zmq_msg_data(&self.answer), zmq_msg_size(&self.answer), question->service,
                            question->reply_type, question->arena, ret_reply, ret_refusal, err);
    waiter_leave(asker, &self);
    return r;
}

void wjz_asker_peers_changed(wjz_asker *asker) {
    for (line **at = &asker->lines; *at;) {
        line *known = *at;
        if (wjz_registry_find(asker->ground->registry, known->number)) {
            at = &known->next;
            continue;
        }
        *at = known->next;
        for (waiter *other = asker->waiters; other; other = other->next)
            if (other->number == known->number) wake(asker, other, -ECONNREFUSED);
        line_free(known);
    }
}

/* --- lifetime --- */

int wjz_asker_open(const wjz_ground *ground, wjz_asker **ret_asker, wjz_err *err) {
    wjz_asker *asker = calloc(1, sizeof *asker);
    if (!asker) return wjz_err_set(err, -ENOMEM, "could not open asker: out of memory");
    asker->ground = ground;
    *ret_asker = asker;
    return 0;
}

void wjz_asker_close(wjz_asker **asker) {
    wjz_asker *closing = WJZ_STEAL(*asker);
    if (!closing) return;
    closing->closing = true;
    for (waiter *other = closing->waiters; other; other = other->next)
        wake(closing, other, -ECANCELED);
    while (closing->waiters)
        wjz_fiber_yield(closing->ground->loop);
    while (closing->lines) {
        line *known = closing->lines;
        closing->lines = known->next;
        line_free(known);
    }
    wjz_idmap_clear(&closing->by_id);
    free(closing);
}
