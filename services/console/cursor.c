#include "console/cursor.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

_Static_assert(CURSOR_TEXT == sodium_base64_ENCODED_LEN(16, sodium_base64_VARIANT_URLSAFE_NO_PADDING), "16 bytes");

void cursor_write(cursor c, char ret_text[CURSOR_TEXT]) {
    sodium_bin2base64(ret_text, CURSOR_TEXT, (const uint8_t *)&c, sizeof c, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

int cursor_read(const char *text, cursor *ret_cursor) {
    cursor c;
    size_t length;
    if (strlen(text) != CURSOR_TEXT - 1) return -EINVAL;
    if (sodium_base642bin((uint8_t *)&c, sizeof c, text, strlen(text), NULL, &length, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        length != sizeof c)
        return -EINVAL;
    *ret_cursor = c;
    return 0;
}
