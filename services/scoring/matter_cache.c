/* Direct-mapped by complaint. */
#include "scoring/matter_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct place {
    int64_t complaint; /* 0: empty */
    uint32_t digest, length;
    void *packed;
} place;

struct matter_cache {
    place places[MATTER_CACHE_PLACES];
};

int matter_cache_new(matter_cache **ret_cache) {
    matter_cache *cache = calloc(1, sizeof *cache);
    if (!cache) return -ENOMEM;
    *ret_cache = cache;
    return 0;
}

void matter_cache_destroy(matter_cache **cache) {
    if (!cache || !*cache) return;
    for (size_t i = 0; i < MATTER_CACHE_PLACES; i++)
        free((*cache)->places[i].packed);
    free(*cache);
    *cache = NULL;
}

static size_t place_of(int64_t complaint) {
    return (size_t)(((uint64_t)complaint * 0x9E3779B97F4A7C15U) >> 40) % MATTER_CACHE_PLACES;
}

void matter_cache_put(matter_cache *cache, int64_t complaint, uint32_t digest, wjz_blob packed) {
    place *at = &cache->places[place_of(complaint)];
    if (at->complaint == complaint && at->digest == digest) return;
    void *copy = packed.length == at->length && at->packed ? at->packed : realloc(at->packed, packed.length);
    if (!copy) return;
    memcpy(copy, packed.data, packed.length);
    *at = (place){complaint, digest, (uint32_t)packed.length, copy};
}

wjz_blob matter_cache_get(const matter_cache *cache, int64_t complaint, uint32_t digest) {
    const place *at = &cache->places[place_of(complaint)];
    if (at->complaint != complaint || at->digest != digest) return (wjz_blob){NULL, 0};
    return (wjz_blob){at->packed, at->length};
}
