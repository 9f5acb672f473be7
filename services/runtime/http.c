/* HTTP server: libmicrohttpd without threads, its epoll descriptor watched by the loop. A request whose body is
 * whole is suspended while its handler runs in a fiber; the answer is queued when libmicrohttpd asks again. */
#include "runtime/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "wjz/clock.h"
#include "wjz/log.h"
#include "wjz/trace.h"

enum { BACKLOG = 511, CONNECTION_MEMORY = 64 << 10, LARGEST_PEM = 1 << 20 };

/* --- driving libmicrohttpd --- */

static void stop(void *arg);

static void stop_when_idle(wjz_http *http) {
    if (!http->closing || http->stopping || http->answering > 0) return;
    http->stopping = wjz_loop_defer(http->loop, stop, http) == 0;
}

static void run(void *arg);

void wjz_http_run_soon(wjz_http *http) {
    if (http->run_due || http->stopping) return;
    http->run_due = wjz_loop_defer(http->loop, run, http) == 0;
    if (!http->run_due) wjz_timer_again(http->timer, 1);
}

static void run(void *arg) {
    wjz_http *http = arg;
    http->run_due = false;
    MHD_run(http->daemon);
    MHD_UNSIGNED_LONG_LONG ms;
    if (MHD_get_timeout(http->daemon, &ms) == MHD_YES) {
        if (ms == 0)
            wjz_http_run_soon(http);
        else
            wjz_timer_again(http->timer, ms);
    }
    stop_when_idle(http);
}

static void on_readable(void *arg, WJZ_UNUSED int events) {
    run(arg);
}

/* At its limit, libmicrohttpd listens again only the next time it is run: with everybody gone nothing would. */
static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what) {
    wjz_http *http = arg;
    wjz_http_connections_notify(http->connections, connection, context, what);
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) wjz_http_run_soon(http);
}

/* --- one request --- */

static void *on_address(void *arg, const char *uri, struct MHD_Connection *connection) {
    wjz_request *request = calloc(1, sizeof(*request));
    wjz_arena *arena = request ? wjz_arena_new(0) : NULL;
    const char *copy = arena ? wjz_arena_strdup(arena, uri) : NULL;
    if (!copy) {
        wjz_arena_destroy(&arena);
        free(request);
        return NULL;
    }
    *request = (wjz_request){.http = arg, .connection = connection, .arena = arena, .uri = copy};
    return request;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **context,
                         WJZ_UNUSED enum MHD_RequestTerminationCode why) {
    wjz_http *http = arg;
    wjz_request *request = *context;
    if (!request) return;
    *context = NULL;
    wjz_http_connection_await(connection); /* the next one's head */
    if (request->counted) http->answering--;
    if (request->response) MHD_destroy_response(request->response);
    wjz_request_drop_body(request);
    wjz_arena_destroy(&request->arena);
    free(request);
}

static void serve(void *arg) {
    wjz_request *request = arg;
    wjz_http *http = request->http;
    wjz_trace_continue(wjz_request_header(request, "traceparent"));
    request->route->handler(request, http->arg);
    if (!request->response) {
        wjz_log_error("request left unanswered", "method=%s route=\"%s\"", request->route->method,
                      request->route->path);
        wjz_respond_problem(request, 500, &(wjz_problem){.code = "internal"});
    }
    MHD_resume_connection(request->connection);
    wjz_http_run_soon(http);
}

static enum MHD_Result answer(wjz_request *request) {
    wjz_http *http = request->http;
    if (!request->response) return MHD_NO; /* out of memory */
    wjz_count(http->by_class[request->status / 100 % 6], 1);
    if (request->route) {
        int64_t took = wjz_clock_monotonic_us() - request->begun_us;
        wjz_observe(http->latencies[request->route - http->routes], took > 0 ? (uint64_t)took : 0);
    }
    if (request->close_after || http->closing)
        MHD_add_response_header(request->response, MHD_HTTP_HEADER_CONNECTION, "close");
    return MHD_queue_response(request->connection, (unsigned)request->status, request->response);
}

static enum MHD_Result start_serving(wjz_request *request) {
    if (wjz_fiber_spawn(request->http->loop, serve, request) < 0) {
        wjz_respond_problem(request, 503, &(wjz_problem){.code = "busy", .retry_after_s = 1});
        return answer(request);
    }
    MHD_suspend_connection(request->connection);
    return MHD_YES;
}

