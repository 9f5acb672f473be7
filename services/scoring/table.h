/* Tab-separated files with a header line, for offline commands: complaints to score, labels to learn from. In cells \t,
 * \n and \\ stand for tab, line feed and backslash. */
#ifndef SCORING_TABLE_H
#define SCORING_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "scoring/complaint.h"
#include "wjz/arena.h"
#include "wjz/err.h"

enum { TABLE_COLUMNS = 64 };

/* A plain value, zeroed before table_open. */
typedef struct table {
    const char *path;
    FILE *file;
    char *line, *head;
    size_t capacity;
    char *cells[TABLE_COLUMNS], *names[TABLE_COLUMNS];
    size_t columns;
    int number; /* of the line, from 1 */
} table;

WJZ_MUST_CHECK int table_open(table *t, const char *path, wjz_err *err);
void table_close(table *t);
/* 1 with the next row, 0 at the end, -EINVAL for a row with too few cells. */
WJZ_MUST_CHECK int table_next(table *t, wjz_err *err);
/* The cell of a column in this row, "" when there is no such column. Lives until the next row. */
const char *table_cell(const table *t, const char *column);

/* The row as a complaint: external_id, title, content, and where there are such columns received_at (RFC 3339),
 * address, town, village, reporter, order_type, categories, handle_result, status, satisfaction (0–6), votes_for,
 * photo_count. Texts are copied to the arena. -EINVAL with file and line. */
WJZ_MUST_CHECK int table_complaint(const table *t, wjz_arena *arena, complaint *ret_complaint, wjz_err *err);

#endif
