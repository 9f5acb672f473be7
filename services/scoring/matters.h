/* From complaints that are new, revised or rated to matters that are grouped, scored, stored and told: the whole turn
 * of a batch, within its transaction. */
#ifndef SCORING_MATTERS_H
#define SCORING_MATTERS_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/regroup.h"
#include "scoring/scoring.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* ids: complaints of the region, each once. Those that intake does not have are passed over. Whatever their messages
 * said and however often they came, the outcome is that of their present state. received: what came with them, as for
 * store_load_complaints. Only from a fiber. */
WJZ_MUST_CHECK int matters_take(scoring_service *self, wjz_tx *tx, int32_t region, const int64_t *ids,
                                const Wjz__Intake__AsReceived *const *received, size_t count, wjz_arena *arena,
                                wjz_err *err);

/* Changes what people decided (regroup_decide, regroup_undo), within the region's lock. -EPERM: refused, and nothing was
 * changed. */
typedef int matters_change(regroup *regroup, void *arg, wjz_err *err);

/* A turn without new complaints: groups anew what the change touches, scores it and tells it. Only from a fiber. */
WJZ_MUST_CHECK int matters_decide(scoring_service *self, wjz_tx *tx, int32_t region, matters_change *change, void *arg,
                                  wjz_arena *arena, wjz_err *err);

#endif
