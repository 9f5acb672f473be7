/* SQL of the questions that people are asked (scoring.review). */
#ifndef SCORING_STORE_REVIEW_H
#define SCORING_STORE_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* --- whether two complaints are one matter --- */

typedef struct pair_question {
    int64_t a, b; /* complaints, a before b in canonical order */
    int64_t clue_a, clue_b;
    double weight;
    const char *cause;
    const char *signs; /* JSON, as scoring.review has them */
} pair_question;
/* Queued. Questions about pairs that nobody can have asked about. */
WJZ_MUST_CHECK int store_add_pairs(wjz_tx *tx, int32_t region, const pair_question *questions, size_t count,
                                   wjz_arena *arena);
/* Queued. Opens the questions that are not open and were not decided, and brings the open ones up to date. */
WJZ_MUST_CHECK int store_ask_about_pairs(wjz_tx *tx, int32_t region, const pair_question *questions, size_t count,
                                         wjz_arena *arena);
/* Queued. Open questions whose complaint_a is one of the complaints and that are not among these do not arise any more.
 */
WJZ_MUST_CHECK int store_drop_pairs(wjz_tx *tx, int32_t region, const int64_t *complaints, size_t complaint_count,
                                    const pair_question *questions, size_t count, wjz_arena *arena);

/* Queued. What signs are called from now on. */
WJZ_MUST_CHECK int store_name_signs(wjz_tx *tx, const char *const *names, const char *const *zh, const char *const *en,
                                    size_t count);

/* --- whether a clue's index is right --- */

typedef struct clue_question {
    int64_t clue;
    double weight; /* what is in doubt: the confidence, or the distance from the cut */
    int16_t stars;
    const char *kind; /* confidence, edge */
} clue_question;
/* Queued. Questions about clues that are not stored yet. */
WJZ_MUST_CHECK int store_ask_about_new_clues(wjz_tx *tx, int32_t region, const clue_question *questions, size_t count,
                                             wjz_arena *arena);
/* Queued; a question that was decided opens again when the clue's stars are others than then. */
WJZ_MUST_CHECK int store_ask_about_clues(wjz_tx *tx, int32_t region, const clue_question *questions, size_t count,
                                         wjz_arena *arena);
/* Queued. Open questions about the clues that are not among these do not arise any more. */
WJZ_MUST_CHECK int store_drop_clues(wjz_tx *tx, int32_t region, const int64_t *clues, size_t clue_count,
                                    const clue_question *questions, size_t count, wjz_arena *arena);

/* --- answers --- */

typedef struct asked_question {
    int64_t id, a, b, clue, other_clue;
    int32_t revision;
    bool open, about_pair, about_clue; /* neither: of another kind */
} asked_question;
WJZ_MUST_CHECK int store_find_question(wjz_tx *tx, int32_t region, int64_t id, bool *ret_found,
                                       asked_question *ret_question, wjz_err *err);
/* Queued. */
WJZ_MUST_CHECK int store_answer_question(wjz_tx *tx, int32_t region, int64_t id, bool accepted, int64_t decision,
                                         const char *person, const char *reason);
/* Queued: its answer was taken back; it opens again when it arises. */
WJZ_MUST_CHECK int store_reopen_question(wjz_tx *tx, int32_t region, int64_t id);

#endif
