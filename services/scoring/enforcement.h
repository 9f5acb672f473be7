/* Enforcement records as scoring uses them: what is known against a subject lifts the matters that complain of it. */
#ifndef SCORING_ENFORCEMENT_H
#define SCORING_ENFORCEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/scoring.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* ids: records of the region, each once. Keeps them, and scores the matters against their subjects again. */
WJZ_MUST_CHECK int enforcement_take(scoring_service *self, wjz_tx *tx, int32_t region, const int64_t *ids, size_t count,
                                    wjz_arena *arena, wjz_err *err);

#endif