/* Called with the head, with each piece of the body, at its end, and again after a resume. */
static enum MHD_Result on_request(WJZ_UNUSED void *arg, struct MHD_Connection *connection, WJZ_UNUSED const char *url,
                                  const char *method, WJZ_UNUSED const char *version, const char *data, size_t *length,
                                  void **context) {
    wjz_request *request = *context;
    if (!request) return MHD_NO; /* out of memory */
    if (!request->begun) {
        request->begun = true;
        request->begun_us = wjz_clock_monotonic_us();
        wjz_http_connection_await(connection);
        wjz_request_admit(request, method);
        return wjz_request_refuse_now(request) ? answer(request) : MHD_YES;
    }
    if (*length > 0) {
        wjz_http_connection_progress(connection, *length);
        int e = wjz_request_take(request, data, *length);
        *length = 0;
        return e == 0 ? MHD_YES : MHD_NO;
    }
    if (!request->counted) {
        request->counted = true;
        wjz_http_connection_heard(connection);
        request->http->answering++;
        wjz_request_complete(request);
        if (!request->response) return start_serving(request);
    }
    return answer(request);
}

/* The address is decoded by wjz_uri_path and wjz_uri_pairs, which refuse what this interface could only let pass. */
static size_t leave_escaped(WJZ_UNUSED void *arg, WJZ_UNUSED struct MHD_Connection *connection, char *text) {
    return strlen(text);
}

/* --- listening --- */

static int listen_error(const char *address, int fd, int code, wjz_err *err) {
    if (fd >= 0) close(fd);
    return wjz_err_set(err, -code, "could not listen on \"%s\": %s", address, strerror(code));
}

/* A socket file that nobody answers on was left by a process that died. */
static void remove_stale(const struct sockaddr_un *name) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    if (connect(fd, (const struct sockaddr *)name, sizeof(*name)) < 0 && errno == ECONNREFUSED) unlink(name->sun_path);
    close(fd);
}

static int listen_unix(const char *address, const char *path, int *ret_fd, wjz_err *err) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(name.sun_path)) return listen_error(address, -1, ENAMETOOLONG, err);
    memcpy(name.sun_path, path, strlen(path) + 1);
    remove_stale(&name);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0) return listen_error(address, fd, errno, err);
    if (chmod(path, 0660) < 0 || listen(fd, BACKLOG) < 0) return listen_error(address, fd, errno, err);
    *ret_fd = fd;
    return 0;
}

/* "host:port" or "[host]:port" → its parts. */
static bool split_address(const char *address, char host[256], const char **ret_port) {
    const char *colon = strrchr(address, ':');
    if (!colon || colon == address || !colon[1]) return false;
    size_t length = (size_t)(colon - address);
    if (address[0] == '[') {
        if (address[length - 1] != ']') return false;
        address++;
        length -= 2;
    }
    if (length == 0 || length >= 256) return false;
    memcpy(host, address, length);
    host[length] = '\0';
    *ret_port = colon + 1;
    return true;
}

static int bound_port(int fd) {
    struct sockaddr_storage name;
    socklen_t length = sizeof(name);
    if (getsockname(fd, (struct sockaddr *)&name, &length) < 0) return 0;
    if (name.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&name)->sin_port);
    if (name.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&name)->sin6_port);
    return 0;
}

static int listen_tcp(const char *address, int *ret_fd, wjz_err *err) {
    char host[256];
    const char *port;
    if (!split_address(address, host, &port))
        return wjz_err_set(err, -EINVAL, "cannot listen on \"%s\"; it must be host:port, [host]:port or unix:/path",
                           address);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found;
    int r = getaddrinfo(host, port, &hints, &found);
    if (r != 0) return wjz_err_set(err, -EINVAL, "could not listen on \"%s\": %s", address, gai_strerror(r));
    int yes = 1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool listening = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
                     bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    int reason = errno;
    freeaddrinfo(found);
    if (!listening) return listen_error(address, fd, reason, err);
    *ret_fd = fd;
    return 0;
}

/* --- lifetime --- */

static int read_pem(const char *path, char **ret_text, wjz_err *err) {
    FILE *file = fopen(path, "re");
    if (!file) return wjz_err_set(err, -errno, "could not open \"%s\": %s", path, strerror(errno));
    char *text = calloc(1, LARGEST_PEM + 1);
    size_t length = text ? fread(text, 1, LARGEST_PEM, file) : 0;
    fclose(file);
    if (length == 0) {
        free(text);
        return wjz_err_set(err, -EIO, "could not read \"%s\"", path);
    }
    *ret_text = text;
    return 0;
}

static void http_free(wjz_http *http) {
    if (http->unix_path) unlink(http->unix_path);
    if (http->key) explicit_bzero(http->key, strlen(http->key));
    free(http->key);
    free(http->certificate);
    free(http->unix_path);
    free(http->latencies);
    wjz_http_connections_destroy(&http->connections);
    free(http);
}

static void http_abandon(wjz_http **http) {
    if (!*http) return;
    if ((*http)->daemon) MHD_stop_daemon((*http)->daemon);
    wjz_poll_close(&(*http)->poll);
    wjz_timer_close(&(*http)->timer);
    http_free(*http);
}

