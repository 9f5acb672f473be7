/* SQL of area warnings. Rows that are read live in the arena. */
#ifndef SCORING_STORE_WARNINGS_H
#define SCORING_STORE_WARNINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/warn.h"
#include "scoring/warning_state.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* Everything that warnings follow from; most_days: as far back as twice the longest window. Sets now_us. */
WJZ_MUST_CHECK int store_load_warn_input(wjz_tx *tx, int32_t region, int most_days, int64_t now_us, wjz_arena *arena,
                                         warn_input *ret_input, wjz_err *err);
/* The last turn of the region's journal, 0: none. */
WJZ_MUST_CHECK int store_last_turn(wjz_tx *tx, int32_t region, int64_t *ret_turn, wjz_err *err);

typedef struct open_warning {
    int64_t id;
    area_kind kind;
    const char *unit, *unit_name, *domain, *department, *superior;
    Wjz__Scoring__WarningState state;
    int level, peak_level, revision;
} open_warning;

/* Those that are not cleared, in the order of warn_find. */
WJZ_MUST_CHECK int store_load_open_warnings(wjz_tx *tx, int32_t region, wjz_arena *arena, open_warning **ret_warnings,
                                            size_t *ret_count, wjz_err *err);
/* Whether a person has cleared one after that time. */
WJZ_MUST_CHECK int store_cleared_since(wjz_tx *tx, int32_t region, int64_t us, bool *ret_cleared, wjz_err *err);
/* One, locked; *ret_found false when there is none. */
WJZ_MUST_CHECK int store_lock_warning(wjz_tx *tx, int32_t region, int64_t id, wjz_arena *arena,
                                      open_warning *ret_warning, bool *ret_found, wjz_err *err);

/* People who lead the work: chief procurators, and heads of the public-interest branch. */
WJZ_MUST_CHECK int store_load_leaders(wjz_tx *tx, int32_t region, wjz_arena *arena, const char ***ret_codes,
                                      size_t *ret_count, wjz_err *err);

/* --- queued --- */

/* Adds or replaces what was found; spread false: clues of the area have to be scored again. */
WJZ_MUST_CHECK int store_put_warning(wjz_tx *tx, int32_t region, const open_warning *w, const warn_found *found,
                                     bool raised, bool spread);
/* A changed state: who, when, and what they noted. */
WJZ_MUST_CHECK int store_move_warning(wjz_tx *tx, int32_t region, const open_warning *w, const char *actor,
                                      const char *note, bool spread);
WJZ_MUST_CHECK int store_add_warning_event(wjz_tx *tx, int32_t region, const open_warning *w,
                                           Wjz__Scoring__WarningState from, const char *actor, const char *note);
/* With the region's lock: batches from now on see the warnings as they are. */
WJZ_MUST_CHECK int store_raise_warning_version(wjz_tx *tx, int32_t region);
/* The round of that name is due now. */
WJZ_MUST_CHECK int store_hurry_round(wjz_tx *tx, int32_t region, const char *name);

/* --- scoring again --- */

/* A warning whose area's clues have not been sent yet. */
typedef struct unspread_warning {
    open_warning warning;
    area_outline outline; /* of a grid */
} unspread_warning;
WJZ_MUST_CHECK int store_load_unspread(wjz_tx *tx, int32_t region, wjz_arena *arena, unspread_warning **ret_warnings,
                                       size_t *ret_count, wjz_err *err);
/* A complaint of each of the next clues above `after` that lie in the area of one of the warnings (for a grid: near it);
 * *ret_after is the last clue looked at, the same as `after` when there are no more. */
WJZ_MUST_CHECK int store_clues_in_areas(wjz_tx *tx, int32_t region, const unspread_warning *warnings,
                                        size_t warning_count, int64_t after, wjz_arena *arena,
                                        int64_t **ret_complaints, size_t *ret_count, int64_t *ret_after, wjz_err *err);
/* Queued. Those of them that are still as they were loaded. */
WJZ_MUST_CHECK int store_set_spread(wjz_tx *tx, int32_t region, const unspread_warning *warnings, size_t count,
                                    wjz_arena *arena);

#endif
