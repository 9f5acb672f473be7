/* Cursors, as they come back from a page: what is taken is what would be written. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "console/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = strndup((const char *)data, size), again[CURSOR_TEXT];
    cursor c;
    if (cursor_read(text, &c) == 0) {
        cursor back;
        cursor_write(c, again);
        assert(cursor_read(again, &back) == 0 && back.key == c.key && back.id == c.id);
    }
    free(text);
    return 0;
}
