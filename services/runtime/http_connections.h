/* The connections of an HTTP server: how many one address may have, and how long one may take to say what it wants. */
#ifndef RUNTIME_HTTP_CONNECTIONS_H
#define RUNTIME_HTTP_CONNECTIONS_H

#include <microhttpd.h>

#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_http_connections wjz_http_connections;

/* per_address: most at once, 0: no limit. patience_ms: for the head of a request, or the beginning of its body.
 * -ENOMEM. */
WJZ_MUST_CHECK int wjz_http_connections_new(wjz_loop *loop, int per_address, uint64_t patience_ms,
                                            wjz_http_connections **ret_connections);
/* Once the server is stopped. Nulls *connections; accepts *connections == NULL. */
void wjz_http_connections_destroy(wjz_http_connections **connections);

/* For MHD_start_daemon and MHD_OPTION_NOTIFY_CONNECTION; arg: the connections. */
enum MHD_Result wjz_http_connections_admit(void *arg, const struct sockaddr *address, socklen_t length);
void wjz_http_connections_notify(void *arg, struct MHD_Connection *connection, void **context,
                                 enum MHD_ConnectionNotificationCode what);

/* The connection has time again: for a head, or for a body that has begun. */
void wjz_http_connection_await(struct MHD_Connection *connection);
/* More of the body has come, which gives it more time. */
void wjz_http_connection_progress(struct MHD_Connection *connection, size_t bytes);
/* It is not waited for any more: the request is whole. */
void wjz_http_connection_heard(struct MHD_Connection *connection);

#endif
