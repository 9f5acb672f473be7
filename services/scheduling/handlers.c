/* What arrives over the bus: decode, decide, store, reply. */
#include "scheduling/handlers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "proto/bus.pb-c.h"
#include "proto/scheduling.pb-c.h"
#include "scheduling/leave.h"
#include "scheduling/plan.h"
#include "scheduling/scheduling.h"
#include "scheduling/visits.h"
#include "wjz/clock.h"

/* --- queues --- */

static int on_assignments_changed(wjz_batch *batch, void *state, wjz_err *err) {
    wjz_arena *arena = wjz_batch_arena(batch);
    size_t messages = wjz_batch_count(batch), count = 0, at = 0;
    for (size_t i = 0; i < messages; i++)
        count += ((const Wjz__Assignment__AssignmentsChanged *)wjz_batch_message(batch, i)->body)->n_assignments;
    struct heard *heard = wjz_arena_calloc(arena, count, sizeof *heard);
    if (heard == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < messages; i++) {
        const wjz_message *message = wjz_batch_message(batch, i);
        const Wjz__Assignment__AssignmentsChanged *changed = (const void *)message->body;
        for (size_t j = 0; j < changed->n_assignments; j++)
            heard[at++] = (struct heard){message->region, changed->assignments[j]};
    }
    return visits_hear(state, wjz_batch_tx(batch), arena, heard, count, err);
}

/* --- answers --- */

static char *borrowed(const char *text) {
    return (char *)(uintptr_t)text; /* protobuf-c's fields are not const; packing only reads them */
}

static int refuse(wjz_call *call, const struct appointment_refusal *refusal) {
    return wjz_call_refuse(call, &(wjz_refusal){.code = refusal->code,
                                                .field = refusal->field,
                                                .message = refusal->message,
                                                .remedy = refusal->remedy});
}

static int refuse_invalid(wjz_call *call, const char *field, const char *message, const char *remedy) {
    return refuse(call, &(struct appointment_refusal){WJZ_REFUSAL_INVALID, field, message, remedy});
}

/* The database is away or was in the way: asking again helps. */
static int refuse_for_now(wjz_call *call, int r, const wjz_err *err) {
    if (r == -ENOMEM || r == -EBADMSG || r == -EACCES) return r;
    return wjz_call_refuse(
        call, &(wjz_refusal){.code = WJZ_REFUSAL_RETRY_LATER, .message = err->text, .retry_after_ms = 1000});
}

/* --- shifts and leave --- */

static int on_plan_shifts(wjz_call *call, void *state, wjz_err *err) {
    struct scheduling *self = state;
    const wjz_message *message = wjz_call_message(call);
    const Wjz__Scheduling__PlanShifts *asked = (const void *)message->body;
    const struct plan_request request = {message->region, asked->from_day, asked->to_day,
                                         asked->station[0] == '\0' ? NULL : asked->station,
                                         asked->actor[0] == '\0' ? OURSELVES : asked->actor};
    wjz_arena *arena = wjz_call_arena(call);
    struct plan_result result;
    Wjz__Scheduling__ShiftsPlanned answer = WJZ__SCHEDULING__SHIFTS_PLANNED__INIT;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = plan_shifts(self, tx, arena, &request, &result, err);
    if (r == -EINVAL) return refuse_invalid(call, "to_day", err->text, "give at most 400 days, from_day first");
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r == 0) r = plan_unmet(&result, arena, &answer.unmet, &answer.n_unmet);
    if (r < 0) return refuse_for_now(call, r, err);
    answer.made = result.made;
    answer.kept = (uint32_t)result.plan.kept;
    answer.removed = result.removed;
    return wjz_call_reply(call, &answer.base);
}

static int on_record_leave(wjz_call *call, void *state, wjz_err *err) {
    const wjz_message *message = wjz_call_message(call);
    const Wjz__Scheduling__RecordLeave *asked = (const void *)message->body;
    Wjz__Scheduling__LeaveRecorded answer = WJZ__SCHEDULING__LEAVE_RECORDED__INIT;
    struct appointment_refusal refusal;
    int r = leave_record(state, message->region, asked, wjz_call_arena(call), &answer, &refusal, err);
    if (r < 0) return refuse_for_now(call, r, err);
    return refusal.code != WJZ_REFUSAL_UNSPECIFIED ? refuse(call, &refusal) : wjz_call_reply(call, &answer.base);
}

static int on_substitute_shift(wjz_call *call, void *state, wjz_err *err) {
    const wjz_message *message = wjz_call_message(call);
    const Wjz__Scheduling__SubstituteShift *asked = (const void *)message->body;
    struct appointment_refusal refusal;
    int r = shift_substitute(state, message->region, asked, wjz_call_arena(call), &refusal, err);
    if (r < 0) return refuse_for_now(call, r, err);
    if (refusal.code != WJZ_REFUSAL_UNSPECIFIED) return refuse(call, &refusal);
    Wjz__Scheduling__ShiftChanged answer = WJZ__SCHEDULING__SHIFT_CHANGED__INIT;
    answer.shift = asked->shift;
    answer.prosecutor = asked->prosecutor;
    return wjz_call_reply(call, &answer.base);
}

/* --- appointments --- */

