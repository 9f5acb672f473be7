/* Addresses, queries and forms: what is accepted is well-formed UTF-8 without NUL, and fits its pattern. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "runtime/http_uri.h"
#include "wjz/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text) {
    assert(wjz_utf8_ok(text, strlen(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const patterns[] = {"/", "/v1/feeds/{feed}/complaints", "/r/{id}.json", "/{a}/{b}/{c}"};
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(1 << 22);
    wjz_path path;
    if (arena && wjz_uri_path(arena, (const char *)data, size, &path) == 0) {
        check(path.text);
        for (size_t i = 0; i < path.count; i++)
            check(path.segments[i]);
        for (size_t i = 0; i < WJZ_COUNT(patterns); i++) {
            wjz_pair params[WJZ_PATH_PARAMS];
            size_t count = 0;
            if (!wjz_uri_match(arena, patterns[i], &path, params, &count)) continue;
            for (size_t k = 0; k < count; k++)
                assert(params[k].value[0]);
        }
    }
    wjz_pairs pairs;
    if (arena && wjz_uri_pairs(arena, (const char *)data, size, &pairs) == 0)
        for (size_t i = 0; i < pairs.count; i++) {
            check(pairs.items[i].name);
            check(pairs.items[i].value);
        }
    return 0;
}
