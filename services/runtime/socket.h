/* A ZeroMQ socket on the loop. */
#ifndef WJZ_RUNTIME_SOCKET_H
#define WJZ_RUNTIME_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#include "wjz/db.h"
#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_socket wjz_socket;

enum { WJZ_KEY_TEXT = 41 /* a CURVE key as Z85, and NUL */, WJZ_SOCKET_FRAMES = 10 /* those beyond are not kept */ };

/* A message of count frames has come, of which the first WJZ_SOCKET_FRAMES are there. The frames are closed after the
 * call; who keeps one moves it out with zmq_msg_move. May close the socket. */
typedef void wjz_socket_fn(void *arg, zmq_msg_t *frames, int count);
/* The connection over this descriptor, which wjz_socket_connection told of its frames, has ended. What it brought
 * before may still come after this, and its number may be another connection's already. May not close the socket. */
typedef void wjz_ended_fn(void *arg, int connection);

typedef struct wjz_socket_options {
    int type; /* ZMQ_ROUTER ... */
    wjz_socket_fn *received;
    wjz_call_fn *writable; /* after a send got -EAGAIN: it is worth trying again; may be NULL */
    wjz_ended_fn *ended;   /* of a server with a name; may be NULL */
    void *arg;
    size_t frame_limit; /* bytes; a peer that sends more is disconnected; 0: WJZ_BUS_FRAME */
    int receive_window; /* messages per connection that wait in ZeroMQ; 0: 1000 */
    int send_window;    /* -1: without limit; 0: 1000 */
    /* CURVE: own keys, Z85; NULL: none. A server also names the ZAP domain that admits its clients. */
    const char *public_key, *secret_key;
    const char *domain;
    const char *name; /* under which a server's connections are counted; NULL: not counted */
    bool probe;       /* tells a ROUTER of each new connection by an empty message */
} wjz_socket_options;

WJZ_MUST_CHECK int wjz_socket_open(wjz_loop *loop, void *zmq, const wjz_socket_options *options,
                                   wjz_socket **ret_socket, wjz_err *err);
/* Nulls *socket; nothing is called any more. What has been sent leaves within a bounded time. Accepts *socket == NULL.
 */
void wjz_socket_close(wjz_socket **socket);

/* ret_bound: the endpoint as bound, with its port; at most 256 bytes with NUL. Files of ipc endpoints are the user's
 * alone. */
WJZ_MUST_CHECK int wjz_socket_bind(wjz_socket *socket, const char *endpoint, char ret_bound[256], wjz_err *err);
/* The bound ipc endpoint is nobody else's, now or later: its file, which ZeroMQ leaves behind, is removed on close. */
void wjz_socket_own_file(wjz_socket *socket, const char *bound);
/* server_key: "" for none. */
WJZ_MUST_CHECK int wjz_socket_connect(wjz_socket *socket, const char *endpoint, const char *server_key, wjz_err *err);
void wjz_socket_disconnect(wjz_socket *socket, const char *endpoint);
void wjz_socket_subscribe(wjz_socket *socket, const char *topic);

/* A socket begins without reading: what comes waits in ZeroMQ. */
void wjz_socket_read(wjz_socket *socket, bool on);

/* The descriptor of the connection over which the frame came; -1 when ZeroMQ does not tell. */
int wjz_socket_connection(zmq_msg_t *frame);

/* Sends the frames as one message. -EAGAIN: the peer's window is full, writable will be called; -EHOSTUNREACH: a ROUTER
 * has no such peer; nothing was sent then. */
WJZ_MUST_CHECK int wjz_socket_send(wjz_socket *socket, const wjz_blob *frames, int count);

#endif
