/* All SQL of scoring, a whole batch per statement. Rows that are read live in the arena that is given. */
#ifndef SCORING_STORE_H
#define SCORING_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "proto/intake.pb-c.h"
#include "scoring/complaint.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* Those of the complaints that intake has, in no particular order, as they were received, but for some that have
 * changed since: store_renew_complaints puts their present state in place. One round trip, and one more where there are
 * such. ids: each once; quickest in ascending order. received: NULL, or of each what came with its message, which is
 * committed and need not be read, or NULL; its texts must outlive the turn. */
WJZ_MUST_CHECK int store_load_complaints(wjz_tx *tx, int32_t region, const int64_t *ids,
                                         const Wjz__Intake__AsReceived *const *received, size_t count, wjz_arena *arena,
                                         complaint **ret_complaints, size_t *ret_count, wjz_err *err);
WJZ_MUST_CHECK int store_renew_complaints(wjz_tx *tx, int32_t region, complaint *complaints, size_t *count,
                                          wjz_arena *arena, wjz_err *err);

/* A turn of a region's journal. */
typedef struct store_turn {
    int64_t turn, stamp;
    wjz_blob entries; /* empty for the turn that was asked from */
} store_turn;

/* What stands for all complaints of a region: raised, under the region's lock, by whoever changes its watches or the
 * areas with a warning (standing.h). */
typedef struct region_versions {
    int64_t watches, warnings;
} region_versions;

/* What is read with the region's lock. */
typedef struct region_state {
    region_versions versions;
    store_turn *turns;
    size_t turn_count;
} region_state;

/* Waits until no other transaction changes matters of the region, then reads its versions, and turns from `from` on,
 * that one without its entries; at most STORE_TURNS, so ask for more when there are so many. Queued; the answer is there
 * after the one wait that follows. */
enum { STORE_TURNS = 256 };
WJZ_MUST_CHECK int store_ask_region(wjz_tx *tx, int32_t region, int64_t from, int *ret_at);
/* -ENOMEM. */
WJZ_MUST_CHECK int store_answer_region(wjz_tx *tx, int at, wjz_arena *arena, region_state *ret_state, wjz_err *err);
/* The lock alone: queued. */
WJZ_MUST_CHECK int store_ask_lock(wjz_tx *tx, int32_t region);
/* The lock, and the failure of the transaction with -EAGAIN unless that turn is then the region's last one, with that stamp,
 * and what stands for it is of these versions: queued, and passed over by the next wait. For a turn that was worked out
 * without the lock. */
WJZ_MUST_CHECK int store_expect_region(wjz_tx *tx, int32_t region, int64_t turn, int64_t stamp,
                                       const region_versions *versions);
WJZ_MUST_CHECK int store_more_turns(wjz_tx *tx, int32_t region, int64_t from, wjz_arena *arena, store_turn **ret_turns,
                                    size_t *ret_count, wjz_err *err);

typedef struct store_blob {
    int64_t complaint;
    wjz_blob data;
} store_blob;
/* From rows of complaint and bytes. -ENOMEM. */
WJZ_MUST_CHECK int store_read_blobs(const wjz_rows *rows, wjz_arena *arena, store_blob **ret_rows, size_t *ret_count);

/* As matter_pack made them. */
WJZ_MUST_CHECK int store_load_matters(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                                      store_blob **ret_rows, size_t *ret_count, wjz_err *err);

/* Both of what is kept of complaints, of those that have it: without the region's lock in whatever state that is. */
typedef struct store_state {
    int64_t complaint;
    wjz_blob matter, finding;
} store_state;
WJZ_MUST_CHECK int store_load_states(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                                     store_state **ret_rows, size_t *ret_count, wjz_err *err);

/* What must be known of a clue to change it. A row that is put or merged takes the revision after this one, and the
 * transaction fails with -EAGAIN where the clue is not at it any more. */
typedef struct store_clue {
    int64_t id, told_state;
    int32_t revision;
    bool told, asked;
} store_clue;

