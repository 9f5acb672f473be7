/* The rota: who comes when, and who comes instead. Week of Monday 2026-11-23. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scheduling/rota.h"
#include "wjz/clock.h"

enum { MOST = 64 };

static struct {
    struct rota_input input;
    struct rota_duty duties[MOST];
    struct rota_station stations[MOST];
    struct rota_person people[MOST];
    struct rota_leave leaves[MOST];
    struct rota_holiday holidays[MOST];
    struct rota_shift shifts[MOST];
    wjz_arena *arena;
    struct rota_plan plan;
} world;

static int32_t day(int month, int of_month) {
    return wjz_day_number((wjz_day){2026, month, of_month});
}

static int64_t at(int month, int of_month, int hour) {
    return wjz_clock_from_day((wjz_day){2026, month, of_month}, hour * 3600);
}

static struct rota_duty *duty(const char *station, int weekday, const char *prosecutor, const char *substitute) {
    struct rota_duty *made = &world.duties[world.input.duty_count++];
    *made = (struct rota_duty){station, prosecutor, substitute, weekday, 9 * 60, 12 * 60, 1, day(1, 5), 0, INT32_MAX};
    return made;
}

static void person(const char *code, const char *organ, const char *stations) {
    world.people[world.input.person_count++] = (struct rota_person){code, organ, code, stations};
}

static void leave(const char *prosecutor, int64_t from_us, int64_t to_us) {
    world.leaves[world.input.leave_count++] = (struct rota_leave){prosecutor, from_us, to_us};
}

static void holiday(int32_t number, bool working) {
    world.holidays[world.input.holiday_count++] = (struct rota_holiday){number, working};
}

/* One station, two prosecutors who know it, one who does not, one of another organ; planned for a week. */
static int set_up(void **state) {
    (void)state;
    memset(&world, 0, sizeof world);
    world.arena = wjz_arena_new(0);
    world.input = (struct rota_input){
        .from_day = day(11, 23),
        .to_day = day(11, 29),
        .now_us = at(11, 23, 0),
        .duties = world.duties,
        .stations = world.stations,
        .people = world.people,
        .leaves = world.leaves,
        .holidays = world.holidays,
        .shifts = world.shifts,
        .station_count = 2,
    };
    world.stations[0] = (struct rota_station){"S1", "O1", "S1"};
    world.stations[1] = (struct rota_station){"S2", "O1", "S2"};
    person("A", "O1", "S1\nS2");
    person("B", "O1", "S1");
    person("C", "O1", "S22");
    person("X", "O2", "S1");
    return world.arena == NULL;
}

static int tear_down(void **state) {
    (void)state;
    wjz_arena_destroy(&world.arena);
    return 0;
}

static void plan(void) {
    assert_int_equal(rota_plan(&world.input, world.arena, &world.plan), 0);
}

/* Takes the plan for done: what it says becomes what is there. */
static void carry_out(void) {
    for (size_t i = 0; i < world.plan.change_count; i++) {
        struct rota_change *change = &world.plan.changes[i];
        if (change->kind == ROTA_MAKE) {
            change->after.id = (int64_t)world.input.shift_count + 1;
            world.shifts[world.input.shift_count++] = change->after;
        } else {
            world.shifts[change->before - world.shifts] = change->after;
        }
    }
}

/* The plan as text: "make 11-23 S1 A; …" */
static const char *said(void) {
    static const char *const kinds[] = {[ROTA_MAKE] = "make", [ROTA_ALTER] = "alter", [ROTA_REMOVE] = "remove"};
    char *text = wjz_arena_strdup(world.arena, "");
    for (size_t i = 0; i < world.plan.change_count; i++) {
        const struct rota_change *change = &world.plan.changes[i];
        wjz_day on = wjz_clock_day(change->after.starts_us);
        text = wjz_arena_printf(world.arena, "%s%s%s %02d-%02d %s %s", text, i == 0 ? "" : "; ", kinds[change->kind],
                                on.month, on.day, change->after.station,
                                change->after.state == ROTA_UNMET       ? "nobody"
                                : change->after.state == ROTA_CANCELLED ? "cancelled"
                                                                        : change->after.prosecutor);
    }
    return text;
}

static void makes_shifts_once(void **state) {
    (void)state;
    duty("S1", 1, "A", NULL);
    duty("S1", 3, "B", NULL);
    plan();
    assert_string_equal(said(), "make 11-23 S1 A; make 11-25 S1 B");
    assert_int_equal(world.plan.changes[0].after.starts_us, at(11, 23, 9));
    assert_int_equal(world.plan.changes[0].after.ends_us, at(11, 23, 12));
    carry_out();
    plan();
    assert_string_equal(said(), "");
    assert_int_equal(world.plan.kept, 2);
}

