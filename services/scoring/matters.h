/* From complaints that are new, revised or rated to matters that are grouped, scored, stored and told: the whole turn
 * of a batch, within its transaction. */
#ifndef SCORING_MATTERS_H
#define SCORING_MATTERS_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/scoring.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* ids: complaints of the region, each once. Those that intake does not have are passed over. Whatever their messages
 * said and however often they came, the outcome is that of their present state. Only from a fiber. */
WJZ_MUST_CHECK int matters_take(scoring_service *self, wjz_tx *tx, int32_t region, const int64_t *ids, size_t count,
                                wjz_arena *arena, wjz_err *err);

#endif
