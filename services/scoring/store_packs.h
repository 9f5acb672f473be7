/* SQL of rule packs. The moment of an activation: a turn holds the lock of packs shared from its reading of the active
 * version until its commit, an activation holds it alone. So every turn is wholly before or wholly after each
 * activation, and what one before it wrote has been committed when the activation is. */
#ifndef SCORING_STORE_PACKS_H
#define SCORING_STORE_PACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/pack_files.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

typedef struct pack_row {
    const char *version, *state, *checksum, *author, *approver, *activated_by, *note; /* "" where there is none */
    int64_t submitted_at_us, approved_at_us, activated_at_us, retired_at_us;
    wjz_blob outline;
} pack_row;

/* Takes the lock of packs, shared, and asks which version is active: queued, to travel with what is asked next. The
 * answer is there after that one wait; "" when none is active. The text is the arena's. */
WJZ_MUST_CHECK int store_ask_active(wjz_tx *tx, int *ret_at);
/* The same without waiting for an activation that is under way: store_active gives -EAGAIN then. */
WJZ_MUST_CHECK int store_ask_active_now(wjz_tx *tx, int *ret_at);
/* -ENOMEM. */
WJZ_MUST_CHECK int store_active(wjz_tx *tx, int at, wjz_arena *arena, const char **ret_version);
/* The same in a round trip of its own, without the lock. */
WJZ_MUST_CHECK int store_read_active(wjz_tx *tx, wjz_arena *arena, const char **ret_version, wjz_err *err);
/* … and with it the version that was approved last and was not activated yet; "" when there is none. */
WJZ_MUST_CHECK int store_read_versions(wjz_tx *tx, wjz_arena *arena, const char **ret_active, const char **ret_approved,
                                       wjz_err *err);

/* -ENOENT when there is no such version. */
WJZ_MUST_CHECK int store_pack_content(wjz_tx *tx, const char *version, wjz_arena *arena, wjz_blob *ret_content,
                                      wjz_err *err);

/* Waits until no turn is under way, and keeps others from beginning until the transaction ends. Queued. */
WJZ_MUST_CHECK int store_lock_packs(wjz_tx *tx);
/* version "": the one that was retired last. *ret_found false when there is none. The row is locked. */
WJZ_MUST_CHECK int store_find_pack(wjz_tx *tx, const char *version, wjz_arena *arena, pack_row *ret_row,
                                   bool *ret_found, wjz_err *err);
/* Adds a submitted version unless it is there. */
WJZ_MUST_CHECK int store_submit_pack(wjz_tx *tx, const pack_row *row, wjz_blob content, bool *ret_added, wjz_err *err);
/* Queued: the row's new state, and the line in the history of packs. */
WJZ_MUST_CHECK int store_approve_pack(wjz_tx *tx, const char *version, const char *approver);
WJZ_MUST_CHECK int store_activate_pack(wjz_tx *tx, const char *version, const char *actor);
WJZ_MUST_CHECK int store_pack_event(wjz_tx *tx, const char *version, const char *event, const char *actor,
                                    const char *note);
/* Queued: the active version, if any, becomes retired, with its line in the history. */
WJZ_MUST_CHECK int store_retire_active(wjz_tx *tx, const char *actor);

/* The newest first. */
WJZ_MUST_CHECK int store_list_packs(wjz_tx *tx, wjz_arena *arena, pack_row **ret_rows, size_t *ret_count, wjz_err *err);

typedef struct pack_event_row {
    const char *version, *event, *actor, *note;
    int64_t at_us;
} pack_event_row;
WJZ_MUST_CHECK int store_list_pack_events(wjz_tx *tx, int limit, wjz_arena *arena, pack_event_row **ret_rows,
                                          size_t *ret_count, wjz_err *err);

#endif