static void holds_duties_on_the_right_days(void **state) {
    (void)state;
    struct rota_duty *biweekly = duty("S1", 2, "A", NULL);
    biweekly->every_weeks = 2;
    biweekly->first_on = day(11, 20); /* a Friday: its week counts, the week after does not */
    duty("S1", 3, "A", NULL);         /* a holiday */
    duty("S1", 6, "A", NULL);         /* a Saturday worked */
    duty("S1", 7, "B", NULL);         /* an ordinary Sunday: the organ wants it so */
    struct rota_duty *later = duty("S1", 4, "A", NULL), *over = duty("S1", 5, "A", NULL);
    later->effective_from = day(11, 27);
    over->effective_to = day(11, 26);
    duty("S3", 1, "A", NULL); /* no such station */
    holiday(day(11, 25), false);
    holiday(day(11, 28), true);
    plan();
    assert_string_equal(said(), "make 11-28 S1 A; make 11-29 S1 B");
    world.input.from_day += 7;
    world.input.to_day += 7;
    plan();
    assert_string_equal(said(), "make 12-01 S1 A; make 12-02 S1 A; make 12-03 S1 A; make 12-05 S1 A; make 12-06 S1 B");
}

static void nobody_is_planned_into_the_past(void **state) {
    (void)state;
    duty("S1", 1, "A", NULL);
    duty("S1", 2, "A", NULL);
    world.input.now_us = at(11, 23, 9);
    plan();
    assert_string_equal(said(), "make 11-24 S1 A");
}

static void leave_calls_the_substitute_and_its_end_calls_back(void **state) {
    (void)state;
    duty("S1", 1, "A", "C");
    leave("A", at(11, 23, 11), at(11, 23, 18));
    plan();
    assert_string_equal(said(), "make 11-23 S1 C");
    assert_non_null(strstr(world.plan.changes[0].after.reason, "A请假"));
    carry_out();
    world.input.leave_count = 0;
    plan();
    assert_string_equal(said(), "alter 11-23 S1 A");
    assert_string_equal(world.plan.changes[0].after.reason, "");
}

static void the_best_of_the_organ_comes_when_the_substitute_cannot(void **state) {
    (void)state;
    duty("S1", 1, "A", "C");
    duty("S2", 1, "C", NULL);
    leave("A", at(11, 23, 0), at(11, 24, 0));
    plan();
    assert_string_equal(said(), "make 11-23 S1 B; make 11-23 S2 C");
    const char *reason = world.plan.changes[0].after.reason;
    assert_non_null(strstr(reason, "A请假"));
    assert_non_null(strstr(reason, "C同时段另有到岗"));
    assert_non_null(strstr(reason, "熟悉本站"));
}

static void free_people_are_ranked(void **state) {
    (void)state;
    const struct {
        bool b_away, b_twice, d_knows, c_same_day;
        const char *who;
    } cases[] = {
        {false, false, false, false, "B"}, /* knows the station */
        {true, false, false, false, "C"},  /* first by code */
        {true, false, true, false, "D"},   /* knows the station */
        {false, true, true, false, "D"},   /* fewer shifts than B */
        {true, false, false, true, "D"},   /* C has another shift that day */
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        tear_down(NULL);
        set_up(NULL);
        person("D", "O1", cases[i].d_knows ? "S9\nS1" : "");
        duty("S1", 5, "A", NULL);
        leave("A", at(11, 27, 0), at(11, 28, 0));
        if (cases[i].b_away) leave("B", at(11, 27, 0), at(11, 28, 0));
        if (cases[i].b_twice) duty("S2", 1, "B", NULL);
        if (cases[i].c_same_day) {
            struct rota_duty *evening = duty("S2", 5, "C", NULL);
            evening->from_minute = 18 * 60;
            evening->to_minute = 20 * 60;
        }
        plan();
        const struct rota_change *found = NULL;
        for (size_t j = 0; j < world.plan.change_count; j++)
            if (strcmp(world.plan.changes[j].after.duty_of, "A") == 0) found = &world.plan.changes[j];
        assert_non_null(found);
        assert_string_equal(found->after.prosecutor, cases[i].who);
    }
}

static void what_cannot_be_met_is_explained(void **state) {
    (void)state;
    duty("S1", 1, "A", "B");
    duty("S1", 2, "Z", NULL); /* left the organ */
    leave("A", at(11, 23, 0), at(11, 24, 0));
    leave("B", at(11, 23, 0), at(11, 25, 0));
    leave("C", at(11, 23, 0), at(11, 25, 0));
    plan();
    assert_string_equal(said(), "make 11-23 S1 nobody; make 11-24 S1 A");
    assert_string_equal(world.plan.changes[0].after.reason,
                        "A请假/on leave；B请假/on leave；本院另外 2 名检察官均无空/none of 2 others is free");
    assert_non_null(strstr(world.plan.changes[1].after.reason, "Z不在岗"));
    carry_out();
    plan();
    assert_string_equal(said(), "");
    world.input.leave_count = 2; /* C is back */
    plan();
    assert_string_equal(said(), "alter 11-23 S1 C");
}

static void a_substitute_stays_though_another_would_rank_higher(void **state) {
    (void)state;
    duty("S1", 1, "A", NULL);
    leave("A", at(11, 23, 0), at(11, 24, 0));
    leave("B", at(11, 23, 0), at(11, 24, 0));
    plan();
    assert_string_equal(said(), "make 11-23 S1 C");
    carry_out();
    world.input.leave_count = 1; /* B, who knows the station, is back */
    plan();
    assert_string_equal(said(), "");
}

