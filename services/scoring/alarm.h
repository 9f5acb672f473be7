/* When a watch has reached its threshold: N complaints, or clues, within D days. Pure. */
#ifndef SCORING_ALARM_H
#define SCORING_ALARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"

typedef struct alarm_hit {
    int64_t at_us, clue;
    bool dated;
} alarm_hit;

/* From the first hit that counted to the last one. */
typedef struct alarm_run {
    int64_t from_us, crossed_us, to_us;
    size_t complaints, clues, undated;
} alarm_run;

/* hits: by time. A run begins with the hit that makes `count` within `days` before it (itself included) and goes on
 * while every further hit does; runs that share hits are one. Runs live in the arena. -ENOMEM. */
WJZ_MUST_CHECK int alarm_runs(const alarm_hit *hits, size_t hit_count, size_t count, int days, bool of_clues,
                              wjz_arena *arena, alarm_run **ret_runs, size_t *ret_count);

#endif
