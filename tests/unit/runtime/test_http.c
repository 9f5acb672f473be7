/* The HTTP server over real sockets: a thread speaks raw HTTP while the loop serves. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "wjz/http.h"

enum { PATIENCE_S = 60 };

static wjz_loop *loop;
static wjz_http *http;
static wjz_err err;
static bool closed;
static int closes_while_serving;

/* --- handlers --- */

static void on_hello(wjz_request *request, WJZ_UNUSED void *arg) {
    wjz_arena *arena = wjz_request_arena(request);
    const char *query = wjz_request_query(request, "q"), *header = wjz_request_header(request, "x-test");
    char *text = wjz_arena_printf(arena, "<%s %s name=%s q=%s x=%s peer=%s>", wjz_request_method(request),
                                  wjz_request_path(request), wjz_request_param(request, "name"), query ? query : "-",
                                  header ? header : "-", wjz_request_peer(request));
    assert_null(wjz_request_param(request, "other"));
    wjz_respond(request, 200, "text/plain", text, strlen(text));
}

static void on_echo(wjz_request *request, WJZ_UNUSED void *arg) {
    size_t length;
    const char *body = wjz_request_body(request, &length);
    assert_int_equal(body[length], 0);
    wjz_respond(request, 200, "application/octet-stream", body, length);
}

static void on_form(wjz_request *request, WJZ_UNUSED void *arg) {
    const char *value = wjz_request_form(request, "a");
    wjz_respond(request, 200, "text/plain", value ? value : "none", value ? strlen(value) : 4);
}

static void on_parts(wjz_request *request, WJZ_UNUSED void *arg) {
    wjz_arena *arena = wjz_request_arena(request);
    int e = wjz_request_read_parts(request);
    const char *a = wjz_request_form(request, "a"), *text = "";
    const wjz_upload *file;
    assert_int_equal(wjz_request_read_parts(request), 0);
    for (size_t i = 0; e == 0 && (file = wjz_request_upload(request, i)) != NULL; i++)
        text = wjz_arena_printf(arena, "%s {%s %s %zu %.*s}", text, file->field, file->filename, file->length,
                                (int)file->length, (const char *)file->data);
    text = wjz_arena_printf(arena, "<%d a=%s%s>", e, a ? a : "none", text);
    wjz_respond(request, 200, "text/plain", text, strlen(text));
}

static void on_slow(wjz_request *request, WJZ_UNUSED void *arg) {
    wjz_fiber_sleep(loop, 20);
    if (closes_while_serving) wjz_http_close(&http, NULL, NULL);
    wjz_fiber_sleep(loop, 20);
    wjz_respond(request, 200, "text/plain", "slow", 4);
}

static void on_silent(WJZ_UNUSED wjz_request *request, WJZ_UNUSED void *arg) {}

static void on_headers(wjz_request *request, void *arg) {
    assert_string_equal(arg, "the argument");
    assert_int_equal(wjz_respond_header(request, "X-Evil", "a\r\nSet-Cookie: b"), -EINVAL);
    assert_int_equal(wjz_respond_header(request, "X-Evil\r\nY", "a"), -EINVAL);
    assert_int_equal(wjz_respond_header(request, "", "a"), -EINVAL);
    assert_int_equal(wjz_respond_header(request, "Cache-Control", "max-age=60"), 0);
    assert_int_equal(wjz_respond_header(request, "Set-Cookie", "a=1"), 0);
    assert_int_equal(wjz_respond_header(request, "Set-Cookie", "b=2"), 0);
    wjz_respond(request, 204, NULL, NULL, 0);
    wjz_respond(request, 500, "text/plain", "only the first answer counts", 28);
}

static void on_problem(wjz_request *request, WJZ_UNUSED void *arg) {
    wjz_respond_problem(request, 422,
                        &(wjz_problem){.code = "bad_row",
                                       .detail = "第 3 行",
                                       .field = "rows[2].time",
                                       .value = "\xFF",
                                       .remedy = "say \"when\"",
                                       .retry_after_s = 7});
}

