/* Cell texts as values. Exports write times, numbers and identifiers in many shapes: full-width digits, Chinese date
 * words, Excel serials, numbers in E notation. What cannot be read is refused, never guessed. */
#ifndef INTAKE_CELL_H
#define INTAKE_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/clean.h"

/* Copies text to out (size bytes with the NUL, cut there) with full-width ASCII made narrow and the ideographic space a
 * space, and white space at both ends left out. Returns the length. */
size_t cell_narrow(const char *text, char *out, size_t size);

/* A point in time: "2024/3/5 9:07", "2024-03-05 09:07:00", "2024.3.5", "2024年3月5日 9时7分", "2024年3月5日 下午3:07",
 * RFC 3339, "20240305", "20240305090700", and Excel serials between 1954 and 2119 ("45356.38"). Without a zone it is
 * Asia/Shanghai. -EINVAL: none of these, or no such day. */
WJZ_MUST_CHECK int cell_time(const char *text, int64_t *ret_us);

/* An Excel serial (days since 1899-12-30, or 1904-01-01), rounded to seconds. -ERANGE outside of the years 1900–2199.
 */
WJZ_MUST_CHECK int cell_serial_time(double serial, bool from_1904, int64_t *ret_us);

/* A whole number, with thousands separators and with a counting word behind it ("3次", "12 天"). -EINVAL, -ERANGE. */
WJZ_MUST_CHECK int cell_integer(const char *text, int64_t *ret_value);

/* A decimal number times 10^scale, exactly: "1.5" with scale 6 is 1,500,000. Digits beyond the scale must be zeros. A
 * currency sign before and 元 behind are skipped. -EINVAL, -ERANGE. */
WJZ_MUST_CHECK int cell_decimal(const char *text, int scale, int64_t *ret_value);

/* A floating-point number; -EINVAL when there is anything else, or when it is not finite. */
WJZ_MUST_CHECK int cell_real(const char *text, double *ret_value);

/* Whether a number was written in E notation, as Excel shows long numbers ("2.02403E+13"). */
bool cell_is_scientific(const char *text);
/* Digits of a whole number that may be in E notation, written to out. -ERANGE when digits have been lost: more than 15
 * in a number cell, or fewer digits shown than the number has. -EINVAL when it is no whole number. */
WJZ_MUST_CHECK int cell_exact_digits(const char *text, bool number_cell, char *out, size_t size);

#endif
