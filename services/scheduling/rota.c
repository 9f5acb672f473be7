/* The rota. Three passes over the duties in their order in time: whose turn it is, who came in before, who could. */
#include "scheduling/rota.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"

/* A duty on a day, and who fills it. */
struct slot {
    struct rota_shift shift; /* as it shall be */
    const struct rota_duty *duty;
    const struct rota_shift *before;
    bool settled;
};

struct busy {
    const char *person;
    int64_t from_us, to_us;
};

struct planner {
    const struct rota_input *input;
    wjz_arena *arena;
    struct slot *slots;
    size_t slot_count;
    struct busy *busy;
    size_t busy_count;
    bool *matched; /* of input->shifts: has a duty, or stays for another reason */
};

/* --- days --- */

static const struct rota_holiday *find_holiday(int32_t day, const struct rota_holiday *holidays, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (holidays[i].day == day) return &holidays[i];
    return NULL;
}

bool rota_is_working_day(int32_t day, const struct rota_holiday *holidays, size_t count) {
    const struct rota_holiday *special = find_holiday(day, holidays, count);
    return special != NULL ? special->working : wjz_day_weekday(wjz_day_from_number(day)) <= 5;
}

static int32_t monday_of(int32_t day) {
    return day - (wjz_day_weekday(wjz_day_from_number(day)) - 1);
}

static bool is_held(const struct rota_input *input, const struct rota_duty *duty, int32_t day) {
    if (wjz_day_weekday(wjz_day_from_number(day)) != duty->weekday) return false;
    if (day < duty->effective_from || day > duty->effective_to) return false;
    if (((monday_of(day) - monday_of(duty->first_on)) / 7) % duty->every_weeks != 0) return false;
    const struct rota_holiday *special = find_holiday(day, input->holidays, input->holiday_count);
    return special == NULL || special->working;
}

/* --- people --- */

enum availability { AVAILABLE, NOT_THERE, ON_LEAVE, ELSEWHERE };

static const char *const why_not[] = {
    [NOT_THERE] = "不在岗/not active",
    [ON_LEAVE] = "请假/on leave",
    [ELSEWHERE] = "同时段另有到岗/elsewhere at that time",
};

static bool on_leave(const struct rota_input *input, const char *person, int64_t from_us, int64_t to_us) {
    for (size_t i = 0; i < input->leave_count; i++) {
        const struct rota_leave *leave = &input->leaves[i];
        if (leave->from_us < to_us && leave->to_us > from_us && strcmp(leave->prosecutor, person) == 0) return true;
    }
    return false;
}

static const struct rota_person *find_person(const struct rota_input *input, const char *code) {
    for (size_t i = 0; i < input->person_count; i++)
        if (strcmp(input->people[i].code, code) == 0) return &input->people[i];
    return NULL;
}

static enum availability availability_of(const struct planner *planner, const char *person, int64_t from_us,
                                         int64_t to_us) {
    if (find_person(planner->input, person) == NULL) return NOT_THERE;
    if (on_leave(planner->input, person, from_us, to_us)) return ON_LEAVE;
    for (size_t i = 0; i < planner->busy_count; i++) {
        const struct busy *busy = &planner->busy[i];
        if (busy->from_us < to_us && busy->to_us > from_us && strcmp(busy->person, person) == 0) return ELSEWHERE;
    }
    return AVAILABLE;
}

static void occupy(struct planner *planner, const char *person, int64_t from_us, int64_t to_us) {
    if (person != NULL) planner->busy[planner->busy_count++] = (struct busy){person, from_us, to_us};
}

static bool available(const struct planner *planner, const struct slot *slot, const char *person) {
    return availability_of(planner, person, slot->shift.starts_us, slot->shift.ends_us) == AVAILABLE;
}

static void settle(struct planner *planner, struct slot *slot, const char *person, const char *reason) {
    slot->shift.state = person == NULL ? ROTA_UNMET : ROTA_PLANNED;
    slot->shift.prosecutor = person;
    slot->shift.reason = reason;
    slot->settled = true;
    occupy(planner, person, slot->shift.starts_us, slot->shift.ends_us);
}

