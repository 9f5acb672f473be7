/* The HTTP and SMTP client: HTTP against the runtime's own server, also with TLS; SMTP against a scripted one. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "wjz/clock.h"
#include "wjz/http.h"
#include "wjz/xfer.h"

enum { PATIENCE_MS = 60000 };

static wjz_loop *loop;
static wjz_xfer *xfer;
static wjz_arena *arena;
static wjz_err err;
static int status;
static const char *answer;
static char url[256];

static int set_up(WJZ_UNUSED void **state) {
    arena = wjz_arena_new(0);
    status = 0;
    answer = NULL;
    setenv("no_proxy", "*", 1);
    return arena && wjz_loop_new(&loop, NULL) == 0 && wjz_xfer_open(loop, &xfer, NULL) == 0 ? 0 : -1;
}

static int tear_down(WJZ_UNUSED void **state) {
    wjz_xfer_close(&xfer, NULL, NULL);
    wjz_loop_run(loop);
    wjz_loop_destroy(&loop);
    wjz_arena_destroy(&arena);
    return 0;
}

/* Runs body in a fiber until it ends. */
static void in_fiber(wjz_call_fn *body) {
    assert_int_equal(wjz_fiber_spawn(loop, body, NULL), 0);
    wjz_loop_run(loop);
}

/* --- HTTP --- */

static wjz_http *http;

static void on_echo(wjz_request *request, WJZ_UNUSED void *arg) {
    const char *header = wjz_request_header(request, "x-test");
    char *text = wjz_arena_printf(wjz_request_arena(request), "%s [%s] %s", wjz_request_method(request),
                                  header ? header : "", wjz_request_body(request, NULL));
    wjz_respond(request, 201, "text/plain", text, strlen(text));
}

static void on_large(wjz_request *request, WJZ_UNUSED void *arg) {
    static char large[100000];
    memset(large, 'x', sizeof(large));
    wjz_respond(request, 200, "text/plain", large, sizeof(large));
}

static void on_moved(wjz_request *request, WJZ_UNUSED void *arg) {
    assert_int_equal(wjz_respond_header(request, "Location", "/echo"), 0);
    wjz_respond(request, 302, NULL, NULL, 0);
}

static void on_slow(wjz_request *request, WJZ_UNUSED void *arg) {
    wjz_fiber_sleep(loop, 300);
    wjz_respond(request, 200, "text/plain", "late", 4);
}

static const wjz_route ROUTES[] = {
    {"POST", "/echo", on_echo, 2 << 20},
    {"GET", "/echo", on_echo, 0},
    {"PUT", "/echo", on_echo, 100},
    {"GET", "/large", on_large, 0},
    {"GET", "/moved", on_moved, 0},
    {"GET", "/slow", on_slow, 0},
    {0},
};

static void serve(const char *scheme, const char *certificate, const char *key) {
    wjz_http_options options = {
        .address = "127.0.0.1:0", .routes = ROUTES, .tls_certificate = certificate, .tls_key = key};
    if (wjz_http_open(loop, &options, &http, &err) < 0) fail_msg("%s", err.text);
    snprintf(url, sizeof(url), "%s://localhost:%d", scheme, wjz_http_port(http));
}

static int ask(const char *method, const char *path, const char *body, int timeout_ms, size_t limit) {
    char whole[300];
    snprintf(whole, sizeof(whole), "%s%s", url, path);
    const char *const headers[] = {"X-Test: 检", "Content-Type: text/plain", NULL};
    wjz_xfer_http request = {.method = method,
                             .url = whole,
                             .headers = headers,
                             .body = body,
                             .length = body ? strlen(body) : 0,
                             .timeout_ms = timeout_ms,
                             .answer_limit = limit};
    return wjz_xfer_http_send(xfer, &request, arena, &status, &answer, &err);
}

