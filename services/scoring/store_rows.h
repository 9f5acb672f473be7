/* Copies of what rows hold: rows live until the next wait, the batch needs them longer. */
#ifndef SCORING_STORE_ROWS_H
#define SCORING_STORE_ROWS_H

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "wjz/arena.h"
#include "wjz/db.h"

typedef struct row_texts {
    wjz_arena *arena;
    bool failed; /* out of memory */
} row_texts;

/* Never NULL: "" for SQL NULL, and when out of memory. */
static inline const char *row_text(row_texts *texts, const wjz_rows *rows, int row, int column) {
    const char *text = wjz_row_text(rows, row, column);
    if (!text || !text[0]) return "";
    char *copy = wjz_arena_strdup(texts->arena, text);
    if (!copy) texts->failed = true;
    return copy ? copy : "";
}

static inline int row_copy(wjz_arena *arena, wjz_blob bytes, wjz_blob *ret_copy) {
    void *copy = wjz_arena_alloc(arena, bytes.length);
    if (!copy) return -ENOMEM;
    if (bytes.length) memcpy(copy, bytes.data, bytes.length);
    *ret_copy = (wjz_blob){copy, bytes.length};
    return 0;
}

#endif
