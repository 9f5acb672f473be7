/* The matters that a regrouping wants, from what this process holds and from the store. */
#ifndef SCORING_SUPPLY_H
#define SCORING_SUPPLY_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/matter_cache.h"
#include "scoring/regroup.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

typedef struct supplier {
    matter_cache *cache;
    regroup *regroup;
    wjz_tx *tx;
    int32_t region;
    wjz_arena *arena;
} supplier;

/* What is at hand; the rest is left in wants. -ENOMEM. */
WJZ_MUST_CHECK int supply_held(const supplier *from, regroup_want *wants, size_t *count);
/* Without the region's lock, what the store has in the state that the index names; the rest is left in wants. One round
 * trip. */
WJZ_MUST_CHECK int supply_unlocked(const supplier *from, regroup_want *wants, size_t *count, wjz_err *err);
/* With the lock held, under which the store has all in that state: the rest. One round trip. */
WJZ_MUST_CHECK int supply_locked(const supplier *from, regroup_want *wants, size_t count, wjz_err *err);

#endif
