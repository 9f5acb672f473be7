#include "console/sheet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { COLUMN_WIDTH = 16, FILE_MOST = 64 << 20 };

struct sheet {
    json_t *rows; /* the titles first */
};

int sheet_new(const char *const *titles, size_t count, sheet **ret_sheet) {
    sheet *s = calloc(1, sizeof *s);
    json_t *row = json_array();
    if (!s || !row) {
        free(s);
        json_decref(row);
        return -ENOMEM;
    }
    s->rows = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(row, json_string(titles[i]));
    (void)json_array_append_new(s->rows, row);
    *ret_sheet = s;
    return 0;
}

void sheet_destroy(sheet **at) {
    sheet *s = at ? WJZ_STEAL(*at) : NULL;
    if (s) json_decref(s->rows);
    free(s);
}

int sheet_add(sheet *s, const json_t *row) {
    return json_array_append(s->rows, (json_t *)row) < 0 ? -ENOMEM : 0;
}

int sheet_add_json(sheet *s, const char *row) {
    json_t *parsed = json_loads(row, 0, NULL);
    int r = parsed ? sheet_add(s, parsed) : -ENOMEM;
    json_decref(parsed);
    return r;
}

/* A number as it is shown; "" for null. */
static const char *text_of(const json_t *cell, char number[40]) {
    if (json_is_string(cell)) return json_string_value(cell);
    if (json_is_integer(cell))
        snprintf(number, 40, "%" JSON_INTEGER_FORMAT, json_integer_value(cell));
    else if (json_is_real(cell))
        snprintf(number, 40, "%.6g", json_real_value(cell));
    else
        number[0] = '\0';
    return number;
}

char *sheet_csv_cell(char *at, const char *text) {
    bool formula = *text && strchr("=+-@\t\r", *text);
    bool quoted = formula || strpbrk(text, ",\"\r\n");
    if (quoted) *at++ = '"';
    if (formula) *at++ = '\'';
    for (; *text; text++) {
        if (*text == '"') *at++ = '"';
        *at++ = *text;
    }
    if (quoted) *at++ = '"';
    return at;
}

static size_t room_for(const json_t *rows) {
    size_t i, j, room = 16;
    const json_t *row, *cell;
    json_array_foreach(rows, i, row) {
        json_array_foreach(row, j, cell) {
            room += (json_is_string(cell) ? 2 * json_string_length(cell) : 40) + 5;
        }
        room += 2;
    }
    return room;
}

int sheet_answer_csv(exchange *x, const sheet *s, const char *name) {
    char *text = malloc(room_for(s->rows)), *at = text, number[40];
    if (!text) return -ENOMEM;
    size_t i, j;
    const json_t *row, *cell;
    at = stpcpy(at, "\xEF\xBB\xBF");
    json_array_foreach(s->rows, i, row) {
        json_array_foreach(row, j, cell) {
            if (j > 0) *at++ = ',';
            bool figure = json_is_number(cell); /* a negative number is no formula */
            at = figure ? stpcpy(at, text_of(cell, number)) : sheet_csv_cell(at, text_of(cell, number));
        }
        at = stpcpy(at, "\r\n");
    }
    int r = answer_file(x, "text/csv; charset=utf-8", name, text, (size_t)(at - text));
    free(text);
    return r;
}

/* --- XLSX: the library writes a file --- */

static void write_cell(lxw_worksheet *worksheet, size_t row, size_t column, const json_t *cell, lxw_format *bold) {
    lxw_row_t r = (lxw_row_t)row;
    lxw_col_t c = (lxw_col_t)column;
    if (json_is_number(cell))
        worksheet_write_number(worksheet, r, c, json_number_value(cell), NULL);
    else if (json_is_string(cell))
        worksheet_write_string(worksheet, r, c, json_string_value(cell), row == 0 ? bold : NULL);
}

static int write_book(const sheet *s, const char *path) {
    lxw_workbook *book = workbook_new(path);
    lxw_worksheet *worksheet = book ? workbook_add_worksheet(book, NULL) : NULL;
    if (!worksheet) return -ENOMEM;
    lxw_format *bold = workbook_add_format(book);
    format_set_bold(bold);
    size_t i, j;
    const json_t *row, *cell;
    json_array_foreach(s->rows, i, row) {
        json_array_foreach(row, j, cell) {
            write_cell(worksheet, i, j, cell, bold);
        }
    }
    worksheet_set_column(worksheet, 0, (lxw_col_t)json_array_size(json_array_get(s->rows, 0)), COLUMN_WIDTH, NULL);
    worksheet_freeze_panes(worksheet, 1, 0);
    return workbook_close(book) == LXW_NO_ERROR ? 0 : -EIO;
}

static int read_file(const char *path, wjz_arena *arena, char **ret_data, size_t *ret_length) {
    FILE *file = fopen(path, "re");
    if (!file) return -errno;
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    char *data = length > 0 && length < FILE_MOST ? wjz_arena_alloc(arena, (size_t)length) : NULL;
    rewind(file);
    bool whole = data && fread(data, 1, (size_t)length, file) == (size_t)length;
    fclose(file);
    if (!whole) return -EIO;
    *ret_data = data;
    *ret_length = (size_t)length;
    return 0;
}

int sheet_answer_xlsx(exchange *x, const sheet *s, const char *name) {
    char path[] = "/tmp/wjz-sheet-XXXXXX", *data = NULL;
    size_t length = 0;
    int fd = mkstemp(path); /* only this user may open it */
    if (fd < 0) return -errno;
    close(fd);
    int r = write_book(s, path);
    if (r == 0) r = read_file(path, x->arena, &data, &length);
    unlink(path);
    return r < 0 ? r
                 : answer_file(x, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", name, data,
                               length);
}
