/* Connections: libmicrohttpd drops one that is silent, but not one that sends a byte now and then, and a few hundred of
 * those would keep everybody else out. So a request must be whole in time, and one address cannot have all places.
 * A connection that is given up is shut down; libmicrohttpd finds its end and cleans up. */
#include "runtime/http_connections.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wjz/clock.h"
#include "wjz/metrics.h"

enum { LOOK_MS = 1000, BYTES_PER_SECOND = 500 /* of a body, at least */ };

typedef struct visitor visitor;
struct visitor {
    visitor *next, **at;
    wjz_http_connections *of;
    uint8_t address[16]; /* IPv4 as mapped to IPv6; all zero: local */
    int fd;
    int64_t deadline_us; /* monotonic; 0: not waited for */
    bool encrypted;
};

struct wjz_http_connections {
    visitor *first;
    wjz_timer *timer;
    int per_address;
    int64_t patience_us;
    bool looking;
    wjz_metric *crowding, *slow;
};

/* False for what has no address: whoever may open a local socket is trusted. */
static bool read_address(const struct sockaddr *from, uint8_t to[16]) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    memset(to, 0, 16);
    if (from && from->sa_family == AF_INET) {
        memcpy(to, mapped, sizeof mapped);
        memcpy(to + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
    } else if (from && from->sa_family == AF_INET6) {
        memcpy(to, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
    } else {
        return false;
    }
    return true;
}

static visitor *visitor_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* Watching for edges, libmicrohttpd overlooks an end that came at once with what was sent before it. */
static bool has_left(const visitor *it) {
    char byte;
    return it->deadline_us && recv(it->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* --- who may connect --- */

enum MHD_Result wjz_http_connections_admit(void *arg, const struct sockaddr *from, WJZ_UNUSED socklen_t length) {
    wjz_http_connections *connections = arg;
    uint8_t address[16];
    if (connections->per_address == 0 || !read_address(from, address)) return MHD_YES;
    int same = 0;
    for (const visitor *it = connections->first; it; it = it->next)
        same += memcmp(it->address, address, sizeof address) == 0 && !has_left(it);
    if (same < connections->per_address) return MHD_YES;
    wjz_count(connections->crowding, 1);
    return MHD_NO;
}

static void *visitor_new(wjz_http_connections *connections, struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    visitor *made = calloc(1, sizeof *made);
    if (!made || !fd) {
        free(made);
        return NULL; /* out of memory: only silence ends it then */
    }
    *made = (visitor){.next = connections->first, .at = &connections->first, .of = connections, .fd = fd->connect_fd};
    made->encrypted = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION) != NULL;
    read_address(peer ? peer->client_addr : NULL, made->address);
    if (made->next) made->next->at = &made->next;
    connections->first = made;
    if (!connections->looking) wjz_timer_again(connections->timer, LOOK_MS);
    connections->looking = true;
    return made;
}

static void visitor_free(visitor *ended) {
    *ended->at = ended->next;
    if (ended->next) ended->next->at = ended->at;
    free(ended);
}

void wjz_http_connections_notify(void *arg, struct MHD_Connection *connection, void **context,
                                 enum MHD_ConnectionNotificationCode what) {
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        visitor *made = visitor_new(arg, connection);
        *context = made;
        if (made) made->deadline_us = wjz_clock_monotonic_us() + made->of->patience_us;
    } else if (*context) {
        visitor_free(*context);
        *context = NULL;
    }
}

/* --- how long they may take --- */

void wjz_http_connection_await(struct MHD_Connection *connection) {
    visitor *it = visitor_of(connection);
    if (it) it->deadline_us = wjz_clock_monotonic_us() + it->of->patience_us;
}

void wjz_http_connection_progress(struct MHD_Connection *connection, size_t bytes) {
    visitor *it = visitor_of(connection);
    if (it && it->deadline_us) it->deadline_us += (int64_t)bytes * (WJZ_SECOND_US / BYTES_PER_SECOND);
}

void wjz_http_connection_heard(struct MHD_Connection *connection) {
    visitor *it = visitor_of(connection);
    if (it) it->deadline_us = 0;
}

static void give_up(visitor *late) {
    static const char answer[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    late->deadline_us = 0;
    wjz_count(late->of->slow, 1);
    if (!late->encrypted) (void)!send(late->fd, answer, sizeof answer - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(late->fd, SHUT_RDWR);
}

static void look(void *arg) {
    wjz_http_connections *connections = arg;
    int64_t now_us = wjz_clock_monotonic_us();
    for (visitor *it = connections->first; it; it = it->next) {
        if (has_left(it))
            shutdown(it->fd, SHUT_RDWR);
        else if (it->deadline_us && it->deadline_us < now_us)
            give_up(it);
    }
    connections->looking = connections->first != NULL;
    if (connections->looking) wjz_timer_again(connections->timer, LOOK_MS);
}

/* --- lifetime --- */

static wjz_metric *refused(const char *reason) {
    return wjz_counter("wjz_http_connections_refused_total", reason, "HTTP connections given up");
}

int wjz_http_connections_new(wjz_loop *loop, int per_address, uint64_t patience_ms,
                             wjz_http_connections **ret_connections) {
    wjz_http_connections *connections = calloc(1, sizeof *connections);
    if (!connections) return -ENOMEM;
    *connections = (wjz_http_connections){.per_address = per_address,
                                          .patience_us = (int64_t)patience_ms * 1000,
                                          .crowding = refused("reason=\"address\""),
                                          .slow = refused("reason=\"slow\"")};
    int r = wjz_timer_open(loop, LOOK_MS, 0, look, connections, &connections->timer);
    if (r < 0) {
        free(connections);
        return r;
    }
    connections->looking = true;
    *ret_connections = connections;
    return 0;
}

void wjz_http_connections_destroy(wjz_http_connections **connections) {
    wjz_http_connections *destroyed = WJZ_STEAL(*connections);
    if (!destroyed) return;
    while (destroyed->first)
        visitor_free(destroyed->first);
    wjz_timer_close(&destroyed->timer);
    free(destroyed);
}