static void ask_many(WJZ_UNUSED void *arg) {
    assert_int_equal(ask("POST", "/echo", "body", PATIENCE_MS, 0), 0);
    assert_int_equal(status, 201);
    assert_string_equal(answer, "POST [检] body");
    assert_int_equal(ask("GET", "/echo", NULL, PATIENCE_MS, 0), 0);
    assert_string_equal(answer, "GET [检] ");
    assert_int_equal(ask("PUT", "/echo", "x", PATIENCE_MS, 0), 0);
    assert_string_equal(answer, "PUT [检] x");
    assert_int_equal(ask("POST", "/echo", NULL, PATIENCE_MS, 0), 0);
    assert_string_equal(answer, "POST [检] ");
    assert_int_equal(ask("GET", "/nowhere", NULL, PATIENCE_MS, 0), 0);
    assert_int_equal(status, 404);
    assert_int_equal(ask("GET", "/moved", NULL, PATIENCE_MS, 0), 0);
    assert_int_equal(status, 302); /* not followed */
    assert_int_equal(ask("GET", "/large", NULL, PATIENCE_MS, 100000), 0);
    assert_int_equal(strlen(answer), 100000);
    assert_int_equal(ask("GET", "/large", NULL, PATIENCE_MS, 99999), -EMSGSIZE);
    assert_int_equal(ask("GET", "/slow", NULL, 50, 0), -ETIMEDOUT);
    char *body = malloc((1 << 20) + 1);
    memset(body, 'y', 1 << 20);
    body[1 << 20] = '\0';
    assert_int_equal(ask("POST", "/echo", body, PATIENCE_MS, 2 << 20), 0);
    assert_int_equal(strlen(answer), (1 << 20) + strlen("POST [检] "));
    free(body);
    wjz_http_close(&http, NULL, NULL);
}

static void asks_over_http(WJZ_UNUSED void **state) {
    serve("http", NULL, NULL);
    in_fiber(ask_many);
}

static void ask_badly(WJZ_UNUSED void *arg) {
    static const struct {
        const char *method, *url;
        int e;
    } rows[] = {
        {"GET", "ftp://localhost/x", -EINVAL},
        {"GET", "file:///etc/passwd", -EINVAL},
        {"GET", "localhost/x", -EINVAL},
        {"GET", "http://", -EINVAL},
        {"GET", "http://a b/", -EINVAL},
        {"GET\r\nX: y", "http://localhost/", -EINVAL},
        {"", "http://localhost/", -EINVAL},
        {"GET", "http://127.0.0.1:1/", -ECONNREFUSED},
        {"GET", "http://nowhere.invalid/", -EHOSTUNREACH},
    };
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        wjz_xfer_http request = {.method = rows[i].method, .url = rows[i].url, .timeout_ms = PATIENCE_MS};
        assert_int_equal(wjz_xfer_http_send(xfer, &request, arena, &status, &answer, &err), rows[i].e);
        assert_null(answer);
    }
    const char *const forged[] = {"X-Test: a\r\nX-Evil: b", NULL};
    wjz_xfer_http request = {.method = "GET", .url = "http://localhost/", .headers = forged, .timeout_ms = PATIENCE_MS};
    assert_int_equal(wjz_xfer_http_send(xfer, &request, arena, &status, &answer, &err), -EINVAL);
}

static void refuses_what_cannot_work(WJZ_UNUSED void **state) {
    in_fiber(ask_badly);
}

static int cancelled;

static void ask_slow(WJZ_UNUSED void *arg) {
    cancelled = ask("GET", "/slow", NULL, PATIENCE_MS, 0);
}

static void on_closed(void *arg) {
    *(bool *)arg = true;
    assert_int_equal(cancelled, -ECANCELED);
}

static void close_soon(void *arg) {
    assert_int_equal(wjz_fiber_spawn(loop, ask_slow, NULL), 0);
    wjz_fiber_sleep(loop, 30);
    wjz_xfer_close(&xfer, on_closed, arg);
    wjz_http_close(&http, NULL, NULL);
}

