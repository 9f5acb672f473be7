/* Arena: blocks that grow, a pointer that moves, everything dropped at once. What belongs to one turn — a
 * request, a batch — is never freed piece by piece, so a handler's error paths have nothing to forget. */
#include "wjz/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 4096, LARGEST_STEP = 1 << 18, ALIGNMENT = alignof(max_align_t) };

typedef struct block {
    struct block *before;
    size_t size, used;
    alignas(max_align_t) unsigned char bytes[];
} block;

struct wjz_arena {
    block *now; /* newest; the chain ends at the first block */
    size_t used, limit;
    ProtobufCAllocator protobuf;
};

static block *block_new(size_t size, block *before) {
    block *b = malloc(sizeof *b + size);
    if (b) *b = (block){.before = before, .size = size};
    return b;
}

static void *protobuf_alloc(void *arena, size_t size) {
    return wjz_arena_alloc(arena, size);
}

static void protobuf_free(WJZ_UNUSED void *arena, WJZ_UNUSED void *pointer) {}

wjz_arena *wjz_arena_new(size_t limit) {
    wjz_arena *arena = calloc(1, sizeof *arena);
    if (!arena) return NULL;
    arena->limit = limit ? limit : SIZE_MAX;
    arena->protobuf = (ProtobufCAllocator){protobuf_alloc, protobuf_free, arena};
    arena->now = block_new(FIRST_BLOCK, NULL);
    if (!arena->now) free(WJZ_STEAL(arena));
    return arena;
}

/* Frees all blocks but one. */
static void drop_others(block *newest, const block *kept) {
    while (newest) {
        block *before = newest->before;
        if (newest != kept) free(newest);
        newest = before;
    }
}

/* The largest block that is no larger than blocks become by themselves. */
static block *block_to_keep(block *newest) {
    block *best = newest;
    for (block *b = newest; b; b = b->before)
        if (best->size > LARGEST_STEP || (b->size > best->size && b->size <= LARGEST_STEP)) best = b;
    return best;
}

void wjz_arena_destroy(wjz_arena **arena) {
    if (!arena || !*arena) return;
    drop_others((*arena)->now, NULL);
    free(*arena);
    *arena = NULL;
}

void wjz_arena_reset(wjz_arena *arena) {
    block *kept = block_to_keep(arena->now);
    drop_others(arena->now, kept);
    kept->before = NULL;
    kept->used = 0;
    arena->now = kept;
    arena->used = 0;
}

void *wjz_arena_alloc(wjz_arena *arena, size_t size) {
    if (size > SIZE_MAX / 2) return NULL;
    size = size ? (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1) : ALIGNMENT;
    if (size > arena->limit - arena->used) return NULL;
    if (size > arena->now->size - arena->now->used) {
        size_t step = arena->now->size < LARGEST_STEP ? arena->now->size * 2 : LARGEST_STEP;
        block *b = block_new(size > step ? size : step, arena->now);
        if (!b) return NULL;
        arena->now = b;
    }
    void *bytes = arena->now->bytes + arena->now->used;
    arena->now->used += size;
    arena->used += size;
    return bytes;
}

void *wjz_arena_calloc(wjz_arena *arena, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) return NULL;
    void *bytes = wjz_arena_alloc(arena, total);
    return bytes ? memset(bytes, 0, total) : NULL;
}

char *wjz_arena_strdup(wjz_arena *arena, const char *text) {
    return wjz_arena_strndup(arena, text, strlen(text));
}

char *wjz_arena_strndup(wjz_arena *arena, const char *text, size_t length) {
    if (length == SIZE_MAX) return NULL;
    char *copy = wjz_arena_alloc(arena, length + 1);
    if (!copy) return NULL;
    if (length) memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

/* Most texts are short: written once, then copied. */
char *wjz_arena_vprintf(wjz_arena *arena, const char *format, va_list args) {
    char brief[512];
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(brief, sizeof brief, format, again);
    va_end(again);
    if (length >= 0 && (size_t)length < sizeof brief) return wjz_arena_strndup(arena, brief, (size_t)length);
    char *text = length < 0 ? NULL : wjz_arena_alloc(arena, (size_t)length + 1);
    if (text) vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *wjz_arena_printf(wjz_arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = wjz_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

size_t wjz_arena_used(const wjz_arena *arena) {
    return arena->used;
}

ProtobufCAllocator *wjz_arena_protobuf(wjz_arena *arena) {
    return &arena->protobuf;
}
