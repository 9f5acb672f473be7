#include "console/json_put.h"

#include <math.h>
#include <stdio.h>

#include "wjz/digits.h"

char *json_put_text(char *at, const char *text) {
    *at++ = '"';
    for (unsigned char c; (c = (unsigned char)*text) != '\0'; text++) {
        if (c < 0x20) {
            at += sprintf(at, "\\u%04x", (unsigned)c);
            continue;
        }
        if (c == '"' || c == '\\') *at++ = '\\';
        *at++ = (char)c;
    }
    *at++ = '"';
    return at;
}

char *json_put_int(char *at, int64_t value) {
    char digits[WJZ_DIGITS_MOST], *end = digits + sizeof digits;
    if (value < 0) *at++ = '-';
    for (const char *from = wjz_digits(value < 0 ? -(uint64_t)value : (uint64_t)value, end); from < end; from++)
        *at++ = *from;
    return at;
}

char *json_put_tenths(char *at, double value) {
    int64_t tenths = llround(fabs(value) * 10);
    if (value < 0 && tenths > 0) *at++ = '-';
    at = json_put_int(at, tenths / 10);
    *at++ = '.';
    *at++ = (char)('0' + tenths % 10);
    return at;
}
