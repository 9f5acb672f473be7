/* See xlsx_book.h. */
#include "intake/xlsx_book.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/xlsx_part.h"

enum {
    STRINGS = 8 * 1024 * 1024, /* shared strings, at most: 64 MB of offsets */
    FORMATS = 4096,            /* number formats of its own, at most */
};

/* --- text --- */

int xlsx_text_add(xlsx_text *text, const char *more, size_t length) {
    size_t room = TABLE_CELL_BYTES + 1 - text->length;
    if (length > room) length = room;
    if (text->length + length + 1 > text->capacity) {
        size_t capacity = (text->length + length + 1) * 2;
        char *grown = realloc(text->data, capacity);
        if (grown == NULL) return -ENOMEM;
        text->data = grown;
        text->capacity = capacity;
    }
    memcpy(text->data + text->length, more, length);
    text->length += length;
    text->data[text->length] = '\0';
    return 0;
}

static bool is_escape(const char *at, size_t left) {
    return left >= 7 && at[0] == '_' && at[1] == 'x' && isxdigit((unsigned char)at[2]) &&
           isxdigit((unsigned char)at[3]) && isxdigit((unsigned char)at[4]) && isxdigit((unsigned char)at[5]) &&
           at[6] == '_';
}

/* Only the control characters, which are why the escape exists; a carriage return and NUL vanish. */
void xlsx_text_unescape(xlsx_text *text, size_t from) {
    if (text->length - from < 7 || memmem(text->data + from, text->length - from, "_x00", 4) == NULL) return;
    size_t kept = from;
    for (size_t i = from; i < text->length;) {
        if (!is_escape(text->data + i, text->length - i)) {
            text->data[kept++] = text->data[i++];
            continue;
        }
        long code = strtol(text->data + i + 2, NULL, 16);
        if (code == '_')
            text->data[kept++] = '_';
        else if (code == '\n' || code == '\t')
            text->data[kept++] = (char)code;
        else if (code >= 32)
            text->data[kept++] = text->data[i++];
        if (code < 32 || code == '_') i += 7;
    }
    text->length = kept;
    text->data[kept] = '\0';
}

/* --- styles --- */

bool xlsx_format_is_date(const char *format) {
    for (const char *at = format; *at != '\0'; at++) {
        if (*at == '"') {
            at = strchr(at + 1, '"');
            if (at == NULL) return false;
        } else if (*at == '\\' || *at == '_' || *at == '*') { /* the next character is shown, or its width */
            if (*++at == '\0') return false;
        } else if (*at == '[') {
            bool elapsed = strchr("hHmMsS", at[1]) != NULL && at[1] != '\0' && (at[2] == ']' || at[3] == ']');
            if (elapsed) return true;
            at = strchr(at, ']');
            if (at == NULL) return false;
        } else if (strchr("yYdDhH", *at) != NULL || strncmp(at, "mm", 2) == 0 || strncasecmp(at, "m/", 2) == 0) {
            return true;
        } else if (*at == ';') {
            return false; /* only the part for positive numbers counts */
        }
    }
    return false;
}