static wjz_stream *stream;
static int streams_closed;

static void on_stream_closed(void *arg) {
    assert_string_equal(arg, "stream");
    stream = NULL;
    streams_closed++;
}

/* Sends for as long as there is a client. */
static void keep_sending(WJZ_UNUSED void *arg) {
    while (stream) {
        int e = wjz_stream_send(stream, "data: beat\n\n", 12);
        assert_int_equal(e, 0);
        wjz_fiber_sleep(loop, 2);
    }
}

/* When all that was sent is long through. */
static void end_later(WJZ_UNUSED void *arg) {
    wjz_fiber_sleep(loop, 100);
    if (stream) wjz_stream_end(stream);
}

static void on_stream(wjz_request *request, WJZ_UNUSED void *arg) {
    assert_int_equal(wjz_respond_stream(request, "text/event-stream", on_stream_closed, (void *)"stream", &stream), 0);
    const char *kind = wjz_request_query(request, "kind");
    if (strcmp(kind, "ends") == 0) {
        assert_int_equal(wjz_stream_send(stream, "data: 1\n\n", 9), 0);
        wjz_fiber_sleep(loop, 10);
        assert_int_equal(wjz_stream_send(stream, "data: 2\n\n", 9), 0);
        wjz_stream_end(stream);
        assert_int_equal(wjz_stream_send(stream, "data: 3\n\n", 9), 0); /* too late, and no harm */
    } else if (strcmp(kind, "idles") == 0) {
        assert_int_equal(wjz_stream_send(stream, "data: 1\n\n", 9), 0);
        assert_int_equal(wjz_fiber_spawn(loop, end_later, NULL), 0);
    } else if (strcmp(kind, "beats") == 0) {
        assert_int_equal(wjz_fiber_spawn(loop, keep_sending, NULL), 0);
    } else {
        char piece[1000] = {0};
        int e = 0;
        for (int i = 0; i < 300 && e == 0; i++)
            e = wjz_stream_send(stream, piece, sizeof piece);
        assert_int_equal(e, -ENOBUFS);
        wjz_stream_end(stream);
    }
}

static const wjz_route ROUTES[] = {
    {"GET", "/hello/{name}", on_hello, 0},
    {"POST", "/echo", on_echo, 1000},
    {"POST", "/big", on_echo, 8 << 20},
    {"POST", "/form", on_form, 1000},
    {"POST", "/parts", on_parts, 8 << 20},
    {"GET", "/slow", on_slow, 0},
    {"GET", "/silent", on_silent, 0},
    {"GET", "/headers", on_headers, 0},
    {"GET", "/problem", on_problem, 0},
    {"PUT", "/echo", on_echo, 1000},
    {"GET", "/stream", on_stream, 0},
    {0},
};

/* --- the client's side --- */

static struct client {
    const char *unix_path;
    const char *request;
    size_t length;
    bool leaves;     /* does not wait for an answer */
    bool hears_once; /* leaves when something has come */
    bool trickles;   /* sends a byte now and then */
    bool twice;      /* tries a second connection beside */
    ssize_t second;  /* what it got there */
    char answer[2 << 20];
    size_t answer_length;
    int done; /* eventfd */
} client;

static int connect_client(void) {
    if (client.unix_path) {
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        strcpy(name.sun_path, client.unix_path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        return connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0 ? fd : -1;
    }
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)wjz_http_port(http))};
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0 ? fd : -1;
}

/* Sends the request, or a byte of it now and then until there is an answer. */
static void send_request(int fd) {
    for (size_t sent = 0; sent < client.length;) {
        ssize_t n = send(fd, client.request + sent, client.trickles ? 1 : client.length - sent, MSG_NOSIGNAL);
        struct pollfd answer = {.fd = fd, .events = POLLIN};
        if (n <= 0 || (client.trickles && poll(&answer, 1, 200) != 0)) return;
        sent += (size_t)n;
    }
}

