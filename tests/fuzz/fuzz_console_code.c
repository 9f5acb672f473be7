/* Codes of authenticators: nothing but six digits is one. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "console/totp.h"
#include "wjz/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t secret[TOTP_SECRET] = "12345678901234567890";
    char *code = strndup((const char *)data, size);
    int64_t step;
    if (totp_check(secret, code, 1111111109 * WJZ_SECOND_US, 0, &step) == 0)
        assert(strspn(code, "0123456789") == 6 && strlen(code) == 6);
    free(code);
    return 0;
}
