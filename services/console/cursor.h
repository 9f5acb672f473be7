/* Where a page of a list ends: the sort key and id of its last row, opaque to whoever carries it. Pure. */
#ifndef CONSOLE_CURSOR_H
#define CONSOLE_CURSOR_H

#include <stdint.h>

#include "wjz/clean.h"

enum { CURSOR_TEXT = 23 };

typedef struct cursor {
    int64_t key, id;
} cursor;

void cursor_write(cursor c, char ret_text[CURSOR_TEXT]);
/* -EINVAL when it is none of ours. */
WJZ_MUST_CHECK int cursor_read(const char *text, cursor *ret_cursor);

#endif