/* What comes over another connection that says nothing, 0: its end. */
static ssize_t hear_second(void) {
    char byte;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int fd = connect_client();
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ssize_t n = recv(fd, &byte, 1, 0);
    close(fd);
    return n;
}

/* Sends the request and reads until the server ends the connection, or until its patience ends. */
static void *speak(void *arg) {
    int fd = (int)(intptr_t)arg;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (client.twice) client.second = hear_second();
    send_request(fd);
    while (!client.leaves) {
        ssize_t n = recv(fd, client.answer + client.answer_length, sizeof(client.answer) - 1 - client.answer_length, 0);
        if (n <= 0) break;
        client.answer_length += (size_t)n;
        if (client.hears_once) break;
    }
    client.answer[client.answer_length] = '\0';
    close(fd);
    uint64_t one = 1;
    ssize_t written = write(client.done, &one, sizeof(one));
    return (void *)(intptr_t)(written != sizeof(one));
}

static void on_closed(WJZ_UNUSED void *arg) {
    closed = true;
}

static wjz_poll *done_poll;

static void on_client_done(WJZ_UNUSED void *arg, WJZ_UNUSED int events) {
    wjz_poll_close(&done_poll);
    closed = !http;
    wjz_http_close(&http, on_closed, NULL);
}

static void talk_with(const wjz_http_options *options, const char *request, size_t length) {
    closed = false;
    assert_int_equal(wjz_loop_new(&loop, &err), 0);
    int e = wjz_http_open(loop, options, &http, &err);
    if (e < 0) fail_msg("%s", err.text);
    client.request = request;
    client.length = length;
    client.answer_length = 0;
    client.done = eventfd(0, EFD_NONBLOCK);
    assert_int_equal(wjz_poll_open(loop, client.done, on_client_done, NULL, &done_poll), 0);
    wjz_poll_watch(done_poll, WJZ_READABLE);
    int fd = connect_client();
    assert_true(fd >= 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, speak, (void *)(intptr_t)fd), 0);
    wjz_loop_run(loop);
    pthread_join(thread, NULL);
    close(client.done);
    wjz_loop_destroy(&loop);
    assert_true(closed);
}

static const wjz_http_options OPTIONS = {.address = "127.0.0.1:0", .routes = ROUTES, .arg = (void *)"the argument"};

static void talk(const char *request) {
    talk_with(&OPTIONS, request, strlen(request));
}

static void got(const char *part) {
    if (!strstr(client.answer, part)) fail_msg("\"%s\" is not in:\n%s", part, client.answer);
}

static void got_not(const char *part) {
    if (strstr(client.answer, part)) fail_msg("\"%s\" is in:\n%s", part, client.answer);
}

static int count(const char *part) {
    int n = 0;
    for (const char *at = client.answer; (at = strstr(at, part)); at += strlen(part))
        n++;
    return n;
}

#define END "Host: h\r\nConnection: close\r\n\r\n"

/* --- what is tested --- */

static void serves_a_request(WJZ_UNUSED void **state) {
    talk("GET /hello/%E6%A3%80%20x?q=a+b&q=c HTTP/1.1\r\nX-Test: yes\r\n" END);
    got("HTTP/1.1 200 OK\r\n");
    got("Content-Type: text/plain\r\n");
    got("X-Content-Type-Options: nosniff\r\n");
    got("Cache-Control: no-store\r\n");
    got("<GET /hello/检 x name=检 x q=a b x=yes peer=127.0.0.1>");
}

static void keeps_the_connection(WJZ_UNUSED void **state) {
    talk("GET /hello/a HTTP/1.1\r\nHost: h\r\n\r\nPOST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
         "GET /slow HTTP/1.1\r\nHost: h\r\n\r\nGET /hello/b HTTP/1.1\r\n" END);
    assert_int_equal(count("HTTP/1.1 200 OK"), 4);
    assert_true(strstr(client.answer, "/hello/a") < strstr(client.answer, "abc"));
    assert_true(strstr(client.answer, "slow") < strstr(client.answer, "/hello/b"));
}

