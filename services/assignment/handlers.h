/* Queue: what other services tell. */
#ifndef WJZ_ASSIGNMENT_HANDLERS_H
#define WJZ_ASSIGNMENT_HANDLERS_H

#include "proto/scoring.pb-c.h"
#include "wjz/bus.h"

/* CluesScored: many clues, two round trips. */
int on_clues_scored(wjz_batch *batch, void *state, wjz_err *err);

#endif
