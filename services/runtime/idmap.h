/* From a message id to whoever waits for it. */
#ifndef WJZ_RUNTIME_IDMAP_H
#define WJZ_RUNTIME_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#include "wjz/clean.h"

/* Zero is an empty map. */
typedef struct wjz_idmap {
    struct wjz_idmap_slot *slots;
    size_t capacity, count;
} wjz_idmap;

void wjz_idmap_clear(wjz_idmap *map);
/* value must not be NULL. -EEXIST when the id is in it already, -ENOMEM. */
WJZ_MUST_CHECK int wjz_idmap_put(wjz_idmap *map, uint64_t id, void *value);
/* NULL when the id is not in it. */
void *wjz_idmap_get(const wjz_idmap *map, uint64_t id);
/* Takes it out; NULL when it was not in it. */
void *wjz_idmap_take(wjz_idmap *map, uint64_t id);

#endif
