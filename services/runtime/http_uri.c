/* Addresses and forms. Decoding is refused rather than repaired: what comes out is stored, logged and compared. */
#include "runtime/http_uri.h"

#include <errno.h>
#include <string.h>

#include "wjz/utf8.h"

enum { MOST_PAIRS = 1000 };

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static int decode(wjz_arena *arena, const char *text, size_t length, bool plus_is_space, const char **ret_text) {
    char *out = wjz_arena_alloc(arena, length + 1);
    if (!out) return -ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '%') {
            int high = length - i > 2 ? hex(text[i + 1]) : -1;
            int low = high >= 0 ? hex(text[i + 2]) : -1;
            if (low < 0) return -EINVAL;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[n++] = c;
    }
    if (!wjz_utf8_ok(out, n)) return -EINVAL;
    out[n] = '\0';
    *ret_text = out;
    return 0;
}

static size_t count_of(const char *text, size_t length, char c) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += text[i] == c;
    return count;
}

/* Length of what stands before c, or of all. */
static size_t until(const char *text, size_t length, char c) {
    const char *at = memchr(text, c, length);
    return at ? (size_t)(at - text) : length;
}

int wjz_uri_path(wjz_arena *arena, const char *text, size_t length, wjz_path *ret_path) {
    if (length == 0 || text[0] != '/') return -EINVAL;
    wjz_path path = {.count = count_of(text, length, '/')};
    path.segments = wjz_arena_calloc(arena, path.count, sizeof(*path.segments));
    if (!path.segments) return -ENOMEM;
    int e = decode(arena, text, length, false, &path.text);
    for (size_t i = 0, at = 1; e == 0 && i < path.count; i++) {
        size_t segment = until(text + at, length - at, '/');
        e = decode(arena, text + at, segment, false, &path.segments[i]);
        at += segment + 1;
    }
    if (e == 0) *ret_path = path;
    return e;
}

int wjz_uri_pairs(wjz_arena *arena, const char *text, size_t length, wjz_pairs *ret_pairs) {
    wjz_pairs pairs = {0};
    size_t room = length ? count_of(text, length, '&') + 1 : 0;
    if (room > MOST_PAIRS) return -E2BIG;
    pairs.items = wjz_arena_calloc(arena, room, sizeof(*pairs.items));
    if (!pairs.items) return -ENOMEM;
    for (size_t at = 0; at < length;) {
        size_t field = until(text + at, length - at, '&');
        size_t name = until(text + at, field, '=');
        wjz_pair *pair = &pairs.items[pairs.count];
        if (field > 0) {
            int e = decode(arena, text + at, name, true, &pair->name);
            pair->value = "";
            if (e == 0 && name < field) e = decode(arena, text + at + name + 1, field - name - 1, true, &pair->value);
            if (e < 0) return e;
            pairs.count++;
        }
        at += field + 1;
    }
    *ret_pairs = pairs;
    return 0;
}

/* What "{name}suffix" of length bytes leaves of a segment; NULL when it does not fit. */
static const char *param_value(wjz_arena *arena, const char *pattern, size_t length, const char *segment) {
    size_t braces = strcspn(pattern, "}") + 1;
    size_t suffix = length - braces, have = strlen(segment);
    if (have <= suffix || memcmp(segment + have - suffix, pattern + braces, suffix) != 0) return NULL;
    return suffix ? wjz_arena_strndup(arena, segment, have - suffix) : segment;
}

bool wjz_uri_match(wjz_arena *arena, const char *pattern, const wjz_path *path, wjz_pair params[WJZ_PATH_PARAMS],
                   size_t *ret_count) {
    size_t count = 0;
    for (size_t i = 0; i < path->count; i++) {
        if (*pattern != '/') return false;
        pattern++;
        size_t length = strcspn(pattern, "/");
        const char *segment = path->segments[i];
        if (*pattern == '{') {
            const char *value = count < WJZ_PATH_PARAMS ? param_value(arena, pattern, length, segment) : NULL;
            if (!value) return false;
            params[count++] = (wjz_pair){pattern, value};
        } else if (strlen(segment) != length || memcmp(segment, pattern, length) != 0) {
            return false;
        }
        pattern += length;
    }
    if (*pattern) return false;
    *ret_count = count;
    return true;
}

bool wjz_uri_param_is(const char *braced, const char *name) {
    size_t length = strcspn(braced + 1, "}");
    return strlen(name) == length && memcmp(braced + 1, name, length) == 0;
}

const char *wjz_pairs_get(const wjz_pairs *pairs, const char *name) {
    for (size_t i = 0; i < pairs->count; i++)
        if (strcmp(pairs->items[i].name, name) == 0) return pairs->items[i].value;
    return NULL;
}