/* --- what is asked for --- */

static const struct rota_station *find_station(const struct rota_input *input, const char *code) {
    for (size_t i = 0; i < input->station_count; i++)
        if (strcmp(input->stations[i].code, code) == 0) return &input->stations[i];
    return NULL;
}

static bool same_duty(const struct rota_shift *a, const struct rota_shift *b) {
    return a->duty_day == b->duty_day && a->duty_from == b->duty_from && strcmp(a->station, b->station) == 0 &&
           strcmp(a->duty_of, b->duty_of) == 0;
}

static int by_time(const void *left, const void *right) {
    const struct rota_shift *a = &((const struct slot *)left)->shift, *b = &((const struct slot *)right)->shift;
    if (a->starts_us != b->starts_us) return a->starts_us < b->starts_us ? -1 : 1;
    int order = strcmp(a->station, b->station);
    return order != 0 ? order : strcmp(a->duty_of, b->duty_of);
}

static struct rota_shift shift_of(const struct rota_duty *duty, int32_t day) {
    wjz_day date = wjz_day_from_number(day);
    return (struct rota_shift){
        .station = duty->station,
        .duty_of = duty->prosecutor,
        .duty_day = day,
        .duty_from = duty->from_minute,
        .starts_us = wjz_clock_from_day(date, duty->from_minute * 60),
        .ends_us = wjz_clock_from_day(date, duty->to_minute * 60),
        .reason = "",
    };
}

/* Slots for all duties of the days that have not begun. */
static int expand(struct planner *planner) {
    const struct rota_input *input = planner->input;
    size_t days = input->to_day < input->from_day ? 0 : (size_t)(input->to_day - input->from_day) + 1;
    planner->slots = wjz_arena_calloc(planner->arena, days * input->duty_count, sizeof *planner->slots);
    if (planner->slots == NULL) return -ENOMEM;
    for (size_t i = 0; i < input->duty_count; i++) {
        const struct rota_duty *duty = &input->duties[i];
        bool wanted = input->station == NULL || strcmp(duty->station, input->station) == 0;
        if (!wanted || find_station(input, duty->station) == NULL) continue;
        for (int32_t day = input->from_day; day <= input->to_day; day++) {
            if (!is_held(input, duty, day)) continue;
            struct rota_shift shift = shift_of(duty, day);
            if (shift.starts_us > input->now_us)
                planner->slots[planner->slot_count++] = (struct slot){.shift = shift, .duty = duty};
        }
    }
    qsort(planner->slots, planner->slot_count, sizeof *planner->slots, by_time);
    return 0;
}

/* --- what is there already --- */

static bool in_scope(const struct rota_input *input, const struct rota_shift *shift) {
    return shift->duty_day >= input->from_day && shift->duty_day <= input->to_day &&
           (input->station == NULL || strcmp(shift->station, input->station) == 0);
}

/* Begun, or decided by a person; but nobody is kept on duty while on leave. */
static bool is_fixed(const struct rota_input *input, const struct rota_shift *shift) {
    if (shift->starts_us <= input->now_us) return true;
    if (!shift->pinned) return false;
    return shift->prosecutor == NULL || !on_leave(input, shift->prosecutor, shift->starts_us, shift->ends_us);
}

static struct slot *find_slot(struct planner *planner, const struct rota_shift *shift) {
    for (size_t i = 0; i < planner->slot_count; i++)
        if (same_duty(&planner->slots[i].shift, shift)) return &planner->slots[i];
    return NULL;
}

static void match(struct planner *planner) {
    const struct rota_input *input = planner->input;
    for (size_t i = 0; i < input->shift_count; i++) {
        const struct rota_shift *shift = &input->shifts[i];
        struct slot *slot = find_slot(planner, shift);
        bool fixed = !in_scope(input, shift) || is_fixed(input, shift);
        if (slot != NULL) {
            slot->before = shift;
            slot->shift.id = shift->id;
        }
        planner->matched[i] = fixed || slot != NULL || shift->state == ROTA_CANCELLED;
        if (!fixed) continue;
        if (shift->state == ROTA_PLANNED) occupy(planner, shift->prosecutor, shift->starts_us, shift->ends_us);
        if (slot != NULL) {
            slot->shift = *shift;
            slot->settled = true;
        }
    }
}

