/* Open addressing with linear probing; removal moves later entries back, so that there are no tombstones in a map
 * through which millions of ids pass. */
#include "runtime/idmap.h"

#include <errno.h>
#include <stdlib.h>

struct wjz_idmap_slot {
    uint64_t id;
    void *value; /* NULL: free */
};

static size_t home(const wjz_idmap *map, uint64_t id) {
    return (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (map->capacity - 1);
}

/* The slot that has the id, or the free one where it would go. The map is never full. */
static size_t find(const wjz_idmap *map, uint64_t id) {
    size_t at = home(map, id);
    while (map->slots[at].value && map->slots[at].id != id)
        at = (at + 1) & (map->capacity - 1);
    return at;
}

static int grow(wjz_idmap *map) {
    wjz_idmap wider = {.capacity = map->capacity ? map->capacity * 2 : 64, .count = map->count};
    wider.slots = calloc(wider.capacity, sizeof *wider.slots);
    if (!wider.slots) return -ENOMEM;
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].value) wider.slots[find(&wider, map->slots[i].id)] = map->slots[i];
    free(map->slots);
    *map = wider;
    return 0;
}

void wjz_idmap_clear(wjz_idmap *map) {
    free(map->slots);
    *map = (wjz_idmap){0};
}

int wjz_idmap_put(wjz_idmap *map, uint64_t id, void *value) {
    if (map->count * 2 >= map->capacity) {
        int r = grow(map);
        if (r < 0) return r;
    }
    struct wjz_idmap_slot *slot = &map->slots[find(map, id)];
    if (slot->value) return -EEXIST;
    *slot = (struct wjz_idmap_slot){id, value};
    map->count++;
    return 0;
}

void *wjz_idmap_get(const wjz_idmap *map, uint64_t id) {
    return map->capacity ? map->slots[find(map, id)].value : NULL;
}

void *wjz_idmap_take(wjz_idmap *map, uint64_t id) {
    if (map->capacity == 0) return NULL;
    size_t mask = map->capacity - 1, hole = find(map, id);
    void *value = map->slots[hole].value;
    if (!value) return NULL;
    for (size_t at = (hole + 1) & mask; map->slots[at].value; at = (at + 1) & mask) {
        /* An entry may move into the hole unless its home lies behind the hole. */
        if (((at - home(map, map->slots[at].id)) & mask) < ((at - hole) & mask)) continue;
        map->slots[hole] = map->slots[at];
        hole = at;
    }
    map->slots[hole].value = NULL;
    map->count--;
    return value;
}
