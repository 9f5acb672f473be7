/* Memory that lives as long as one turn: allocated piece by piece, dropped at once. */
#ifndef WJZ_ARENA_H
#define WJZ_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <protobuf-c/protobuf-c.h>

#include "wjz/clean.h"

typedef struct wjz_arena wjz_arena;

/* limit: the most bytes the arena will ever hold, 0 for no limit; a message from outside that unpacks to
 * more than the limit fails instead of filling the machine. NULL when out of memory. */
wjz_arena *wjz_arena_new(size_t limit);
void wjz_arena_destroy(wjz_arena **arena);

/* Forgets everything allocated, keeps 256 kB of memory at most for reuse. */
void wjz_arena_reset(wjz_arena *arena);

/* size bytes aligned for any type, not cleared; NULL when out of memory or over the limit. size 0 gives a
 * valid pointer. */
void *wjz_arena_alloc(wjz_arena *arena, size_t size);
/* count * size bytes set to zero; NULL also when the product overflows. */
void *wjz_arena_calloc(wjz_arena *arena, size_t count, size_t size);
char *wjz_arena_strdup(wjz_arena *arena, const char *text);
/* length bytes and a NUL. */
char *wjz_arena_strndup(wjz_arena *arena, const char *text, size_t length);
char *wjz_arena_printf(wjz_arena *arena, const char *format, ...) WJZ_PRINTF(2, 3);
char *wjz_arena_vprintf(wjz_arena *arena, const char *format, va_list args) WJZ_PRINTF(2, 0);

/* Bytes handed out since new or the last reset. */
size_t wjz_arena_used(const wjz_arena *arena);

/* protobuf-c's allocator on this arena: what it unpacks is never freed one by one. Lives inside the arena. */
ProtobufCAllocator *wjz_arena_protobuf(wjz_arena *arena);

#endif
