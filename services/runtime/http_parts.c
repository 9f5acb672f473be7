/* multipart/form-data (RFC 7578), read by libmicrohttpd. The values are laid one behind the other where the body was,
 * so they need no memory of their own: whatever has been told is shorter than what has been read, by the lines between.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "runtime/http.h"
#include "wjz/utf8.h"

enum { MOST_PARTS = 200, READER_BUFFER = 32 << 10, PORTION = 256 << 10 };

typedef struct parts {
    wjz_request *request;
    struct part {
        const char *name, *filename, *type; /* filename and type NULL when not said */
        size_t at, length;
    } items[MOST_PARTS];
    size_t count;
    size_t used; /* of the body */
    int error;
} parts;

static const char *keep(parts *to, const char *text) {
    if (text == NULL) return NULL;
    bool sound = wjz_utf8_ok(text, strlen(text));
    const char *copy = sound ? wjz_arena_strdup(to->request->arena, text) : NULL;
    if (copy == NULL) to->error = sound ? -ENOMEM : -EINVAL;
    return copy;
}

static bool begin_part(parts *to, const char *name, const char *filename, const char *type) {
    if (to->count == MOST_PARTS) to->error = -E2BIG;
    if (name == NULL) to->error = -EINVAL;
    if (to->error < 0) return false;
    to->request->body[to->used] = '\0'; /* the last one's end */
    if (to->count > 0) to->used++;
    to->items[to->count++] = (struct part){keep(to, name), keep(to, filename), keep(to, type), to->used, 0};
    return to->error == 0;
}

static bool same(const char *a, const char *b) {
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* A piece of a part. A part's beginning may be told as empty first, and then with what it begins with. */
static enum MHD_Result on_piece(void *arg, WJZ_UNUSED enum MHD_ValueKind kind, const char *name, const char *filename,
                                const char *type, WJZ_UNUSED const char *encoding, const char *data, uint64_t offset,
                                size_t length) {
    parts *to = arg;
    struct part *last = to->count > 0 ? &to->items[to->count - 1] : NULL;
    bool goes_on = last != NULL && last->length == offset && same(last->name, name) && same(last->filename, filename);
    if (!goes_on || (offset == 0 && length == 0)) {
        if (!begin_part(to, name, filename, type)) return MHD_NO;
        last = &to->items[to->count - 1];
    }
    if (length >= to->request->body_size - to->used) {
        to->error = -EINVAL;
        return MHD_NO;
    }
    memmove(to->request->body + to->used, data, length);
    to->used += length;
    last->length += length;
    return MHD_YES;
}

static int read_all(parts *to, size_t most) {
    wjz_request *request = to->request;
    struct MHD_PostProcessor *reader =
        MHD_create_post_processor(request->connection, READER_BUFFER, on_piece, to); /* NULL: no boundary, no memory */
    if (reader == NULL) return -EINVAL;
    size_t length = request->body_length;
    bool sound = true;
    for (size_t at = 0; sound && at < length; at += most) {
        size_t portion = length - at < most ? length - at : most;
        sound = MHD_post_process(reader, request->body + at, portion) == MHD_YES;
        if (at + portion < length) wjz_fiber_yield(request->http->loop);
    }
    bool whole = MHD_destroy_post_processor(reader) == MHD_YES;
    if (to->error < 0) return to->error;
    return sound && whole && to->count > 0 ? 0 : -EINVAL;
}

/* A file says so by its name, or by being no text. */
static bool is_file(const struct part *part) {
    return part->filename != NULL || (part->type != NULL && strncasecmp(part->type, "text/", 5) != 0);
}

static int divide(parts *from) {
    wjz_request *request = from->request;
    request->form.items = wjz_arena_calloc(request->arena, from->count, sizeof(*request->form.items));
    request->uploads = wjz_arena_calloc(request->arena, from->count, sizeof(*request->uploads));
    if (!request->form.items || !request->uploads) return -ENOMEM;
    request->body[from->used] = '\0';
    for (size_t i = 0; i < from->count; i++) {
        const struct part *part = &from->items[i];
        const char *value = request->body + part->at;
        if (is_file(part)) {
            request->uploads[request->upload_count++] =
                (wjz_upload){part->name, part->filename ? part->filename : "", value, part->length};
        } else if (!wjz_utf8_ok(value, part->length)) {
            return -EINVAL;
        } else {
            request->form.items[request->form.count++] = (wjz_pair){part->name, value};
        }
    }
    return 0;
}

int wjz_request_read_portions(wjz_request *request, size_t most) {
    static const char type[] = "multipart/form-data";
    const char *said = wjz_request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (!said || strncasecmp(said, type, sizeof(type) - 1) != 0 || request->parts_read) return 0;
    request->parts_read = true;
    if (!request->body_length) return -EINVAL;
    parts *to = wjz_arena_calloc(request->arena, 1, sizeof(*to));
    if (!to) return -ENOMEM;
    to->request = request;
    int e = read_all(to, most);
    if (e == 0) e = divide(to);
    request->body_length = 0;
    return e;
}

int wjz_request_read_parts(wjz_request *request) {
    return wjz_request_read_portions(request, PORTION);
}

const wjz_upload *wjz_request_upload(const wjz_request *request, size_t number) {
    return number < request->upload_count ? &request->uploads[number] : NULL;
}
