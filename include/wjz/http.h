/* HTTP/1.1 server (libmicrohttpd on the loop; TLS by GnuTLS). Each request runs its handler in a fiber. */
#ifndef WJZ_HTTP_H
#define WJZ_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_http wjz_http;
typedef struct wjz_request wjz_request;

/* Answers the request by exactly one wjz_respond; when it returns without, the answer is 500. */
typedef void wjz_http_fn(wjz_request *request, void *arg);

typedef struct wjz_route {
    const char *method; /* "GET"; HEAD is served by GET, OPTIONS answers Allow */
    const char *path;   /* "/v1/shelves/{shelf}/books"; a {name} matches one segment, percent-decoded */
    wjz_http_fn *handler;
    size_t body_limit; /* bytes accepted; more answers 413; 0: no body */
} wjz_route;

/* How the server's own refusals are told (no such path, a body that is too large): answers like a handler, but may not
 * wait. */
typedef struct wjz_problem wjz_problem;
typedef void wjz_http_refusal_fn(wjz_request *request, int status, const wjz_problem *problem);

typedef struct wjz_http_options {
    const char *address;   /* "127.0.0.1:8080", "[::1]:0" (0: any free port) or "unix:/path" */
    const wjz_route *routes; /* ended by a row with method NULL */
    void *arg;
    wjz_http_refusal_fn *refusal; /* NULL: wjz_respond_problem */
    const char *tls_certificate, *tls_key; /* PEM files, or both NULL */
    int connections;       /* most at once; 0: 256 */
    int connections_per_address; /* 0: no limit */
    int64_t body_budget;   /* bytes of request bodies in memory at once, all together; beyond: 503; 0: 256 MB */
    int idle_s;            /* silence after which a connection is dropped; 0: 30 */
    int patience_s;        /* in which a request's head must have come, and its body, which has a second more for every
                            * 500 bytes of it (slow-loris); beyond: 408 and the end of the connection; 0: 30 */
} wjz_http_options;

WJZ_MUST_CHECK int wjz_http_open(wjz_loop *loop, const wjz_http_options *options, wjz_http **ret_http, wjz_err *err);
/* Stops accepting, lets running handlers finish, then calls closed(arg). */
void wjz_http_close(wjz_http **http, wjz_call_fn *closed, void *arg);
/* The port it listens on, 0 for a unix socket. */
int wjz_http_port(const wjz_http *http);

/* The route that it is answered by: its place in the table tells a handler of several routes which one. */
const wjz_route *wjz_request_served_by(const wjz_request *request);
const char *wjz_request_method(const wjz_request *request);
const char *wjz_request_path(const wjz_request *request); /* decoded, without the query; "" of one that is refused for it */
const char *wjz_request_param(const wjz_request *request, const char *name); /* of the path pattern; NULL when none */
const char *wjz_request_query(const wjz_request *request, const char *name); /* first value; NULL when absent */
const char *wjz_request_header(const wjz_request *request, const char *name);
/* Field of a form of at most 256 KB (application/x-www-form-urlencoded), or one that wjz_request_read_parts has found. NULL when
 * absent. */
const char *wjz_request_form(wjz_request *request, const char *name);
const char *wjz_request_body(const wjz_request *request, size_t *ret_length); /* NUL-terminated beyond length */
/* Reads a body of multipart/form-data, which is gone afterwards: its texts are fields of the form, what has a file's name
 * or is of another type than text/ is an upload. 0 also for a body of another type, or when it has been read; -EINVAL: it is not
 * what its head says, or a text in it no UTF-8; -E2BIG: more than 200 parts; -ENOMEM. Lets other fibers run. */
WJZ_MUST_CHECK int wjz_request_read_parts(wjz_request *request);
typedef struct wjz_upload {
    const char *field, *filename; /* filename "" when not said; never to be trusted */
    const void *data;
    size_t length;
} wjz_upload;
/* The uploads in their order; NULL behind the last one. They live as long as the request. */
const wjz_upload *wjz_request_upload(const wjz_request *request, size_t number);
const char *wjz_request_peer(const wjz_request *request); /* address without the port */
/* Memory of this request. */
wjz_arena *wjz_request_arena(wjz_request *request);

/* Headers added before wjz_respond; values with line breaks are refused (-EINVAL). */
WJZ_MUST_CHECK int wjz_respond_header(wjz_request *request, const char *name, const char *value);
/* Copies body. content_type NULL: no body. */
void wjz_respond(wjz_request *request, int status, const char *content_type, const void *body, size_t length);
/* application/problem+json (RFC 9457): title from the status, detail for a person, and code, field, value,
 * remedy members where not NULL. */
struct wjz_problem {
    const char *code, *detail, *field, *value, *remedy;
    int retry_after_s; /* Retry-After header when > 0 */
};
void wjz_respond_problem(wjz_request *request, int status, const wjz_problem *problem);

/* --- answers that go on, like server-sent events --- */

typedef struct wjz_stream wjz_stream;

/* Begins an answer of status 200 without an end; nothing of the request is used any more once the handler has returned.
 * closed(arg) is called when it has ended, for whatever reason, and the stream is gone by then. */
WJZ_MUST_CHECK int wjz_respond_stream(wjz_request *request, const char *content_type, wjz_call_fn *closed, void *arg, wjz_stream **ret_stream);
/* Sends a copy of data. -ENOBUFS when the client has not taken 256 KB that were sent before: end it then. A client that has
 * gone is found out by sending to it. */
WJZ_MUST_CHECK int wjz_stream_send(wjz_stream *stream, const void *data, size_t length);
/* Ends it when what was sent is through. */
void wjz_stream_end(wjz_stream *stream);

#endif
