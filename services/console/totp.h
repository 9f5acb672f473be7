/* Time-based one-time passwords (RFC 6238: SHA-1, six digits, 30 seconds), by liboath. */
#ifndef CONSOLE_TOTP_H
#define CONSOLE_TOTP_H

#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"

enum { TOTP_SECRET = 20 };

/* The step (30 seconds since 1970) that the code is of: now's, or one beside it. -EACCES when it is of none of them, or
 * of one that is not after `used`: no code is taken twice. */
WJZ_MUST_CHECK int totp_check(const uint8_t secret[TOTP_SECRET], const char *code, int64_t now_us, int64_t used,
                              int64_t *ret_step);
/* As a person types it (Base32), and as a QR code shows it (otpauth://). NULL when out of memory. */
char *totp_secret_text(const uint8_t secret[TOTP_SECRET], wjz_arena *arena);
char *totp_uri(const char *secret_text, const char *login, wjz_arena *arena);

#endif
