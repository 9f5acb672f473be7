/* SQL of watches, their hits, and areas with a warning, as a batch needs it. Rows that are read live in the arena. */
#ifndef SCORING_STORE_WATCHING_H
#define SCORING_STORE_WATCHING_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/area.h"
#include "scoring/watches.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* Watches that have not been ended, by number. */
WJZ_MUST_CHECK int store_load_watches(wjz_tx *tx, int32_t region, wjz_arena *arena, watch **ret_watches,
                                      size_t *ret_count, wjz_err *err);
/* Areas whose warning has not been cleared. */
WJZ_MUST_CHECK int store_load_warned(wjz_tx *tx, int32_t region, wjz_arena *arena, warned_areas *ret_areas,
                                     wjz_err *err);

/* Hits of a batch. known: complaints of it that may have had hits before; what they do not hit any more is removed, but
 * for watches that are not among `watches`. Queued. */
WJZ_MUST_CHECK int store_put_hits(wjz_tx *tx, int32_t region, const watch_hit *hits, size_t count, const int64_t *known,
                                  size_t known_count, const int64_t *watches, size_t watch_count, wjz_arena *arena);

#endif
