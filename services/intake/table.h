/* What the readers of CSV, XLSX and XLS files have in common: they hand over one row of typed cells after the other.
 * Which column means what is the profile's business. */
#ifndef INTAKE_TABLE_H
#define INTAKE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/err.h"

enum {
    TABLE_COLUMNS = 512,           /* more in one row: the rest is left out and the row says so */
    TABLE_CELL_BYTES = 512 * 1024, /* longest text of a cell; Excel's own limit is 32,767 characters */
};

typedef enum cell_kind {
    CELL_EMPTY,
    CELL_TEXT,
    CELL_NUMBER, /* a number in the file; text holds it as written there */
    CELL_TIME,   /* a number that the file shows as a date; text as for a number */
    CELL_BOOL,
    CELL_ERROR, /* #REF! and its like; text holds it */
} cell_kind;

typedef struct cell {
    cell_kind kind;
    const char *text; /* never NULL; may be malformed UTF-8 where the file is; lives as long as the row */
    size_t length;
    int64_t time_us; /* CELL_TIME */
} cell;

typedef struct table_row {
    int sheet;              /* from 1; 1 for CSV */
    const char *sheet_name; /* "" for CSV */
    int64_t line;           /* from 1: row of the sheet, first line of the row in a CSV file */
    const cell *cells;
    size_t count;        /* trailing empty cells may be missing */
    const char *problem; /* why the row cannot be read as a whole, and what to do; NULL: it can */
} table_row;

/* Called for every row that is not empty. 0 to go on; anything else ends the reading with that result. */
typedef int table_row_fn(const table_row *row, void *arg, wjz_err *err);

/* Called now and then by readers that may go on for long without a row, so that others can run. */
typedef struct table_breath {
    void (*fn)(void *arg);
    void *arg;
} table_breath;

#endif
