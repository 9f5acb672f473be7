/* The one file that knows that a ZeroMQ descriptor is edge-triggered: it says only that something may have changed
 * since ZMQ_EVENTS was read or a receive found nothing, and every send and receive may swallow the sign. So after each
 * of them the socket is pumped until there is nothing, from a deferred call. To ask costs a system call or two each
 * time: a receive that finds nothing has asked already. */
#include "runtime/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/watch.h"
#include "runtime/wire.h"
#include "wjz/log.h"

enum { TURN = 256 /* messages received before others get their turn */ };
/* A peer that is gone must not hold up the end of the process. */
enum { LINGER_MS = 300, HANDSHAKE_MS = 5000, BEAT_MS = 2000, BEAT_TIMEOUT_MS = 6000 };

struct wjz_socket {
    wjz_loop *loop;
    void *zmq; /* NULL once closed */
    wjz_poll *poll;
    wjz_socket_options options;
    wjz_watch *watch; /* NULL: none */
    char *file;       /* to be removed at the end; NULL: none */
    bool reading;
    bool blocked;  /* a send got -EAGAIN */
    bool deferred; /* a pump is on its way: it frees a socket that was closed meanwhile */
    bool pumping;
};

static void release(wjz_socket *socket) {
    if (!socket->zmq && !socket->deferred && !socket->pumping) free(socket);
}

/* Receives one message as a whole. Frames beyond WJZ_SOCKET_FRAMES are read and thrown away. Returns the number of
 * frames it had, -EAGAIN when there is none. */
static int receive(wjz_socket *socket, zmq_msg_t frames[WJZ_SOCKET_FRAMES]) {
    int count = 0;
    for (bool more = true; more; count++) {
        zmq_msg_t spare, *frame = count < WJZ_SOCKET_FRAMES ? &frames[count] : &spare;
        zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket->zmq, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(frame);
            if (errno == EINTR && count == 0) return -EAGAIN;
            return count == 0 ? -EAGAIN : count;
        }
        more = zmq_msg_more(frame);
        if (frame == &spare) zmq_msg_close(frame);
    }
    return count;
}

static int receive_and_hand_over(wjz_socket *socket) {
    zmq_msg_t frames[WJZ_SOCKET_FRAMES];
    int count = receive(socket, frames);
    if (count < 0) return count;
    socket->options.received(socket->options.arg, frames, count);
    for (int i = 0; i < count && i < WJZ_SOCKET_FRAMES; i++)
        zmq_msg_close(&frames[i]);
    return 0;
}

static int events_of(wjz_socket *socket) {
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket->zmq, ZMQ_EVENTS, &events, &size) == 0 ? events : 0;
}

static void pump_soon(wjz_socket *socket);

/* For who waits to send. Whether there is something to do now. */
static bool heed_events(wjz_socket *socket) {
    int events = events_of(socket);
    if (!(events & ZMQ_POLLOUT) || !socket->blocked) return socket->reading && (events & ZMQ_POLLIN);
    socket->blocked = false;
    if (socket->options.writable) socket->options.writable(socket->options.arg);
    return true;
}

static void pump(wjz_socket *socket) {
    if (!socket->zmq || socket->pumping) return;
    socket->pumping = true;
    int turn = TURN;
    while (socket->zmq && socket->reading && turn > 0 && receive_and_hand_over(socket) == 0)
        turn--;
    bool again = turn == 0;
    if (socket->zmq && (socket->blocked || !socket->reading)) again = heed_events(socket) || again;
    socket->pumping = false;
    if (socket->zmq && again) pump_soon(socket);
    release(socket);
}

static void on_deferred(void *arg) {
    wjz_socket *socket = arg;
    socket->deferred = false;
    if (socket->zmq)
        pump(socket);
    else
        release(socket);
}

static void pump_soon(wjz_socket *socket) {
    if (socket->deferred || socket->pumping) return;
    if (wjz_loop_defer(socket->loop, on_deferred, socket) == 0) socket->deferred = true;
}

