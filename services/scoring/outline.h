/* What explaining a score card needs of its pack — names, law, cuts — as a message, so that those who show cards need
 * not load packs. Pure. */
#ifndef SCORING_OUTLINE_H
#define SCORING_OUTLINE_H

#include "proto/rules.pb-c.h"
#include "scoring/rules.h"
#include "wjz/arena.h"
#include "wjz/db.h"

/* In the arena, sharing the pack's texts. NULL when out of memory. */
Wjz__Scoring__PackOutline *outline_of(const rule_pack *pack, wjz_arena *arena);
/* The same, packed. -ENOMEM. */
WJZ_MUST_CHECK int outline_pack(const rule_pack *pack, wjz_arena *arena, wjz_blob *ret_packed);

#endif
