/* Time as the product uses it: microseconds since the Unix epoch in int64_t, 0 meaning "not known". */
#ifndef WJZ_CLOCK_H
#define WJZ_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/clean.h"

#define WJZ_SECOND_US INT64_C(1000000)
#define WJZ_DAY_US (86400 * WJZ_SECOND_US)

/* Wall clock now. */
int64_t wjz_clock_us(void);
/* A clock that only moves forward, for durations. */
int64_t wjz_clock_monotonic_us(void);

/* RFC 3339 ("2026-11-23T09:00:00+08:00", "Z" accepted, fraction to microseconds). -EINVAL when it is not. */
WJZ_MUST_CHECK int wjz_clock_parse(const char *text, int64_t *ret_us);

enum { WJZ_CLOCK_TEXT = 40 };
/* Writes RFC 3339 in Asia/Shanghai (+08:00 all year since 1992) into text; "" for 0. Returns text. */
char *wjz_clock_format(int64_t us, char text[WJZ_CLOCK_TEXT]);

/* A calendar day in Asia/Shanghai. */
typedef struct wjz_day {
    int year, month, day; /* month and day from 1 */
} wjz_day;

wjz_day wjz_clock_day(int64_t us);
/* Start of that day plus seconds; fields out of range are carried over as timegm does. */
int64_t wjz_clock_from_day(wjz_day day, int seconds);
/* Days since 1970-01-01, and back: the arithmetic that calendars are built on. */
int32_t wjz_day_number(wjz_day day);
wjz_day wjz_day_from_number(int32_t number);
/* 1 = Monday … 7 = Sunday (ISO 8601). */
int wjz_day_weekday(wjz_day day);

#endif
