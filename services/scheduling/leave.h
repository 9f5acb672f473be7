/* Leave, and shifts that change hands by a person's decision. */
#ifndef SCHEDULING_LEAVE_H
#define SCHEDULING_LEAVE_H

#include "scheduling/appointments.h"

/* Records leave and finds substitutes for the shifts in it; the same again gives the same answer. */
WJZ_MUST_CHECK int leave_record(struct scheduling *self, int32_t region, const Wjz__Scheduling__RecordLeave *asked,
                                wjz_arena *arena, Wjz__Scheduling__LeaveRecorded *ret_answer,
                                struct appointment_refusal *ret_refusal, wjz_err *err);

/* Gives a shift to a person; planning leaves it alone from then on. */
WJZ_MUST_CHECK int shift_substitute(struct scheduling *self, int32_t region,
                                    const Wjz__Scheduling__SubstituteShift *asked, wjz_arena *arena,
                                    struct appointment_refusal *ret_refusal, wjz_err *err);

#endif
