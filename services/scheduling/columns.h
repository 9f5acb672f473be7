/* Small helpers of the store files. */
#ifndef SCHEDULING_COLUMNS_H
#define SCHEDULING_COLUMNS_H

#include <stdbool.h>

#include "wjz/db.h"

/* An array of one column's values. */
#define COLUMN(arena, count, type) ((type *)wjz_arena_alloc((arena), (count) * sizeof(type)))

/* Copies a text out of a row, "" for NULL; *whole turns false when memory is out. */
static inline const char *column_text(const wjz_rows *rows, int row, int column, wjz_arena *arena, bool *whole) {
    const char *text = wjz_row_text(rows, row, column);
    const char *copy = wjz_arena_strdup(arena, text == NULL ? "" : text);
    *whole = *whole && copy != NULL;
    return copy;
}

#endif
