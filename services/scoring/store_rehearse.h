/* SQL of rehearsals (rehearse.h). */
#ifndef SCORING_STORE_REHEARSE_H
#define SCORING_STORE_REHEARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

typedef struct rehearsal_row {
    int64_t id;
    const char *version, *beside, *actor, *state, *error;
    int32_t days, cursor_region;
    int64_t cursor_clue, since_us, requested_at_us, ended_at_us;
    bool counted;
    int64_t total, done, complaints, changed, busy_us;
    int64_t before[5], after[5];
} rehearsal_row;

/* Beside the version that is active now. Queued. */
WJZ_MUST_CHECK int store_begin_rehearsal(wjz_tx *tx, int64_t id, const char *version, int32_t days, const char *actor);
WJZ_MUST_CHECK int store_take_rehearsal(wjz_tx *tx, int64_t instance, int64_t lease_ms, wjz_arena *arena,
                                        rehearsal_row *ret_row, bool *ret_found, wjz_err *err);
/* How many clues it is about; kept in the row. */
WJZ_MUST_CHECK int store_count_rehearsal(wjz_tx *tx, rehearsal_row *row, wjz_err *err);
WJZ_MUST_CHECK int store_fail_rehearsal(wjz_tx *tx, int64_t id, const char *error, wjz_err *err);

typedef struct rehearsed {
    int64_t clue, complaint;
    const char *subject; /* of the clue */
} rehearsed;
/* Complaints of the next clues, all of one region, by clue; at most `most` of a clue. *ret_cursor: the last clue;
 * *ret_count 0 at the end. */
WJZ_MUST_CHECK int store_next_to_rehearse(wjz_tx *tx, const rehearsal_row *row, int limit, int most, wjz_arena *arena,
                                          rehearsed **ret_list, size_t *ret_count, int32_t *ret_region,
                                          int64_t *ret_cursor, wjz_err *err);

typedef struct star_change_row {
    int32_t region;
    int64_t clue;
    double index_before, index_after;
    int16_t stars_before, stars_after;
    wjz_blob why; /* packed ChangeReasons */
} star_change_row;
/* Queued. */
WJZ_MUST_CHECK int store_put_star_changes(wjz_tx *tx, int64_t rehearsal, const star_change_row *rows, size_t count,
                                          wjz_arena *arena);
/* Writes cursor and sums and renews the lease, or ends it; *ret_ours false when another instance has it. */
WJZ_MUST_CHECK int store_advance_rehearsal(wjz_tx *tx, int64_t instance, int64_t lease_ms, const rehearsal_row *row,
                                           bool ended, bool *ret_ours, wjz_err *err);

WJZ_MUST_CHECK int store_find_rehearsal(wjz_tx *tx, int64_t id, wjz_arena *arena, rehearsal_row *ret_row,
                                        bool *ret_found, wjz_err *err);
/* Those that move most stars first. */
WJZ_MUST_CHECK int store_list_star_changes(wjz_tx *tx, int64_t rehearsal, int limit, wjz_arena *arena,
                                           star_change_row **ret_rows, size_t *ret_count, wjz_err *err);

#endif
