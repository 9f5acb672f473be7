/* What stands for all complaints of a region until a person or a round changes it: the watches, and the areas with a
 * warning. A process keeps what it has read; the region's versions, read with its lock, say whether that is still so.
 * Who changes it takes the lock too, so every batch is entirely before or entirely after the change. */
#ifndef SCORING_STANDING_H
#define SCORING_STANDING_H

#include <stdint.h>

#include "scoring/area.h"
#include "scoring/store.h"
#include "scoring/watches.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* The regions this process has met. */
typedef struct standing standing;
/* One state of one region, which never changes: several holders may have one. */
typedef struct standing_view {
    region_versions versions; /* 0: nothing was ever defined */
    watch_set *watches;       /* NULL: none */
    warned_areas warned;
    /* private */
    wjz_arena *arena;
    unsigned holders;
} standing_view;

void standing_destroy(standing **list);

/* The latest that is known, to be released. The list grows by the region when it is new. NULL when out of memory. */
standing_view *standing_hold(standing **list, int32_t region);
/* Accepts NULL and *view == NULL; nulls *view. */
void standing_release(standing_view **view);

/* With the region's lock held, whose versions these are: when *view is not of these versions, reads it anew and puts it
 * in its place. */
WJZ_MUST_CHECK int standing_renew(standing **list, wjz_tx *tx, int32_t region, const region_versions *versions,
                                  standing_view **view, wjz_err *err);

#endif
