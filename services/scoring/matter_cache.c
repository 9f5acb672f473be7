/* Two tables of one kind, for matters and for packed findings: sets of a few places, found by complaint. */
#include "scoring/matter_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { WAYS = 4 };

typedef struct place {
    int64_t complaint; /* 0: empty */
    uint32_t digest, length;
    uint64_t used_at; /* of the table's uses */
    void *bytes;
} place;

typedef struct table {
    place *places;
    size_t count;
    uint64_t uses;
} table;

struct matter_cache {
    table matters, findings;
};

static int table_new(table *t, size_t count) {
    t->count = count;
    t->places = calloc(count, sizeof *t->places);
    return t->places ? 0 : -ENOMEM;
}

static void table_free(table *t) {
    for (size_t i = 0; t->places && i < t->count; i++)
        free(t->places[i].bytes);
    free(t->places);
}

int matter_cache_new(matter_cache **ret_cache) {
    matter_cache *cache = calloc(1, sizeof *cache);
    if (!cache || table_new(&cache->matters, MATTER_CACHE_PLACES) ||
        table_new(&cache->findings, MATTER_CACHE_FINDINGS)) {
        matter_cache_destroy(&cache);
        return -ENOMEM;
    }
    *ret_cache = cache;
    return 0;
}

void matter_cache_destroy(matter_cache **cache) {
    if (!cache || !*cache) return;
    table_free(&(*cache)->matters);
    table_free(&(*cache)->findings);
    free(*cache);
    *cache = NULL;
}

static place *set_of(const table *t, int64_t id) {
    size_t hash = (size_t)(((uint64_t)id * 0x9E3779B97F4A7C15U) >> 32);
    return &t->places[hash * WAYS % t->count];
}

static place *look_up(const table *t, int64_t id) {
    place *set = set_of(t, id);
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].complaint == id) return &set[i];
    return NULL;
}

static place *find(table *t, int64_t id) {
    place *at = look_up(t, id);
    if (at) at->used_at = ++t->uses;
    return at;
}

/* The complaint's place with room for length bytes, which the caller fills; NULL when there is no memory. */
static void *make_room(table *t, int64_t id, uint32_t digest, size_t length) {
    place *at = find(t, id), *set = set_of(t, id);
    if (!at) {
        at = set;
        for (size_t i = 1; i < WAYS; i++) {
            if (set[i].used_at < at->used_at) at = &set[i];
        }
    }
    if (at->length != length) {
        free(at->bytes);
        *at = (place){.bytes = malloc(length)};
        if (!at->bytes) return NULL;
    }
    *at = (place){id, digest, (uint32_t)length, ++t->uses, at->bytes};
    return at->bytes;
}

static bool holds(const place *at, uint32_t digest) {
    return at && at->digest == digest;
}

uint32_t matter_cache_digest(wjz_blob packed, wjz_blob finding) {
    return XXH32(packed.data, packed.length, 0) ^ XXH32(finding.data, finding.length, 1);
}

void matter_cache_put(matter_cache *cache, int64_t id, const matter *m) {
    if (holds(find(&cache->matters, id), m->digest)) return;
    void *room = make_room(&cache->matters, id, m->digest, matter_size(m));
    if (room) matter_copy(m, room);
}

void matter_cache_put_finding(matter_cache *cache, int64_t id, uint32_t digest, wjz_blob packed) {
    if (holds(find(&cache->findings, id), digest)) return;
    void *room = make_room(&cache->findings, id, digest, packed.length);
    if (room && packed.length) memcpy(room, packed.data, packed.length);
}

void matter_cache_fetch_place(const matter_cache *cache, int64_t id) {
    const place *set = set_of(&cache->matters, id);
    __builtin_prefetch(set);
    __builtin_prefetch(set + WAYS - 1);
}

void matter_cache_fetch(const matter_cache *cache, int64_t id) {
    const place *at = look_up(&cache->matters, id);
    for (uint32_t line = 0; at && line < at->length; line += 64)
        __builtin_prefetch((const char *)at->bytes + line);
}

int matter_cache_get(matter_cache *cache, int64_t id, uint32_t digest, wjz_arena *arena, matter **ret_matter) {
    const place *at = find(&cache->matters, id);
    *ret_matter = NULL;
    if (!holds(at, digest)) return 0;
    void *room = wjz_arena_alloc(arena, at->length);
    if (!room) return -ENOMEM;
    *ret_matter = matter_copy(at->bytes, room);
    return 0;
}

wjz_blob matter_cache_finding(matter_cache *cache, int64_t id, uint32_t digest) {
    const place *at = find(&cache->findings, id);
    return holds(at, digest) ? (wjz_blob){at->bytes, at->length} : (wjz_blob){NULL, 0};
}
