/* What a person decides about which complaints are one matter: checked against the clues as they are, kept, and carried out
 * as a turn of its own. */
#ifndef SCORING_DECIDE_H
#define SCORING_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/scoring.pb-c.h"
#include "scoring/scoring.h"
#include "wjz/arena.h"
#include "wjz/bus.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* A decision under way. */
typedef struct decide {
    scoring_service *self;
    wjz_tx *tx;
    wjz_arena *arena;
    int32_t region;
    const char *person, *reason;
    wjz_refusal *refusal; /* filled when a verb gives -EPERM; its texts live in the arena */
    int64_t id;           /* filled: of the decision, 0: none was made */
    int64_t *clues;       /* filled: those that it names */
    size_t clue_count;
    int64_t *complaints; /* filled: those that it names */
    size_t complaint_count;
} decide;

/* Person and reason, before any lock: -EPERM with the refusal. */
WJZ_MUST_CHECK int decide_check(decide *d, wjz_err *err);

/* The verbs; within the transaction, which the caller commits. -EPERM with the refusal. */
WJZ_MUST_CHECK int decide_merge(decide *d, const Wjz__Scoring__MergeClues *asked, wjz_err *err);
WJZ_MUST_CHECK int decide_split(decide *d, const Wjz__Scoring__SplitClue *asked, wjz_err *err);
WJZ_MUST_CHECK int decide_undo(decide *d, const Wjz__Scoring__UndoDecision *asked, wjz_err *err);
WJZ_MUST_CHECK int decide_repeat(decide *d, const Wjz__Scoring__DecideRepeat *asked, wjz_err *err);
WJZ_MUST_CHECK int decide_score(decide *d, const Wjz__Scoring__ConfirmScore *asked, wjz_err *err);

#endif
