/* The other side of a door: questions over one DEALER, answers to the fibers that wait for them. */
#include "wjz/door_client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/answer.h"
#include "runtime/idmap.h"
#include "runtime/key_file.h"
#include "runtime/wire.h"
#include "wjz/clock.h"
#include "wjz/id.h"

/* A fiber that waits; lives on its stack. */
typedef struct waiter {
    wjz_event event;
    zmq_msg_t answer;
    bool answered;
} waiter;

struct wjz_door_client {
    wjz_loop *loop;
    void *zmq;
    wjz_socket *socket;
    wjz_idmap waiting;
    char endpoint[256];
};

int wjz_door_make_key(const char *path, char ret_public_key[WJZ_DOOR_KEY_TEXT], wjz_err *err) {
    char secret_key[WJZ_KEY_TEXT];
    return wjz_key_file_load(path, ret_public_key, secret_key, err);
}

static void on_frames(void *arg, zmq_msg_t *frames, int count) {
    wjz_door_client *client = arg;
    wjz_envelope envelope;
    if (count != 1 || wjz_envelope_read(zmq_msg_data(&frames[0]), zmq_msg_size(&frames[0]), &envelope, NULL) < 0)
        return;
    waiter *self = wjz_idmap_take(&client->waiting, envelope.id);
    if (!self) return; /* came too late */
    zmq_msg_move(&self->answer, &frames[0]);
    self->answered = true;
    wjz_event_set(client->loop, &self->event);
}

int wjz_door_connect(wjz_loop *loop, const char *endpoint, const char *server_key, const char *key_file,
                     wjz_door_client **ret_client, wjz_err *err) {
    char public_key[WJZ_KEY_TEXT], secret_key[WJZ_KEY_TEXT];
    bool curve = server_key && *server_key;
    if (curve != (key_file != NULL))
        return wjz_err_set(err, -EINVAL,
                           "a door with CURVE needs its public key and a key file of ours, one without neither");
    int r = curve ? wjz_key_file_load(key_file, public_key, secret_key, err) : 0;
    if (r < 0) return r;
    WJZ_CLEANUP(wjz_door_disconnect) wjz_door_client *client = calloc(1, sizeof *client);
    if (!client) return -ENOMEM;
    client->loop = loop;
    snprintf(client->endpoint, sizeof client->endpoint, "%s", endpoint);
    client->zmq = zmq_ctx_new();
    if (!client->zmq) return wjz_err_set(err, -ENOMEM, "could not start ZeroMQ");
    const wjz_socket_options options = {
        .type = ZMQ_DEALER,
        .received = on_frames,
        .arg = client,
        .public_key = curve ? public_key : NULL,
        .secret_key = curve ? secret_key : NULL,
    };
    r = wjz_socket_open(loop, client->zmq, &options, &client->socket, err);
    if (r >= 0) r = wjz_socket_connect(client->socket, endpoint, curve ? server_key : "", err);
    if (r < 0) return r;
    wjz_socket_read(client->socket, true);
    *ret_client = WJZ_STEAL(client);
    return 0;
}

void wjz_door_disconnect(wjz_door_client **client) {
    if (!*client) return;
    wjz_socket_close(&(*client)->socket);
    if ((*client)->zmq) zmq_ctx_term((*client)->zmq);
    wjz_idmap_clear(&(*client)->waiting);
    free(*client);
    *client = NULL;
}

static int send_question(wjz_door_client *client, uint64_t id, int32_t region, const ProtobufCMessage *body,
                         int64_t timeout_ms, wjz_err *err) {
    uint8_t *data;
    size_t length;
    int r = wjz_envelope_pack(id, region, wjz_clock_us() + timeout_ms * 1000, body, &data, &length);
    if (r < 0) return wjz_err_set(err, r, "could not ask %s: out of memory", client->endpoint);
    r = wjz_socket_send(client->socket, (const wjz_blob[]){{data, length}}, 1);
    free(data);
    return r < 0 ? wjz_err_set(err, -ETIMEDOUT, "could not ask %s: it takes no more questions", client->endpoint) : 0;
}

int wjz_door_ask(wjz_door_client *client, int32_t region, const ProtobufCMessage *body, int64_t timeout_ms,
                 const ProtobufCMessageDescriptor *reply_type, wjz_arena *arena, const ProtobufCMessage **ret_reply,
                 wjz_refusal *ret_refusal, wjz_err *err) {
    waiter self = {0};
    uint64_t id = (uint64_t)wjz_id_next();
    if (wjz_idmap_put(&client->waiting, id, &self) < 0)
        return wjz_err_set(err, -ENOMEM, "could not ask: out of memory");
    zmq_msg_init(&self.answer);
    int r = send_question(client, id, region, body, timeout_ms, err);
    if (r == 0 && wjz_event_wait_ms(client->loop, &self.event, (uint64_t)timeout_ms) < 0)
        r = wjz_err_set(err, -ETIMEDOUT, "%s did not answer within %" PRId64 " ms: is it up, and is our key admitted?",
                        client->endpoint, timeout_ms);
    if (r == 0)
        r = wjz_answer_read(zmq_msg_data(&self.answer), zmq_msg_size(&self.answer), client->endpoint, reply_type, arena,
                            ret_reply, ret_refusal, err);
    if (!self.answered) wjz_idmap_take(&client->waiting, id);
    zmq_msg_close(&self.answer);
    return r;
}