static void answers_head_and_options(WJZ_UNUSED void **state) {
    talk("HEAD /hello/a HTTP/1.1\r\nHost: h\r\n\r\nOPTIONS /echo HTTP/1.1\r\n" END);
    got("HTTP/1.1 200 OK\r\n");
    got_not("<HEAD");
    got("HTTP/1.1 204 No Content\r\n");
    got("Allow: POST, PUT, OPTIONS\r\n");
}

static void refuses_unknown_paths_and_methods(WJZ_UNUSED void **state) {
    talk("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\nDELETE /hello/a HTTP/1.1\r\n" END);
    got("HTTP/1.1 404 Not Found\r\n");
    got("Content-Type: application/problem+json\r\n");
    got("\"code\":\"not_found\"");
    got("HTTP/1.1 405 Method Not Allowed\r\n");
    got("Allow: GET, HEAD, OPTIONS\r\n");
}

static void reads_bodies(WJZ_UNUSED void **state) {
    talk("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
         "POST /form HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
         "Content-Length: 14\r\n\r\nb=1&a=%E6%A3%80"
         "POST /form HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n"
         "Content-Length: 5\r\n\r\na=%00"
         "POST /form HTTP/1.1\r\nContent-Length: 3\r\n" END "a=1");
    got("abcdefg");
    got("HTTP/1.1 400 Bad Request");
    got("none"); /* no form by its type */
}

/* Of a body with the boundary bb. */
#define PART(head, value) "--bb\r\nContent-Disposition: form-data; " head "\r\n\r\n" value "\r\n"
#define TYPED(type) "\r\nContent-Type: " type

static void talk_parts(const char *type, const char *body) {
    char request[4096];
    sprintf(request, "POST /parts HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: %zu\r\n" END "%s", type, strlen(body),
            body);
    talk(request);
}

static void reads_parts(WJZ_UNUSED void **state) {
    static const struct {
        const char *body, *told;
    } rows[] = {
        {PART("name=\"a\"", "检") PART("name=\"m\"; filename=\"1.jpg\"", "xyz") "--bb--\r\n", "<0 a=检 {m 1.jpg 3 xyz}>"},
        {PART("name=\"a\"", "") PART("name=\"b\"", "2") "--bb--\r\n", "<0 a=>"},
        {PART("name=\"m\"; filename=\"\"", "") PART("name=\"m\"; filename=\"2\"", "\r\n--x\r\r") "--bb--\r\n",
         "<0 a=none {m  0 } {m 2 7 \r\n--x\r\r}>"},
        {PART("name=\"m\"" TYPED("image/png"), "x") PART("name=\"a\"" TYPED("text/plain"), "y") "--bb--", "<0 a=y {m  1 x}>"},
        {PART("name=\"a\"", "\xff") "--bb--\r\n", "<-22 "},
        {PART("name=\"\xff\"", "x") "--bb--\r\n", "<-22 "},
        {PART("other=\"a\"", "x") "--bb--\r\n", "<-22 "},
        {PART("name=\"a\"", "x"), "<-22 "},
        {"--bb--\r\n", "<-22 "},
        {"a=1", "<-22 "},
        {"", "<-22 "},
    };
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        talk_parts("multipart/form-data; boundary=bb", rows[i].body);
        got(rows[i].told);
    }
    talk_parts("multipart/form-data", rows[0].body);
    got("<-22 ");
    talk_parts("text/plain", rows[0].body);
    got("<0 a=none>");
}

static void reads_no_more_than_200_parts(WJZ_UNUSED void **state) {
    static char request[1 << 20];
    for (size_t parts = 200; parts <= 201; parts++) {
        size_t at = 0, length = parts * strlen(PART("name=\"a\"", "x")) + strlen("--bb--\r\n");
        at += (size_t)sprintf(request,
                              "POST /parts HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=bb\r\n"
                              "Content-Length: %zu\r\n" END,
                              length);
        for (size_t i = 0; i < parts; i++)
            at += (size_t)sprintf(request + at, PART("name=\"a\"", "x"));
        sprintf(request + at, "--bb--\r\n");
        talk(request);
        got(parts == 200 ? "<0 a=x>" : "<-7 ");
    }
}