static void closing_cancels(WJZ_UNUSED void **state) {
    bool closed = false;
    cancelled = 0;
    serve("http", NULL, NULL);
    assert_int_equal(wjz_fiber_spawn(loop, close_soon, &closed), 0);
    wjz_loop_run(loop);
    assert_true(closed);
}

static char folder[] = "/tmp/test_xfer_XXXXXX";
static char certificate[64], key[64];

static void ask_with_tls(WJZ_UNUSED void *arg) {
    char whole[300];
    snprintf(whole, sizeof(whole), "%s/echo", url);
    wjz_xfer_http request = {.method = "POST",
                             .url = whole,
                             .body = "secret",
                             .length = 6,
                             .ca_file = certificate,
                             .timeout_ms = PATIENCE_MS};
    assert_int_equal(wjz_xfer_http_send(xfer, &request, arena, &status, &answer, &err), 0);
    assert_string_equal(answer, "POST [] secret");
    request.ca_file = NULL; /* nobody else vouches for that certificate */
    assert_int_equal(wjz_xfer_http_send(xfer, &request, arena, &status, &answer, &err), -EPROTO);
    snprintf(whole, sizeof(whole), "https://127.0.0.1:%d/echo", wjz_http_port(http));
    request.ca_file = certificate; /* made for another name */
    assert_int_equal(wjz_xfer_http_send(xfer, &request, arena, &status, &answer, &err), -EPROTO);
    snprintf(whole, sizeof(whole), "http://127.0.0.1:%d/echo", wjz_http_port(http));
    assert_true(wjz_xfer_http_send(xfer, &request, arena, &status, &answer, &err) < 0);
    wjz_http_close(&http, NULL, NULL);
}

static void asks_over_tls(WJZ_UNUSED void **state) {
    assert_non_null(mkdtemp(folder));
    snprintf(certificate, sizeof(certificate), "%s/certificate", folder);
    snprintf(key, sizeof(key), "%s/key", folder);
    char command[400];
    snprintf(command, sizeof(command),
             "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost"
             " -keyout %s -out %s 2>/dev/null",
             key, certificate);
    assert_int_equal(system(command), 0);
    serve("https", certificate, key);
    in_fiber(ask_with_tls);
    unlink(certificate);
    unlink(key);
    rmdir(folder);
}

/* --- SMTP --- */

/* A server that answers each line by the first row whose word it begins with, and keeps what it heard. */
typedef struct reply {
    const char *word, *answer;
} reply;

static struct mail_server {
    int fd;
    const reply *replies;
    char heard[4096];
} server;

static const char *server_greeting; /* NULL: it is glad */

static const char *reply_to(const char *line) {
    for (const reply *r = server.replies; r->word; r++)
        if (strncmp(line, r->word, strlen(r->word)) == 0) return r->answer;
    return "500 what?\r\n";
}

static void *speak_smtp(WJZ_UNUSED void *arg) {
    int fd = accept(server.fd, NULL, NULL);
    FILE *in = fdopen(fd, "r");
    char line[1024];
    bool data = false;
    dprintf(fd, "%s", server_greeting ? server_greeting : "220 here\r\n");
    while (fgets(line, sizeof(line), in)) {
        strncat(server.heard, line, sizeof(server.heard) - strlen(server.heard) - 1);
        if (data && strcmp(line, ".\r\n") != 0) continue;
        const char *text = data ? reply_to(".") : reply_to(line);
        data = strncmp(text, "354", 3) == 0;
        if (dprintf(fd, "%s", text) < 0) break;
    }
    fclose(in);
    return NULL;
}

static const char MESSAGE[] = "Subject: x\r\n\r\n.dot first\r\nend\r\n";
static wjz_xfer_mail mail = {.from = "a@example.test",
                             .to = "b@example.test",
                             .message = MESSAGE,
                             .length = sizeof(MESSAGE) - 1,
                             .timeout_ms = PATIENCE_MS,
                             .url = url};
