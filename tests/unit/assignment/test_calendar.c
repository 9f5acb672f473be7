/* Calendar: holidays and make-up days, periods in days and months, office time. Dates of 2025 and 2026 as announced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "assignment/calendar.h"
#include "wjz/clock.h"
#include "wjz/yaml.h"

static int32_t day(const char *text) {
    wjz_day read;
    assert_int_equal(sscanf(text, "%d-%d-%d", &read.year, &read.month, &read.day), 3);
    return wjz_day_number(read);
}

static int64_t moment(const char *text) {
    int64_t us;
    assert_int_equal(wjz_clock_parse(text, &us), 0);
    return us;
}

/* The product's own data file is the calendar under test. */
static calendar *announced(void) {
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    wjz_err err = {0};
    if (wjz_yaml_load(WJZ_SOURCE_DIR "/deploy/config/holidays.yaml", &yaml, &err) < 0) fail_msg("%s", err.text);
    const wjz_yaml_node *list;
    assert_int_equal(wjz_yaml_get_list(wjz_yaml_root(yaml), "holidays", &list, &err), 0);
    calendar_day days[400];
    size_t count = wjz_yaml_count(list);
    assert_in_range(count, 100, 400);
    for (size_t i = 0; i < count; i++) {
        const char *text;
        assert_int_equal(wjz_yaml_get_text(wjz_yaml_item(list, i), "day", &text, &err), 0);
        assert_int_equal(wjz_yaml_get_bool_or(wjz_yaml_item(list, i), "working", false, &days[i].working, &err), 0);
        days[i].day = day(text);
    }
    calendar *cal = calendar_new(days, count);
    assert_non_null(cal);
    return cal;
}

static void knows_holidays_and_made_up_weekends(void **state) {
    (void)state;
    static const struct {
        const char *day;
        bool working;
    } cases[] = {
        {"2025-01-26", true},  /* Sunday before the Spring Festival, worked */
        {"2025-01-27", true},  /* Monday */
        {"2025-01-28", false}, /* New Year's Eve */
        {"2025-02-04", false}, /* last day of the festival, a Tuesday */
        {"2025-02-08", true},  /* Saturday, worked */
        {"2025-02-09", false}, /* ordinary Sunday */
        {"2025-09-28", true},  /* Sunday before National Day, worked */
        {"2025-10-08", false}, /* eighth day, with the Mid-Autumn Festival */
        {"2025-10-11", true},  /* Saturday, worked */
        {"2026-01-04", true},  {"2026-02-23", false}, {"2026-02-28", true}, {"2026-10-10", true}, {"2026-10-11", false},
    };
    WJZ_CLEANUP(calendar_destroy) calendar *cal = announced();
    for (size_t i = 0; i < WJZ_COUNT(cases); i++)
        if (calendar_is_working(cal, day(cases[i].day)) != cases[i].working) fail_msg("%s", cases[i].day);
    assert_true(calendar_knows_year(cal, 2026));
    assert_false(calendar_knows_year(cal, 2023));
}

static void later_entries_for_a_day_count(void **state) {
    (void)state;
    const calendar_day days[] = {{20000, false}, {19999, false}, {20000, true}};
    WJZ_CLEANUP(calendar_destroy) calendar *cal = calendar_new(days, WJZ_COUNT(days));
    assert_true(calendar_is_working(cal, 20000));
    assert_false(calendar_is_working(cal, 19999));
    calendar_destroy(&cal);
    calendar_destroy(&cal);
    calendar_destroy(NULL);
}

typedef int32_t period_fn(const calendar *cal, int32_t event, int count);