/* Larger than every buffer on the way, with beginnings of the boundary all over it. */
static void reads_large_parts(WJZ_UNUSED void **state) {
    const size_t length = 1000 * 1000;
    const char head[] = PART("name=\"a\"", "x") "--bb\r\nContent-Disposition: form-data; name=\"m\"; filename=\"f\"\r\n\r\n";
    const char tail[] = "\r\n--bb--\r\n", piece[] = "\r\n--\r\r\n-";
    char *request = malloc(length + 1000);
    size_t at = (size_t)sprintf(request,
                                "POST /parts HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=bb\r\n"
                                "Content-Length: %zu\r\n" END "%s",
                                strlen(head) + length + strlen(tail), head);
    char *value = request + at;
    for (size_t i = 0; i < length; i++)
        value[i] = piece[i % (sizeof(piece) - 1)];
    strcpy(value + length, tail);
    talk_with(&OPTIONS, request, at + length + strlen(tail));
    got("<0 a=x {m f 1000000 ");
    assert_memory_equal(strstr(client.answer, "1000000 ") + 8, value, length);
    free(request);
}

/* A form is decoded whole, so it may not be as large as a body with files. */
static void refuses_large_forms(WJZ_UNUSED void **state) {
    talk("POST /parts HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999\r\n" END);
    got("HTTP/1.1 413 ");
    got("262144");
}

static void tell_refusal(wjz_request *request, int status, const wjz_problem *problem) {
    wjz_respond(request, status, "text/plain", problem->code, strlen(problem->code));
}

static void tells_refusals_as_it_is_told(WJZ_UNUSED void **state) {
    wjz_http_options options = OPTIONS;
    options.refusal = tell_refusal;
    const char request[] = "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\nPOST /echo HTTP/1.1\r\nContent-Length: 99999999\r\n" END;
    talk_with(&options, request, strlen(request));
    got("HTTP/1.1 404 ");
    got("\r\n\r\nnot_found");
    got("HTTP/1.1 413 ");
    got_not("problem+json");
}

static void reads_large_bodies(WJZ_UNUSED void **state) {
    const size_t length = 1 << 20;
    char *request = malloc(length + 200);
    int head = sprintf(request, "POST /big HTTP/1.1\r\nContent-Length: %zu\r\n" END, length);
    memset(request + head, 'x', length);
    talk_with(&OPTIONS, request, (size_t)head + length);
    free(request);
    got("HTTP/1.1 200 OK\r\n");
    const char *body = strstr(client.answer, "\r\n\r\n") + 4;
    assert_int_equal(strspn(body, "x"), length);
}

