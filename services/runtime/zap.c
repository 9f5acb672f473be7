/* ZAP handler on the loop instead of czmq's zauth actor: the allow list lives in the store and changes while we run,
 * and a key that is not on it yet may belong to an instance that registered a moment ago. A ROUTER rather than a REP,
 * so that one such client does not hold up the others. */
#include "runtime/zap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/socket.h"
#include "wjz/log.h"
#include "wjz/metrics.h"

enum { WAITING = 64, ID_BYTES = 255, DOMAIN_TEXT = 64 };

/* What a request is answered by: the session's identity and the request's number. */
struct asker {
    uint8_t session[ID_BYTES], request[ID_BYTES];
    size_t session_length, request_length;
    char domain[DOMAIN_TEXT], key[WJZ_KEY_TEXT];
};

struct wjz_zap {
    wjz_socket *socket;
    wjz_zap_fn *judge;
    void *arg;
    struct asker waiting[WAITING];
    int count;
    wjz_metric *refused;
};

static void answer(wjz_zap *zap, const struct asker *asker, const char *status, const char *text, const char *user) {
    const wjz_blob reply[] = {
        {asker->session, asker->session_length},
        {"", 0},
        {"1.0", 3},
        {asker->request, asker->request_length},
        {status, 3},
        {text, strlen(text)},
        {user, strlen(user)},
        {"", 0},
    };
    /* The session may have gone meanwhile; nobody is left to be told then. */
    (void)!wjz_socket_send(zap->socket, reply, WJZ_COUNT(reply));
}

/* False when the judge wants to be asked again. */
static bool decide(wjz_zap *zap, const struct asker *asker, bool last) {
    char user[64] = "";
    int r = zap->judge(zap->arg, asker->domain, asker->key, user);
    if (r == -EAGAIN && !last) return false;
    if (r == 0) {
        answer(zap, asker, "200", "OK", user);
        return true;
    }
    wjz_count(zap->refused, 1);
    wjz_log_warn("connection refused", "domain=%s key=\"%.8s...\"", asker->domain, asker->key);
    answer(zap, asker, "400", "key not admitted", "");
    return true;
}

static bool copy(zmq_msg_t *frame, void *to, size_t room, size_t *ret_length) {
    size_t length = zmq_msg_size(frame);
    if (length > room) return false;
    memcpy(to, zmq_msg_data(frame), length);
    *ret_length = length;
    return true;
}

/* Frames: session, "", "1.0", request, domain, address, identity, mechanism, key. False when they are something else.
 */
static bool read_request(zmq_msg_t *frames, int count, struct asker *ret) {
    static const char CURVE[] = "CURVE";
    size_t length;
    *ret = (struct asker){.session_length = 0};
    return count == 9 && copy(&frames[0], ret->session, sizeof ret->session, &ret->session_length) &&
           copy(&frames[3], ret->request, sizeof ret->request, &ret->request_length) &&
           copy(&frames[4], ret->domain, sizeof ret->domain - 1, &length) &&
           zmq_msg_size(&frames[7]) == sizeof CURVE - 1 &&
           memcmp(zmq_msg_data(&frames[7]), CURVE, sizeof CURVE - 1) == 0 && zmq_msg_size(&frames[8]) == 32 &&
           zmq_z85_encode(ret->key, zmq_msg_data(&frames[8]), 32) != NULL;
}

static void on_request(void *arg, zmq_msg_t *frames, int count) {
    wjz_zap *zap = arg;
    struct asker asker;
    if (!read_request(frames, count, &asker)) return; /* only ZeroMQ itself speaks here: the handshake times out */
    bool room = zap->count < WAITING;
    if (!decide(zap, &asker, !room)) zap->waiting[zap->count++] = asker;
}

void wjz_zap_resume(wjz_zap *zap) {
    int count = zap->count;
    zap->count = 0;
    for (int i = 0; i < count; i++)
        decide(zap, &zap->waiting[i], true);
}

int wjz_zap_open(wjz_loop *loop, void *zmq, wjz_zap_fn *judge, void *arg, wjz_zap **ret_zap, wjz_err *err) {
    wjz_zap *zap = calloc(1, sizeof *zap);
    if (!zap) return wjz_err_set(err, -ENOMEM, "could not open ZAP handler: out of memory");
    *zap = (wjz_zap){.judge = judge, .arg = arg};
    zap->refused = wjz_counter("wjz_connections_refused_total", "", "CURVE handshakes of keys that are not admitted");
    wjz_socket_options options = {.type = ZMQ_ROUTER, .received = on_request, .arg = zap};
    char bound[256];
    int r = wjz_socket_open(loop, zmq, &options, &zap->socket, err);
    if (r == 0) r = wjz_socket_bind(zap->socket, "inproc://zeromq.zap.01", bound, err);
    if (r < 0) {
        wjz_zap_close(&zap);
        return r;
    }
    wjz_socket_read(zap->socket, true);
    *ret_zap = zap;
    return 0;
}

void wjz_zap_close(wjz_zap **zap) {
    wjz_zap *closing = WJZ_STEAL(*zap);
    if (!closing) return;
    wjz_socket_close(&closing->socket);
    free(closing);
}
