/* Cookie headers, as anybody may send them: what is taken for a token looks like one. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "console/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *header = strndup((const char *)data, size), token[TOKEN_TEXT + 1];
    if (token_in_cookies(header, "wjz_session", token) == 0)
        assert(strlen(token) == TOKEN_TEXT && strstr(header, token));
    (void)token_csrf_ok("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq", header);
    free(header);
    return 0;
}