/* --- the passes --- */

static void give_turns(struct planner *planner) {
    for (size_t i = 0; i < planner->slot_count; i++) {
        struct slot *slot = &planner->slots[i];
        if (!slot->settled && available(planner, slot, slot->duty->prosecutor))
            settle(planner, slot, slot->duty->prosecutor, "");
    }
}

static void keep_substitutes(struct planner *planner) {
    for (size_t i = 0; i < planner->slot_count; i++) {
        struct slot *slot = &planner->slots[i];
        const struct rota_shift *before = slot->before;
        if (slot->settled || before == NULL || before->state != ROTA_PLANNED) continue;
        if (before->starts_us != slot->shift.starts_us || before->ends_us != slot->shift.ends_us) continue;
        if (available(planner, slot, before->prosecutor)) settle(planner, slot, before->prosecutor, before->reason);
    }
}

/* Whether a list of lines has this one. */
static bool has_line(const char *lines, const char *line) {
    size_t length = strlen(line);
    for (const char *at = lines; at != NULL && *at != '\0'; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, line, length) == 0 && (at[length] == '\0' || at[length] == '\n')) return true;
    }
    return false;
}

struct candidate {
    const struct rota_person *person;
    bool knows_station, same_day;
    int shifts;
};

static struct candidate weigh(const struct planner *planner, const struct slot *slot,
                              const struct rota_person *person) {
    struct candidate candidate = {.person = person, .knows_station = has_line(person->stations, slot->shift.station)};
    int64_t midnight = wjz_clock_from_day(wjz_day_from_number(slot->shift.duty_day), 0);
    for (size_t i = 0; i < planner->busy_count; i++) {
        const struct busy *busy = &planner->busy[i];
        if (strcmp(busy->person, person->code) != 0) continue;
        candidate.shifts++;
        candidate.same_day = candidate.same_day || (busy->from_us >= midnight && busy->from_us < midnight + WJZ_DAY_US);
    }
    return candidate;
}

static bool better(const struct candidate *a, const struct candidate *b) {
    if (b->person == NULL) return true;
    if (a->knows_station != b->knows_station) return a->knows_station;
    if (a->same_day != b->same_day) return b->same_day;
    if (a->shifts != b->shifts) return a->shifts < b->shifts;
    return strcmp(a->person->code, b->person->code) < 0;
}

/* The best free prosecutor of the station's organ; *ret_asked counts all who were looked at. */
static struct candidate best_of_organ(const struct planner *planner, const struct slot *slot, int *ret_asked) {
    const struct rota_input *input = planner->input;
    const struct rota_station *station = find_station(input, slot->shift.station);
    struct candidate best = {0};
    *ret_asked = 0;
    for (size_t i = 0; i < input->person_count; i++) {
        const struct rota_person *person = &input->people[i];
        if (strcmp(person->organ, station->organ) != 0 || strcmp(person->code, slot->duty->prosecutor) == 0) continue;
        ++*ret_asked;
        if (!available(planner, slot, person->code)) continue;
        struct candidate candidate = weigh(planner, slot, person);
        if (better(&candidate, &best)) best = candidate;
    }
    return best;
}

static const char *named(const struct planner *planner, const char *code) {
    const struct rota_person *person = find_person(planner->input, code);
    return person != NULL ? person->name : code;
}

