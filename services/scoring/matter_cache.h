/* What this process met last: matters and findings of complaints, so that a busy neighbourhood is not read from the
 * store again and again. A bounded table where a newcomer displaces whoever of a few was used longest ago; correctness
 * does not depend on what it holds, because each is held in one state and asked for in one state. */
#ifndef SCORING_MATTER_CACHE_H
#define SCORING_MATTER_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/matter.h"
#include "wjz/arena.h"
#include "wjz/clean.h"
#include "wjz/db.h"

enum { MATTER_CACHE_PLACES = 1 << 16, MATTER_CACHE_FINDINGS = 1 << 15 };

typedef struct matter_cache matter_cache;

WJZ_MUST_CHECK int matter_cache_new(matter_cache **ret_cache);
void matter_cache_destroy(matter_cache **cache);

/* The digest of a state of a complaint, from its matter and its finding as they are packed. */
uint32_t matter_cache_digest(wjz_blob packed, wjz_blob finding);

/* Both in the state that m->digest names. Copied; when there is no memory it keeps nothing. */
void matter_cache_put(matter_cache *cache, int64_t id, const matter *m);
void matter_cache_put_finding(matter_cache *cache, int64_t id, uint32_t digest, wjz_blob packed);

/* Bring near what getting it will read: where it is held, then the matter. For a caller who knows whom it gets next. */
void matter_cache_fetch_place(const matter_cache *cache, int64_t id);
void matter_cache_fetch(const matter_cache *cache, int64_t id);
/* A copy in the arena. *ret_matter is NULL when it is not held in that very state. -ENOMEM. */
WJZ_MUST_CHECK int matter_cache_get(matter_cache *cache, int64_t id, uint32_t digest, wjz_arena *arena,
                                    matter **ret_matter);
/* {NULL, 0} when it is not held in that very state. Lives until the next put. */
wjz_blob matter_cache_finding(matter_cache *cache, int64_t id, uint32_t digest);

#endif
