/* See xls_reader.h. */
#include "intake/xls_reader.h"

#include <errno.h>
#include <freexl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/cell.h"
#include "intake/spool.h"

enum { XLS_BYTES = 64 * 1024 * 1024, NUMBER_BYTES = 40 };

typedef struct xls_sheet {
    const void *book;
    int number;
    unsigned rows;
    unsigned short columns;
    cell cells[TABLE_COLUMNS];
    char numbers[TABLE_COLUMNS][NUMBER_BYTES];
} xls_sheet;

/* Dates come as "2024-03-05", "2024-03-05 09:07:00" or "09:07:00". */
static void take_date(cell *to, const char *text) {
    to->kind = cell_time(text, &to->time_us) == 0 ? CELL_TIME : CELL_TEXT;
    to->text = text;
}

static void take_number(cell *to, double value, char text[NUMBER_BYTES]) {
    to->kind = CELL_NUMBER;
    (void)snprintf(text, NUMBER_BYTES,
                   value > -1e15 && value < 1e15 && value == (double)(long long)value ? "%.0f" : "%.15G", value);
    to->text = text;
}

static int take_cell(xls_sheet *sheet, unsigned row, unsigned short column) {
    FreeXL_CellValue value;
    cell *to = &sheet->cells[column];
    *to = (cell){.kind = CELL_EMPTY, .text = ""};
    if (freexl_get_cell_value(sheet->book, row, column, &value) != FREEXL_OK) return -EINVAL;
    switch (value.type) {
    case FREEXL_CELL_INT:
        take_number(to, value.value.int_value, sheet->numbers[column]);
        break;
    case FREEXL_CELL_DOUBLE:
        take_number(to, value.value.double_value, sheet->numbers[column]);
        break;
    case FREEXL_CELL_TEXT:
    case FREEXL_CELL_SST_TEXT:
        *to = (cell){.kind = CELL_TEXT, .text = value.value.text_value != NULL ? value.value.text_value : ""};
        break;
    case FREEXL_CELL_DATE:
    case FREEXL_CELL_DATETIME:
    case FREEXL_CELL_TIME:
        take_date(to, value.value.text_value != NULL ? value.value.text_value : "");
        break;
    default:
        break;
    }
    to->length = strlen(to->text);
    if (to->length == 0) to->kind = CELL_EMPTY;
    return 0;
}

static int read_row(xls_sheet *sheet, unsigned row, table_row_fn *fn, void *arg, wjz_err *err) {
    size_t filled = 0;
    const char *problem = NULL;
    for (unsigned short column = 0; column < sheet->columns; column++) {
        if (take_cell(sheet, row, column) < 0) problem = "a cell is damaged; save the workbook again";
        if (sheet->cells[column].length > TABLE_CELL_BYTES)
            problem = "a cell has more than 512 KiB of text; shorten it";
        if (sheet->cells[column].kind != CELL_EMPTY) filled = column + 1u;
    }
    if (filled == 0 && problem == NULL) return 0;
    table_row told = {.sheet = sheet->number,
                      .sheet_name = "",
                      .line = row + 1,
                      .cells = sheet->cells,
                      .count = filled,
                      .problem = problem};
    return fn(&told, arg, err);
}

static int read_sheets(const void *book, xls_sheet *sheet, table_row_fn *fn, void *arg, wjz_err *err) {
    unsigned count = 0;
    if (freexl_get_info(book, FREEXL_BIFF_SHEET_COUNT, &count) != FREEXL_OK || count > 1024) {
        return wjz_err_set(
            err, -EINVAL,
            "工作簿已损坏，请另存为 XLSX / the workbook does not say how many sheets it has: save it as XLSX");
    }
    for (unsigned i = 0; i < count; i++) {
        bool usable = freexl_select_active_worksheet(book, (unsigned short)i) == FREEXL_OK &&
                      freexl_worksheet_dimensions(book, &sheet->rows, &sheet->columns) == FREEXL_OK;
        if (!usable) continue; /* a chart */
        sheet->number = (int)i + 1;
        if (sheet->columns > TABLE_COLUMNS) sheet->columns = TABLE_COLUMNS;
        for (unsigned row = 0; row < sheet->rows; row++) {
            int r = read_row(sheet, row, fn, arg, err);
            if (r != 0) return r;
        }
    }
    return 0;
}

/* The library reads files only; a file without a name still has one under /proc. */
static int open_book(const void *data, size_t length, spool *copy, const void **ret_book, wjz_err *err) {
    int r = spool_write(copy, data, length, err);
    char path[64];
    if (r == 0) r = spool_path(copy, path, sizeof path, err);
    if (r < 0) return r;
    if (freexl_open(path, ret_book) == FREEXL_OK) return 0;
    return wjz_err_set(err, -EINVAL,
                       "文件不是可读取的 XLS 工作簿，请去除密码并另存为 XLSX / "
                       "the file is no readable XLS workbook: save it as XLSX, and without a password");
}

int xls_read(const void *data, size_t length, table_row_fn *fn, void *arg, wjz_err *err) {
    if (length > XLS_BYTES)
        return wjz_err_set(err, -E2BIG,
                           "XLS 工作簿超过 64 MiB，请另存为 XLSX 或 CSV / "
                           "an XLS workbook may have 64 MiB: save it as XLSX or CSV");
    WJZ_CLEANUP(spool_destroy) spool *copy = NULL;
    int r = spool_new(&copy, err);
    if (r < 0) return r;
    const void *book = NULL;
    r = open_book(data, length, copy, &book, err);
    if (r < 0) return r;
    xls_sheet *sheet = calloc(1, sizeof *sheet);
    r = sheet == NULL ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
    if (sheet != NULL) {
        sheet->book = book;
        r = read_sheets(book, sheet, fn, arg, err);
    }
    free(sheet);
    (void)freexl_close(book);
    return r;
}