static int on_list_slots(wjz_call *call, void *state, wjz_err *err) {
    const wjz_message *message = wjz_call_message(call);
    const Wjz__Scheduling__ListSlots *asked = (const void *)message->body;
    if (asked->station[0] == '\0')
        return refuse_invalid(call, "station", "no station was named", "give a station's code");
    if (asked->to_us <= asked->from_us || asked->to_us - asked->from_us > 62 * WJZ_DAY_US)
        return refuse_invalid(call, "to_us", "the time is empty or too long", "give at most 62 days");
    Wjz__Scheduling__Slots answer = WJZ__SCHEDULING__SLOTS__INIT;
    int r = appointment_slots(state, message->region, asked, wjz_call_arena(call), &answer.slots, &answer.n_slots, err);
    return r < 0 ? refuse_for_now(call, r, err) : wjz_call_reply(call, &answer.base);
}

static int on_hold_appointment(wjz_call *call, void *state, wjz_err *err) {
    const wjz_message *message = wjz_call_message(call);
    struct held held = {0};
    struct appointment_refusal refusal;
    int r = appointment_hold(state, message->region, (const void *)message->body, wjz_call_arena(call), &held, &refusal,
                             err);
    if (r < 0) return refuse_for_now(call, r, err);
    if (refusal.code != WJZ_REFUSAL_UNSPECIFIED) return refuse(call, &refusal);
    Wjz__Scheduling__AppointmentHeld answer = WJZ__SCHEDULING__APPOINTMENT_HELD__INIT;
    answer.appointment = (uint64_t)held.appointment;
    answer.token = borrowed(held.token);
    answer.held_until_us = held.held_until_us;
    return wjz_call_reply(call, &answer.base);
}

static int act(wjz_call *call, void *state, const struct appointment_act *act, wjz_err *err) {
    enum appointment_state now = APPOINTMENT_HELD;
    struct appointment_refusal refusal;
    int r = appointment_do(state, wjz_call_message(call)->region, act, wjz_call_arena(call), &now, &refusal, err);
    if (r < 0) return refuse_for_now(call, r, err);
    if (refusal.code != WJZ_REFUSAL_UNSPECIFIED) return refuse(call, &refusal);
    Wjz__Scheduling__AppointmentAnswer answer = WJZ__SCHEDULING__APPOINTMENT_ANSWER__INIT;
    answer.appointment = (uint64_t)act->appointment;
    answer.state = borrowed(appointment_state_name(now));
    return wjz_call_reply(call, &answer.base);
}

static int on_confirm_appointment(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Scheduling__ConfirmAppointment *asked = (const void *)wjz_call_message(call)->body;
    return act(call, state,
               &(struct appointment_act){(int64_t)asked->appointment, CONFIRM, asked->token, asked->actor, ""}, err);
}

static int on_cancel_appointment(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Scheduling__CancelAppointment *asked = (const void *)wjz_call_message(call)->body;
    return act(
        call, state,
        &(struct appointment_act){(int64_t)asked->appointment, CANCEL, asked->token, asked->actor, asked->reason}, err);
}

static int on_complete_appointment(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Scheduling__CompleteAppointment *asked = (const void *)wjz_call_message(call)->body;
    return act(call, state,
               &(struct appointment_act){(int64_t)asked->appointment, asked->no_show ? MISS : COMPLETE, "",
                                         asked->actor, asked->note},
               err);
}

/* --- visits --- */

static int on_answer_visit(wjz_call *call, void *state, wjz_err *err) {
    const wjz_message *message = wjz_call_message(call);
    const Wjz__Scheduling__AnswerVisit *asked = (const void *)message->body;
    struct visit visit = {0};
    const char *station = "";
    struct appointment_refusal refusal;
    int r = visit_answer(state, message->region, asked, wjz_call_arena(call), &visit, &station, &refusal, err);
    if (r < 0) return refuse_for_now(call, r, err);
    if (refusal.code != WJZ_REFUSAL_UNSPECIFIED) return refuse(call, &refusal);
    Wjz__Scheduling__VisitAnswered answer = WJZ__SCHEDULING__VISIT_ANSWERED__INIT;
    answer.visit = asked->visit;
    answer.state = borrowed(visit.state);
    answer.from_us = visit.starts_us;
    answer.station = borrowed(station);
    return wjz_call_reply(call, &answer.base);
}

/* A visit is days away. */
enum { REST_MS = 500 };

const wjz_queue_route scheduling_queues[] = {
    {.type = &wjz__assignment__assignments_changed__descriptor,
     .handler = on_assignments_changed,
     .messages = 16,
     .rest_ms = REST_MS,
     .lazy = true},
    {0},
};

const wjz_emit_route scheduling_emits[] = {
    {&wjz__notification__notices_requested__descriptor, "notification"},
    {&wjz__bus__message_died__descriptor, "notification"},
    {0},
};

const wjz_request_route scheduling_requests[] = {
    {.type = &wjz__scheduling__plan_shifts__descriptor, .handler = on_plan_shifts},
    {.type = &wjz__scheduling__record_leave__descriptor, .handler = on_record_leave},
    {.type = &wjz__scheduling__substitute_shift__descriptor, .handler = on_substitute_shift},
    {.type = &wjz__scheduling__list_slots__descriptor, .handler = on_list_slots},
    {.type = &wjz__scheduling__hold_appointment__descriptor, .handler = on_hold_appointment},
    {.type = &wjz__scheduling__confirm_appointment__descriptor, .handler = on_confirm_appointment},
    {.type = &wjz__scheduling__cancel_appointment__descriptor, .handler = on_cancel_appointment},
    {.type = &wjz__scheduling__complete_appointment__descriptor, .handler = on_complete_appointment},
    {.type = &wjz__scheduling__answer_visit__descriptor, .handler = on_answer_visit},
    {0},
};
