/* SQL of the stars that people give (rating.h). */
#ifndef SCORING_STORE_RATINGS_H
#define SCORING_STORE_RATINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* What the clue was worth by the rules. */
typedef struct computed_star {
    int64_t merged_into;
    double index;
    int stars;
    const char *pack;
} computed_star;
WJZ_MUST_CHECK int store_computed_star(wjz_tx *tx, int32_t region, int64_t clue, wjz_arena *arena,
                                       computed_star *ret_star, bool *ret_found, wjz_err *err);

typedef struct rating_row {
    int64_t id, clue;
    const char *rater, *reason, *pack, *withdrawn_reason;
    int stars, computed_stars;
    double computed_index;
    int64_t rated_at_us, withdrawn_at_us;
} rating_row;
/* The valid rating of the person, if any, is withdrawn; *ret_row is it as it is then. */
WJZ_MUST_CHECK int store_withdraw_rating(wjz_tx *tx, int32_t region, int64_t clue, const char *rater,
                                         const char *reason, wjz_arena *arena, rating_row *ret_row, bool *ret_found,
                                         wjz_err *err);
/* Adds it; fills rated_at_us. -EEXIST when the same person just rated it elsewhere. */
WJZ_MUST_CHECK int store_add_rating(wjz_tx *tx, int32_t region, rating_row *row, wjz_err *err);

#endif
