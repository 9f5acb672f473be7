/* Rows for a spreadsheet: CSV (UTF-8 with a mark, so that spreadsheets know) and XLSX. */
#ifndef CONSOLE_SHEET_H
#define CONSOLE_SHEET_H

#include "console/exchange.h"

typedef struct sheet sheet;

/* titles: count of them, borrowed. */
WJZ_MUST_CHECK int sheet_new(const char *const *titles, size_t count, sheet **ret_sheet);
void sheet_destroy(sheet **sheet);
/* A JSON array of texts, numbers and nulls. */
WJZ_MUST_CHECK int sheet_add(sheet *s, const json_t *row);
WJZ_MUST_CHECK int sheet_add_json(sheet *s, const char *row);

WJZ_MUST_CHECK int sheet_answer_csv(exchange *x, const sheet *s, const char *name);
WJZ_MUST_CHECK int sheet_answer_xlsx(exchange *x, const sheet *s, const char *name);

/* What a cell of CSV holds: quoted where it must be, and never a formula to whoever opens it. Writes at most 2 × length
 * + 4 bytes; returns the end. Pure. */
char *sheet_csv_cell(char *at, const char *text);

#endif
