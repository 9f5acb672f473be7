/* SQL of the alarms of watches. Rows that are read live in the arena. */
#ifndef SCORING_STORE_ALARMS_H
#define SCORING_STORE_ALARMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/alarm.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* A watch with hits that no alarm has seen, and the time of the earliest of them. */
typedef struct fresh_watch {
    int64_t watch, earliest_us;
} fresh_watch;

/* Marks at most `limit` new hits as seen; *ret_hits says how many there were. */
WJZ_MUST_CHECK int store_take_fresh(wjz_tx *tx, int32_t region, int limit, wjz_arena *arena, fresh_watch **ret_watches,
                                    size_t *ret_count, size_t *ret_hits, wjz_err *err);

typedef struct alarm_watch {
    const char *title;
    int count, days;
    bool of_clues, ended;
    const char **tell;
    size_t tell_count;
} alarm_watch;

/* The watch and its hits from a time on, by time and complaint. */
WJZ_MUST_CHECK int store_load_alarm(wjz_tx *tx, int32_t region, int64_t watch, int64_t earliest_us, wjz_arena *arena,
                                    alarm_watch *ret_watch, alarm_hit **ret_hits, size_t *ret_count, wjz_err *err);

/* Prolongs the alert that shares time with the run; *ret_known says whether there is one. */
WJZ_MUST_CHECK int store_prolong_alert(wjz_tx *tx, int32_t region, int64_t watch, const alarm_run *run, bool *ret_known,
                                       wjz_err *err);
/* Queued. */
WJZ_MUST_CHECK int store_add_alert(wjz_tx *tx, int32_t region, int64_t watch, const alarm_run *run, bool told);

#endif
