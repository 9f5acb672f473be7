/* Leave, and shifts that change hands by a person's decision. */
#include "scheduling/leave.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "scheduling/plan.h"
#include "scheduling/scheduling.h"
#include "scheduling/store.h"
#include "wjz/clock.h"

static int refuse(struct appointment_refusal *ret_refusal, wjz_refusal_code code, const char *field,
                  const char *message, const char *remedy) {
    *ret_refusal = (struct appointment_refusal){code, field, message, remedy};
    return 0;
}

static char *borrowed(const char *text) {
    return (char *)(uintptr_t)text; /* protobuf-c's fields are not const; packing only reads them */
}

/* --- leave --- */

static int add_substitution(const struct rota_shift *shift, wjz_arena *arena, Wjz__Scheduling__LeaveRecorded *answer) {
    Wjz__Scheduling__Substitution *substitution = wjz_arena_alloc(arena, sizeof *substitution);
    if (substitution == NULL) return -ENOMEM;
    wjz__scheduling__substitution__init(substitution);
    substitution->shift = (uint64_t)shift->id;
    substitution->station = borrowed(shift->station);
    substitution->from_us = shift->starts_us;
    substitution->prosecutor = borrowed(shift->prosecutor == NULL ? "" : shift->prosecutor);
    substitution->reason = borrowed(shift->reason);
    answer->substitutions[answer->n_substitutions++] = substitution;
    return 0;
}

static bool within(const struct rota_shift *shift, const Wjz__Scheduling__RecordLeave *asked) {
    return shift->starts_us < asked->to_us && shift->ends_us > asked->from_us;
}

static bool is_changed(const struct rota_plan *plan, const struct rota_shift *shift) {
    for (size_t i = 0; i < plan->change_count; i++)
        if (plan->changes[i].before == shift) return true;
    return false;
}

/* What this leave changed, and what had been changed for the same person in this time before. */
static int list_substitutions(const struct plan_result *result, const Wjz__Scheduling__RecordLeave *asked,
                              wjz_arena *arena, Wjz__Scheduling__LeaveRecorded *answer) {
    const struct rota_plan *plan = &result->plan;
    size_t most = plan->change_count + result->input.shift_count;
    answer->substitutions = wjz_arena_alloc(arena, most * sizeof(*answer->substitutions));
    int r = answer->substitutions == NULL ? -ENOMEM : 0;
    for (size_t i = 0; r == 0 && i < plan->change_count; i++) {
        const struct rota_change *change = &plan->changes[i];
        const char *was = change->before == NULL ? change->after.duty_of : change->before->prosecutor;
        if (was == NULL || strcmp(was, asked->prosecutor) != 0 || !within(&change->after, asked)) continue;
        if (change->after.state != ROTA_CANCELLED) r = add_substitution(&change->after, arena, answer);
    }
    for (size_t i = 0; r == 0 && i < result->input.shift_count; i++) {
        const struct rota_shift *shift = &result->input.shifts[i];
        bool other = shift->prosecutor == NULL || strcmp(shift->prosecutor, asked->prosecutor) != 0;
        if (shift->state == ROTA_CANCELLED || !other || strcmp(shift->duty_of, asked->prosecutor) != 0) continue;
        if (within(shift, asked) && !is_changed(plan, shift)) r = add_substitution(shift, arena, answer);
    }
    return r;
}

/* The days of the leave that are still to come and within the horizon. false when there are none. */
static bool days_of(struct scheduling *self, const Wjz__Scheduling__RecordLeave *asked, struct plan_request *request) {
    int32_t today = wjz_day_number(wjz_clock_day(wjz_clock_us()));
    int32_t horizon = today + (int32_t)self->conf->plan_days - 1;
    request->from_day = wjz_day_number(wjz_clock_day(asked->from_us));
    request->to_day = wjz_day_number(wjz_clock_day(asked->to_us - 1));
    if (request->from_day < today) request->from_day = today;
    if (request->to_day > horizon) request->to_day = horizon;
    return request->from_day <= request->to_day;
}

static int record(struct scheduling *self, int32_t region, const Wjz__Scheduling__RecordLeave *asked, wjz_arena *arena,
                  wjz_tx **tx, Wjz__Scheduling__LeaveRecorded *answer, wjz_err *err) {
    int64_t leave = 0;
    struct plan_result result = {0};
    struct plan_request request = {.region = region, .actor = asked->actor};
    int r = store_leave(*tx, region, asked->prosecutor, asked->from_us, asked->to_us, asked->reason, asked->actor,
                        &leave, err);
    const struct change change = {"leave", leave, asked->actor, "recorded", ""};
    if (r == 0) r = store_history(*tx, region, &change, 1, arena);
    if (r == 0 && days_of(self, asked, &request)) r = plan_shifts(self, *tx, arena, &request, &result, err);
    if (r == 0) r = wjz_tx_commit(tx, err);
    if (r < 0) return r;
    answer->leave = (uint64_t)leave;
    r = list_substitutions(&result, asked, arena, answer);
    return r < 0 ? wjz_err_set(err, r, "out of memory") : 0;
}