static void refuses_bodies_that_are_too_large(WJZ_UNUSED void **state) {
    char request[8192];
    size_t at = (size_t)sprintf(request, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n%01001d", 0);
    at += (size_t)sprintf(request + at,
                          "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3e8\r\n%01000d\r\n1\r\nx\r\n0\r\n\r\n",
                          0);
    sprintf(request + at, "POST /echo HTTP/1.1\r\nContent-Length: 2\r\n" END "ok");
    talk(request);
    assert_int_equal(count("HTTP/1.1 413 "), 2);
    got("\"code\":\"too_large\"");
    got("Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n");
    assert_string_equal(client.answer + client.answer_length - 2, "ok");
    talk("GET /hello/a HTTP/1.1\r\nContent-Length: 1\r\n" END "x");
    got("HTTP/1.1 413 ");
}

static void refuses_huge_bodies_at_once(WJZ_UNUSED void **state) {
    talk("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\nbegin");
    got("HTTP/1.1 413 ");
    got("Connection: close\r\n");
    talk("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2000\r\n\r\n");
    got("HTTP/1.1 413 ");
    got_not("100 Continue");
}

static void lets_clients_go_on(WJZ_UNUSED void **state) {
    talk("POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" END "ab");
    got("HTTP/1.1 100 Continue\r\n");
    got("HTTP/1.1 200 OK\r\n");
}

static void streams_until_it_ends(WJZ_UNUSED void **state) {
    streams_closed = 0;
    talk("GET /stream?kind=ends HTTP/1.1\r\n" END);
    got("Content-Type: text/event-stream\r\n");
    got("data: 1\n");
    got("data: 2\n");
    got_not("data: 3\n");
    assert_int_equal(streams_closed, 1);
}

static void ends_a_stream_that_idles(WJZ_UNUSED void **state) {
    streams_closed = 0;
    talk("GET /stream?kind=idles HTTP/1.1\r\n" END);
    got("data: 1\n");
    assert_int_equal(streams_closed, 1);
    talk("GET /stream?kind=idles HTTP/1.1\r\nHost: h\r\n\r\n"
         "GET /hello/again HTTP/1.1\r\n" END); /* the end is the stream's, not the connection's */
    assert_int_equal(streams_closed, 2);
    got("again");
}

static void ends_streams_when_it_closes(WJZ_UNUSED void **state) {
    streams_closed = 0;
    client.hears_once = true;
    talk("GET /stream?kind=beats HTTP/1.1\r\nHost: h\r\n\r\n");
    client.hears_once = false;
    assert_int_equal(streams_closed, 1);
}

static void refuses_to_keep_much_for_a_slow_reader(WJZ_UNUSED void **state) {
    streams_closed = 0;
    talk("GET /stream?kind=slow HTTP/1.1\r\n" END);
    assert_int_equal(streams_closed, 1);
    assert_true(client.answer_length > 200000);
}

static void keeps_its_budget(WJZ_UNUSED void **state) {
    wjz_http_options small = OPTIONS;
    small.body_budget = 100;
    const char *request = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n"
                          "0123456789012345678901234567890123456789012345678901234567890123456789"
                          "0123456789012345678901234567890"
                          "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END "3\r\nabc\r\n0\r\n\r\n";
    talk_with(&small, request, strlen(request));
    assert_int_equal(count("HTTP/1.1 503 "), 2); /* even a small body begins with a larger piece of memory */
    got("Retry-After: 2\r\n");
}

static void refuses_what_is_malformed(WJZ_UNUSED void **state) {
    static const char *const requests[] = {
        "GET /hello/%00 HTTP/1.1\r\n" END,
        "GET /hello/%ff HTTP/1.1\r\n" END,
        "GET /hello/a?q=% HTTP/1.1\r\n" END,
        "GET hello HTTP/1.1\r\n" END,
        "GET http://h/hello/a HTTP/1.1\r\n" END,
        "POST /echo HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 2\r\n" END "abc",
        "POST /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n" END "0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n" END "0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nContent-Length: -1\r\n" END,
        "POST /echo HTTP/1.1\r\nContent-Length: 1x\r\n" END,
        "GET /hello/a HTTP/1.1\r\n\r\n", /* no Host */
        "GET /hello/a HTTP/1.1\r\nno colon\r\n" END,
    };
    for (size_t i = 0; i < WJZ_COUNT(requests); i++) {
        talk(requests[i]);
        if (strncmp(client.answer, "HTTP/1.1 400 ", 13) != 0 || strstr(client.answer, " 200 OK"))
            fail_msg("%s\n----\n%s", requests[i], client.answer);
    }
    talk("\x16\x03\x01\x02garbage\r\n\r\n");
    got_not("200 OK");
}

static void hides_headers_that_are_not_text(WJZ_UNUSED void **state) {
    talk("GET /hello/a HTTP/1.1\r\nX-Test: \xFF\xFE\r\n" END);
    got("x=- ");
}

static void answers_for_a_silent_handler(WJZ_UNUSED void **state) {
    talk("GET /silent HTTP/1.1\r\n" END);
    got("HTTP/1.1 500 Internal Server Error\r\n");
}

static void refuses_forged_headers(WJZ_UNUSED void **state) {
    talk("GET /headers HTTP/1.1\r\n" END);
    got("HTTP/1.1 204 No Content\r\n");
    got("Cache-Control: max-age=60\r\n");
    got("Set-Cookie: a=1\r\n");
    got("Set-Cookie: b=2\r\n");
    got_not("no-store");
    got_not("Evil");
}

static void tells_problems(WJZ_UNUSED void **state) {
    talk("GET /problem HTTP/1.1\r\n" END);
    got("HTTP/1.1 422 ");
    got("Retry-After: 7\r\n");
    got("{\"status\":422,\"title\":\"Unprocessable ");
    got("\"code\":\"bad_row\",\"detail\":\"第 3 行\",\"field\":\"rows[2].time\",\"value\":\"?\",\"remedy\":\"say "
        "\\\"when\\\"\"}");
}

static void finishes_what_runs_when_closed(WJZ_UNUSED void **state) {
    closes_while_serving = 1;
    talk("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    closes_while_serving = 0;
    got("HTTP/1.1 200 OK\r\n");
    got("Connection: close\r\n");
    got("slow");
}

static void survives_clients_that_leave(WJZ_UNUSED void **state) {
    client.leaves = true;
    talk("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhalf");
    talk("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    talk("GET /hel");
    talk("");
    client.leaves = false;
}

static void drops_silent_connections(WJZ_UNUSED void **state) {
    wjz_http_options impatient = OPTIONS;
    impatient.idle_s = 1;
    const char *request = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhalf";
    talk_with(&impatient, request, strlen(request)); /* ends by the server's doing, before the client's patience ends */
    got_not("200 OK");
}

static void ends_requests_that_never_end(WJZ_UNUSED void **state) {
    wjz_http_options impatient = OPTIONS;
    impatient.patience_s = 1;
    const char *request = "POST /echo HTTP/1.1\r\nHost: h\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    client.trickles = true;
    talk_with(&impatient, request, strlen(request));
    got("HTTP/1.1 408 ");
    client.trickles = false;
    request = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nhalf";
    talk_with(&impatient, request, strlen(request));
    got("HTTP/1.1 408 ");
}

static void limits_connections_of_one_address(WJZ_UNUSED void **state) {
    wjz_http_options narrow = OPTIONS;
    narrow.connections_per_address = 1;
    const char *request = "GET /hello/a HTTP/1.1\r\n" END;
    talk_with(&narrow, request, strlen(request));
    got("HTTP/1.1 200 ");
    client.twice = true;
    talk_with(&narrow, request, strlen(request));
    client.twice = false;
    assert_int_equal(client.second, 0); /* closed without a word */
    got("HTTP/1.1 200 ");
}

static void listens_again_after_it_was_full(WJZ_UNUSED void **state) {
    wjz_http_options narrow = OPTIONS;
    narrow.connections = narrow.patience_s = 1;
    client.twice = true; /* beside the first connection, which says nothing until the second is given up as well */
    talk_with(&narrow, "", 0);
    client.twice = false;
    assert_int_equal(client.second, 1);
}

static void listens_on_a_unix_socket(WJZ_UNUSED void **state) {
    char folder[] = "/tmp/test_http_XXXXXX", address[128];
    assert_non_null(mkdtemp(folder));
    snprintf(address, sizeof(address), "unix:%s/socket", folder);
    client.unix_path = address + 5;
    wjz_http_options local = OPTIONS;
    local.address = address;
    const char *request = "GET /hello/a HTTP/1.1\r\n" END;
    for (int round = 0; round < 2; round++) {
        talk_with(&local, request, strlen(request));
        got("peer=local");
        struct stat status;
        assert_int_equal(stat(client.unix_path, &status), -1);
        /* a socket file that a dead process left is replaced */
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        strcpy(name.sun_path, client.unix_path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
        close(fd);
    }
    unlink(client.unix_path);
    rmdir(folder);
    client.unix_path = NULL;
}

static void bad_options_are_refused(WJZ_UNUSED void **state) {
    static const struct {
        wjz_http_options options;
        int e;
    } rows[] = {
        {{.address = "nonsense", .routes = ROUTES}, -EINVAL},
        {{.address = ":80", .routes = ROUTES}, -EINVAL},
        {{.address = "127.0.0.1:", .routes = ROUTES}, -EINVAL},
        {{.address = "127.0.0.1:http", .routes = ROUTES}, -EINVAL},
        {{.address = "unix:/nowhere/socket", .routes = ROUTES}, -ENOENT},
        {{.address = "127.0.0.1:0", .routes = ROUTES, .tls_key = "/nowhere"}, -EINVAL},
        {{.address = "127.0.0.1:0", .routes = ROUTES, .tls_key = "/nowhere", .tls_certificate = "/nowhere"}, -ENOENT},
        {{.address = "127.0.0.1:0", .routes = ROUTES, .tls_key = "/etc/passwd", .tls_certificate = "/etc/passwd"},
         -EIO},
    };
    assert_int_equal(wjz_loop_new(&loop, &err), 0);
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        assert_int_equal(wjz_http_open(loop, &rows[i].options, &http, &err), rows[i].e);
        assert_null(http);
    }
    assert_int_equal(wjz_http_open(loop, &OPTIONS, &http, &err), 0);
    char taken[32];
    snprintf(taken, sizeof(taken), "127.0.0.1:%d", wjz_http_port(http));
    wjz_http_options again = OPTIONS;
    again.address = taken;
    wjz_http *second = NULL;
    assert_int_equal(wjz_http_open(loop, &again, &second, &err), -EADDRINUSE);
    assert_non_null(strstr(err.text, taken));
    wjz_http_close(&http, NULL, NULL);
    wjz_http_close(&http, NULL, NULL);
    wjz_loop_run(loop);
    wjz_loop_destroy(&loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_a_request),
        cmocka_unit_test(keeps_the_connection),
        cmocka_unit_test(answers_head_and_options),
        cmocka_unit_test(refuses_unknown_paths_and_methods),
        cmocka_unit_test(reads_bodies),
        cmocka_unit_test(reads_parts),
        cmocka_unit_test(reads_no_more_than_200_parts),
        cmocka_unit_test(reads_large_parts),
        cmocka_unit_test(refuses_large_forms),
        cmocka_unit_test(tells_refusals_as_it_is_told),
        cmocka_unit_test(reads_large_bodies),
        cmocka_unit_test(refuses_bodies_that_are_too_large),
        cmocka_unit_test(refuses_huge_bodies_at_once),
        cmocka_unit_test(lets_clients_go_on),
        cmocka_unit_test(keeps_its_budget),
        cmocka_unit_test(streams_until_it_ends),
        cmocka_unit_test(ends_a_stream_that_idles),
        cmocka_unit_test(ends_streams_when_it_closes),
        cmocka_unit_test(refuses_to_keep_much_for_a_slow_reader),
        cmocka_unit_test(streams_until_it_ends),
        cmocka_unit_test(ends_streams_when_it_closes),
        cmocka_unit_test(refuses_to_keep_much_for_a_slow_reader),
        cmocka_unit_test(refuses_what_is_malformed),
        cmocka_unit_test(hides_headers_that_are_not_text),
        cmocka_unit_test(answers_for_a_silent_handler),
        cmocka_unit_test(refuses_forged_headers),
        cmocka_unit_test(tells_problems),
        cmocka_unit_test(finishes_what_runs_when_closed),
        cmocka_unit_test(survives_clients_that_leave),
        cmocka_unit_test(drops_silent_connections),
        cmocka_unit_test(ends_requests_that_never_end),
        cmocka_unit_test(limits_connections_of_one_address),
        cmocka_unit_test(listens_again_after_it_was_full),
        cmocka_unit_test(listens_on_a_unix_socket),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
