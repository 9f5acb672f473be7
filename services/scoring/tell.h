/* What assignment is told of clues: the whole present state of each that is worth it, or that it was told of before and
 * that is not as it was. */
#ifndef SCORING_TELL_H
#define SCORING_TELL_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/regroup.h"
#include "scoring/store.h"
#include "wjz/arena.h"
#include "wjz/bus.h"
#include "wjz/err.h"

enum { TELL_LEAST_STARS = 3, TELL_COMPLAINTS = 1000 /* of one clue that are named */ };

typedef struct tell tell;

/* For at most `most` clues; lives in the arena. -ENOMEM. */
WJZ_MUST_CHECK int tell_new(size_t most, wjz_arena *arena, tell **ret_tell);
/* Adds the clue when it is to be told, and sets the row's told and told_state. */
WJZ_MUST_CHECK int tell_scored(tell *t, const regroup_group *group, clue_row *row, wjz_err *err);
WJZ_MUST_CHECK int tell_merged(tell *t, const merged_row *row, wjz_err *err);
/* Emits CluesScored in portions, within tx. */
WJZ_MUST_CHECK int tell_send(tell *t, wjz_bus *bus, wjz_tx *tx, int32_t region, wjz_err *err);

#endif
