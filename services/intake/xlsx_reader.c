/* See xlsx_reader.h. */
#include "intake/xlsx_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/cell.h"
#include "intake/xlsx_book.h"
#include "intake/xlsx_part.h"

enum { MOST_LINE = 1 << 30 }; /* Excel has 1,048,576 */

static const xlsx_limits USUAL = {.entry_bytes = UINT64_C(2) << 30, .ratio = 300, .rows = 2000000};

typedef struct sheet_reader {
    xlsx_book *book;
    const xlsx_limits *limits;
    table_row_fn *fn;
    void *arg;
    int sheet;
    int64_t line;  /* of the row being read */
    uint64_t rows; /* in all sheets */
    cell cells[TABLE_COLUMNS];
    size_t starts[TABLE_COLUMNS]; /* of the cells' texts in text */
    size_t count;                 /* cells so far */
    bool wide, long_cell;
    xlsx_text text; /* of all cells of the row, each with a NUL */
    /* the cell being read */
    size_t column;
    char type[16];
    long style;
    xlsx_text value;
    bool in_cell, in_value, phonetic;
} sheet_reader;

/* Column of a reference like "BC17", from 0; SIZE_MAX when it is none. */
static size_t column_of(const char *reference) {
    size_t column = 0;
    size_t letters = 0;
    for (; reference[letters] >= 'A' && reference[letters] <= 'Z' && letters < 4; letters++) {
        column = column * 26 + (size_t)(reference[letters] - 'A' + 1);
    }
    return letters == 0 || letters > 3 ? SIZE_MAX : column - 1;
}

static void begin_row(sheet_reader *s, const xlsx_part *part) {
    char number[24];
    xlsx_attribute(part, "r", number, sizeof number);
    long long line = strtoll(number, NULL, 10);
    s->line = line > s->line && line <= MOST_LINE ? line : s->line + 1;
    s->count = 0;
    s->text.length = 0;
    s->wide = s->long_cell = false;
}

static void begin_cell(sheet_reader *s, const xlsx_part *part) {
    char text[24];
    xlsx_attribute(part, "r", text, sizeof text);
    size_t column = column_of(text);
    s->column = column != SIZE_MAX && column >= s->count ? column : s->count;
    xlsx_attribute(part, "s", text, sizeof text);
    s->style = strtol(text, NULL, 10);
    xlsx_attribute(part, "t", s->type, sizeof s->type);
    s->value.length = 0;
    s->in_cell = xmlTextReaderIsEmptyElement(part->reader) == 0;
}

