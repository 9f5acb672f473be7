/* Planning shifts. */
#include "scheduling/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "scheduling/appointments.h"
#include "scheduling/scheduling.h"
#include "scheduling/store.h"
#include "wjz/clock.h"
#include "wjz/id.h"

enum { DAYS_MOST = 400 };

static const char *station_name(const struct rota_input *input, const char *code) {
    for (size_t i = 0; i < input->station_count; i++)
        if (strcmp(input->stations[i].code, code) == 0) return input->stations[i].name;
    return code;
}

static const char *person_name(const struct rota_input *input, const char *code) {
    for (size_t i = 0; code != NULL && i < input->person_count; i++)
        if (strcmp(input->people[i].code, code) == 0) return input->people[i].name;
    return code == NULL ? "" : code;
}

/* --- telling --- */

static void fill_shift(struct notices *notices, Wjz__Notification__Notice *notice, const struct shift_told *told) {
    notices_value(notices, notice, "station", told->station_name);
    notices_time(notices, notice, "starts_at", told->starts_us);
    notices_time(notices, notice, "ends_at", told->ends_us);
    notices_value(notices, notice, "from", told->from_name);
    notices_value(notices, notice, "reason", told->reason);
}

void tell_substitution(struct notices *notices, const struct shift_told *told) {
    const char *const people[] = {told->from, told->to};
    const char *event = wjz_arena_printf(notices->arena, "shift:%" PRId64 ":substituted:%d", told->id, told->changes);
    for (size_t i = 0; i < WJZ_COUNT(people); i++) {
        if (people[i][0] == '\0') continue;
        Wjz__Notification__Notice *notice =
            notices_add(notices, event, "shift_substituted", people[i], (struct about){"shift", told->id});
        fill_shift(notices, notice, told);
        notices_value(notices, notice, "to", told->to_name);
    }
}

/* To the operators when nobody comes, to the person when a duty falls away. */
static void tell_shift(struct notices *notices, const struct shift_told *told, const char *template, const char *word,
                       const char *to) {
    const char *event = wjz_arena_printf(notices->arena, "shift:%" PRId64 ":%s:%d", told->id, word, told->changes);
    fill_shift(notices, notices_add(notices, event, template, to, (struct about){"shift", told->id}), told);
}

static const char *or_empty(const char *text) {
    return text == NULL ? "" : text;
}

static void tell_change(struct notices *notices, const struct rota_input *input, const struct rota_change *change) {
    const struct rota_shift *before = change->before, *after = &change->after;
    const char *was = before == NULL || before->state != ROTA_PLANNED ? "" : or_empty(before->prosecutor);
    struct shift_told told = {
        .id = after->id,
        .station_name = station_name(input, after->station),
        .from = was,
        .from_name = person_name(input, was[0] == '\0' ? after->duty_of : was),
        .to = after->state == ROTA_PLANNED ? or_empty(after->prosecutor) : "",
        .to_name = person_name(input, after->prosecutor),
        .reason = after->reason,
        .starts_us = after->starts_us,
        .ends_us = after->ends_us,
        .changes = before == NULL ? 0 : before->changes + 1,
    };
    if (after->state == ROTA_UNMET) tell_shift(notices, &told, "shift_unmet", "unmet", "");
    if (after->state == ROTA_CANCELLED && was[0] != '\0')
        tell_shift(notices, &told, "shift_cancelled", "cancelled", was);
    if (change->kind == ROTA_ALTER && after->state == ROTA_PLANNED) tell_substitution(notices, &told);
}

/* One notice for all new shifts of a person; changes are in order of start. */
static void tell_planned(struct notices *notices, const struct rota_input *input, const struct rota_plan *plan,
                         size_t first) {
    const struct rota_shift *shift = &plan->changes[first].after;
    int64_t count = 0;
    for (size_t i = 0; i < plan->change_count; i++) {
        const struct rota_change *change = &plan->changes[i];
        if (change->kind != ROTA_MAKE || change->after.prosecutor == NULL) continue;
        if (strcmp(change->after.prosecutor, shift->prosecutor) != 0) continue;
        if (i < first) return; /* told with an earlier one */
        count++;
    }
    const char *event = wjz_arena_printf(notices->arena, "shift:%" PRId64 ":planned", shift->id);
    Wjz__Notification__Notice *notice =
        notices_add(notices, event, "shift_planned", shift->prosecutor, (struct about){"shift", shift->id});
    if (notice == NULL) return;
    notice->urgency = WJZ__NOTIFICATION__URGENCY__LOW;
    notices_number(notices, notice, "count", count);
    notices_time(notices, notice, "first_at", shift->starts_us);
    notices_value(notices, notice, "station", station_name(input, shift->station));
    wjz_day last = wjz_day_from_number(input->to_day);
    notices_value(notices, notice, "until",
                  wjz_arena_printf(notices->arena, "%04d-%02d-%02d", last.year, last.month, last.day));
}

static void tell_plan(struct notices *notices, const struct rota_input *input, const struct rota_plan *plan) {
    for (size_t i = 0; i < plan->change_count; i++) {
        const struct rota_change *change = &plan->changes[i];
        tell_change(notices, input, change);
        if (change->kind == ROTA_MAKE && change->after.prosecutor != NULL) tell_planned(notices, input, plan, i);
    }
}

/* --- storing --- */

