/* The HTTP server's inside, shared by its files: http.c drives libmicrohttpd, http_request.c admits and reads a
 * request, http_parts.c reads its parts, http_respond.c makes the answer, http_stream.c one that goes on. */
#ifndef RUNTIME_HTTP_H
#define RUNTIME_HTTP_H

#include <microhttpd.h>

#include "runtime/http_connections.h"
#include "runtime/http_uri.h"
#include "wjz/http.h"
#include "wjz/metrics.h"

struct wjz_http {
    wjz_loop *loop;
    struct MHD_Daemon *daemon;
    wjz_poll *poll;
    wjz_timer *timer;
    wjz_http_connections *connections;
    const wjz_route *routes;
    wjz_metric **latencies; /* one per route */
    wjz_metric *by_class[6];
    void *arg;
    wjz_http_refusal_fn *refusal;
    char *certificate, *key;
    char *unix_path;
    int port;
    int64_t body_budget, body_held;
    bool run_due; /* a deferred run is on its way */
    bool closing, stopping;
    int answering; /* requests from their handler's start to the end of their answer */
    wjz_stream *streams;
    wjz_call_fn *closed;
    void *closed_arg;
};

typedef struct wjz_header {
    struct wjz_header *next;
    const char *name, *value;
} wjz_header;

struct wjz_request {
    wjz_http *http;
    struct MHD_Connection *connection;
    wjz_arena *arena;
    const char *uri; /* as sent */
    const char *method;
    const wjz_route *route; /* NULL: answered by the server itself */
    wjz_path path;
    wjz_pairs query, form;
    wjz_pair params[WJZ_PATH_PARAMS];
    size_t param_count;
    wjz_upload *uploads;
    size_t upload_count;
    bool parts_read;
    char *body;
    size_t body_length, body_size, body_seen, body_limit;
    int64_t begun_us;
    bool begun, refused; /* refused: the body is read and dropped */
    bool counted;        /* in http->answering */
    bool close_after;
    wjz_header *headers; /* of the answer */
    char peer[48];
    int status;
    struct MHD_Response *response;
};

/* Runs libmicrohttpd from the loop, soon. */
void wjz_http_run_soon(wjz_http *http);

/* --- http_respond.c --- */

/* Makes the response the request's answer, with its headers; destroys it when they cannot be added. */
void wjz_request_answer(wjz_request *request, int status, const char *content_type, struct MHD_Response *response);

/* --- http_stream.c --- */

/* Ends all streams of a server that is closing. */
void wjz_streams_end(wjz_http *http);

/* --- http_request.c --- */

/* Looks at address, method and framing. Sets the route, or an answer that refuses or serves the request at once. */
void wjz_request_admit(wjz_request *request, const char *method);
/* Keeps a piece of the body; sets a refusing answer when it does not fit. -EMSGSIZE when so much more comes that the
 * connection has to end without an answer. */
int wjz_request_take(wjz_request *request, const char *data, size_t length);
/* Once the body is whole: reads a form. */
void wjz_request_complete(wjz_request *request);
/* Whether to answer before the body is read, and end the connection. */
bool wjz_request_refuse_now(const wjz_request *request);
void wjz_request_drop_body(wjz_request *request);

/* --- http_parts.c --- */

/* wjz_request_read_parts, so many bytes at a time; others run in between. */
WJZ_MUST_CHECK int wjz_request_read_portions(wjz_request *request, size_t most);

#endif
