/* Visits to the place of a clue, proposed into duty slots. */
#ifndef SCHEDULING_VISITS_H
#define SCHEDULING_VISITS_H

#include "scheduling/appointments.h"
#include "scheduling/store_visit.h"
#include "wjz/bus.h"

struct scheduling;

/* What was heard about an assignment. */
struct heard {
    int32_t region;
    const Wjz__Assignment__AssignmentState *state;
};

/* Within tx: proposes visits for assignments that need one and withdraws those of assignments that ended. In whatever
 * order news comes, the newest decides. */
WJZ_MUST_CHECK int visits_hear(struct scheduling *self, wjz_tx *tx, wjz_arena *arena, const struct heard *heard,
                               size_t count, wjz_err *err);

/* Tries again for visits that wait, and for those whose proposed time passed without an answer. */
WJZ_MUST_CHECK int visits_retry(struct scheduling *self, wjz_err *err);

/* Accepts or declines; when declined the next slot is proposed. */
WJZ_MUST_CHECK int visit_answer(struct scheduling *self, int32_t region, const Wjz__Scheduling__AnswerVisit *asked,
                                wjz_arena *arena, struct visit *ret_visit, const char **ret_station,
                                struct appointment_refusal *ret_refusal, wjz_err *err);

#endif
