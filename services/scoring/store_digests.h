/* SQL of digests. Rows that are read live in the arena. */
#ifndef SCORING_STORE_DIGESTS_H
#define SCORING_STORE_DIGESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

typedef struct due_search {
    int64_t id, from_us; /* what came since then */
    const char *owner, *title;
} due_search;

/* Searches with a digest that have had none today; weekly ones when `weekly`. */
WJZ_MUST_CHECK int store_due_searches(wjz_tx *tx, int32_t region, int32_t today, bool weekly, wjz_arena *arena,
                                      due_search **ret_searches, size_t *ret_count, wjz_err *err);

typedef struct digest_clue {
    int64_t id;
    int stars, complaints;
    double index;
} digest_clue;

/* The worthiest ten clues that fit the search and got a complaint from `from` up to `to` (ids), and how many there are.
 */
WJZ_MUST_CHECK int store_load_digest(wjz_tx *tx, int32_t region, int64_t search, int64_t from, int64_t to,
                                     wjz_arena *arena, digest_clue **ret_clues, size_t *ret_count, int64_t *ret_total,
                                     wjz_err *err);
/* Queued. */
WJZ_MUST_CHECK int store_set_digested(wjz_tx *tx, int32_t region, int64_t search, int32_t day, int64_t to_us);

#endif