static int mail_result;

static void send_mail(WJZ_UNUSED void *arg) {
    mail_result = wjz_xfer_mail_send(xfer, &mail, arena, &status, &answer, &err);
}

static int mail_against(const reply *replies) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(name);
    server = (struct mail_server){.fd = socket(AF_INET, SOCK_STREAM, 0), .replies = replies};
    assert_int_equal(bind(server.fd, (struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(server.fd, 1), 0);
    assert_int_equal(getsockname(server.fd, (struct sockaddr *)&name, &length), 0);
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", ntohs(name.sin_port));
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, speak_smtp, NULL), 0);
    in_fiber(send_mail);
    wjz_xfer_close(&xfer, NULL, NULL); /* ends the kept connection, and so the server */
    wjz_loop_run(loop);
    pthread_join(thread, NULL);
    close(server.fd);
    return mail_result;
}

static void mail_is_taken(WJZ_UNUSED void **state) {
    static const reply replies[] = {{"EHLO", "250-here\r\n250 SIZE 100000\r\n"},
                                    {"MAIL", "250 ok\r\n"},
                                    {"RCPT", "250 ok\r\n"},
                                    {"DATA", "354 go on\r\n"},
                                    {".", "250 2.0.0 queued as 7\r\n"},
                                    {"QUIT", "221 bye\r\n"},
                                    {0}};
    assert_int_equal(mail_against(replies), 0);
    assert_int_equal(status, 250);
    assert_string_equal(answer, "250 2.0.0 queued as 7");
    assert_non_null(strstr(server.heard, "MAIL FROM:<a@example.test>"));
    assert_non_null(strstr(server.heard, "RCPT TO:<b@example.test>\r\n"));
    assert_non_null(strstr(server.heard, "\r\n..dot first\r\nend\r\n.\r\n"));
}

static void mail_is_refused(WJZ_UNUSED void **state) {
    static const reply replies[] = {{"EHLO", "250 here\r\n"},
                                    {"MAIL", "250 ok\r\n"},
                                    {"RCPT", "450 4.2.1 mailbox busy\r\n"},
                                    {"QUIT", "221 bye\r\n"},
                                    {0}};
    assert_int_equal(mail_against(replies), -EREMOTEIO);
    assert_int_equal(status, 450);
    assert_non_null(strstr(err.text, "450 4.2.1 mailbox busy"));
    assert_null(answer);
}

static void a_message_is_refused_after_its_data(WJZ_UNUSED void **state) {
    static const reply replies[] = {{"EHLO", "250 here\r\n"},
                                    {"MAIL", "250 ok\r\n"},
                                    {"RCPT", "250 ok\r\n"},
                                    {"DATA", "354 go\r\n"},
                                    {".", "554 5.7.1 not that\r\n"},
                                    {"QUIT", "221 bye\r\n"},
                                    {0}};
    assert_int_equal(mail_against(replies), -EREMOTEIO);
    assert_int_equal(status, 554);
}

/* Nobody waits for a server's good-bye. */
static int mail_against_one_that_hangs(const reply *replies) {
    int64_t begun_us = wjz_clock_monotonic_us();
    int e = mail_against(replies);
    assert_true(wjz_clock_monotonic_us() - begun_us < PATIENCE_MS / 2 * INT64_C(1000));
    assert_non_null(strstr(server.heard, "QUIT"));
    return e;
}

static void a_server_may_hang_after_taking(WJZ_UNUSED void **state) {
    static const reply replies[] = {{"EHLO", "250 here\r\n"},
                                    {"MAIL", "250 ok\r\n"},
                                    {"RCPT", "250 ok\r\n"},
                                    {"DATA", "354 go\r\n"},
                                    {".", "250 queued\r\n"},
                                    {"QUIT", ""},
                                    {0}};
    assert_int_equal(mail_against_one_that_hangs(replies), 0);
    assert_int_equal(status, 250);
    assert_string_equal(answer, "250 queued");
}

