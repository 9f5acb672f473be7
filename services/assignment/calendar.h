/* Working days and legal periods, with the holidays of each year as data.
 *
 * Days are day numbers (wjz_day_number) in Asia/Shanghai. The rules of counting (domain.md 2.8): the day of the
 * event is not counted; "two months" ends on the same date two months later, or on the month's last day where
 * that date is absent; a period whose last day is a holiday ends on the next working day. */
#ifndef WJZ_ASSIGNMENT_CALENDAR_H
#define WJZ_ASSIGNMENT_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/clean.h"

typedef struct calendar calendar;

/* A day that differs from the ordinary week: a holiday, or a weekend worked to make up for one. */
typedef struct calendar_day {
    int32_t day;
    bool working;
} calendar_day;

/* Copies the days, which may come in any order; of two entries for one day the later one counts. NULL when out of
 * memory. */
calendar *calendar_new(const calendar_day *days, size_t count);
void calendar_destroy(calendar **cal);

bool calendar_is_working(const calendar *cal, int32_t day);
/* Whether the year has at least one entry: without it only the ordinary week is known. */
bool calendar_knows_year(const calendar *cal, int year);
/* The day itself when it is a working day, else the first one after it. */
int32_t calendar_working_on_or_after(const calendar *cal, int32_t day);

/* Last day of a period of count natural days, working days, or months that an event on that day begins. count from 0;
 * 0 is the day itself (or the working day after it). */
int32_t calendar_after_days(const calendar *cal, int32_t event, int count);
int32_t calendar_after_working_days(const calendar *cal, int32_t event, int count);
int32_t calendar_after_months(const calendar *cal, int32_t event, int count);

/* Office hours, as hours of the day: 0 <= from < to <= 24. */
typedef struct calendar_hours {
    int from, to;
} calendar_hours;

/* The moment at which length_us of office time have passed since start_us: outside office hours the clock stands
 * still. A whole office day's length from 9:00 ends at the close of that day. Both in microseconds since 1970. */
int64_t calendar_after_office_time(const calendar *cal, calendar_hours hours, int64_t start_us, int64_t length_us);

#endif