static int write_history(wjz_tx *tx, const struct plan_request *request, const struct rota_plan *plan,
                         wjz_arena *arena) {
    static const char *const words[] = {[ROTA_MAKE] = "planned", [ROTA_ALTER] = "changed", [ROTA_REMOVE] = "cancelled"};
    struct change *changes = wjz_arena_calloc(arena, plan->change_count, sizeof *changes);
    if (changes == NULL) return -ENOMEM;
    for (size_t i = 0; i < plan->change_count; i++) {
        const struct rota_shift *after = &plan->changes[i].after;
        const char *word = wjz_arena_printf(arena, "%s %s", words[plan->changes[i].kind],
                                            after->state == ROTA_PLANNED ? after->prosecutor : "");
        if (word == NULL) return -ENOMEM;
        changes[i] = (struct change){"shift", after->id, request->actor, word, after->reason};
    }
    return store_history(tx, request->region, changes, plan->change_count, arena);
}

/* Appointments and visits that lost their shift. */
static int release(struct scheduling *self, wjz_tx *tx, int32_t region, const struct rota_plan *plan,
                   struct notices *notices, wjz_err *err) {
    int64_t *shifts = wjz_arena_alloc(notices->arena, plan->change_count * sizeof *shifts);
    if (shifts == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    size_t count = 0;
    for (size_t i = 0; i < plan->change_count; i++) {
        const struct rota_change *change = &plan->changes[i];
        if (change->before == NULL) continue;
        bool moved =
            change->before->starts_us != change->after.starts_us || change->before->ends_us != change->after.ends_us;
        if (moved || change->after.state != ROTA_PLANNED) shifts[count++] = change->after.id;
    }
    return count == 0 ? 0 : appointments_release(self, tx, region, shifts, count, notices, err);
}

int plan_shifts(struct scheduling *self, wjz_tx *tx, wjz_arena *arena, const struct plan_request *request,
                struct plan_result *ret_result, wjz_err *err) {
    if (request->to_day < request->from_day || request->to_day - request->from_day >= DAYS_MOST)
        return wjz_err_set(err, -EINVAL, "cannot plan from day %d to day %d: give 1 to %d days", request->from_day,
                           request->to_day, DAYS_MOST);
    struct plan_result result = {.input = {.from_day = request->from_day,
                                           .to_day = request->to_day,
                                           .station = request->station,
                                           .now_us = wjz_clock_us()}};
    int r = store_load_rota(tx, request->region, arena, &result.input, err);
    if (r < 0) return r;
    r = rota_plan(&result.input, arena, &result.plan);
    if (r < 0) return wjz_err_set(err, r, "out of memory");
    for (size_t i = 0; i < result.plan.change_count; i++) {
        struct rota_change *change = &result.plan.changes[i];
        if (change->kind == ROTA_MAKE) change->after.id = wjz_id_next();
        result.made += change->kind == ROTA_MAKE;
        result.removed += change->kind == ROTA_REMOVE;
    }
    struct notices notices = {.arena = arena};
    if (result.plan.change_count > 0) {
        r = store_apply_plan(tx, request->region, result.plan.changes, result.plan.change_count, arena);
        if (r == 0) r = write_history(tx, request, &result.plan, arena);
        if (r == 0) r = release(self, tx, request->region, &result.plan, &notices, err);
        if (r < 0) return r == -ENOMEM ? wjz_err_set(err, r, "out of memory") : r;
    }
    tell_plan(&notices, &result.input, &result.plan);
    r = notices_emit(&notices, self->bus, tx, request->region, err);
    if (r == 0) *ret_result = result;
    return r;
}

/* --- what could not be met --- */

static bool is_changed(const struct rota_plan *plan, const struct rota_shift *shift) {
    for (size_t i = 0; i < plan->change_count; i++)
        if (plan->changes[i].before == shift) return true;
    return false;
}

static char *explain(const struct plan_result *result, const struct rota_shift *shift, wjz_arena *arena) {
    char at[WJZ_CLOCK_TEXT];
    wjz_clock_format(shift->starts_us, at);
    return wjz_arena_printf(arena, "%s %.10s %.5s %s", station_name(&result->input, shift->station), at, at + 11,
                            shift->reason);
}

int plan_unmet(const struct plan_result *result, wjz_arena *arena, char ***ret_texts, size_t *ret_count) {
    const struct rota_input *input = &result->input;
    char **texts = wjz_arena_alloc(arena, (result->plan.change_count + input->shift_count) * sizeof *texts);
    if (texts == NULL) return -ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < result->plan.change_count; i++) {
        if (result->plan.changes[i].after.state != ROTA_UNMET) continue;
        texts[count] = explain(result, &result->plan.changes[i].after, arena);
        if (texts[count++] == NULL) return -ENOMEM;
    }
    for (size_t i = 0; i < input->shift_count; i++) {
        const struct rota_shift *shift = &input->shifts[i];
        bool meant = shift->state == ROTA_UNMET && shift->starts_us > input->now_us &&
                     shift->duty_day >= input->from_day && shift->duty_day <= input->to_day &&
                     (input->station == NULL || strcmp(shift->station, input->station) == 0);
        if (!meant || is_changed(&result->plan, shift)) continue;
        texts[count] = explain(result, shift, arena);
        if (texts[count++] == NULL) return -ENOMEM;
    }
    *ret_texts = texts;
    *ret_count = count;
    return 0;
}
