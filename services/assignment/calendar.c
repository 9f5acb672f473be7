/* Calendar: a sorted list of exceptional days over the ordinary week, and the arithmetic of periods on it. */
#include "assignment/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"

/* Longer than any run of holidays: a calendar that says otherwise is wrong, and must not hang a service. */
enum { LONGEST_REST = 400 };

struct calendar {
    size_t count;
    calendar_day days[];
};

static int compare_days(const void *left, const void *right) {
    const calendar_day *a = left, *b = right;
    return (a->day > b->day) - (a->day < b->day);
}

/* Insertion keeps the order of equal days, so that the later entry is found to be the later one. */
static void sort_days(calendar_day *days, size_t count) {
    for (size_t i = 1; i < count; i++) {
        calendar_day moving = days[i];
        size_t at = i;
        for (; at > 0 && days[at - 1].day > moving.day; at--)
            days[at] = days[at - 1];
        days[at] = moving;
    }
}

calendar *calendar_new(const calendar_day *days, size_t count) {
    calendar *cal = malloc(sizeof(calendar) + count * sizeof(calendar_day));
    if (cal == NULL) return NULL;
    if (count > 0) memcpy(cal->days, days, count * sizeof(calendar_day));
    sort_days(cal->days, count);
    cal->count = 0;
    for (size_t i = 0; i < count; i++) {
        bool repeated = cal->count > 0 && cal->days[cal->count - 1].day == cal->days[i].day;
        cal->days[repeated ? cal->count - 1 : cal->count++] = cal->days[i];
    }
    return cal;
}

void calendar_destroy(calendar **cal) {
    if (cal == NULL) return;
    free(*cal);
    *cal = NULL;
}

bool calendar_is_working(const calendar *cal, int32_t day) {
    calendar_day wanted = {.day = day};
    const calendar_day *found = bsearch(&wanted, cal->days, cal->count, sizeof(calendar_day), compare_days);
    if (found != NULL) return found->working;
    return wjz_day_weekday(wjz_day_from_number(day)) <= 5;
}

bool calendar_knows_year(const calendar *cal, int year) {
    for (size_t i = 0; i < cal->count; i++)
        if (wjz_day_from_number(cal->days[i].day).year == year) return true;
    return false;
}

int32_t calendar_working_on_or_after(const calendar *cal, int32_t day) {
    for (int i = 0; i < LONGEST_REST && !calendar_is_working(cal, day); i++)
        day++;
    return day;
}

int32_t calendar_after_days(const calendar *cal, int32_t event, int count) {
    return calendar_working_on_or_after(cal, event + count);
}

int32_t calendar_after_working_days(const calendar *cal, int32_t event, int count) {
    int32_t day = calendar_working_on_or_after(cal, count > 0 ? event + 1 : event);
    for (int counted = 1; counted < count; counted++)
        day = calendar_working_on_or_after(cal, day + 1);
    return day;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

int32_t calendar_after_months(const calendar *cal, int32_t event, int count) {
    wjz_day day = wjz_day_from_number(event);
    int months = day.year * 12 + (day.month - 1) + count;
    wjz_day end = {.year = months / 12, .month = months % 12 + 1};
    int last = days_in_month(end.year, end.month);
    end.day = day.day < last ? day.day : last;
    return calendar_working_on_or_after(cal, wjz_day_number(end));
}

int64_t calendar_after_office_time(const calendar *cal, calendar_hours hours, int64_t start_us, int64_t length_us) {
    const int64_t hour_us = 3600 * WJZ_SECOND_US;
    int32_t day = wjz_day_number(wjz_clock_day(start_us));
    int64_t left = length_us;
    for (;; day++, start_us = 0) {
        day = calendar_working_on_or_after(cal, day);
        int64_t midnight = wjz_clock_from_day(wjz_day_from_number(day), 0);
        int64_t open = midnight + hours.from * hour_us, close = midnight + hours.to * hour_us;
        int64_t from = start_us > open ? start_us : open;
        if (from >= close) continue;
        if (left <= close - from) return from + left;
        left -= close - from;
    }
}