int leave_record(struct scheduling *self, int32_t region, const Wjz__Scheduling__RecordLeave *asked, wjz_arena *arena,
                 Wjz__Scheduling__LeaveRecorded *ret_answer, struct appointment_refusal *ret_refusal, wjz_err *err) {
    *ret_refusal = (struct appointment_refusal){0};
    if (asked->to_us <= asked->from_us || asked->to_us - asked->from_us > 400 * WJZ_DAY_US)
        return refuse(ret_refusal, WJZ_REFUSAL_INVALID, "to_us", "the leave is empty or longer than 400 days",
                      "give its begin and end");
    if (asked->actor[0] == '\0')
        return refuse(ret_refusal, WJZ_REFUSAL_INVALID, "actor", "nobody records it",
                      "give the code of who records it");
    bool known = false, prosecutor = false;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_person(tx, region, asked->prosecutor, &known, &prosecutor, err);
    if (r < 0) return r;
    if (!known) /* whoever has a duty or is given clues, a chief procurator among them */
        return refuse(ret_refusal, WJZ_REFUSAL_NOT_FOUND, "prosecutor", "the directory knows no such active person",
                      "give the code of somebody in the directory");
    return record(self, region, asked, arena, &tx, ret_answer, err);
}

/* --- substitution by hand --- */

static int substitute(struct scheduling *self, int32_t region, const Wjz__Scheduling__SubstituteShift *asked,
                      const struct shift *shift, wjz_arena *arena, wjz_tx **tx, wjz_err *err) {
    struct shift after;
    struct notices notices = {.arena = arena};
    const struct change change = {"shift", shift->id, asked->actor,
                                  wjz_arena_printf(arena, "substituted %s", asked->prosecutor), asked->reason};
    if (change.change == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = store_shift(*tx, region, shift->id, arena, &after, err);
    if (r == 0) r = store_history(*tx, region, &change, 1, arena);
    if (r < 0) return r;
    tell_substitution(&notices, &(struct shift_told){
                                    .id = shift->id,
                                    .station_name = shift->station_name,
                                    .from = shift->prosecutor,
                                    .from_name = shift->prosecutor_name,
                                    .to = after.prosecutor,
                                    .to_name = after.prosecutor_name,
                                    .reason = asked->reason,
                                    .starts_us = shift->starts_us,
                                    .ends_us = shift->ends_us,
                                    .changes = after.changes,
                                });
    r = notices_emit(&notices, self->bus, *tx, region, err);
    return r < 0 ? r : wjz_tx_commit(tx, err);
}

int shift_substitute(struct scheduling *self, int32_t region, const Wjz__Scheduling__SubstituteShift *asked,
                     wjz_arena *arena, struct appointment_refusal *ret_refusal, wjz_err *err) {
    *ret_refusal = (struct appointment_refusal){0};
    bool known = false, prosecutor = false, away = false;
    struct shift shift;
    if (asked->actor[0] == '\0')
        return refuse(ret_refusal, WJZ_REFUSAL_INVALID, "actor", "nobody decides it",
                      "give the code of who decides it");
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_lock_rota(tx, region);
    if (r == 0) r = store_person(tx, region, asked->prosecutor, &known, &prosecutor, err);
    if (r < 0) return r;
    if (!prosecutor)
        return refuse(ret_refusal, WJZ_REFUSAL_NOT_FOUND, "prosecutor", "the directory knows no such active prosecutor",
                      "give a prosecutor's code");
    r = store_shift(tx, region, (int64_t)asked->shift, arena, &shift, err);
    if (r == -ENOENT)
        return refuse(ret_refusal, WJZ_REFUSAL_NOT_FOUND, "shift", "there is no such shift", "check its number");
    if (r < 0) return r;
    if (strcmp(shift.state, "cancelled") == 0 || shift.ends_us <= wjz_clock_us())
        return refuse(ret_refusal, WJZ_REFUSAL_CONFLICT, "shift", "the shift is cancelled or over",
                      "choose another shift");
    if (strcmp(shift.prosecutor, asked->prosecutor) == 0) return 0;
    r = store_substitute(tx, region, shift.id, asked->prosecutor, asked->reason, &away, err);
    if (r == -EEXIST)
        return refuse(ret_refusal, WJZ_REFUSAL_CONFLICT, "prosecutor", "has another shift at that time",
                      "choose somebody else");
    if (r < 0) return r;
    if (away)
        return refuse(ret_refusal, WJZ_REFUSAL_CONFLICT, "prosecutor", "is on leave at that time",
                      "choose somebody else");
    return substitute(self, region, asked, &shift, arena, &tx, err);
}
