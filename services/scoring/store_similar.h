/* SQL of similar cases. Rows that are read live in the arena. */
#ifndef SCORING_STORE_SIMILAR_H
#define SCORING_STORE_SIMILAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

typedef struct similar_row {
    int64_t clue, outcome_at_us;
    const char *domain, *branch, *subject, *outcome; /* outcome "": none yet */
    uint32_t town;
    int stars;
    double index;
    wjz_blob finding, matter; /* of its first complaint */
} similar_row;

/* The clue itself, as one that stands for itself; *ret_found false when there is no such clue. */
WJZ_MUST_CHECK int store_load_similar_asked(wjz_tx *tx, int32_t region, int64_t clue, wjz_arena *arena,
                                            similar_row *ret_row, bool *ret_found, wjz_err *err);
/* Earlier clues of its domain that could be like it, of the latest ones: those with an outcome, and those worth three
 * stars. Confidential ones are left out. A bounded number, however many clues there are. */
WJZ_MUST_CHECK int store_load_similar(wjz_tx *tx, int32_t region, const similar_row *asked, wjz_arena *arena,
                                      similar_row **ret_rows, size_t *ret_count, wjz_err *err);

#endif