/* Asks for clues, and for packed findings of complaints: queued. The answer is there once the transaction has waited.
 */
typedef struct clues_question {
    int clues, findings; /* among the rows of the round trip; -1: not asked */
} clues_question;
WJZ_MUST_CHECK int store_ask_clues(wjz_tx *tx, int32_t region, const int64_t *clues, size_t clue_count,
                                   const int64_t *complaints, size_t complaint_count, clues_question *ret_question);
/* -ENOMEM. */
WJZ_MUST_CHECK int store_answer_clues(wjz_tx *tx, const clues_question *asked, wjz_arena *arena, store_clue **ret_clues,
                                      size_t *ret_clue_count, store_blob **ret_findings, size_t *ret_finding_count);

/* Whether one of the complaints has a finding about a later revision of it than the one given. One round trip. */
WJZ_MUST_CHECK int store_scored_later(wjz_tx *tx, int32_t region, const int64_t *complaints, const int32_t *revisions,
                                      size_t count, bool *ret_later, wjz_err *err);

/* --- writing: queued, travels with the next wait or commit --- */

typedef struct finding_row {
    int64_t complaint, clue;
    int32_t revision;
    wjz_blob finding, matter;
} finding_row;
/* Of complaints that have none, and of any. */
WJZ_MUST_CHECK int store_add_findings(wjz_tx *tx, int32_t region, const finding_row *rows, size_t count,
                                      wjz_arena *arena);
WJZ_MUST_CHECK int store_put_findings(wjz_tx *tx, int32_t region, const finding_row *rows, size_t count,
                                      wjz_arena *arena);

typedef struct moved_row {
    int64_t complaint, clue;
} moved_row;
WJZ_MUST_CHECK int store_move_findings(wjz_tx *tx, int32_t region, const moved_row *rows, size_t count,
                                       wjz_arena *arena);

typedef struct clue_row {
    int64_t id, told_state;
    int32_t revision; /* 1: it is not stored yet */
    bool told, asked; /* others know of it; there are questions about it */
    int64_t first_report_at_us, last_report_at_us;
    const char *feed;
    const Wjz__Scoring__ScoreCard *card;
    wjz_blob packed_card;
} clue_row;
/* Clues that are new, and such as are there. */
WJZ_MUST_CHECK int store_add_clues(wjz_tx *tx, int32_t region, const clue_row *rows, size_t count, wjz_arena *arena);
WJZ_MUST_CHECK int store_put_clues(wjz_tx *tx, int32_t region, const clue_row *rows, size_t count, wjz_arena *arena);

typedef struct merged_row {
    int64_t id, into;
    int32_t revision;
} merged_row;
WJZ_MUST_CHECK int store_merge_clues(wjz_tx *tx, int32_t region, const merged_row *rows, size_t count,
                                     wjz_arena *arena);

/* Such as were merged away are so no more; before they are put. */
WJZ_MUST_CHECK int store_revive_clues(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count);

WJZ_MUST_CHECK int store_put_turn(wjz_tx *tx, int32_t region, const store_turn *turn);

/* --- enforcement records, and what was scored with them --- */

typedef struct enforcement {
    int64_t id;
    const char *subject_name, *document_no;
    int32_t pay_until, executed_on, court_application_on, decided_on; /* day numbers, 0: not known */
    bool revoked, rectified, licence_withdrawn;
} enforcement;
WJZ_MUST_CHECK int store_load_enforcement(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count,
                                          wjz_arena *arena, enforcement **ret_records, size_t *ret_count, wjz_err *err);
/* subject_name normalised. */
WJZ_MUST_CHECK int store_put_penalties(wjz_tx *tx, int32_t region, const enforcement *records, size_t count,
                                       wjz_arena *arena);
/* Complaints of clues against one of the subjects, at most `limit`. */
WJZ_MUST_CHECK int store_complaints_of_subjects(wjz_tx *tx, int32_t region, const char *const *subjects, size_t count,
                                                int limit, wjz_arena *arena, int64_t **ret_ids, size_t *ret_count,
                                                wjz_err *err);

#endif
