#include "console/totp.h"

#include <errno.h>
#include <liboath/oath.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"

enum { STEP_S = 30, BESIDE = 1 };

int totp_check(const uint8_t secret[TOTP_SECRET], const char *code, int64_t now_us, int64_t used, int64_t *ret_step) {
    time_t now = (time_t)(now_us / WJZ_SECOND_US);
    int offset = 0;
    if (strlen(code) != 6 || strspn(code, "0123456789") != 6) return -EACCES;
    if (oath_totp_validate2((const char *)secret, TOTP_SECRET, now, STEP_S, 0, BESIDE, &offset, code) < 0)
        return -EACCES;
    int64_t step = now / STEP_S + offset;
    if (step <= used) return -EACCES;
    *ret_step = step;
    return 0;
}

char *totp_secret_text(const uint8_t secret[TOTP_SECRET], wjz_arena *arena) {
    char *text = NULL;
    size_t length;
    if (oath_base32_encode((const char *)secret, TOTP_SECRET, &text, &length) != OATH_OK) return NULL;
    char *kept = wjz_arena_strdup(arena, text);
    free(text);
    return kept;
}

char *totp_uri(const char *secret_text, const char *login, wjz_arena *arena) {
    return wjz_arena_printf(
        arena,
        "otpauth://totp/%%E5%%BE%%AE%%E6%%A3%%80%%E6%%B2%%BB:%s?secret=%s&issuer=%%E5%%BE%%AE%%E6%%A3%%80%%E6%%B2%%BB",
        login, secret_text);
}
