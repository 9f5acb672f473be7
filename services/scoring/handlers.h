/* What other services tell and ask: gather the ids of the batch by region, hand them on. */
#ifndef SCORING_HANDLERS_H
#define SCORING_HANDLERS_H

#include "wjz/bus.h"

int on_complaints_accepted(wjz_batch *batch, void *state, wjz_err *err);
int on_feedback_accepted(wjz_batch *batch, void *state, wjz_err *err);
int on_enforcement_accepted(wjz_batch *batch, void *state, wjz_err *err);
/* A portion of a Rescore that this service told itself. */
int on_rescore_portion(wjz_batch *batch, void *state, wjz_err *err);

#endif
