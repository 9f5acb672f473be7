/* Rehearsal: past clues scored with a version beside the active one, nothing written to clues. Both versions see the
 * same complaints, so what differs comes from the packs alone; which complaints are one matter is left as it is. */
#ifndef SCORING_REHEARSE_H
#define SCORING_REHEARSE_H

#include "scoring/runs.h"
#include "wjz/bus.h"

extern const run_kind rehearse_kind;

int on_rehearse_rules(wjz_call *call, void *state, wjz_err *err);
int on_describe_rehearsal(wjz_call *call, void *state, wjz_err *err);

#endif
