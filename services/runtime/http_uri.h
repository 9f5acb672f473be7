/* What stands in a request's address and in a form: decoding and matching, without input or output. */
#ifndef RUNTIME_HTTP_URI_H
#define RUNTIME_HTTP_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "wjz/arena.h"

/* Decoded texts: well-formed UTF-8 without NUL. */
typedef struct wjz_pair {
    const char *name, *value;
} wjz_pair;

typedef struct wjz_pairs {
    wjz_pair *items;
    size_t count;
} wjz_pairs;

typedef struct wjz_path {
    const char *text;      /* the whole, decoded */
    const char **segments; /* decoded one by one, so that a "%2F" does not divide */
    size_t count;
} wjz_path;

/* "/a/b%20c". -EINVAL for what is not an absolute path, a bad escape, NUL or bad UTF-8; -ENOMEM. */
int wjz_uri_path(wjz_arena *arena, const char *text, size_t length, wjz_path *ret_path);
/* "a=1&b=x+y": a query or a form. -EINVAL as above, -E2BIG above 1,000 fields, -ENOMEM. */
int wjz_uri_pairs(wjz_arena *arena, const char *text, size_t length, wjz_pairs *ret_pairs);
enum { WJZ_PATH_PARAMS = 8 };

/* Whether path fits a pattern such as "/v1/feeds/{feed}" or "/requests/{id}.json"; then params has name and value of
 * every {name}, none of them empty. Names are kept as the pattern has them, from the brace on: see wjz_uri_param_is. */
bool wjz_uri_match(wjz_arena *arena, const char *pattern, const wjz_path *path, wjz_pair params[WJZ_PATH_PARAMS],
                   size_t *ret_count);
bool wjz_uri_param_is(const char *braced, const char *name);
/* First value of that name, or NULL. */
const char *wjz_pairs_get(const wjz_pairs *pairs, const char *name);

#endif
