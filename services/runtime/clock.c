/* Time in one unit and one zone: microseconds, shown in China's +08:00, which has had no summer time since
 * 1991. Days are counted by the proleptic Gregorian calendar (algorithms: Howard Hinnant, "chrono-compatible
 * low-level date algorithms"). */
#include "wjz/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const int64_t SHANGHAI_US = 8 * 3600 * WJZ_SECOND_US;

static int64_t read_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * WJZ_SECOND_US + now.tv_nsec / 1000;
}

int64_t wjz_clock_us(void) {
    return read_clock(CLOCK_REALTIME);
}

int64_t wjz_clock_monotonic_us(void) {
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

int32_t wjz_day_number(wjz_day day) {
    int64_t months = (int64_t)day.year * 12 + day.month - 1 - 2; /* counted from March, so that leap days end a year */
    int64_t year = floor_div(months, 12);
    int64_t month = months - year * 12;
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * month + 2) / 5;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int32_t)(era * 146097 + day_of_era - 719468 + day.day - 1);
}

wjz_day wjz_day_from_number(int32_t number) {
    int64_t shifted = (int64_t)number + 719468;
    int64_t era = floor_div(shifted, 146097);
    int64_t doe = shifted - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (wjz_day){(int)(yoe + era * 400 + (month <= 2)), month, (int)(doy - (153 * mp + 2) / 5 + 1)};
}

int wjz_day_weekday(wjz_day day) {
    int64_t monday_based = (int64_t)wjz_day_number(day) + 3; /* 1970-01-01 was a Thursday */
    return (int)(monday_based - floor_div(monday_based, 7) * 7) + 1;
}

wjz_day wjz_clock_day(int64_t us) {
    return wjz_day_from_number((int32_t)floor_div(us + SHANGHAI_US, WJZ_DAY_US));
}

int64_t wjz_clock_from_day(wjz_day day, int seconds) {
    return wjz_day_number(day) * WJZ_DAY_US - SHANGHAI_US + seconds * WJZ_SECOND_US;
}

/* So many digits of value, and the mark behind them. */
static char *put(char *at, int value, int count, char mark) {
    for (int i = count - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    at[count] = mark;
    return at + count + (mark != '\0');
}

char *wjz_clock_format(int64_t us, char text[WJZ_CLOCK_TEXT]) {
    if (us == 0) {
        text[0] = '\0';
        return text;
    }
    wjz_day day = wjz_clock_day(us);
    int64_t rest = us + SHANGHAI_US;
    rest -= floor_div(rest, WJZ_DAY_US) * WJZ_DAY_US;
    int seconds = (int)(rest / WJZ_SECOND_US), fraction = (int)(rest % WJZ_SECOND_US);
    char *at = day.year >= 0 && day.year <= 9999 ? put(text, day.year, 4, '-')
                                                 : text + snprintf(text, WJZ_CLOCK_TEXT, "%d-", day.year);
    at = put(put(at, day.month, 2, '-'), day.day, 2, 'T');
    at = put(put(put(at, seconds / 3600, 2, ':'), seconds / 60 % 60, 2, ':'), seconds % 60, 2, fraction ? '.' : '\0');
    if (fraction) at = put(at, fraction, 6, '\0');
    strcpy(at, "+08:00");
    return text;
}

/* Reads exactly count digits. */
static bool digits(const char **at, int count, int *ret_value) {
    int value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9') return false;
        value = value * 10 + (**at - '0');
    }
    *ret_value = value;
    return true;
}

static bool literal(const char **at, char c) {
    if (**at != c) return false;
    (*at)++;
    return true;
}

/* ".5" → 500000; digits beyond the sixth are cut. */
static bool fraction_us(const char **at, int64_t *ret_us) {
    int64_t us = 0, unit = 100000;
    *ret_us = 0;
    if (**at != '.') return true;
    (*at)++;
    if (**at < '0' || **at > '9') return false;
    for (; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
        us += (**at - '0') * unit;
    *ret_us = us;
    return true;
}

/* "Z", "+08:00", "-03:30" → seconds east of Greenwich. */
static bool zone(const char **at, int *ret_seconds) {
    *ret_seconds = 0;
    if (**at == 'Z' || **at == 'z') {
        (*at)++;
        return true;
    }
    int sign = **at == '-' ? -1 : 1, hour, minute;
    if (**at != '+' && **at != '-') return false;
    (*at)++;
    if (!digits(at, 2, &hour) || !literal(at, ':') || !digits(at, 2, &minute) || hour > 23 || minute > 59) return false;
    *ret_seconds = sign * (hour * 3600 + minute * 60);
    return true;
}

int wjz_clock_parse(const char *text, int64_t *ret_us) {
    const char *at = text;
    wjz_day day;
    int hour, minute, second, east;
    int64_t fraction;
    if (!digits(&at, 4, &day.year) || !literal(&at, '-') || !digits(&at, 2, &day.month) || !literal(&at, '-') ||
        !digits(&at, 2, &day.day))
        return -EINVAL;
    if (*at != 'T' && *at != 't' && *at != ' ') return -EINVAL;
    at++;
    if (!digits(&at, 2, &hour) || !literal(&at, ':') || !digits(&at, 2, &minute) || !literal(&at, ':') ||
        !digits(&at, 2, &second) || !fraction_us(&at, &fraction) || !zone(&at, &east) || *at)
        return -EINVAL;
    int32_t number = wjz_day_number(day);
    wjz_day normal = wjz_day_from_number(number);
    bool exists = normal.year == day.year && normal.month == day.month && normal.day == day.day;
    if (!exists || hour > 23 || minute > 59 || second > 60)
        return -EINVAL; /* 60: a leap second is the next minute's 0 */
    *ret_us = number * WJZ_DAY_US + (hour * 3600 + minute * 60 + second - east) * WJZ_SECOND_US + fraction;
    return 0;
}
