/* Whole numbers as text where there are too many of them for printf. */
#ifndef WJZ_DIGITS_H
#define WJZ_DIGITS_H

#include <stdint.h>

enum { WJZ_DIGITS_MOST = 20 /* of the largest number */ };

/* Writes the number in decimal right before `end`, where there is room for WJZ_DIGITS_MOST; where it begins. No NUL. */
static inline char *wjz_digits(uint64_t number, char *end) {
    do
        *--end = (char)('0' + number % 10);
    while (number /= 10);
    return end;
}

#endif
