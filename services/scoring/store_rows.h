/* Copies of what rows hold — rows live until the next wait, the batch needs them longer — and columns of what is
 * written. */
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

/* A list that came as one text, its items joined by U+001F (which no text of a list has); empty items are left out. */
typedef struct row_list {
    const char **items;
    size_t count;
} row_list;

static inline row_list row_texts_of(row_texts *texts, const wjz_rows *rows, int row, int column) {
    char *list = (char *)row_text(texts, rows, row, column), *rest = NULL;
    size_t most = 1;
    for (const char *at = list; *at; at++)
        most += *at == '\x1f';
    row_list read = {.items = wjz_arena_alloc(texts->arena, most * sizeof(char *))};
    if (!read.items) texts->failed = true;
    char *item = read.items && *list ? strtok_r(list, "\x1f", &rest) : NULL;
    for (; item; item = strtok_r(NULL, "\x1f", &rest))
        read.items[read.count++] = item;
    return read;
}

static inline int row_copy(wjz_arena *arena, wjz_blob bytes, wjz_blob *ret_copy) {
    void *copy = wjz_arena_alloc(arena, bytes.length);
    if (!copy) return -ENOMEM;
    if (bytes.length) memcpy(copy, bytes.data, bytes.length);
    *ret_copy = (wjz_blob){copy, bytes.length};
    return 0;
}

/* Rows, of two blobs or thirty columns, that cost the server less one by one than as arrays which it takes apart. */
enum { STORE_FEW = 2 };

/* An array of one column's values of `rows[0 … count)`, in `arena`. */
#define COLUMN(type, name, value)                                                                                      \
    type *name = wjz_arena_alloc(arena, count * sizeof *name);                                                         \
    if (!name) return -ENOMEM;                                                                                         \
    for (size_t i = 0; i < count; i++)                                                                                 \
    name[i] = (value)

#endif
