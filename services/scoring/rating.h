/* A person's own star beside the computed one: both are kept, neither replaces the other, and it is training material.
 * One valid star per person and clue; a later one withdraws the earlier one. */
#ifndef SCORING_RATING_H
#define SCORING_RATING_H

#include "wjz/bus.h"

int on_rate_clue(wjz_call *call, void *state, wjz_err *err);
int on_withdraw_rating(wjz_call *call, void *state, wjz_err *err);

#endif
