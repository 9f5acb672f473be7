/* Decisions in the order in which they were made, and for each complaint a chain of those that name it. There are few: what
 * was taken back is only marked. */
#include "scoring/decisions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct kept {
    decision made;
    bool stands;
} kept;

/* One mention of a complaint. */
typedef struct mention {
    int64_t complaint;
    uint32_t by;   /* index of kept */
    uint32_t next; /* older mention of the same complaint + 1, 0: none */
} mention;

struct decisions {
    kept *items;
    uint32_t count, capacity, standing;
    mention *mentions;
    uint32_t mention_count, mention_capacity;
    uint32_t *cells; /* by complaint: newest mention + 1; 0: free */
    uint32_t cell_count;
};

enum { FIRST_CELLS = 64 };

int decisions_new(decisions **ret_decisions) {
    decisions *all = calloc(1, sizeof *all);
    if (!all) return -ENOMEM;
    *ret_decisions = all;
    return 0;
}

void decisions_destroy(decisions **decisions_at) {
    decisions *all = decisions_at ? *decisions_at : NULL;
    if (!all) return;
    for (uint32_t i = 0; i < all->count; i++)
        free((int64_t *)all->items[i].made.members);
    free(all->items);
    free(all->mentions);
    free(all->cells);
    free(all);
    *decisions_at = NULL;
}

size_t decisions_count(const decisions *all) {
    return all->standing;
}

static uint32_t *cell_of(const decisions *all, int64_t complaint) {
    uint32_t at = (uint32_t)(((uint64_t)complaint * 0x9E3779B97F4A7C15U) >> 32) & (all->cell_count - 1);
    while (all->cells[at] && all->mentions[all->cells[at] - 1].complaint != complaint)
        at = (at + 1) & (all->cell_count - 1);
    return &all->cells[at];
}

static void mention_in_cell(decisions *all, uint32_t at) {
    uint32_t *cell = cell_of(all, all->mentions[at].complaint);
    all->mentions[at].next = *cell;
    *cell = at + 1;
}

static int grow(void *items_at, uint32_t *capacity, size_t needed, size_t size) {
    if (needed <= *capacity) return 0;
    uint32_t bigger = *capacity ? *capacity : 16;
    while (bigger < needed)
        bigger *= 2;
    void *grown = realloc(*(void **)items_at, bigger * size);
    if (!grown) return -ENOMEM;
    *(void **)items_at = grown;
    *capacity = bigger;
    return 0;
}

static int more_cells(decisions *all, size_t mentions) {
    uint32_t needed = all->cell_count ? all->cell_count : FIRST_CELLS;
    while (needed < mentions * 2)
        needed *= 2;
    if (needed == all->cell_count) return 0;
    uint32_t *cells = calloc(needed, sizeof *cells);
    if (!cells) return -ENOMEM;
    free(all->cells);
    all->cells = cells;
    all->cell_count = needed;
    for (uint32_t i = 0; i < all->mention_count; i++)
        mention_in_cell(all, i);
    return 0;
}

int decisions_add(decisions *all, const decision *d) {
    if (decisions_find(all, d->id)) return -EEXIST;
    size_t named = d->member_count + d->other_count;
    int r = grow(&all->items, &all->capacity, (size_t)all->count + 1, sizeof *all->items);
    if (!r) r = grow(&all->mentions, &all->mention_capacity, all->mention_count + named, sizeof *all->mentions);
    if (!r) r = more_cells(all, all->mention_count + named);
    int64_t *complaints = r ? NULL : malloc((named + 1) * sizeof *complaints);
    if (!complaints) return -ENOMEM;
    if (d->member_count) memcpy(complaints, d->members, d->member_count * sizeof *complaints);
    if (d->other_count) memcpy(complaints + d->member_count, d->others, d->other_count * sizeof *complaints);
    all->items[all->count] = (kept){.made = {.id = d->id,
                                                 .kind = d->kind,
                                                 .members = complaints,
                                                 .others = complaints + d->member_count,
                                                 .member_count = d->member_count,
                                                 .other_count = d->other_count},
                                    .stands = true};
    for (size_t i = 0; i < named; i++) {
        all->mentions[all->mention_count] = (mention){.complaint = complaints[i], .by = all->count};
        mention_in_cell(all, all->mention_count++);
    }
    all->count++;
    all->standing++;
    return 0;
}

static kept *find(const decisions *all, int64_t id) {
    for (uint32_t i = 0; i < all->count; i++) {
        if (all->items[i].stands && all->items[i].made.id == id) return &all->items[i];
    }
    return NULL;
}

const decision *decisions_find(const decisions *all, int64_t id) {
    const kept *found = find(all, id);
    return found ? &found->made : NULL;
}

int decisions_remove(decisions *all, int64_t id) {
    kept *found = find(all, id);
    if (!found) return -ENOENT;
    found->stands = false;
    all->standing--;
    return 0;
}

static int newest_first(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x < y) - (x > y);
}

int decisions_about(const decisions *all, const int64_t *complaints, size_t count, wjz_arena *arena,
                    const decision ***ret_list, size_t *ret_count) {
    *ret_list = NULL;
    *ret_count = 0;
    if (!all->standing) return 0;
    size_t found = 0, unique = 0;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t at = *cell_of(all, complaints[i]); at; at = all->mentions[at - 1].next)
            found += all->items[all->mentions[at - 1].by].stands;
    }
    if (!found) return 0;
    uint32_t *by = wjz_arena_alloc(arena, found * sizeof *by);
    const decision **list = wjz_arena_alloc(arena, found * sizeof *list);
    if (!by || !list) return -ENOMEM;
    found = 0;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t at = *cell_of(all, complaints[i]); at; at = all->mentions[at - 1].next) {
            if (all->items[all->mentions[at - 1].by].stands) by[found++] = all->mentions[at - 1].by;
        }
    }
    qsort(by, found, sizeof *by, newest_first);
    for (size_t i = 0; i < found; i++) {
        if (i == 0 || by[i] != by[i - 1]) list[unique++] = &all->items[by[i]].made;
    }
    *ret_list = list;
    *ret_count = unique;
    return 0;
}
