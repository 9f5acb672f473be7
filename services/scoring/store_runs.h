/* SQL of the runs that go beside live work: scoring again after an activation, and rehearsals. A run is a row with a
 * cursor; the worker that has its lease takes it on, in portions of one transaction each. */
#ifndef SCORING_STORE_RUNS_H
#define SCORING_STORE_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/store.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* How much live work waits for scoring: messages (counted up to a bound) and the age of the oldest one. */
typedef struct live_load {
    int64_t waiting, oldest_us;
} live_load;
WJZ_MUST_CHECK int store_live_load(wjz_tx *tx, live_load *ret_load, wjz_err *err);

/* --- what runs of all kinds have: a state, an owner, a lease --- */

/* Takes the first run by `key` that nobody has: $1 the instance, $2 the seconds of the lease. */
#define STORE_TAKE_RUN(table, key, columns)                                                                            \
    "UPDATE scoring." table " SET owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2) WHERE (" key \
    ") IN (SELECT " key " FROM scoring." table " WHERE state = 'running' AND (owner = $1 OR lease_until <"             \
    " clock_timestamp()) ORDER BY " key " LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING " columns

/* By such a statement; no row when there is none. */
WJZ_MUST_CHECK int store_take_run(wjz_tx *tx, const wjz_stmt *take, int64_t instance, int64_t lease_ms,
                                  wjz_rows **ret_rows, wjz_err *err);
/* Whether a statement that writes a run's progress found it still ours. */
WJZ_MUST_CHECK int store_advance_run(wjz_tx *tx, const wjz_stmt *advance, const wjz_param *params, int count,
                                     bool *ret_ours, wjz_err *err);

/* --- scoring again --- */

typedef struct rescore_row {
    int32_t region;
    int64_t id;
    const char *version, *state;
    int64_t cursor, last, scored_from_us, began_at_us, ended_at_us;
    bool counted; /* last and total are known */
    int64_t total, done, busy_us;
} rescore_row;

/* A run for every region that has anything scored, or for one of them; those under way are superseded. Queued. */
WJZ_MUST_CHECK int store_begin_rescores(wjz_tx *tx, int64_t id, const char *version);
WJZ_MUST_CHECK int store_begin_rescore(wjz_tx *tx, int32_t region, int64_t id, const char *version);
/* A run that nobody has, for the instance; *ret_found false when there is none. */
WJZ_MUST_CHECK int store_take_rescore(wjz_tx *tx, int64_t instance, int64_t lease_ms, wjz_arena *arena,
                                      rescore_row *ret_row, bool *ret_found, wjz_err *err);
/* How many complaints it is about, and the last of them; kept in the row. */
WJZ_MUST_CHECK int store_count_rescore(wjz_tx *tx, rescore_row *row, wjz_err *err);
/* The next complaints that were not scored since, with all others of their clues that were not either. *ret_cursor is
 * the last one of the first kind; *ret_count 0 at the end. */
WJZ_MUST_CHECK int store_next_to_rescore(wjz_tx *tx, const rescore_row *row, int limit, wjz_arena *arena,
                                         int64_t **ret_ids, size_t *ret_count, int64_t *ret_cursor, wjz_err *err);
/* Writes cursor, done and busy_us of the row and renews the lease, or ends it; *ret_ours false when another instance
 * has it or it was superseded: then nothing of the transaction may be committed. */
WJZ_MUST_CHECK int store_advance_rescore(wjz_tx *tx, int64_t instance, int64_t lease_ms, const rescore_row *row,
                                         bool ended, bool *ret_ours, wjz_err *err);
/* The newest first. */
WJZ_MUST_CHECK int store_list_rescores(wjz_tx *tx, int limit, wjz_arena *arena, rescore_row **ret_rows,
                                       size_t *ret_count, wjz_err *err);

#endif
