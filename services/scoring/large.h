/* Tables that are looked into at random and are larger than the caches: in large pages, so that a look costs no walk
 * through the page tables as well. */
#ifndef SCORING_LARGE_H
#define SCORING_LARGE_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE_PAGE = 2 << 20 };

/* size bytes set to zero, in whole pages; free releases them. NULL: no memory. */
static inline void *large_calloc(size_t size) {
    size_t whole = (size / LARGE_PAGE + 1) * LARGE_PAGE;
    void *memory = aligned_alloc(LARGE_PAGE, whole);
    if (!memory) return NULL;
    (void)madvise(memory, whole, MADV_HUGEPAGE); /* a wish; it works without */
    return memset(memory, 0, size);
}

#endif