static void a_server_may_hang_after_refusing(WJZ_UNUSED void **state) {
    static const reply replies[] = {{"EHLO", "250 here\r\n"}, {"MAIL", "550 no\r\n"}, {"QUIT", ""}, {0}};
    assert_int_equal(mail_against_one_that_hangs(replies), -ECONNREFUSED);
    assert_int_equal(status, 550);
}

/* Refused before the recipient was named: that is not about this mail. */
static void a_greeting_may_refuse(WJZ_UNUSED void **state) {
    static const reply replies[] = {{"QUIT", "221 bye\r\n"}, {0}};
    server_greeting = "554 5.3.2 no mail here today\r\n";
    int e = mail_against(replies);
    server_greeting = NULL;
    assert_int_equal(e, -ECONNREFUSED);
    assert_int_equal(status, 554);
    assert_non_null(strstr(err.text, "takes no mail from here: 554 5.3.2 no mail here today"));
}

static void a_sender_may_be_refused(WJZ_UNUSED void **state) {
    static const reply replies[] = {
        {"EHLO", "250 here\r\n"}, {"MAIL", "530 5.7.0 log in first\r\n"}, {"QUIT", "221 bye\r\n"}, {0}};
    assert_int_equal(mail_against(replies), -ECONNREFUSED);
    assert_int_equal(status, 530);
}

static void logins_are_refused(WJZ_UNUSED void **state) {
    static const reply replies[] = {
        {"EHLO", "250-here\r\n250 AUTH PLAIN\r\n"}, {"AUTH", "535 5.7.8 wrong\r\n"}, {"QUIT", "221 bye\r\n"}, {0}};
    mail.user = "u";
    mail.password = "p";
    int e = mail_against(replies);
    mail.user = mail.password = NULL;
    assert_int_equal(e, -EACCES);
    assert_null(strstr(err.text, "password"));
}

static void clear_text_is_refused_when_tls_is_required(WJZ_UNUSED void **state) {
    static const reply replies[] = {{"EHLO", "250 here\r\n"}, {"QUIT", "221 bye\r\n"}, {0}};
    mail.require_tls = true;
    int e = mail_against(replies);
    mail.require_tls = false;
    assert_int_equal(e, -EPROTO);
    assert_null(strstr(server.heard, "MAIL"));
}

static void send_bad_mails(WJZ_UNUSED void *arg) {
    static const struct {
        const char *url, *from, *to;
    } rows[] = {
        {"http://127.0.0.1:1", "a@x", "b@x"},   {"smtp://127.0.0.1:1", "a@x\r\nRCPT TO:<c@x>", "b@x"},
        {"smtp://127.0.0.1:1", "a@x", "b@x>"},  {"smtp://127.0.0.1:1", "a@x", ""},
        {"smtp://127.0.0.1:1", "a b@x", "b@x"},
    };
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        wjz_xfer_mail bad = mail;
        bad.url = rows[i].url;
        bad.from = rows[i].from;
        bad.to = rows[i].to;
        assert_int_equal(wjz_xfer_mail_send(xfer, &bad, arena, &status, &answer, &err), -EINVAL);
    }
    snprintf(url, sizeof(url), "smtp://127.0.0.1:1");
    assert_int_equal(wjz_xfer_mail_send(xfer, &mail, arena, &status, &answer, &err), -ECONNREFUSED);
}

static void bad_mails_are_refused(WJZ_UNUSED void **state) {
    in_fiber(send_bad_mails);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(asks_over_http, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_cannot_work, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_cancels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asks_over_tls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mail_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mail_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_greeting_may_refuse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sender_may_be_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_is_refused_after_its_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_may_hang_after_taking, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_may_hang_after_refusing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(logins_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clear_text_is_refused_when_tls_is_required, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_mails_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("xfer", tests, NULL, NULL);
}
