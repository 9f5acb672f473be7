/* Free time within shifts: tables of slots, and who gets which visit. Times are minutes after a shift's start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scheduling/slots.h"

#define MINUTE_US INT64_C(60000000)
#define AT(from, to)                                                                                                   \
    { (from) * MINUTE_US, (to)*MINUTE_US }

static void finds_the_first_free_time(void **state) {
    (void)state;
    const struct {
        struct span taken[3];
        size_t taken_count;
        int length, earliest, from; /* from -1: none */
    } cases[] = {
        {{{0, 0}}, 0, 60, 0, 0},
        {{{0, 0}}, 0, 180, 0, 0},
        {{{0, 0}}, 0, 195, 0, -1},
        {{{0, 0}}, 0, 60, 1, 15},
        {{{0, 0}}, 0, 60, 120, 120},
        {{{0, 0}}, 0, 60, 121, -1},
        {{AT(0, 60)}, 1, 60, 0, 60},
        {{AT(45, 60)}, 1, 60, 0, 60},
        {{AT(60, 75)}, 1, 60, 0, 0},
        {{AT(30, 45), AT(120, 135)}, 2, 60, 0, 45},
        {{AT(120, 135), AT(30, 45), AT(60, 75)}, 3, 45, 0, 75},
        {{AT(0, 180)}, 1, 15, 0, -1},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        struct span taken[3], found = {-1, -1};
        memcpy(taken, cases[i].taken, sizeof taken);
        const struct open_shift shift = {.time = AT(0, 180), .taken = taken, .taken_count = cases[i].taken_count};
        bool any = slots_first(&shift, cases[i].length * MINUTE_US, cases[i].earliest * MINUTE_US, &found);
        assert_int_equal(any, cases[i].from >= 0);
        if (!any) continue;
        assert_int_equal(found.from_us, cases[i].from * MINUTE_US);
        assert_int_equal(found.to_us - found.from_us, cases[i].length * MINUTE_US);
    }
}

static void lists_slots(void **state) {
    (void)state;
    struct span taken[] = {AT(30, 45)}, slots[10];
    const struct open_shift shift = {.time = AT(0, 100), .taken = taken, .taken_count = 1};
    assert_int_equal(slots_list(&shift, 30 * MINUTE_US, 0, slots, 10), 2);
    assert_int_equal(slots[0].from_us, 0);
    assert_int_equal(slots[1].from_us, 60 * MINUTE_US);
    assert_int_equal(slots_list(&shift, 30 * MINUTE_US, 1, slots, 10), 1);
    assert_int_equal(slots_list(&shift, 15 * MINUTE_US, 0, slots, 3), 3);
    assert_int_equal(slots_list(&shift, 15 * MINUTE_US, 0, slots, 10), 5);
}

enum { SHIFTS = 3, ROOM = 4 };

/* Two hours each: A at S1, B at S2, A at S2. */
static void make_shifts(struct open_shift shifts[SHIFTS], struct span taken[SHIFTS][ROOM]) {
    static const char *const stations[] = {"S1", "S2", "S2"}, *const people[] = {"A", "B", "A"};
    for (int i = 0; i < SHIFTS; i++)
        shifts[i] = (struct open_shift){.id = i + 1,
                                        .station = stations[i],
                                        .prosecutor = people[i],
                                        .time = AT(1000 * (i + 1), 1000 * (i + 1) + 120),
                                        .taken = taken[i],
                                        .taken_room = ROOM};
}

static void visits_go_to_the_own_duty_then_to_the_station(void **state) {
    (void)state;
    static const int64_t declined[] = {1};
    const struct {
        struct visit_need need;
        int shift; /* -1: none */
    } cases[] = {
        {{.station = "S2", .prosecutor = "A", .stars = 4}, 0},
        {{.station = "S2", .prosecutor = "B", .stars = 4}, 1},
        {{.station = "S2", .prosecutor = "C", .stars = 4}, 1},
        {{.station = "S2", .prosecutor = "", .stars = 4}, 1},
        {{.station = "", .prosecutor = "A", .stars = 4}, 0},
        {{.station = "", .prosecutor = "C", .stars = 4}, -1},
        {{.station = "S3", .prosecutor = "", .stars = 4}, -1},
        {{.station = "S2", .prosecutor = "A", .stars = 4, .declined = declined, .declined_count = 1}, 2},
        {{.station = "S1", .prosecutor = "", .stars = 4, .declined = declined, .declined_count = 1}, -1},
    };
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        struct open_shift shifts[SHIFTS];
        struct span taken[SHIFTS][ROOM];
        struct visit_slot slot;
        make_shifts(shifts, taken);
        assert_int_equal(visits_place(&cases[i].need, 1, shifts, SHIFTS, 60 * MINUTE_US, 0, arena, &slot), 0);
        assert_int_equal(slot.found ? (int)slot.shift : -1, cases[i].shift);
        if (slot.found) assert_int_equal(slot.time.from_us, shifts[slot.shift].time.from_us);
    }
}

static void the_most_pressing_come_first(void **state) {
    (void)state;
    const struct visit_need needs[] = {
        {.assignment = 1, .station = "", .prosecutor = "A", .stars = 4},
        {.assignment = 2, .station = "", .prosecutor = "A", .stars = 5},
        {.assignment = 4, .station = "", .prosecutor = "A", .stars = 4, .urgent = true},
        {.assignment = 3, .station = "", .prosecutor = "A", .stars = 4},
        {.assignment = 5, .station = "", .prosecutor = "A", .stars = 4},
    };
    static const int64_t minutes[] = {3000, 1060, 1000, 3060, -1};
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    struct open_shift shifts[SHIFTS];
    struct span taken[SHIFTS][ROOM];
    struct visit_slot slots[5];
    make_shifts(shifts, taken);
    assert_int_equal(visits_place(needs, 5, shifts, SHIFTS, 60 * MINUTE_US, 0, arena, slots), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(slots[i].found ? slots[i].time.from_us / MINUTE_US : -1, minutes[i]);
}

static void no_more_is_given_than_there_is_room_for(void **state) {
    (void)state;
    struct visit_need needs[ROOM + 1];
    for (int i = 0; i <= ROOM; i++)
        needs[i] = (struct visit_need){.assignment = i + 1, .station = "S1", .prosecutor = "", .stars = 4};
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    struct open_shift shifts[SHIFTS];
    struct span taken[SHIFTS][ROOM];
    struct visit_slot slots[ROOM + 1];
    make_shifts(shifts, taken);
    assert_int_equal(visits_place(needs, ROOM + 1, shifts, SHIFTS, 15 * MINUTE_US, 0, arena, slots), 0);
    for (int i = 0; i <= ROOM; i++)
        assert_int_equal(slots[i].found, i < ROOM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_first_free_time),
        cmocka_unit_test(lists_slots),
        cmocka_unit_test(visits_go_to_the_own_duty_then_to_the_station),
        cmocka_unit_test(the_most_pressing_come_first),
        cmocka_unit_test(no_more_is_given_than_there_is_room_for),
    };
    return cmocka_run_group_tests_name("scheduling/slots", tests, NULL, NULL);
}
