/* SQL of people's decisions: what they name as it is now, and the record of what they decided. */
#ifndef SCORING_STORE_DECISIONS_H
#define SCORING_STORE_DECISIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/scoring.pb-c.h"
#include "scoring/decisions.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

WJZ_MUST_CHECK int store_knows_person(wjz_tx *tx, int32_t region, const char *code, bool *ret_known, wjz_err *err);

/* A clue that a decision names. */
typedef struct named_clue {
    int64_t id; /* the first field, by which it is looked for */
    int64_t merged_into;
    int32_t revision;
} named_clue;
/* In order of their ids. */
WJZ_MUST_CHECK int store_named_clues(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                                     named_clue **ret_clues, size_t *ret_count, wjz_err *err);
/* Complaints of the clues, in order of their ids, at most `limit`. */
WJZ_MUST_CHECK int store_complaints_of_clues(wjz_tx *tx, int32_t region, const int64_t *clues, size_t count, int limit,
                                             wjz_arena *arena, int64_t **ret_ids, size_t *ret_count, wjz_err *err);

/* What was decided before. */
typedef struct past_decision {
    int64_t id, undone_by, review;
    bool undo;           /* it takes back another one itself */
    int64_t *complaints; /* members, then others */
    size_t complaint_count;
    int64_t *clues; /* that it was about */
    size_t clue_count;
    int64_t *were_in;     /* for each complaint the clue that it was in */
    size_t were_in_count; /* 0: not known */
} past_decision;
WJZ_MUST_CHECK int store_find_decision(wjz_tx *tx, int32_t region, int64_t id, wjz_arena *arena, bool *ret_found,
                                       past_decision *ret_decision, wjz_err *err);

typedef struct decision_row {
    const decision *made; /* NULL for an undo */
    int64_t id, undoes, review;
    const char *person, *reason;
    const int64_t *clues;
    size_t clue_count;
    const int64_t *were_in; /* for each complaint that it names, members first; an undo: none */
} decision_row;
/* Queued; an undo also marks the decision that it takes back. */
WJZ_MUST_CHECK int store_put_decision(wjz_tx *tx, int32_t region, const decision_row *row);

/* The clues, and those that the complaints are in now, as others are told of them. */
WJZ_MUST_CHECK int store_clue_states(wjz_tx *tx, int32_t region, const int64_t *clues, size_t clue_count,
                                     const int64_t *complaints, size_t complaint_count, wjz_arena *arena,
                                     Wjz__Scoring__ClueState ***ret_states, size_t *ret_count, wjz_err *err);

#endif