static void ends_periods_as_the_rules_say(void **state) {
    (void)state;
    static const struct {
        period_fn *period;
        const char *event;
        int count;
        const char *end;
    } cases[] = {
        /* The day of the event is not counted; a last day that is a holiday moves on. */
        {calendar_after_days, "2026-03-02", 7, "2026-03-09"},
        {calendar_after_days, "2026-02-10", 7, "2026-02-24"}, /* into the Spring Festival */
        {calendar_after_days, "2026-09-24", 7, "2026-10-08"}, /* into National Day */
        {calendar_after_days, "2026-09-18", 2, "2026-09-20"}, /* a Sunday that is worked */
        {calendar_after_days, "2026-03-06", 0, "2026-03-06"},
        {calendar_after_days, "2026-03-07", 0, "2026-03-09"},
        {calendar_after_working_days, "2026-03-05", 1, "2026-03-06"},
        {calendar_after_working_days, "2026-03-06", 1, "2026-03-09"},
        {calendar_after_working_days, "2026-02-13", 2, "2026-02-24"}, /* Saturday 14 worked, then the festival */
        {calendar_after_working_days, "2026-09-30", 3, "2026-10-10"}, /* Saturday 10 worked */
        {calendar_after_working_days, "2026-03-07", 5, "2026-03-13"},
        {calendar_after_working_days, "2026-03-08", 0, "2026-03-09"},
        /* The same date, or the month's last day. */
        {calendar_after_months, "2026-03-09", 2, "2026-05-09"}, /* Saturday, worked */
        {calendar_after_months, "2025-12-31", 2, "2026-02-28"}, /* no 31 February; Saturday, worked */
        {calendar_after_months, "2023-12-31", 2, "2024-02-29"}, /* leap year */
        {calendar_after_months, "2026-08-01", 2, "2026-10-08"}, /* into National Day */
        {calendar_after_months, "2025-11-30", 3, "2026-02-28"},
        {calendar_after_months, "2026-11-23", 14, "2028-01-24"}, /* over years; the 23rd is a Sunday */
        {calendar_after_months, "2026-01-31", 1, "2026-02-28"},
    };
    WJZ_CLEANUP(calendar_destroy) calendar *cal = announced();
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        int32_t end = cases[i].period(cal, day(cases[i].event), cases[i].count);
        if (end == day(cases[i].end)) continue;
        wjz_day found = wjz_day_from_number(end);
        fail_msg("case %zu: %s + %d is %04d-%02d-%02d, expected %s", i, cases[i].event, cases[i].count, found.year,
                 found.month, found.day, cases[i].end);
    }
}

static void counts_office_time(void **state) {
    (void)state;
    static const struct {
        const char *start;
        int minutes;
        const char *end;
    } cases[] = {
        {"2026-03-03T10:00:00+08:00", 120, "2026-03-03T12:00:00+08:00"},
        {"2026-03-03T07:00:00+08:00", 120, "2026-03-03T11:00:00+08:00"}, /* before the office opens */
        {"2026-03-03T16:00:00+08:00", 120, "2026-03-04T10:00:00+08:00"}, /* over night */
        {"2026-03-03T09:00:00+08:00", 480, "2026-03-03T17:00:00+08:00"}, /* a whole day ends at its close */
        {"2026-03-03T09:00:01+08:00", 480, "2026-03-04T09:00:01+08:00"},
        {"2026-03-03T17:00:00+08:00", 60, "2026-03-04T10:00:00+08:00"},
        {"2026-03-06T16:30:00+08:00", 60, "2026-03-09T09:30:00+08:00"},  /* over a weekend */
        {"2026-02-14T16:00:00+08:00", 120, "2026-02-24T10:00:00+08:00"}, /* worked Saturday, then the festival */
        {"2026-10-03T12:00:00+08:00", 480, "2026-10-08T17:00:00+08:00"}, /* begun on a holiday */
        {"2026-03-02T18:30:00Z", 1440, "2026-03-05T17:00:00+08:00"},     /* after midnight in Shanghai: three days */
    };
    WJZ_CLEANUP(calendar_destroy) calendar *cal = announced();
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        char found[WJZ_CLOCK_TEXT];
        int64_t end = calendar_after_office_time(cal, (calendar_hours){9, 17}, moment(cases[i].start),
                                                 cases[i].minutes * 60 * WJZ_SECOND_US);
        if (end != moment(cases[i].end)) fail_msg("case %zu ends %s", i, wjz_clock_format(end, found));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_holidays_and_made_up_weekends),
        cmocka_unit_test(later_entries_for_a_day_count),
        cmocka_unit_test(ends_periods_as_the_rules_say),
        cmocka_unit_test(counts_office_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
