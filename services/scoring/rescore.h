/* Scoring again: a run goes through the complaints of a region that were scored before it began, in portions that are
 * turns like any other. Cursor and effects are one transaction, so a run that is killed goes on where it was, and every
 * complaint is done once. */
#ifndef SCORING_RESCORE_H
#define SCORING_RESCORE_H

#include "scoring/runs.h"
#include "scoring/scoring.h"
#include "wjz/bus.h"

extern const run_kind rescore_kind;

/* The request Rescore: complaints by id go through the queue, a whole region becomes a run. */
int on_rescore(wjz_call *call, void *state, wjz_err *err);

/* Sends complaints to be scored again, in portions of the queue. */
WJZ_MUST_CHECK int rescore_emit(wjz_bus *bus, wjz_tx *tx, int32_t region, int64_t *ids, size_t count, wjz_err *err);

#endif
