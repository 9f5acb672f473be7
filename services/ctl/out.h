/* Results: a table for people, --tsv and --json for programs; the same columns in all three. */
#ifndef CTL_OUT_H
#define CTL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/clean.h"
#include "wjz/db.h"

typedef enum out_format { OUT_TABLE, OUT_TSV, OUT_JSON } out_format;

typedef struct out_column {
    const char *key;   /* in TSV and JSON */
    const char *title; /* 中文 / English, in the table; NULL: the key */
    bool number;       /* right-aligned; a JSON number */
} out_column;

typedef struct out_table out_table;

/* columns: count rows, borrowed. TSV lines and JSON objects are printed as they come; a table at the end. */
WJZ_MUST_CHECK int out_open(out_format format, const out_column *columns, size_t count, out_table **ret_table);
/* One row of count texts, NULL for "none". TSV escapes tab, newline, return and backslash as \t \n \r \\. */
WJZ_MUST_CHECK int out_row(out_table *table, const char *const *cells);
/* Every row of a result whose columns are all of type text. */
WJZ_MUST_CHECK int out_rows(out_table *table, const wjz_rows *rows);
/* Prints what is still to print (for a table without rows: empty, a sentence) and frees. */
void out_close(out_table **table, const char *empty);
/* Frees without printing, for WJZ_CLEANUP: accepts *table == NULL. */
void out_drop(out_table **table);
/* The whole of it for a statement's rows. */
WJZ_MUST_CHECK int out_print(out_format format, const out_column *columns, size_t count, const wjz_rows *rows,
                             const char *empty);

/* Columns of a terminal that the text takes (a Han character takes two). */
int out_width(const char *text);

/* A bar on standard error while long work runs; nothing when that is no terminal. total 0: not known. */
void out_progress(const char *what, uint64_t done, uint64_t total);
void out_progress_end(void);

#endif