static void on_poll(void *arg, int events) {
    (void)events;
    pump(arg);
}

static int set_int(void *zmq, int option, int value) {
    return zmq_setsockopt(zmq, option, &value, sizeof value);
}

static int set_text(void *zmq, int option, const char *text) {
    return zmq_setsockopt(zmq, option, text, strlen(text));
}

static int window(int wanted) {
    return wanted < 0 ? 0 : wanted == 0 ? 1000 : wanted;
}

static int set_options(void *zmq, const wjz_socket_options *options) {
    int64_t limit = options->frame_limit ? (int64_t)options->frame_limit : WJZ_BUS_FRAME;
    int r = zmq_setsockopt(zmq, ZMQ_MAXMSGSIZE, &limit, sizeof limit);
    r |= set_int(zmq, ZMQ_LINGER, LINGER_MS);
    r |= set_int(zmq, ZMQ_SNDHWM, window(options->send_window));
    r |= set_int(zmq, ZMQ_RCVHWM, window(options->receive_window));
    r |= set_int(zmq, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    r |= set_int(zmq, ZMQ_HEARTBEAT_IVL, BEAT_MS);
    r |= set_int(zmq, ZMQ_HEARTBEAT_TIMEOUT, BEAT_TIMEOUT_MS);
    r |= set_int(zmq, ZMQ_RECONNECT_IVL, 50);
    r |= set_int(zmq, ZMQ_RECONNECT_IVL_MAX, 1000);
    r |= set_int(zmq, ZMQ_IPV6, 1);
    if (options->type == ZMQ_ROUTER) r |= set_int(zmq, ZMQ_ROUTER_MANDATORY, 1);
    if (options->probe) r |= set_int(zmq, ZMQ_PROBE_ROUTER, 1);
    if (!options->secret_key) return r;
    r |= set_text(zmq, ZMQ_CURVE_SECRETKEY, options->secret_key);
    if (options->domain) {
        r |= set_int(zmq, ZMQ_CURVE_SERVER, 1);
        r |= set_text(zmq, ZMQ_ZAP_DOMAIN, options->domain);
    } else {
        r |= set_text(zmq, ZMQ_CURVE_PUBLICKEY, options->public_key);
    }
    return r;
}

int wjz_socket_open(wjz_loop *loop, void *zmq, const wjz_socket_options *options, wjz_socket **ret_socket,
                    wjz_err *err) {
    wjz_socket *socket = calloc(1, sizeof *socket);
    if (!socket) return wjz_err_set(err, -ENOMEM, "could not open socket: out of memory");
    *socket = (wjz_socket){.loop = loop, .options = *options, .zmq = zmq_socket(zmq, options->type)};
    int fd = -1, r = 0;
    size_t size = sizeof fd;
    if (!socket->zmq || set_options(socket->zmq, options) != 0 || zmq_getsockopt(socket->zmq, ZMQ_FD, &fd, &size) != 0)
        r = wjz_err_set(err, -errno, "could not open socket: %s", zmq_strerror(errno));
    if (r == 0) {
        r = wjz_poll_open(loop, fd, on_poll, socket, &socket->poll);
        if (r < 0) wjz_err_set(err, r, "could not watch socket: %s", strerror(-r));
    }
    if (r == 0 && options->name) r = wjz_watch_open(loop, zmq, socket->zmq, options, &socket->watch, err);
    if (r < 0) {
        wjz_socket_close(&socket);
        return r;
    }
    /* The keys belong to the caller and have been handed over. */
    socket->options.public_key = socket->options.secret_key = socket->options.domain = socket->options.name = NULL;
    wjz_poll_watch(socket->poll, WJZ_READABLE);
    *ret_socket = socket;
    return 0;
}

void wjz_socket_close(wjz_socket **socket) {
    wjz_socket *closing = *socket;
    *socket = NULL;
    if (!closing) return;
    wjz_poll_close(&closing->poll);
    wjz_watch_close(&closing->watch);
    if (closing->zmq) zmq_close(closing->zmq);
    closing->zmq = NULL;
    if (closing->file) unlink(closing->file);
    free(closing->file);
    closing->file = NULL;
    release(closing);
}

/* ZeroMQ tells an IPv4 address as an IPv6 one, tcp://[::ffff:10.0.0.1]:7311, which a peer without IPv6 cannot use. */
static void unmap_ipv4(char bound[256]) {
    static const char MAPPED[] = "tcp://[::ffff:";
    size_t mapped = sizeof MAPPED - 1, plain = strlen("tcp://");
    char *end = strchr(bound, ']');
    if (strncmp(bound, MAPPED, mapped) != 0 || !end || !memchr(bound, '.', (size_t)(end - bound))) return;
    memmove(end, end + 1, strlen(end));
    memmove(bound + plain, bound + mapped, strlen(bound + mapped) + 1);
}

int wjz_socket_bind(wjz_socket *socket, const char *endpoint, char ret_bound[256], wjz_err *err) {
    mode_t mask = umask(077);
    int r = zmq_bind(socket->zmq, endpoint);
    int error = errno;
    umask(mask);
    if (r != 0) return wjz_err_set(err, -error, "could not bind \"%s\": %s", endpoint, zmq_strerror(error));
    size_t size = 256;
    if (zmq_getsockopt(socket->zmq, ZMQ_LAST_ENDPOINT, ret_bound, &size) != 0)
        return wjz_err_set(err, -errno, "could not bind \"%s\": its name is too long", endpoint);
    unmap_ipv4(ret_bound);
    pump_soon(socket);
    return 0;
}

void wjz_socket_own_file(wjz_socket *socket, const char *bound) {
    socket->file = strdup(bound + strlen("ipc://")); /* else it stays, as after a crash */
}

int wjz_socket_connect(wjz_socket *socket, const char *endpoint, const char *server_key, wjz_err *err) {
    /* One socket may have peers with and without CURVE: what counts is what is set at the time of the connect. */
    if (!server_key[0])
        set_int(socket->zmq, ZMQ_CURVE_SERVER, 0);
    else if (set_text(socket->zmq, ZMQ_CURVE_SERVERKEY, server_key) != 0)
        return wjz_err_set(err, -EINVAL, "cannot connect to \"%s\": \"%s\" is no CURVE key", endpoint, server_key);
    if (zmq_connect(socket->zmq, endpoint) != 0)
        return wjz_err_set(err, -errno, "could not connect to \"%s\": %s", endpoint, zmq_strerror(errno));
    pump_soon(socket);
    return 0;
}

void wjz_socket_disconnect(wjz_socket *socket, const char *endpoint) {
    zmq_disconnect(socket->zmq, endpoint);
    pump_soon(socket);
}

void wjz_socket_subscribe(wjz_socket *socket, const char *topic) {
    set_text(socket->zmq, ZMQ_SUBSCRIBE, topic);
    pump_soon(socket);
}

void wjz_socket_read(wjz_socket *socket, bool on) {
    socket->reading = on;
    if (on) pump_soon(socket);
}

int wjz_socket_connection(zmq_msg_t *frame) {
    return zmq_msg_get(frame, ZMQ_SRCFD);
}

static int send_frames(void *zmq, const wjz_blob *frames, int count) {
    for (int i = 0; i < count; i++) {
        int flags = ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0);
        if (zmq_send(zmq, frames[i].data, frames[i].length, flags) < 0) return -errno;
    }
    return 0;
}

int wjz_socket_send(wjz_socket *socket, const wjz_blob *frames, int count) {
    int r = send_frames(socket->zmq, frames, count);
    if (r == -EAGAIN) socket->blocked = true;
    pump_soon(socket);
    return r;
}
