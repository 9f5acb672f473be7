/* The service's SQL. Each call says how many round trips it makes.
 *
 * Locks: whoever changes an assignment holds its clue's row in clue_state, taken in the order of (region, clue), those
 * of first revisions before others; the partial unique index is the last guard that a clue has one open assignment. Texts
 * of results live in the given arena.
 */
#ifndef WJZ_ASSIGNMENT_STORE_H
#define WJZ_ASSIGNMENT_STORE_H

#include "assignment/clue.h"
#include "assignment/directory.h"
#include "assignment/ledger.h"
#include "wjz/db.h"

typedef struct store_told {
    clue told;
    bool newer;       /* the revision was above the one in the store */
    assignment *open; /* NULL: none */
    assignment *last; /* none open: the one that settled it, or was withdrawn by a merge; NULL: none */
} store_told;

/* Keeps and locks the clues, which are sorted by (region, clue) without repetition; finds the assignments of those that
 * are newer. A first revision is taken to be the first that comes, unless careful: -EEXIST when it is not. One round trip,
 * two when one of them was settled or may have been had before. */
WJZ_MUST_CHECK int store_take_clues(wjz_tx *tx, wjz_arena *arena, store_told *clues, size_t count, bool careful,
                                    wjz_err *err);

/* Queues all changes of the turn. No round trip: they travel with the commit. */
WJZ_MUST_CHECK int store_write(wjz_tx *tx, const ledger *book, wjz_err *err);

/* An assignment and its clue, locked. *ret_found false when there is none. One round trip. */
WJZ_MUST_CHECK int store_lock_assignment(wjz_tx *tx, wjz_arena *arena, int32_t region, int64_t id, clue *ret_clue,
                                         assignment *ret_assignment, bool *ret_found, wjz_err *err);

typedef struct store_due {
    clue told;
    assignment *open;
    const char *person; /* of a recusal */
} store_due;

/* Up to 256 assignments whose acceptance is overdue, locked; those that another instance has in hand are left out. One
 * round trip. */
WJZ_MUST_CHECK int store_claim_due(wjz_tx *tx, wjz_arena *arena, int64_t now_us, store_due **ret_due, size_t *ret_count,
                                   wjz_err *err);
/* The same for assignments that somebody should have and nobody has: those that follow the one of that region and id in
 * their order; 0, 0 for the first ones. */
WJZ_MUST_CHECK int store_claim_unplaced(wjz_tx *tx, wjz_arena *arena, int32_t region, int64_t id, store_due **ret_due,
                                        size_t *ret_count, wjz_err *err);
/* The same for all that those of the absent have in hand who have left. */
WJZ_MUST_CHECK int store_claim_left(wjz_tx *tx, wjz_arena *arena, const directory *people, store_due **ret_due,
                                    size_t *ret_count, wjz_err *err);
/* When the next acceptance ends; 0: none is waited for. One round trip. */
WJZ_MUST_CHECK int store_next_due(wjz_tx *tx, int64_t *ret_us, wjz_err *err);

typedef struct store_recusal {
    int64_t id, assignment;
    const char *person, *procedure, *ground;
    bool suspended;
    int64_t due_us;
} store_recusal;

/* Queues. A second open one of the assignment fails the transaction with -EEXIST. */
WJZ_MUST_CHECK int store_add_recusal(wjz_tx *tx, int32_t region, int64_t clue, const store_recusal *entry);
/* The open one of an assignment; *ret_found false when there is none. One round trip. */
WJZ_MUST_CHECK int store_find_recusal(wjz_tx *tx, wjz_arena *arena, int32_t region, int64_t assignment,
                                      store_recusal *ret_recusal, bool *ret_found, wjz_err *err);
/* Queues the decision. */
WJZ_MUST_CHECK int store_decide_recusal(wjz_tx *tx, int32_t region, int64_t id, bool granted, const char *actor,
                                        const char *note);
/* Queues: the people who may not have the clue any more, one code a line. */
WJZ_MUST_CHECK int store_exclude(wjz_tx *tx, int32_t region, int64_t clue, const char *excluded);
/* Up to 256 undecided recusals past their day that nobody was reminded of yet, marked as reminded; open is the
 * assignment, which may have ended, person who declared it. One round trip. */
WJZ_MUST_CHECK int store_claim_recusals(wjz_tx *tx, wjz_arena *arena, int64_t now_us, store_due **ret_due,
                                        size_t *ret_count, wjz_err *err);
/* Queues. */
WJZ_MUST_CHECK int store_add_outcome(wjz_tx *tx, const assignment *of, const char *outcome, const char *note,
                                     const char *actor);

/* The directory, leave, duty and load as they are now. One round trip. */
WJZ_MUST_CHECK int store_read_directory(wjz_tx *tx, int64_t now_us, directory **ret_directory, wjz_err *err);
/* Whether the directory has by now a county's organ for one of these regions. One round trip. */
WJZ_MUST_CHECK int store_has_organ(wjz_tx *tx, const int32_t *regions, size_t count, bool *ret_has, wjz_err *err);

#endif
