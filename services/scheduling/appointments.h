/* Appointments on demand (随时约岗): held, confirmed, cancelled, carried out. */
#ifndef SCHEDULING_APPOINTMENTS_H
#define SCHEDULING_APPOINTMENTS_H

#include "proto/scheduling.pb-c.h"
#include "scheduling/notices.h"
#include "scheduling/rules.h"
#include "scheduling/slots.h"
#include "wjz/db.h"

struct scheduling;

/* Why something was not done, in place of an error. */
struct appointment_refusal {
    wjz_refusal_code code; /* UNSPECIFIED: it was done */
    const char *field, *message, *remedy;
};

struct held {
    int64_t appointment, held_until_us;
    const char *token;
};

/* Holds a slot; the same request again gives the same answer. Negative: the database's errors. */
WJZ_MUST_CHECK int appointment_hold(struct scheduling *self, int32_t region,
                                    const Wjz__Scheduling__HoldAppointment *asked, wjz_arena *arena,
                                    struct held *ret_held, struct appointment_refusal *ret_refusal, wjz_err *err);

/* Confirms, cancels, completes. */
struct appointment_act {
    int64_t appointment;
    enum appointment_verb verb;
    const char *token, *actor, *text; /* text: reason of a cancellation, note of a completion */
};
WJZ_MUST_CHECK int appointment_do(struct scheduling *self, int32_t region, const struct appointment_act *act,
                                  wjz_arena *arena, enum appointment_state *ret_state,
                                  struct appointment_refusal *ret_refusal, wjz_err *err);

/* The planned shifts of a station that touch the time; asked is checked by the caller. */
WJZ_MUST_CHECK int appointment_slots(struct scheduling *self, int32_t region, const Wjz__Scheduling__ListSlots *asked,
                                     wjz_arena *arena, Wjz__Scheduling__Slot ***ret_slots, size_t *ret_count,
                                     wjz_err *err);

/* Within tx: what no longer fits into the shifts is cancelled or put back, and the people are told. */
WJZ_MUST_CHECK int appointments_release(struct scheduling *self, wjz_tx *tx, int32_t region, const int64_t *shifts,
                                        size_t count, struct notices *notices, wjz_err *err);

/* Reminds of what is near; *ret_count of how many. */
WJZ_MUST_CHECK int appointments_remind(struct scheduling *self, size_t *ret_count, wjz_err *err);

#endif
