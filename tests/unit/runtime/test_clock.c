/* Clock: RFC 3339 in and out, days and weekdays in Asia/Shanghai. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <time.h>

#include "wjz/clock.h"

static void parses(WJZ_UNUSED void **state) {
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-23T09:00:00+08:00", INT64_C(1795395600000000)},
        {"2026-11-23T01:00:00Z", INT64_C(1795395600000000)},
        {"2026-11-22t21:30:00-03:30", INT64_C(1795395600000000)},
        {"2026-11-23 01:00:00z", INT64_C(1795395600000000)},
        {"2026-11-23T01:00:00.5Z", INT64_C(1795395600500000)},
        {"2026-11-23T01:00:00.1234567Z", INT64_C(1795395600123456)},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000000)},
        {"1969-12-31T23:59:59Z", -1000000},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
    };
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        int64_t us;
        assert_int_equal(wjz_clock_parse(rows[i].text, &us), 0);
        assert_int_equal(us, rows[i].us);
    }
}

static void refuses(WJZ_UNUSED void **state) {
    static const char *const rows[] = {
        "",
        "2026",
        "2026-11-23",
        "2026-11-23T09:00:00",
        "2026-11-23T09:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T09:60:00Z",
        "2026-11-23T09:00:61Z",
        "2026-11-23T09:00:00.Z",
        "2026-11-23T09:00:00+0800",
        "2026-11-23T09:00:00+24:00",
        "2026-11-23T09:00:00Z ",
        " 2026-11-23T09:00:00Z",
        "2026-1-23T09:00:00Z",
        "-026-11-23T09:00:00Z",
    };
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        int64_t us = 42;
        assert_int_equal(wjz_clock_parse(rows[i], &us), -EINVAL);
        assert_int_equal(us, 42);
    }
}

static void formats(WJZ_UNUSED void **state) {
    char text[WJZ_CLOCK_TEXT];
    assert_string_equal(wjz_clock_format(INT64_C(1795395600000000), text), "2026-11-23T09:00:00+08:00");
    assert_string_equal(wjz_clock_format(INT64_C(1795395600000050), text), "2026-11-23T09:00:00.000050+08:00");
    assert_string_equal(wjz_clock_format(-1, text), "1970-01-01T07:59:59.999999+08:00");
    assert_string_equal(wjz_clock_format(0, text), "");
    assert_true(strlen(wjz_clock_format(INT64_MAX / 2, text)) < WJZ_CLOCK_TEXT);
}

static void days_agree_with_the_c_library(WJZ_UNUSED void **state) {
    for (int32_t number = -200000; number < 200000; number += 13) {
        time_t seconds = (time_t)number * 86400;
        struct tm tm;
        gmtime_r(&seconds, &tm);
        wjz_day day = wjz_day_from_number(number);
        assert_int_equal(day.year, tm.tm_year + 1900);
        assert_int_equal(day.month, tm.tm_mon + 1);
        assert_int_equal(day.day, tm.tm_mday);
        assert_int_equal(wjz_day_number(day), number);
        assert_int_equal(wjz_day_weekday(day), tm.tm_wday ? tm.tm_wday : 7);
    }
}

static void days_begin_at_midnight_in_china(WJZ_UNUSED void **state) {
    int64_t us;
    assert_int_equal(wjz_clock_parse("2026-11-22T16:00:00Z", &us), 0);
    wjz_day day = wjz_clock_day(us);
    assert_int_equal(day.day, 23);
    assert_int_equal(wjz_clock_day(us - 1).day, 22);
    assert_int_equal(wjz_clock_from_day(day, 0), us);
    assert_int_equal(wjz_clock_from_day(day, 3600), us + 3600 * WJZ_SECOND_US);
}

static void fields_out_of_range_are_carried(WJZ_UNUSED void **state) {
    assert_int_equal(wjz_day_number((wjz_day){2026, 13, 1}), wjz_day_number((wjz_day){2027, 1, 1}));
    assert_int_equal(wjz_day_number((wjz_day){2026, 0, 31}), wjz_day_number((wjz_day){2025, 12, 31}));
    assert_int_equal(wjz_day_number((wjz_day){2026, -11, 1}), wjz_day_number((wjz_day){2025, 1, 1}));
    assert_int_equal(wjz_day_number((wjz_day){2026, 3, 0}), wjz_day_number((wjz_day){2026, 2, 28}));
    assert_int_equal(wjz_day_number((wjz_day){2026, 1, 400}), wjz_day_number((wjz_day){2027, 2, 4}));
}

static void monotonic_does_not_go_back(WJZ_UNUSED void **state) {
    int64_t before = wjz_clock_monotonic_us();
    assert_true(wjz_clock_monotonic_us() >= before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses),
        cmocka_unit_test(refuses),
        cmocka_unit_test(formats),
        cmocka_unit_test(days_agree_with_the_c_library),
        cmocka_unit_test(days_begin_at_midnight_in_china),
        cmocka_unit_test(fields_out_of_range_are_carried),
        cmocka_unit_test(monotonic_does_not_go_back),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
