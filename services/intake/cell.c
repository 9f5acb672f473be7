/* See cell.h. */
#include "intake/cell.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"

enum { CELL_SCRATCH = 64 }; /* longest text that can be a time or a number */

size_t cell_narrow(const char *text, char *out, size_t size) {
    const unsigned char *in = (const unsigned char *)text;
    size_t length = 0;
    size_t last = 0; /* end of the last character that is no space */
    while (*in != 0 && length + 4 < size) {
        if (in[0] == 0xEF && (in[1] == 0xBC || in[1] == 0xBD) && in[2] != 0) { /* U+FF01–U+FF5E */
            unsigned code = 0xF000u | ((in[1] & 0x3Fu) << 6) | (in[2] & 0x3Fu);
            if (code >= 0xFF01 && code <= 0xFF5E) {
                out[length++] = (char)(code - 0xFEE0);
                last = length;
                in += 3;
                continue;
            }
        }
        bool wide_space = in[0] == 0xE3 && in[1] == 0x80 && in[2] == 0x80; /* U+3000 */
        bool no_break = in[0] == 0xC2 && in[1] == 0xA0;                    /* U+00A0 */
        bool bom = in[0] == 0xEF && in[1] == 0xBB && in[2] == 0xBF;        /* U+FEFF */
        if (wide_space || no_break || bom || isspace(*in)) {
            if (length > 0) out[length++] = ' ';
            in += wide_space || bom ? 3 : no_break ? 2 : 1;
            continue;
        }
        out[length++] = (char)*in++;
        last = length;
    }
    out[last] = '\0';
    return last;
}

/* --- times --- */

typedef struct scanner {
    const char *at;
} scanner;

static void skip_spaces(scanner *s) {
    while (*s->at == ' ')
        s->at++;
}

static bool take(scanner *s, const char *word) {
    size_t length = strlen(word);
    if (strncmp(s->at, word, length) != 0) return false;
    s->at += length;
    return true;
}

static bool take_any(scanner *s, const char *const *words) {
    for (; *words != NULL; words++) {
        if (take(s, *words)) return true;
    }
    return false;
}

/* Between least and most digits. */
static bool take_digits(scanner *s, int least, int most, int *ret_value) {
    int digits = 0;
    int value = 0;
    while (digits < most && isdigit((unsigned char)s->at[digits]))
        value = value * 10 + (s->at[digits++] - '0');
    if (digits < least) return false;
    s->at += digits;
    *ret_value = value;
    return true;
}

static bool day_exists(wjz_day day) {
    if (day.year < 1900 || day.year > 2199 || day.month < 1 || day.month > 12 || day.day < 1) return false;
    wjz_day back = wjz_day_from_number(wjz_day_number(day));
    return back.month == day.month && back.day == day.day;
}

static bool take_day(scanner *s, wjz_day *day) {
    static const char *const YEAR[] = {"年", "-", "/", ".", NULL};
    static const char *const MONTH[] = {"月", "-", "/", ".", NULL};
    if (!take_digits(s, 4, 4, &day->year)) return false;
    if (isdigit((unsigned char)*s->at)) { /* 20240305… */
        return take_digits(s, 2, 2, &day->month) && take_digits(s, 2, 2, &day->day);
    }
    skip_spaces(s);
    if (!take_any(s, YEAR)) return false;
    skip_spaces(s);
    if (!take_digits(s, 1, 2, &day->month)) return false;
    skip_spaces(s);
    if (!take_any(s, MONTH)) return false;
    skip_spaces(s);
    if (!take_digits(s, 1, 2, &day->day)) return false;
    skip_spaces(s);
    if (!take(s, "日")) (void)take(s, "号");
    return true;
}

/* 0: none, 1: before noon, 2: after noon */
static int take_half(scanner *s) {
    static const char *const MORNING[] = {"上午", "凌晨", "早上", "AM", "am", NULL};
    static const char *const AFTERNOON[] = {"下午", "晚上", "PM", "pm", NULL};
    skip_spaces(s);
    int half = take_any(s, MORNING) ? 1 : take_any(s, AFTERNOON) ? 2 : 0;
    skip_spaces(s);
    return half;
}

static bool take_fraction(scanner *s, int64_t *us) {
    if (!take(s, ".")) return true;
    if (!isdigit((unsigned char)*s->at)) return false;
    int64_t unit = WJZ_SECOND_US / 10;
    for (; isdigit((unsigned char)*s->at); s->at++, unit /= 10)
        *us += (*s->at - '0') * unit;
    return true;
}

