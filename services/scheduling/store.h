/* SQL about shifts and leave. Every function works within the caller's transaction, in a fiber; texts live in the
 * arena. */
#ifndef SCHEDULING_STORE_H
#define SCHEDULING_STORE_H

#include "scheduling/rota.h"
#include "wjz/db.h"

/* Queues the lock that whoever changes the shifts of a region holds until the end of the transaction. */
WJZ_MUST_CHECK int store_lock_rota(wjz_tx *tx, int32_t region);

/* Everything that planning the days needs, read under the lock. Fills the lists of input; its days must be set. */
WJZ_MUST_CHECK int store_load_rota(wjz_tx *tx, int32_t region, wjz_arena *arena, struct rota_input *input,
                                   wjz_err *err);

/* Queues the changes of a plan; the ids of new shifts are in after.id. */
WJZ_MUST_CHECK int store_apply_plan(wjz_tx *tx, int32_t region, const struct rota_change *changes, size_t count,
                                    wjz_arena *arena);

/* A line of history. */
struct change {
    const char *kind; /* shift, leave, appointment, visit */
    int64_t subject;
    const char *actor, *change, *reason;
};
WJZ_MUST_CHECK int store_history(wjz_tx *tx, int32_t region, const struct change *changes, size_t count,
                                 wjz_arena *arena);

/* The regions that have duty patterns. */
WJZ_MUST_CHECK int store_regions(wjz_tx *tx, wjz_arena *arena, int64_t **ret_regions, size_t *ret_count, wjz_err *err);

/* Whether region has this active person; *ret_prosecutor: as prosecutor. */
WJZ_MUST_CHECK int store_person(wjz_tx *tx, int32_t region, const char *code, bool *ret_known, bool *ret_prosecutor,
                                wjz_err *err);

/* Records leave; when it is there already, *ret_id is the one of before. */
WJZ_MUST_CHECK int store_leave(wjz_tx *tx, int32_t region, const char *prosecutor, int64_t from_us, int64_t to_us,
                               const char *reason, const char *actor, int64_t *ret_id, wjz_err *err);

struct shift {
    int64_t id;
    const char *station, *station_name, *prosecutor, *prosecutor_name; /* prosecutor "": nobody */
    const char *state;
    int64_t starts_us, ends_us;
    int changes;
};
/* Locks the shift; -ENOENT when there is none. */
WJZ_MUST_CHECK int store_shift(wjz_tx *tx, int32_t region, int64_t id, wjz_arena *arena, struct shift *ret_shift,
                               wjz_err *err);

/* Gives a shift to a person, pinned. -EEXIST: the person has another one at that time. *ret_away: on leave, and nothing
 * done. */
WJZ_MUST_CHECK int store_substitute(wjz_tx *tx, int32_t region, int64_t id, const char *prosecutor, const char *reason,
                                    bool *ret_away, wjz_err *err);

#endif
