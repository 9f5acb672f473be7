/* What is near the matters of a turn beside their own complaints: the records that collisions are found among. Read for
 * many matters at once, given out for each. */
#ifndef SCORING_NEIGHBOURHOOD_H
#define SCORING_NEIGHBOURHOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "scoring/collide.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

typedef struct neighbourhood neighbourhood;

/* subjects: of all findings, "" and repetitions allowed; clues: those that may have outcomes. One round trip when there
 * is any of them, two when a subject was punished. Lives in the arena. */
WJZ_MUST_CHECK int neighbourhood_read(wjz_tx *tx, int32_t region, const char **subjects, size_t subject_count,
                                      const int64_t *clues, size_t clue_count, wjz_arena *arena,
                                      neighbourhood **ret_near, wjz_err *err);
/* The same in two steps: what is asked travels with what else the transaction waits for, then the answer is taken, with
 * a round trip of its own only when a subject was punished: -EBUSY then without the region's lock, for what other
 * matters there are about it must not change meanwhile. Nothing may be asked of it in between. */
WJZ_MUST_CHECK int neighbourhood_ask(wjz_tx *tx, int32_t region, const char **subjects, size_t subject_count,
                                     const int64_t *clues, size_t clue_count, wjz_arena *arena,
                                     neighbourhood **ret_near, wjz_err *err);
WJZ_MUST_CHECK int neighbourhood_answer(neighbourhood *near, wjz_tx *tx, int32_t region, bool locked, wjz_arena *arena,
                                        wjz_err *err);

/* The facts of one matter, in an order that does not depend on arrival. own: the clues it is or was. -ENOMEM. */
WJZ_MUST_CHECK int neighbourhood_of(const neighbourhood *near, const Wjz__Scoring__Finding *const *findings,
                                    size_t count, const int64_t *own, size_t own_count, wjz_arena *arena,
                                    near_fact **ret_facts, size_t *ret_count);

/* One complaint of each other matter about a subject of the findings: what they are worth may have changed too. */
WJZ_MUST_CHECK int neighbourhood_others(const neighbourhood *near, const Wjz__Scoring__Finding *const *findings,
                                        size_t count, const int64_t *own, size_t own_count, wjz_arena *arena,
                                        uint64_t **ret_complaints, size_t *ret_count);

#endif