static bool take_clock(scanner *s, int *ret_seconds, int64_t *ret_us) {
    static const char *const HOUR[] = {":", "时", "点", NULL};
    static const char *const MINUTE[] = {":", "分", NULL};
    int hour = 0;
    int minute = 0;
    int second = 0;
    int half = take_half(s);
    if (isdigit((unsigned char)s->at[0]) && strspn(s->at, "0123456789") >= 4) { /* …090700 */
        if (!take_digits(s, 2, 2, &hour) || !take_digits(s, 2, 2, &minute)) return false;
        if (isdigit((unsigned char)*s->at) && !take_digits(s, 2, 2, &second)) return false;
    } else {
        if (!take_digits(s, 1, 2, &hour) || !take_any(s, HOUR)) return false;
        if (take_digits(s, 1, 2, &minute) && take_any(s, MINUTE) && take_digits(s, 1, 2, &second)) (void)take(s, "秒");
    }
    if (!take_fraction(s, ret_us)) return false;
    int after = take_half(s);
    if (half == 0) half = after;
    if (half == 2 && hour < 12) hour += 12;
    if (half == 1 && hour == 12) hour = 0;
    if (hour > 23 || minute > 59 || second > 59) return false;
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return true;
}

int cell_serial_time(double serial, bool from_1904, int64_t *ret_us) {
    if (from_1904) serial += 1462;
    if (!isfinite(serial) || serial < 1 || serial >= 109575) return -ERANGE; /* 2199-12-31 ends there */
    int64_t seconds = llround(serial * 86400.0);
    int32_t origin = wjz_day_number((wjz_day){1899, 12, 30});
    wjz_day day = wjz_day_from_number(origin + (int32_t)(seconds / 86400));
    *ret_us = wjz_clock_from_day(day, (int)(seconds % 86400));
    return 0;
}

int cell_time(const char *text, int64_t *ret_us) {
    char narrow[CELL_SCRATCH];
    size_t length = cell_narrow(text, narrow, sizeof narrow);
    if (length == 0 || length + 4 >= sizeof narrow) return -EINVAL;
    if (wjz_clock_parse(narrow, ret_us) == 0) return 0;
    double serial = 0;
    size_t digits = strspn(narrow, "0123456789");
    if (digits == 5 && (narrow[5] == '\0' || narrow[5] == '.') && cell_real(narrow, &serial) == 0 && serial >= 20000 &&
        serial < 80000) {
        return cell_serial_time(serial, false, ret_us) == 0 ? 0 : -EINVAL;
    }
    scanner s = {narrow};
    wjz_day day = {0};
    int seconds = 0;
    int64_t us = 0;
    if (!take_day(&s, &day) || !day_exists(day)) return -EINVAL;
    if (*s.at == 'T') s.at++;
    skip_spaces(&s);
    if (*s.at != '\0' && (!take_clock(&s, &seconds, &us) || *s.at != '\0')) return -EINVAL;
    *ret_us = wjz_clock_from_day(day, seconds) + us;
    return 0;
}

/* --- numbers --- */

/* Narrows and leaves out thousands separators; false when it is too long to be a number. */
static bool number_text(const char *text, char out[CELL_SCRATCH]) {
    char narrow[CELL_SCRATCH];
    size_t length = cell_narrow(text, narrow, sizeof narrow);
    if (length == 0 || length + 4 >= sizeof narrow) return false;
    size_t kept = 0;
    for (size_t i = 0; i < length; i++) {
        if (narrow[i] != ',') out[kept++] = narrow[i];
    }
    out[kept] = '\0';
    return kept > 0;
}

int cell_integer(const char *text, int64_t *ret_value) {
    static const char *const COUNTED[] = {"次", "天", "个", "张", "条", "人", "日", "票", NULL};
    char number[CELL_SCRATCH];
    if (!number_text(text, number)) return -EINVAL;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(number, &end, 10);
    if (end == number) return -EINVAL;
    if (errno == ERANGE) return -ERANGE;
    if (*end == '.') { /* 3.0: how some tools write whole numbers */
        end++;
        end += strspn(end, "0");
    }
    scanner s = {end};
    skip_spaces(&s);
    (void)take_any(&s, COUNTED);
    skip_spaces(&s);
    if (*s.at != '\0') return -EINVAL;
    *ret_value = value;
    return 0;
}

