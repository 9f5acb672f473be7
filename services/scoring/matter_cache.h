/* Matters at hand: those met last, packed, so that a busy neighbourhood is not read from the store again and again. A
 * bounded table where a newcomer displaces whoever has its place; correctness does not depend on what it holds. */
#ifndef SCORING_MATTER_CACHE_H
#define SCORING_MATTER_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "wjz/clean.h"
#include "wjz/db.h"

enum { MATTER_CACHE_PLACES = 1 << 15 };

typedef struct matter_cache matter_cache;

WJZ_MUST_CHECK int matter_cache_new(matter_cache **ret_cache);
void matter_cache_destroy(matter_cache **cache);

/* Copies the bytes; when there is no memory it keeps nothing. digest: see struct matter. */
void matter_cache_put(matter_cache *cache, int64_t complaint, uint32_t digest, wjz_blob packed);
/* {NULL, 0} when it is not held in that very state. Lives until the next put. */
wjz_blob matter_cache_get(const matter_cache *cache, int64_t complaint, uint32_t digest);

#endif
