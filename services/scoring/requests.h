/* What people ask of scoring about clues: one handler a message. */
#ifndef SCORING_REQUESTS_H
#define SCORING_REQUESTS_H

#include "wjz/bus.h"

int on_merge_clues(wjz_call *call, void *state, wjz_err *err);
int on_split_clue(wjz_call *call, void *state, wjz_err *err);
int on_undo_decision(wjz_call *call, void *state, wjz_err *err);
int on_decide_repeat(wjz_call *call, void *state, wjz_err *err);
int on_confirm_score(wjz_call *call, void *state, wjz_err *err);

#endif
