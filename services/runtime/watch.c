/* Watch: a handshake that fails and a frame that is too large end inside ZeroMQ, which tells only its monitor. Here
 * they are counted, so that somebody who hammers on a door is seen. The monitor is also the first to know that a peer
 * is gone: the kernel closes a killed process's connections, long before anybody misses its heartbeat. */
#include "runtime/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/metrics.h"

enum {
    REFUSED = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
              ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_ACCEPT_FAILED,
};

struct wjz_watch {
    void *watched;
    wjz_socket *monitor;
    wjz_ended_fn *ended;
    void *arg;
    wjz_metric *accepted, *refused, *lost;
};

/* The first frame is the event's number, of 16 bits, and its value, of 32: the descriptor of the connection. */
static void on_event(void *arg, zmq_msg_t *frames, int count) {
    const wjz_watch *watch = arg;
    uint16_t event;
    uint32_t value;
    if (count != 2 || zmq_msg_size(&frames[0]) < sizeof event + sizeof value) return;
    const char *data = zmq_msg_data(&frames[0]);
    memcpy(&event, data, sizeof event);
    memcpy(&value, data + sizeof event, sizeof value);
    wjz_metric *met = event == ZMQ_EVENT_ACCEPTED       ? watch->accepted
                      : event == ZMQ_EVENT_DISCONNECTED ? watch->lost
                      : (event & REFUSED) != 0          ? watch->refused
                                                        : NULL;
    if (met) wjz_count(met, 1);
    if (event == ZMQ_EVENT_DISCONNECTED && watch->ended) watch->ended(watch->arg, (int)value);
}

static wjz_metric *counter(const char *name, const char *event) {
    char labels[160];
    snprintf(labels, sizeof labels, "door=\"%.60s\",event=\"%s\"", name, event);
    return wjz_counter("wjz_connections_total", labels, "connections accepted, refused in their handshake, ended");
}

int wjz_watch_open(wjz_loop *loop, void *zmq, void *watched, const wjz_socket_options *of, wjz_watch **ret_watch,
                   wjz_err *err) {
    static unsigned made;
    char endpoint[64];
    wjz_watch *watch = calloc(1, sizeof *watch);
    if (!watch) return wjz_err_set(err, -ENOMEM, "could not watch connections: out of memory");
    *watch = (wjz_watch){.watched = watched,
                         .ended = of->ended,
                         .arg = of->arg,
                         .accepted = counter(of->name, "accepted"),
                         .refused = counter(of->name, "refused"),
                         .lost = counter(of->name, "ended")};
    snprintf(endpoint, sizeof endpoint, "inproc://watch-%u", made++);
    /* Without a window: ZeroMQ's own thread, which tells of the events, would wait for room in it. */
    wjz_socket_options options = {.type = ZMQ_PAIR, .received = on_event, .arg = watch, .receive_window = -1};
    int r = 0;
    if (zmq_socket_monitor(watched, endpoint, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | REFUSED) != 0)
        r = wjz_err_set(err, -errno, "could not watch connections: %s", zmq_strerror(errno));
    if (r == 0) r = wjz_socket_open(loop, zmq, &options, &watch->monitor, err);
    if (r == 0) r = wjz_socket_connect(watch->monitor, endpoint, "", err);
    if (r < 0) {
        wjz_watch_close(&watch);
        return r;
    }
    wjz_socket_read(watch->monitor, true);
    *ret_watch = watch;
    return 0;
}

void wjz_watch_close(wjz_watch **watch) {
    wjz_watch *closing = *watch;
    *watch = NULL;
    if (!closing) return;
    (void)zmq_socket_monitor(closing->watched, NULL, 0); /* first, or ZeroMQ would wait for a listener */
    wjz_socket_close(&closing->monitor);
    free(closing);
}
