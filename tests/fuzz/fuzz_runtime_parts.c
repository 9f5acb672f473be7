/* Bodies of multipart/form-data, from the socket to what a handler finds. The first byte says in which portions the
 * body is read, the second in which pieces it is sent, the first line how its type goes on ("; boundary=x"). Whatever
 * comes of it is within the body, told once, in UTF-8 where it is text, and the same in any portions and pieces. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/http.h"
#include "wjz/utf8.h"

enum { BODY_LIMIT = 1 << 20, MOST_STEPS = 64 };

typedef struct trial {
    const char *type;
    size_t type_length;
    const char *body;
    size_t length, portion, piece;
    char *found; /* what the handler saw; NULL: it was not asked */
    size_t found_length;
} trial;

static wjz_loop *loop;
static char socket_path[64];
static trial *under_way;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- the server's side --- */

static void check_text(const char *text) {
    assert(text && wjz_utf8_ok(text, strlen(text)));
}

static void tell_fields(const wjz_request *request, FILE *out) {
    for (size_t i = 0; i < request->form.count; i++) {
        const wjz_pair *field = &request->form.items[i];
        check_text(field->name);
        check_text(field->value);
        assert(wjz_pairs_get(&request->form, field->name) != NULL);
        fprintf(out, "field %s=%s\n", field->name, field->value);
    }
}

static void tell_uploads(const wjz_request *request, size_t body_length, FILE *out) {
    const wjz_upload *file;
    size_t most = body_length;
    const char *end = request->body;
    for (size_t i = 0; (file = wjz_request_upload(request, i)) != NULL; i++) {
        const char *data = file->data;
        check_text(file->field);
        check_text(file->filename);
        assert(data >= end && file->length <= most && data + file->length < request->body + request->body_size);
        assert(data[file->length] == '\0');
        end = data + file->length;
        most -= file->length;
        fprintf(out, "upload %s %s %zu ", file->field, file->filename, file->length);
        fwrite(data, 1, file->length, out);
    }
}

static void on_parts(wjz_request *request, WJZ_UNUSED void *arg) {
    size_t length;
    (void)wjz_request_body(request, &length);
    assert(length == under_way->length);
    int e = wjz_request_read_portions(request, under_way->portion);
    assert(e == 0 || e == -EINVAL || e == -E2BIG);
    assert(wjz_request_read_parts(request) == 0);
    FILE *out = open_memstream(&under_way->found, &under_way->found_length);
    fprintf(out, "%d\n", e);
    if (e == 0 && request->parts_read) { /* of a type that is no text it reads nothing */
        assert(request->form.count + request->upload_count > 0);
        tell_fields(request, out);
        tell_uploads(request, length, out);
    }
    fclose(out);
    wjz_respond(request, 200, "text/plain", "seen", 4);
}

static const wjz_route ROUTES[] = {{"POST", "/", on_parts, BODY_LIMIT}, {0}};

/* --- the client's side --- */

static void send_all(int fd, const char *data, size_t length, size_t piece) {
    for (size_t at = 0; at < length;) {
        size_t size = length - at < piece ? length - at : piece;
        ssize_t sent = send(fd, data + at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return; /* answered already */
        at += sent > 0 ? (size_t)sent : 0;
        wjz_fiber_yield(loop);
    }
}

static void talk(void *arg) {
    const trial *t = arg;
    char head[4096], answer[4096];
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path, socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert(fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) == 0);
    int length = snprintf(head, sizeof head,
                          "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: multipart/form-data%.*s\r\n"
                          "Content-Length: %zu\r\n\r\n",
                          (int)t->type_length, t->type, t->length);
    send_all(fd, head, (size_t)length, sizeof head);
    send_all(fd, t->body, t->length, t->piece);
    ssize_t got;
    while ((got = recv(fd, answer, sizeof answer, MSG_DONTWAIT)) > 0 || (got < 0 && errno == EAGAIN))
        wjz_fiber_yield(loop);
    close(fd);
    wjz_loop_stop(loop);
}

static void try_it(trial *t) {
    under_way = t;
    assert(wjz_fiber_spawn(loop, talk, t) == 0);
    wjz_loop_run(loop);
}

/* --- the driver --- */

static void remove_socket(void) {
    unlink(socket_path);
}

int LLVMFuzzerInitialize(WJZ_UNUSED int *argc, WJZ_UNUSED char ***argv) {
    static wjz_http *http;
    static char address[80];
    wjz_err err = {0};
    snprintf(socket_path, sizeof socket_path, "/tmp/wjz-fuzz-parts-%d", (int)getpid());
    snprintf(address, sizeof address, "unix:%s", socket_path);
    wjz_http_options options = {.address = address, .routes = ROUTES};
    if (wjz_loop_new(&loop, &err) < 0 || wjz_http_open(loop, &options, &http, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return atexit(remove_socket);
}

/* At least so many that the body takes few steps. */
static size_t step_of(uint8_t said, size_t length) {
    size_t least = length / MOST_STEPS + 1, wanted = (size_t)said * said / 4 + 1;
    return wanted > least ? wanted : least;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 3 || size > BODY_LIMIT) return 0;
    const char *type = (const char *)data + 2, *end = memchr(type, '\n', size - 2);
    if (!end || end - type > 2000 || memchr(type, '\r', (size_t)(end - type)) ||
        memchr(type, '\0', (size_t)(end - type)))
        return 0;
    trial whole = {.type = type,
                   .type_length = (size_t)(end - type),
                   .body = end + 1,
                   .length = size - 3 - (size_t)(end - type),
                   .portion = BODY_LIMIT,
                   .piece = BODY_LIMIT};
    trial divided = whole;
    divided.portion = step_of(data[0], whole.length);
    divided.piece = step_of(data[1], whole.length);
    try_it(&whole);
    try_it(&divided);
    assert((whole.found == NULL) == (divided.found == NULL) && whole.found_length == divided.found_length);
    assert(!whole.found || memcmp(whole.found, divided.found, whole.found_length) == 0);
    free(whole.found);
    free(divided.found);
    return 0;
}
