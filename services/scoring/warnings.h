/* Area warnings: proposed, raised and dropped by a round, issued, acknowledged and cleared by people. Clues of an area
 * whose warning comes, changes its level or goes are scored again, so that in the end their cards depend on the
 * warnings that stand and not on what came first. */
#ifndef SCORING_WARNINGS_H
#define SCORING_WARNINGS_H

#include "scoring/rounds.h"
#include "wjz/bus.h"

WJZ_MUST_CHECK int warnings_round(round_lease *round, wjz_err *err);

int on_issue_warning(wjz_call *call, void *state, wjz_err *err);
int on_acknowledge_warning(wjz_call *call, void *state, wjz_err *err);
int on_clear_warning(wjz_call *call, void *state, wjz_err *err);

#endif