/* Moves digits to value until another character comes; scale counts down behind the point. */
static int gather_digits(const char **at, int scale, int64_t *value) {
    bool point = false;
    for (; isdigit((unsigned char)**at) || (**at == '.' && !point); (*at)++) {
        if (**at == '.') {
            point = true;
            continue;
        }
        if (point && scale-- <= 0) {
            if (**at != '0') return -ERANGE;
            continue;
        }
        if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, **at - '0', value))
            return -ERANGE;
    }
    for (; scale > 0; scale--) {
        if (__builtin_mul_overflow(*value, 10, value)) return -ERANGE;
    }
    return 0;
}

int cell_decimal(const char *text, int scale, int64_t *ret_value) {
    static const char *const SIGN[] = {"¥", "￥", "RMB", NULL};
    char number[CELL_SCRATCH];
    if (!number_text(text, number)) return -EINVAL;
    scanner s = {number};
    (void)take_any(&s, SIGN);
    skip_spaces(&s);
    bool negative = take(&s, "-");
    if (!isdigit((unsigned char)*s.at)) return -EINVAL;
    int64_t value = 0;
    int r = gather_digits(&s.at, scale, &value);
    if (r < 0) return r;
    skip_spaces(&s);
    (void)take(&s, "元");
    if (*s.at != '\0') return -EINVAL;
    *ret_value = negative ? -value : value;
    return 0;
}

int cell_real(const char *text, double *ret_value) {
    char number[CELL_SCRATCH];
    if (!number_text(text, number)) return -EINVAL;
    if (strspn(number, "0123456789+-.eE") != strlen(number)) return -EINVAL;
    char *end = NULL;
    double value = strtod(number, &end);
    if (end == number || *end != '\0' || !isfinite(value)) return -EINVAL;
    *ret_value = value;
    return 0;
}

bool cell_is_scientific(const char *text) {
    char narrow[CELL_SCRATCH];
    size_t length = cell_narrow(text, narrow, sizeof narrow);
    if (length + 4 >= sizeof narrow) return false;
    size_t at = strspn(narrow, "0123456789");
    if (at == 0) return false;
    if (narrow[at] == '.') at += 1 + strspn(narrow + at + 1, "0123456789");
    if (narrow[at] != 'e' && narrow[at] != 'E') return false;
    at++;
    if (narrow[at] == '+')
        at++;
    else if (narrow[at] != '-')
        return false; /* "12E5" is an identifier; Excel always writes the sign */
    else
        at++;
    size_t exponent = strspn(narrow + at, "0123456789");
    return exponent > 0 && narrow[at + exponent] == '\0';
}

/* d.ddddE+xx whose digits are all there. */
static int expand_scientific(const char *number, bool number_cell, char *out, size_t size) {
    char digits[CELL_SCRATCH];
    size_t count = 0;
    size_t behind = 0;
    bool point = false;
    for (; *number != 'e' && *number != 'E'; number++) {
        if (*number == '.') {
            point = true;
            continue;
        }
        digits[count++] = *number;
        if (point) behind++;
    }
    long exponent = strtol(number + 1, NULL, 10);
    if (exponent < (long)behind) return -EINVAL; /* a fraction */
    size_t whole = count + (size_t)exponent - behind;
    /* Excel leaves out zeros at the end in files, so there the digits are all known up to 15; a text was rounded. */
    if (exponent > 300 || whole > 15 || (!number_cell && (size_t)exponent > behind)) return -ERANGE;
    if (whole >= size) return -ERANGE;
    memcpy(out, digits, count);
    memset(out + count, '0', whole - count);
    out[whole] = '\0';
    return 0;
}

int cell_exact_digits(const char *text, bool number_cell, char *out, size_t size) {
    char narrow[CELL_SCRATCH];
    size_t length = cell_narrow(text, narrow, sizeof narrow);
    if (length == 0 || length + 4 >= sizeof narrow) return -EINVAL;
    if (cell_is_scientific(narrow)) return expand_scientific(narrow, number_cell, out, size);
    size_t digits = strspn(narrow, "0123456789");
    if (digits == 0) return -EINVAL;
    const char *rest = narrow + digits;
    if (*rest == '.') rest += 1 + strspn(rest + 1, "0");
    if (*rest != '\0') return -EINVAL;
    /* Excel turns every digit behind the fifteenth into a zero; other digits there were written by another program. */
    if (number_cell && digits > 15 && strspn(narrow + 15, "0") == digits - 15) return -ERANGE;
    if (digits >= size) return -ERANGE;
    memcpy(out, narrow, digits);
    out[digits] = '\0';
    return 0;
}