static bool builtin_is_date(long id) {
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

typedef struct style_reader {
    struct {
        long id;
        bool date;
    } formats[FORMATS];
    size_t format_count;
    bool in_cell_formats;
} style_reader;

static bool format_is_date(const style_reader *styles, long id) {
    for (size_t i = 0; i < styles->format_count; i++) {
        if (styles->formats[i].id == id) return styles->formats[i].date;
    }
    return builtin_is_date(id);
}

static int on_style_node(const xlsx_part *part, style_reader *styles, xlsx_book *book) {
    char text[256];
    if (xlsx_at_element(part, "numFmt") && styles->format_count < FORMATS) {
        xlsx_attribute(part, "numFmtId", text, sizeof text);
        long id = strtol(text, NULL, 10);
        xlsx_attribute(part, "formatCode", text, sizeof text);
        styles->formats[styles->format_count].id = id;
        styles->formats[styles->format_count++].date = xlsx_format_is_date(text);
    } else if (xlsx_at_element(part, "cellXfs")) {
        styles->in_cell_formats = true;
    } else if (xlsx_at_end(part, "cellXfs")) {
        styles->in_cell_formats = false;
    } else if (styles->in_cell_formats && xlsx_at_element(part, "xf") && book->style_count < XLSX_STYLES) {
        if ((book->style_count & (book->style_count - 1)) == 0) {
            size_t room = book->style_count == 0 ? 1 : book->style_count * 2;
            bool *grown = realloc(book->date_styles, room * sizeof *grown);
            if (grown == NULL) return -ENOMEM;
            book->date_styles = grown;
        }
        xlsx_attribute(part, "numFmtId", text, sizeof text);
        book->date_styles[book->style_count++] = format_is_date(styles, strtol(text, NULL, 10));
    }
    return 0;
}

static int read_styles(zip_t *package, const xlsx_limits *limits, xlsx_book *book, wjz_err *err) {
    xlsx_part part;
    int r = xlsx_part_open(package, "xl/styles.xml", limits, &part, err);
    if (r < 0) return r == -ENOENT ? 0 : r;
    style_reader *styles = calloc(1, sizeof *styles);
    r = styles == NULL ? wjz_err_set(err, -ENOMEM, "out of memory") : 1;
    while (r > 0) {
        r = xlsx_part_next(&part, err);
        if (r > 0 && on_style_node(&part, styles, book) < 0) r = wjz_err_set(err, -ENOMEM, "out of memory");
    }
    free(styles);
    xlsx_part_close(&part);
    return r;
}

/* --- shared strings --- */

static int begin_string(xlsx_book *book) {
    if ((book->string_count & (book->string_count - 1)) == 0) {
        size_t room = book->string_count == 0 ? 2 : book->string_count * 2 + 1;
        uint64_t *grown = realloc(book->offsets, room * sizeof *grown);
        if (grown == NULL) return -ENOMEM;
        book->offsets = grown;
    }
    book->offsets[book->string_count++] = spool_size(book->strings);
    book->offsets[book->string_count] = spool_size(book->strings);
    return 0;
}

typedef struct string_reader {
    xlsx_text text;
    bool inside, phonetic, in_text;
} string_reader;

static int on_string_node(const xlsx_part *part, string_reader *strings, xlsx_book *book, wjz_err *err) {
    int type = xmlTextReaderNodeType(part->reader);
    if (xlsx_at_element(part, "si")) {
        strings->text.length = 0;
        strings->inside = xmlTextReaderIsEmptyElement(part->reader) == 0;
        if (book->string_count >= STRINGS)
            return wjz_err_set(err, -E2BIG,
                               "工作簿的文字超过 %d 条，请拆分 / the workbook has more than %d strings: divide it",
                               STRINGS, STRINGS);
        return begin_string(book) < 0 ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
    }
    if (xlsx_at_element(part, "rPh")) strings->phonetic = xmlTextReaderIsEmptyElement(part->reader) == 0;
    if (xlsx_at_end(part, "rPh")) strings->phonetic = false;
    if (xlsx_at_element(part, "t")) strings->in_text = xmlTextReaderIsEmptyElement(part->reader) == 0;
    if (xlsx_at_end(part, "t")) strings->in_text = false;
    bool text = type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
                type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE || type == XML_READER_TYPE_WHITESPACE;
    if (text && strings->inside && strings->in_text && !strings->phonetic) {
        const char *value = (const char *)xmlTextReaderConstValue(part->reader);
        if (xlsx_text_add(&strings->text, value, strlen(value)) < 0) return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    if (xlsx_at_end(part, "si") && strings->inside) {
        strings->inside = false;
        xlsx_text_unescape(&strings->text, 0);
        int r =
            strings->text.length > 0 ? spool_write(book->strings, strings->text.data, strings->text.length, err) : 0;
        book->offsets[book->string_count] = spool_size(book->strings);
        return r;
    }
    return 0;
}

static int read_strings(zip_t *package, const xlsx_limits *limits, xlsx_book *book, wjz_err *err) {
    xlsx_part part;
    int r = xlsx_part_open(package, "xl/sharedStrings.xml", limits, &part, err);
    if (r < 0) return r == -ENOENT ? 0 : r;
    string_reader strings = {0};
    r = spool_new(&book->strings, err);
    if (r == 0) r = 1;
    while (r > 0) {
        r = xlsx_part_next(&part, err);
        if (r <= 0) break;
        int taken = on_string_node(&part, &strings, book, err);
        if (taken < 0) r = taken;
    }
    free(strings.text.data);
    xlsx_part_close(&part);
    return r;
}

/* --- sheets --- */

typedef struct sheet_ids {
    char ids[XLSX_SHEETS][64]; /* relationship of each sheet */
} sheet_ids;

static void on_workbook_node(const xlsx_part *part, xlsx_book *book, sheet_ids *ids) {
    char text[16];
    if (xlsx_at_element(part, "workbookPr")) {
        xlsx_attribute(part, "date1904", text, sizeof text);
        book->from_1904 = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
    } else if (xlsx_at_element(part, "sheet") && book->sheet_count < XLSX_SHEETS) {
        xlsx_attribute(part, "state", text, sizeof text);
        if (strcmp(text, "hidden") == 0 || strcmp(text, "veryHidden") == 0) return;
        xlsx_attribute(part, "name", book->sheets[book->sheet_count].name, XLSX_NAME);
        xlsx_attribute(part, "id", ids->ids[book->sheet_count], sizeof ids->ids[0]);
        book->sheet_count++;
    }
}

static void on_relationship(const xlsx_part *part, xlsx_book *book, const sheet_ids *ids) {
    char id[64];
    char target[XLSX_NAME];
    if (!xlsx_at_element(part, "Relationship")) return;
    xlsx_attribute(part, "Id", id, sizeof id);
    xlsx_attribute(part, "Target", target, sizeof target);
    for (size_t i = 0; i < book->sheet_count; i++) {
        if (strcmp(ids->ids[i], id) != 0) continue;
        bool absolute = target[0] == '/';
        (void)snprintf(book->sheets[i].part, sizeof book->sheets[i].part, "%s%s", absolute ? "" : "xl/",
                       target + absolute);
    }
}

static int read_sheets(zip_t *package, const xlsx_limits *limits, xlsx_book *book, wjz_err *err) {
    static const char *const PARTS[] = {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"};
    sheet_ids ids = {0};
    for (size_t i = 0; i < WJZ_COUNT(PARTS); i++) {
        xlsx_part part;
        int r = xlsx_part_open(package, PARTS[i], limits, &part, err);
        if (r == -ENOENT)
            return wjz_err_set(err, -EINVAL,
                               "文件不是 XLSX 工作簿 / the file is no XLSX workbook: it has no part \"%s\"", PARTS[i]);
        if (r < 0) return r;
        while ((r = xlsx_part_next(&part, err)) > 0) {
            if (i == 0)
                on_workbook_node(&part, book, &ids);
            else
                on_relationship(&part, book, &ids);
        }
        xlsx_part_close(&part);
        if (r < 0) return r;
    }
    return 0;
}

int xlsx_book_open(zip_t *package, const xlsx_limits *limits, xlsx_book **ret_book, wjz_err *err) {
    WJZ_CLEANUP(xlsx_book_destroy) xlsx_book *book = calloc(1, sizeof *book);
    if (book == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = read_sheets(package, limits, book, err);
    if (r == 0) r = read_styles(package, limits, book, err);
    if (r == 0) r = read_strings(package, limits, book, err);
    if (r < 0) return r;
    *ret_book = WJZ_STEAL(book);
    return 0;
}

void xlsx_book_destroy(xlsx_book **book) {
    if (book == NULL || *book == NULL) return;
    spool_destroy(&(*book)->strings);
    free((*book)->offsets);
    free((*book)->date_styles);
    free(*book);
    *book = NULL;
}