static int make_metrics(wjz_http *http) {
    static const char *const classes[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
    size_t count = 0;
    while (http->routes[count].method)
        count++;
    http->latencies = calloc(count + 1, sizeof(wjz_metric *));
    if (!http->latencies) return -ENOMEM;
    char labels[256];
    for (size_t i = 0; i < count; i++) {
        snprintf(labels, sizeof(labels), "method=\"%s\",route=\"%s\"", http->routes[i].method, http->routes[i].path);
        http->latencies[i] = wjz_histogram("wjz_http_request_seconds", labels, "from a request's head to its answer");
    }
    for (size_t i = 0; i < WJZ_COUNT(classes); i++) {
        snprintf(labels, sizeof(labels), "status=\"%s\"", classes[i]);
        http->by_class[i] = wjz_counter("wjz_http_responses_total", labels, "answers by class of status");
    }
    return 0;
}

static struct MHD_Daemon *start_daemon(wjz_http *http, const wjz_http_options *options, int fd) {
    unsigned flags = MHD_USE_EPOLL | MHD_USE_SUSPEND_RESUME | (http->certificate ? MHD_USE_TLS : 0);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, http->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, http->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(
        flags, 0, wjz_http_connections_admit, http->connections, on_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_URI_LOG_CALLBACK, on_address, http, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(options->connections ? options->connections : 256), MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        http, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(options->idle_s ? options->idle_s : 30),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_ARRAY, http->certificate ? tls : &tls[WJZ_COUNT(tls) - 1], MHD_OPTION_END);
}

static int start(wjz_http *http, const wjz_http_options *options, wjz_err *err) {
    bool local = strncmp(options->address, "unix:", 5) == 0;
    int fd;
    int e =
        local ? listen_unix(options->address, options->address + 5, &fd, err) : listen_tcp(options->address, &fd, err);
    if (e < 0) return e;
    if (local) http->unix_path = strdup(options->address + 5);
    http->port = bound_port(fd);
    http->daemon = start_daemon(http, options, fd);
    if (!http->daemon) {
        close(fd);
        return wjz_err_set(err, -EIO, "could not serve HTTP on \"%s\"%s", options->address,
                           http->certificate ? "; check the certificate and its key" : "");
    }
    const union MHD_DaemonInfo *epoll = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    e = wjz_timer_open(http->loop, 0, 0, run, http, &http->timer);
    if (e == 0) e = wjz_poll_open(http->loop, epoll->epoll_fd, on_readable, http, &http->poll);
    if (e < 0) return wjz_err_set(err, e, "could not serve HTTP on \"%s\": %s", options->address, strerror(-e));
    wjz_poll_watch(http->poll, WJZ_READABLE);
    return 0;
}

int wjz_http_open(wjz_loop *loop, const wjz_http_options *options, wjz_http **ret_http, wjz_err *err) {
    WJZ_CLEANUP(http_abandon) wjz_http *http = calloc(1, sizeof(*http));
    if (!http) return wjz_err_set(err, -ENOMEM, "could not serve HTTP: out of memory");
    http->loop = loop;
    http->routes = options->routes;
    http->arg = options->arg;
    http->refusal = options->refusal;
    http->body_budget = options->body_budget ? options->body_budget : INT64_C(256) << 20;
    if (!options->tls_certificate != !options->tls_key)
        return wjz_err_set(err, -EINVAL, "cannot serve TLS: certificate and key are needed both, or neither");
    int e = make_metrics(http);
    if (e == 0)
        e = wjz_http_connections_new(loop, options->connections_per_address,
                                     1000 * (uint64_t)(options->patience_s ? options->patience_s : 30),
                                     &http->connections);
    if (e < 0) return wjz_err_set(err, e, "could not serve HTTP: out of memory");
    if (options->tls_certificate) {
        e = read_pem(options->tls_certificate, &http->certificate, err);
        if (e == 0) e = read_pem(options->tls_key, &http->key, err);
    }
    if (e == 0) e = start(http, options, err);
    if (e < 0) return e;
    *ret_http = WJZ_STEAL(http);
    return 0;
}

static void stop(void *arg) {
    wjz_http *http = arg;
    wjz_call_fn *closed = http->closed;
    void *closed_arg = http->closed_arg;
    wjz_poll_close(&http->poll);
    wjz_timer_close(&http->timer);
    MHD_stop_daemon(http->daemon);
    http_free(http);
    if (closed) closed(closed_arg);
}

void wjz_http_close(wjz_http **http_at, wjz_call_fn *closed, void *arg) {
    wjz_http *http = http_at ? WJZ_STEAL(*http_at) : NULL;
    if (!http) return;
    http->closed = closed;
    http->closed_arg = arg;
    http->closing = true;
    wjz_streams_end(http);
    int fd = MHD_quiesce_daemon(http->daemon);
    if (fd >= 0) close(fd);
    stop_when_idle(http);
}

int wjz_http_port(const wjz_http *http) {
    return http->port;
}