static int substitute(struct planner *planner, struct slot *slot) {
    const struct rota_duty *duty = slot->duty;
    const struct rota_shift *shift = &slot->shift;
    enum availability turn = availability_of(planner, duty->prosecutor, shift->starts_us, shift->ends_us);
    const char *why = wjz_arena_printf(planner->arena, "%s%s", named(planner, duty->prosecutor), why_not[turn]);
    if (why != NULL && duty->substitute != NULL) {
        enum availability second = availability_of(planner, duty->substitute, shift->starts_us, shift->ends_us);
        if (second == AVAILABLE) {
            settle(planner, slot, duty->substitute,
                   wjz_arena_printf(planner->arena, "%s；按排班替岗/the pattern's substitute", why));
            return slot->shift.reason == NULL ? -ENOMEM : 0;
        }
        why = wjz_arena_printf(planner->arena, "%s；%s%s", why, named(planner, duty->substitute), why_not[second]);
    }
    if (why == NULL) return -ENOMEM;
    int asked = 0;
    struct candidate best = best_of_organ(planner, slot, &asked);
    const char *reason = NULL;
    if (best.person == NULL)
        reason = wjz_arena_printf(planner->arena, "%s；本院另外 %d 名检察官均无空/none of %d others is free", why,
                                  asked, asked);
    else
        reason = wjz_arena_printf(planner->arena, "%s；%s本期到岗 %d 次/%sshifts in the period: %d", why,
                                  best.knows_station ? "熟悉本站，" : "", best.shifts,
                                  best.knows_station ? "knows the station, " : "", best.shifts);
    settle(planner, slot, best.person == NULL ? NULL : best.person->code, reason);
    return reason == NULL ? -ENOMEM : 0;
}

static int fill_gaps(struct planner *planner) {
    int r = 0;
    for (size_t i = 0; r == 0 && i < planner->slot_count; i++)
        if (!planner->slots[i].settled) r = substitute(planner, &planner->slots[i]);
    return r;
}

/* --- the difference --- */

static bool same_text(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The reason is only words: who comes when is what counts. An unmet duty is explained anew. */
static bool unchanged(const struct rota_shift *before, const struct rota_shift *after) {
    return before->state == after->state && before->starts_us == after->starts_us &&
           before->ends_us == after->ends_us && same_text(before->prosecutor, after->prosecutor) &&
           (after->state != ROTA_UNMET || same_text(before->reason, after->reason));
}

static int compare(struct planner *planner, struct rota_plan *ret_plan) {
    const struct rota_input *input = planner->input;
    struct rota_plan plan = {0};
    plan.changes = wjz_arena_calloc(planner->arena, planner->slot_count + input->shift_count, sizeof *plan.changes);
    if (plan.changes == NULL) return -ENOMEM;
    for (size_t i = 0; i < input->shift_count; i++) {
        if (planner->matched[i]) continue;
        struct rota_shift after = input->shifts[i];
        after.state = ROTA_CANCELLED;
        plan.changes[plan.change_count++] =
            (struct rota_change){.kind = ROTA_REMOVE, .before = &input->shifts[i], .after = after};
    }
    for (size_t i = 0; i < planner->slot_count; i++) {
        struct slot *slot = &planner->slots[i];
        if (slot->before != NULL && unchanged(slot->before, &slot->shift)) {
            plan.kept++;
            continue;
        }
        plan.changes[plan.change_count++] = (struct rota_change){
            .kind = slot->before == NULL ? ROTA_MAKE : ROTA_ALTER, .before = slot->before, .after = slot->shift};
    }
    *ret_plan = plan;
    return 0;
}

int rota_plan(const struct rota_input *input, wjz_arena *arena, struct rota_plan *ret_plan) {
    struct planner planner = {.input = input, .arena = arena};
    int r = expand(&planner);
    if (r < 0) return r;
    planner.busy = wjz_arena_calloc(arena, planner.slot_count + input->shift_count, sizeof *planner.busy);
    planner.matched = wjz_arena_calloc(arena, input->shift_count, sizeof *planner.matched);
    if (planner.busy == NULL || planner.matched == NULL) return -ENOMEM;
    match(&planner);
    give_turns(&planner);
    keep_substitutes(&planner);
    r = fill_gaps(&planner);
    return r < 0 ? r : compare(&planner, ret_plan);
}
