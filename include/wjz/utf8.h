/* What PostgreSQL and every reader may rely on: well-formed UTF-8 without NUL. */
#ifndef WJZ_UTF8_H
#define WJZ_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Offset of the first byte that is NUL or not well-formed UTF-8 (RFC 3629: no surrogates, no overlong
 * forms, at most U+10FFFF); length when all is well. */
size_t wjz_utf8_check(const char *text, size_t length);

static inline bool wjz_utf8_ok(const char *text, size_t length) {
    return wjz_utf8_check(text, length) == length;
}

#endif