static int shared_string(sheet_reader *s, xlsx_text *to, wjz_err *err) {
    char *end = NULL;
    unsigned long long index = s->value.length > 0 ? strtoull(s->value.data, &end, 10) : 0;
    if (s->value.length == 0 || *end != '\0' || index >= s->book->string_count) {
        return wjz_err_set(err, -EINVAL,
                           "第 %d 张工作表第 %lld 行引用的文字在工作簿中不存在，请重新导出 / "
                           "row %lld of sheet %d refers to a shared string that the workbook does not have: export it "
                           "again",
                           s->sheet, (long long)s->line, (long long)s->line, s->sheet);
    }
    uint64_t from = s->book->offsets[index];
    size_t length = (size_t)(s->book->offsets[index + 1] - from);
    char *text = malloc(length + 1);
    if (text == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = length > 0 ? spool_read(s->book->strings, from, text, length, err) : 0;
    to->length = 0;
    if (r == 0 && xlsx_text_add(to, text, length) < 0) r = wjz_err_set(err, -ENOMEM, "out of memory");
    free(text);
    return r;
}

static void type_number(sheet_reader *s, cell *it) {
    double number = 0;
    it->kind = CELL_NUMBER;
    bool date = s->style >= 0 && (size_t)s->style < s->book->style_count && s->book->date_styles[s->style];
    if (date && cell_real(s->value.data, &number) == 0 &&
        cell_serial_time(number, s->book->from_1904, &it->time_us) == 0) {
        it->kind = CELL_TIME;
    }
}

/* Appends the cell's text to the row's. */
static int keep_text(sheet_reader *s, size_t column) {
    size_t needed = s->text.length + s->value.length + 1;
    if (needed > s->text.capacity) {
        char *grown = realloc(s->text.data, needed * 2);
        if (grown == NULL) return -ENOMEM;
        s->text.data = grown;
        s->text.capacity = needed * 2;
    }
    s->starts[column] = s->text.length;
    memcpy(s->text.data + s->text.length, s->value.data, s->value.length);
    s->text.length += s->value.length;
    s->text.data[s->text.length++] = '\0';
    return 0;
}

static int end_cell(sheet_reader *s, wjz_err *err) {
    s->in_cell = false;
    if (s->value.length == 0 || s->column >= TABLE_COLUMNS) {
        s->wide = s->wide || s->column >= TABLE_COLUMNS;
        return 0;
    }
    cell it = {.kind = CELL_TEXT};
    if (strcmp(s->type, "s") == 0) {
        int r = shared_string(s, &s->value, err);
        if (r < 0) return r;
    } else if (strcmp(s->type, "inlineStr") == 0 || strcmp(s->type, "str") == 0) {
        xlsx_text_unescape(&s->value, 0);
    } else if (strcmp(s->type, "b") == 0) {
        it.kind = CELL_BOOL;
    } else if (strcmp(s->type, "e") == 0) {
        it.kind = CELL_ERROR;
    } else if (strcmp(s->type, "d") != 0) {
        type_number(s, &it);
    }
    if (s->value.length == 0) return 0;
    if (s->value.length > TABLE_CELL_BYTES) s->long_cell = true;
    for (; s->count < s->column; s->count++)
        s->cells[s->count] = (cell){.kind = CELL_EMPTY};
    it.length = s->value.length;
    s->cells[s->count++] = it;
    return keep_text(s, s->column) < 0 ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

static int end_row(sheet_reader *s, wjz_err *err) {
    if (s->count == 0) return 0;
    if (++s->rows > s->limits->rows) {
        return wjz_err_set(err, -E2BIG, "工作簿超过 %llu 行，请拆分 / the workbook has more than %llu rows: divide it",
                           (unsigned long long)s->limits->rows, (unsigned long long)s->limits->rows);
    }
    for (size_t i = 0; i < s->count; i++)
        s->cells[i].text = s->cells[i].kind == CELL_EMPTY ? "" : s->text.data + s->starts[i];
    const char *problem = NULL;
    if (s->wide) problem = "it has more than 512 columns; delete those that are not needed";
    if (s->long_cell) problem = "a cell has more than 512 KiB of text; shorten it";
    table_row row = {.sheet = s->sheet,
                     .sheet_name = s->book->sheets[s->sheet - 1].name,
                     .line = s->line,
                     .cells = s->cells,
                     .count = s->count,
                     .problem = problem};
    s->count = 0;
    return s->fn(&row, s->arg, err);
}

static bool is_text_node(const xlsx_part *part) {
    int type = xmlTextReaderNodeType(part->reader);
    return type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
           type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE || type == XML_READER_TYPE_WHITESPACE;
}

static int on_sheet_node(sheet_reader *s, const xlsx_part *part, wjz_err *err) {
    if (is_text_node(part)) {
        if (!s->in_cell || !s->in_value || s->phonetic) return 0;
        const char *value = (const char *)xmlTextReaderConstValue(part->reader);
        return xlsx_text_add(&s->value, value, strlen(value)) < 0 ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
    }
    bool full = xmlTextReaderIsEmptyElement(part->reader) == 0;
    if (xlsx_at_element(part, "row"))
        begin_row(s, part);
    else if (xlsx_at_element(part, "c"))
        begin_cell(s, part);
    else if (xlsx_at_element(part, "v") || xlsx_at_element(part, "t"))
        s->in_value = full;
    else if (xlsx_at_element(part, "rPh"))
        s->phonetic = full;
    else if (xlsx_at_end(part, "v") || xlsx_at_end(part, "t"))
        s->in_value = false;
    else if (xlsx_at_end(part, "rPh"))
        s->phonetic = false;
    else if (xlsx_at_end(part, "c") && s->in_cell)
        return end_cell(s, err);
    else if (xlsx_at_end(part, "row"))
        return end_row(s, err);
    return 0;
}

static int read_sheet(zip_t *package, sheet_reader *s, wjz_err *err) {
    const xlsx_sheet *sheet = &s->book->sheets[s->sheet - 1];
    xlsx_part part;
    int r = xlsx_part_open(package, sheet->part, s->limits, &part, err);
    if (r == -ENOENT)
        return wjz_err_set(
            err, -EINVAL,
            "工作簿缺少第 %d 张工作表的内容，请重新导出 / the workbook lacks the part of its sheet %d: export it again",
            s->sheet, s->sheet);
    if (r < 0) return r;
    s->line = 0;
    s->in_cell = s->in_value = s->phonetic = false;
    while ((r = xlsx_part_next(&part, err)) > 0) {
        int taken = on_sheet_node(s, &part, err);
        if (taken == 0) continue;
        r = taken;
        break;
    }
    xlsx_part_close(&part);
    return r;
}

static int open_package(const void *data, size_t length, zip_t **ret_package, wjz_err *err) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(data, length, 0, &error);
    zip_t *package = source != NULL ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    int r = 0;
    if (package == NULL) {
        r = wjz_err_set(err, -EINVAL, "文件不是 XLSX 工作簿，或已损坏 / the file is no XLSX workbook: %s",
                        zip_error_strerror(&error));
        if (source != NULL) zip_source_free(source);
    }
    zip_error_fini(&error);
    *ret_package = package;
    return r;
}

int xlsx_read(const void *data, size_t length, const xlsx_limits *limits, table_row_fn *fn, void *arg, wjz_err *err) {
    xlsx_limits in_force = limits != NULL ? *limits : USUAL;
    if (in_force.entry_bytes == 0) in_force.entry_bytes = USUAL.entry_bytes;
    if (in_force.ratio == 0) in_force.ratio = USUAL.ratio;
    if (in_force.rows == 0) in_force.rows = USUAL.rows;
    zip_t *package = NULL;
    int r = open_package(data, length, &package, err);
    if (r < 0) return r;
    WJZ_CLEANUP(xlsx_book_destroy) xlsx_book *book = NULL;
    r = xlsx_book_open(package, &in_force, &book, err);
    sheet_reader *s = r == 0 ? calloc(1, sizeof *s) : NULL;
    if (r == 0 && s == NULL) r = wjz_err_set(err, -ENOMEM, "out of memory");
    if (s != NULL) {
        *s = (sheet_reader){.book = book, .limits = &in_force, .fn = fn, .arg = arg};
        for (size_t i = 0; r == 0 && i < book->sheet_count; i++) {
            s->sheet = (int)i + 1;
            r = read_sheet(package, s, err);
        }
        free(s->text.data);
        free(s->value.data);
        free(s);
    }
    (void)zip_close(package);
    return r;
}