static void what_people_pinned_stays_except_on_leave(void **state) {
    (void)state;
    duty("S1", 1, "A", "B");
    plan();
    carry_out();
    world.shifts[0].prosecutor = "C";
    world.shifts[0].pinned = true;
    plan();
    assert_string_equal(said(), "");
    world.input.duty_count = 0; /* even without its duty */
    plan();
    assert_string_equal(said(), "");
    world.input.duty_count = 1;
    leave("C", at(11, 23, 0), at(11, 24, 0));
    plan();
    assert_string_equal(said(), "alter 11-23 S1 A");
}

static void what_has_begun_stays(void **state) {
    (void)state;
    duty("S1", 1, "A", "B");
    plan();
    carry_out();
    leave("A", at(11, 23, 0), at(11, 24, 0));
    world.input.now_us = at(11, 23, 9);
    plan();
    assert_string_equal(said(), "");
    world.input.now_us = at(11, 23, 8);
    plan();
    assert_string_equal(said(), "alter 11-23 S1 B");
}

static void duties_that_ended_are_removed_and_come_back(void **state) {
    (void)state;
    duty("S1", 1, "A", NULL);
    duty("S2", 2, "A", NULL);
    plan();
    carry_out();
    world.input.duty_count = 1;
    world.input.station = "S1";
    plan();
    assert_string_equal(said(), ""); /* the other station is not asked about */
    world.input.station = NULL;
    plan();
    assert_string_equal(said(), "remove 11-24 S2 cancelled");
    carry_out();
    plan();
    assert_string_equal(said(), "");
    world.input.duty_count = 2;
    plan();
    assert_string_equal(said(), "alter 11-24 S2 A");
}

static void nobody_is_at_two_stations(void **state) {
    (void)state;
    duty("S1", 1, "A", NULL);
    struct rota_duty *other = duty("S2", 1, "A", NULL);
    other->from_minute = 11 * 60;
    plan();
    assert_string_equal(said(), "make 11-23 S1 A; make 11-23 S2 B");
    other->from_minute = 12 * 60;
    other->to_minute = 14 * 60;
    plan();
    assert_string_equal(said(), "make 11-23 S1 A; make 11-23 S2 A");
}

static void a_duty_whose_end_moves_is_altered(void **state) {
    (void)state;
    duty("S1", 1, "A", NULL);
    plan();
    carry_out();
    world.duties[0].to_minute = 11 * 60;
    plan();
    assert_string_equal(said(), "alter 11-23 S1 A");
    assert_int_equal(world.plan.changes[0].after.ends_us, at(11, 23, 11));
}

static void the_order_of_the_input_does_not_count(void **state) {
    (void)state;
    const char *const people[] = {"A", "B", "C"};
    for (int i = 0; i < 21; i++)
        duty(i % 2 == 0 ? "S1" : "S2", 1 + i % 7, people[i % 3], i % 4 == 0 ? people[(i + 1) % 3] : NULL)->from_minute =
            60 * (8 + i % 5);
    leave("A", at(11, 24, 0), at(11, 26, 0));
    plan();
    const char *first = said();
    for (int round = 0; round < 10; round++) {
        for (size_t i = world.input.duty_count - 1; i > 0; i--) {
            size_t j = (size_t)rand() % (i + 1);
            struct rota_duty kept = world.duties[i];
            world.duties[i] = world.duties[j];
            world.duties[j] = kept;
        }
        struct rota_person kept = world.people[0];
        world.people[0] = world.people[round % 3];
        world.people[round % 3] = kept;
        plan();
        assert_string_equal(said(), first);
    }
}

static void knows_working_days(void **state) {
    (void)state;
    holiday(day(11, 25), false);
    holiday(day(11, 28), true);
    const bool working[] = {true, true, false, true, true, true, false};
    for (int i = 0; i < 7; i++)
        assert_int_equal(rota_is_working_day(day(11, 23) + i, world.holidays, world.input.holiday_count), working[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(makes_shifts_once),
        TEST(holds_duties_on_the_right_days),
        TEST(nobody_is_planned_into_the_past),
        TEST(leave_calls_the_substitute_and_its_end_calls_back),
        TEST(the_best_of_the_organ_comes_when_the_substitute_cannot),
        TEST(free_people_are_ranked),
        TEST(what_cannot_be_met_is_explained),
        TEST(a_substitute_stays_though_another_would_rank_higher),
        TEST(what_people_pinned_stays_except_on_leave),
        TEST(what_has_begun_stays),
        TEST(duties_that_ended_are_removed_and_come_back),
        TEST(nobody_is_at_two_stations),
        TEST(a_duty_whose_end_moves_is_altered),
        TEST(the_order_of_the_input_does_not_count),
        TEST(knows_working_days),
    };
    return cmocka_run_group_tests_name("scheduling/rota", tests, NULL, NULL);
}
