/* What administrators ask to be watched, and what people save to be told of. */
#ifndef SCORING_WATCHING_H
#define SCORING_WATCHING_H

#include "scoring/rounds.h"
#include "wjz/bus.h"

int on_define_watch(wjz_call *call, void *state, wjz_err *err);
int on_end_watch(wjz_call *call, void *state, wjz_err *err);
int on_save_search(wjz_call *call, void *state, wjz_err *err);
int on_drop_search(wjz_call *call, void *state, wjz_err *err);

/* Sends some of the complaints that came before a watch was defined to be scored again, so that it sees them; *ret_more
 * when there are more. */
WJZ_MUST_CHECK int watching_sweep(round_lease *round, bool *ret_more, wjz_err *err);

#endif
