/* SQL of what is near matters (neighbourhood.h): penalties of subjects, other matters about them, outcomes. */
#ifndef SCORING_STORE_NEAR_H
#define SCORING_STORE_NEAR_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/collide.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

typedef struct near_row {
    const char *subject; /* of penalties and other matters */
    int64_t clue;        /* of outcomes: whose */
    int64_t complaint;   /* of other matters: one of its complaints */
    near_fact fact;
} near_row;

/* Asks for penalties of subjects and for outcomes of clues: queued. The answer is there once the transaction has
 * waited. A penalty makes several rows. today: day number, tells which penalties are due. */
typedef struct near_question {
    int penalties, outcomes; /* among the rows of the round trip; -1: not asked */
} near_question;
WJZ_MUST_CHECK int store_ask_near(wjz_tx *tx, int32_t region, const char *const *subjects, size_t subject_count,
                                  const int64_t *clues, size_t clue_count, int32_t today, near_question *ret_question);
/* -ENOMEM. */
WJZ_MUST_CHECK int store_answer_near(wjz_tx *tx, const near_question *asked, wjz_arena *arena, near_row **ret_penalties,
                                     size_t *ret_penalty_count, near_row **ret_outcomes, size_t *ret_outcome_count);
/* Matters about the subjects in known towns. */
WJZ_MUST_CHECK int store_read_other_matters(wjz_tx *tx, int32_t region, const char *const *subjects, size_t count,
                                            wjz_arena *arena, near_row **ret_rows, size_t *ret_count, wjz_err *err);

/* Subjects of penalties that were to be paid after the day `after` and before today, that nobody has carried out or
 * taken to court; *ret_to is the day up to which that is all of them. */
WJZ_MUST_CHECK int store_overdue_subjects(wjz_tx *tx, int32_t region, int32_t after, int32_t today, wjz_arena *arena,
                                          const char ***ret_subjects, size_t *ret_count, int32_t *ret_to, wjz_err *err);

#endif
