/* Pages can be moved by their upper tables alone, and stay large, when both places begin at a large page. */
#include "scoring/large.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

enum { FIRST_BYTES = 1 << 12 };

static bool in_pages(size_t capacity) {
    return capacity >= LARGE_PAGE;
}

/* size: whole large pages. NULL: no memory. */
static void *map_pages(size_t size) {
    char *mapped =
        mmap(NULL, size + LARGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) return NULL;
    size_t before = -(uintptr_t)mapped % LARGE_PAGE;
    if (before) munmap(mapped, before);
    munmap(mapped + before + size, LARGE_PAGE - before);
    (void)madvise(mapped + before, size, MADV_HUGEPAGE); /* a wish; it works without */
    return mapped + before;
}

static int grow_in_pages(large_array *a, size_t capacity) {
    void *pages = map_pages(capacity);
    if (!pages) return -ENOMEM;
    if (!in_pages(a->capacity)) {
        if (a->capacity) memcpy(pages, a->bytes, a->capacity);
        free(a->bytes);
    } else if (mremap(a->bytes, a->capacity, capacity, MREMAP_MAYMOVE | MREMAP_FIXED, pages) == MAP_FAILED) {
        munmap(pages, capacity);
        return -ENOMEM;
    }
    *a = (large_array){pages, capacity};
    return 0;
}

int large_grow(large_array *a, size_t needed) {
    if (needed <= a->capacity) return 0;
    if (needed > SIZE_MAX / 4) return -ENOMEM;
    size_t capacity = a->capacity ? a->capacity : FIRST_BYTES;
    while (capacity < needed)
        capacity += capacity / 2;
    if (in_pages(capacity)) return grow_in_pages(a, (capacity + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE);
    void *grown = realloc(a->bytes, capacity);
    if (!grown) return -ENOMEM;
    *a = (large_array){grown, capacity};
    return 0;
}

void large_free(large_array *a) {
    if (in_pages(a->capacity))
        munmap(a->bytes, a->capacity);
    else
        free(a->bytes);
    *a = (large_array){0};
}
