/* When something is sent: tables of backoff and of quiet hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notification/due.h"
#include "wjz/clean.h"
#include "wjz/clock.h"

static void waits_longer_each_time(void **state) {
    (void)state;
    const struct {
        int attempts;
        int64_t first, most, wait;
    } cases[] = {
        {1, 30000, 3600000, 30000},   {2, 30000, 3600000, 60000},   {3, 30000, 3600000, 120000},
        {7, 30000, 3600000, 1920000}, {8, 30000, 3600000, 3600000}, {100000, 30000, 3600000, 3600000},
        {0, 30000, 3600000, 30000},   {1, 5000, 1000, 1000},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++)
        assert_int_equal(backoff_ms(cases[i].attempts, cases[i].first, cases[i].most), cases[i].wait);
}

static int64_t moment(int day, int hour, int minute) {
    return wjz_clock_from_day((wjz_day){2026, 11, day}, hour * 3600 + minute * 60);
}

static void leaves_people_alone(void **state) {
    (void)state;
    const struct {
        int hour, minute, from, to, day_until, hour_until, minute_until;
    } cases[] = {
        {23, 0, 22 * 60, 7 * 60, 11, 7, 0},       {6, 59, 22 * 60, 7 * 60, 10, 7, 0},
        {7, 0, 22 * 60, 7 * 60, 10, 7, 0},        {21, 59, 22 * 60, 7 * 60, 10, 21, 59},
        {22, 0, 22 * 60, 7 * 60, 11, 7, 0},       {12, 30, 12 * 60, 14 * 60, 10, 14, 0},
        {14, 0, 12 * 60, 14 * 60, 10, 14, 0},     {11, 59, 12 * 60, 14 * 60, 10, 11, 59},
        {3, 0, NO_QUIET_HOURS, 7 * 60, 10, 3, 0}, {3, 0, 0, NO_QUIET_HOURS, 10, 3, 0},
        {3, 0, 5 * 60, 5 * 60, 10, 3, 0},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++)
        assert_int_equal(quiet_until(moment(10, cases[i].hour, cases[i].minute), cases[i].from, cases[i].to),
                         moment(cases[i].day_until, cases[i].hour_until, cases[i].minute_until));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_longer_each_time),
        cmocka_unit_test(leaves_people_alone),
    };
    return cmocka_run_group_tests_name("notification/due", tests, NULL, NULL);
}
