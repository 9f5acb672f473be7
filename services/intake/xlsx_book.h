/* What an XLSX workbook says about its sheets: names, dates' origin, which number formats are dates, shared strings. */
#ifndef INTAKE_XLSX_BOOK_H
#define INTAKE_XLSX_BOOK_H

#include <zip.h>

#include "intake/spool.h"
#include "intake/xlsx_reader.h"

enum {
    XLSX_SHEETS = 64,    /* visible ones that are read */
    XLSX_STYLES = 65536, /* cell formats that a workbook may have */
    XLSX_NAME = 128,
};

typedef struct xlsx_sheet {
    char name[XLSX_NAME];
    char part[XLSX_NAME * 2];
} xlsx_sheet;

typedef struct xlsx_book {
    xlsx_sheet sheets[XLSX_SHEETS];
    size_t sheet_count;
    bool from_1904;
    bool *date_styles; /* by cell format */
    size_t style_count;
    spool *strings;    /* shared strings, one after the other */
    uint64_t *offsets; /* string_count + 1 */
    size_t string_count;
} xlsx_book;

WJZ_MUST_CHECK int xlsx_book_open(zip_t *package, const xlsx_limits *limits, xlsx_book **ret_book, wjz_err *err);
void xlsx_book_destroy(xlsx_book **book);

/* Whether a number format shows dates or times, e.g. "yyyy\"年\"m\"月\"d\"日\"". Pure. */
bool xlsx_format_is_date(const char *format);

/* Text gathered from <t> and <v> elements; grows on demand up to TABLE_CELL_BYTES + 1, which shows that it was longer.
 */
typedef struct xlsx_text {
    char *data;
    size_t length, capacity;
} xlsx_text;

WJZ_MUST_CHECK int xlsx_text_add(xlsx_text *text, const char *more, size_t length);
/* Resolves _x000D_ and its like from offset from on. */
void xlsx_text_unescape(xlsx_text *text, size_t from);

#endif
