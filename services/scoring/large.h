/* Tables that are looked into at random and are larger than the caches: in large pages, so that a look costs no walk
 * through the page tables as well. */
#ifndef SCORING_LARGE_H
#define SCORING_LARGE_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "wjz/clean.h"

enum { LARGE_PAGE = 2 << 20 };

/* size bytes set to zero, in whole pages; free releases them. NULL: no memory. */
static inline void *large_calloc(size_t size) {
    size_t whole = (size / LARGE_PAGE + 1) * LARGE_PAGE;
    void *memory = aligned_alloc(LARGE_PAGE, whole);
    if (!memory) return NULL;
    (void)madvise(memory, whole, MADV_HUGEPAGE); /* a wish; it works without */
    return memset(memory, 0, size);
}

/* The same for a table that may be small, and then takes what it needs. */
static inline void *table_calloc(size_t size) {
    return size < LARGE_PAGE ? calloc(1, size) : large_calloc(size);
}

/* An array that grows: ordinary memory while it is small, then whole pages, which are moved, not copied, and of which
 * only those take memory that were touched. */
typedef struct large_array {
    void *bytes; /* not initialised where nothing was written yet */
    size_t capacity;
} large_array;

/* Room for `needed` bytes; what was in it stays, at another address. -ENOMEM: nothing was changed. */
WJZ_MUST_CHECK int large_grow(large_array *array, size_t needed);
void large_free(large_array *array);

#endif
