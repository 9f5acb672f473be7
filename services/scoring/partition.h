/* Which complaints of a neighbourhood form one matter. The answer is a function of the set alone: whatever order its
 * members arrived in, they are ranked by report time and identity, and the surest links are taken first. Two groups
 * become one only when their first members agree on the whole, so that no chain joins what does not belong together. */
#ifndef SCORING_PARTITION_H
#define SCORING_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/matter.h"
#include "scoring/repeats.h"
#include "wjz/arena.h"

enum { PARTITION_JUDGES = 6 /* first members that speak for a group */ };

/* Two members, as indices, that may be linked: those that share a key (repeats_index.h). Each pair once. */
typedef struct near_pair {
    uint32_t a, b;
} near_pair;

/* groups[i]: index of the canonically first member of i's group. Members without pairs stand alone, so that a union of
 * neighbourhoods gives the same as each of them. -ENOMEM. */
WJZ_MUST_CHECK int partition_make(const repeat_rules *rules, const matter *const *members, size_t count,
                                  const near_pair *pairs, size_t pair_count, wjz_arena *arena, uint32_t *groups);

#endif
