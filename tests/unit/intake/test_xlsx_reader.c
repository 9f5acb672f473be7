/* XLSX workbooks, made here part by part: what Excel and other programs write, and what an attacker would. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include <cmocka.h>

#include "intake/xlsx_book.h"
#include "intake/xlsx_reader.h"
#include "wjz/clock.h"

#define NS "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define BOOK(inside)                                                                                                   \
    "<?xml version=\"1.0\"?><workbook " NS                                                                             \
    " xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">" inside "</workbook>"
#define RELS                                                                                                           \
    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"                           \
    "<Relationship Id=\"r1\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"r2\" "                               \
    "Target=\"/xl/worksheets/sheet2.xml\"/></Relationships>"
#define ONE_SHEET BOOK("<sheets><sheet name=\"甲\" sheetId=\"1\" r:id=\"r1\"/></sheets>")
#define SHEET(rows) "<worksheet " NS "><sheetData>" rows "</sheetData></worksheet>"

typedef struct part {
    const char *name, *text;
} part;

typedef struct package {
    void *data;
    size_t length;
} package;

static package pack(const part *parts) {
    zip_error_t error;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_source_keep(source);
    zip_t *archive = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    for (; parts->name != NULL; parts++) {
        zip_source_t *text = zip_source_buffer(archive, parts->text, strlen(parts->text), 0);
        assert_true(zip_file_add(archive, parts->name, text, ZIP_FL_ENC_UTF_8) >= 0);
    }
    assert_int_equal(zip_close(archive), 0);
    zip_stat_t stat;
    assert_int_equal(zip_source_stat(source, &stat), 0);
    package made = {malloc(stat.size), stat.size};
    assert_int_equal(zip_source_open(source), 0);
    assert_int_equal(zip_source_read(source, made.data, stat.size), stat.size);
    zip_source_close(source);
    zip_source_free(source);
    return made;
}

typedef struct seen {
    char text[4096];
    size_t length;
} seen;

static int note(const table_row *row, void *arg, wjz_err *err) {
    seen *s = arg;
    (void)err;
    s->length += (size_t)snprintf(s->text + s->length, sizeof s->text - s->length, "%d.%lld%s:", row->sheet,
                                  (long long)row->line, row->problem != NULL ? "!" : "");
    for (size_t i = 0; i < row->count && s->length < sizeof s->text - 100; i++) {
        static const char KINDS[] = "-tndbe";
        char time[WJZ_CLOCK_TEXT];
        const cell *it = &row->cells[i];
        s->length += (size_t)snprintf(s->text + s->length, sizeof s->text - s->length, "%c[%.60s]", KINDS[it->kind],
                                      it->kind == CELL_TIME ? wjz_clock_format(it->time_us, time) : it->text);
    }
    return 0;
}

static int read_parts(const part *parts, const xlsx_limits *limits, seen *s, wjz_err *err) {
    package made = pack(parts);
    *s = (seen){.length = 0};
    int r = xlsx_read(made.data, made.length, limits, note, s, err);
    free(made.data);
    return r;
}

static void expect(const part *parts, const char *wanted) {
    seen s;
    wjz_err err = {0};
    if (read_parts(parts, NULL, &s, &err) != 0) fail_msg("%s", err.text);
    assert_string_equal(s.text, wanted);
}

static void refuse(const part *parts, const xlsx_limits *limits, int result, const char *said) {
    seen s;
    wjz_err err = {0};
    assert_int_equal(read_parts(parts, limits, &s, &err), result);
    if (strstr(err.text, said) == NULL) fail_msg("\"%s\" does not say \"%s\"", err.text, said);
}

static void strings_shared_and_inline(void **state) {
    (void)state;
    expect(
        (part[]){
            {"xl/workbook.xml", ONE_SHEET},
            {"xl/_rels/workbook.xml.rels", RELS},
            {"xl/sharedStrings.xml",
             "<sst " NS "><si><t>编号</t></si><si/><si><r><t>富</t></r><r><t xml:space=\"preserve\"> 文本</t></r>"
             "<rPh><t>拼音</t></rPh></si><si><t>a_x000D_\nb_x005F_c</t></si></sst>"},
            {"xl/worksheets/sheet1.xml", SHEET("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" "
                                               "t=\"s\"><v>1</v></c><c r=\"C1\" t=\"s\"><v>2</v></c></row>"
                                               "<row r=\"3\"><c r=\"B3\" t=\"inlineStr\"><is><t>内 "
                                               "</t><phoneticPr/></is></c><c r=\"C3\" t=\"s\"><v>3</v></c></row>")},
            {NULL, NULL}},
        "1.1:t[编号]-[]t[富 文本]1.3:-[]t[内 ]t[a\nb_c]");
}

static void numbers_dates_and_the_rest(void **state) {
    (void)state;
    expect(
        (part[]){
            {"xl/workbook.xml", ONE_SHEET},
            {"xl/_rels/workbook.xml.rels", RELS},
            {"xl/styles.xml",
             "<styleSheet " NS
             "><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;\"/></numFmts>"
             "<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/>"
             "<xf numFmtId=\"164\"/><xf numFmtId=\"2\"/></cellXfs></styleSheet>"},
            {"xl/worksheets/sheet1.xml",
             SHEET("<row><c><v>188039</v></c><c s=\"1\"><v>45356.379861111112</v></c><c s=\"2\" "
                   "t=\"n\"><v>45356</v></c><c s=\"3\"><v>45356</v></c>"
                   "<c t=\"b\"><v>1</v></c><c t=\"e\"><v>#REF!</v></c><c t=\"str\"><f>A1&amp;\"x\"</f><v>=cmd()</v></c>"
                   "<c t=\"d\"><v>2024-03-05T09:07:00</v></c><c s=\"1\"><v>-5</v></c></row>")},
            {NULL, NULL}},
        "1.1:n[188039]d[2024-03-05T09:07:00+08:00]d[2024-03-05T00:00:00+08:00]n[45356]b[1]e[#REF!]t[=cmd()]t[2024-03-"
        "05T09:07:00]n[-5]");
}

static void several_sheets_and_hidden_ones(void **state) {
    (void)state;
    expect((part[]){{"xl/workbook.xml",
                     BOOK("<workbookPr date1904=\"1\"/><sheets><sheet name=\"a\" r:id=\"r1\"/>"
                          "<sheet name=\"h\" state=\"hidden\" r:id=\"r9\"/><sheet name=\"b\" r:id=\"r2\"/></sheets>")},
                    {"xl/_rels/workbook.xml.rels", RELS},
                    {"xl/styles.xml", "<styleSheet " NS "><cellXfs><xf numFmtId=\"14\"/></cellXfs></styleSheet>"},
                    {"xl/worksheets/sheet1.xml", SHEET("<row><c s=\"0\"><v>43894</v></c></row>")},
                    {"xl/worksheets/sheet2.xml", SHEET("")},
                    {NULL, NULL}},
           "1.1:d[2024-03-05T00:00:00+08:00]");
}

static void what_is_no_workbook(void **state) {
    seen s = {.length = 0};
    wjz_err err = {0};
    (void)state;
    assert_int_equal(xlsx_read("PK\3\4garbage", 11, NULL, note, &s, &err), -EINVAL);
    refuse((part[]){{"word/document.xml", "<a/>"}, {NULL, NULL}}, NULL, -EINVAL, "no XLSX workbook");
    refuse((part[]){{"xl/workbook.xml", ONE_SHEET}, {"xl/_rels/workbook.xml.rels", RELS}, {NULL, NULL}}, NULL, -EINVAL,
           "lacks the part");
    refuse((part[]){{"xl/workbook.xml", "<workbook"}, {"xl/_rels/workbook.xml.rels", RELS}, {NULL, NULL}}, NULL,
           -EINVAL, "well-formed");
}

static void references_to_nowhere(void **state) {
    (void)state;
    refuse((part[]){{"xl/workbook.xml", ONE_SHEET},
                    {"xl/_rels/workbook.xml.rels", RELS},
                    {"xl/worksheets/sheet1.xml", SHEET("<row><c t=\"s\"><v>7</v></c></row>")},
                    {NULL, NULL}},
           NULL, -EINVAL, "shared string");
}

static void entities_are_not_expanded(void **state) {
    (void)state;
    refuse((part[]){{"xl/workbook.xml", ONE_SHEET},
                    {"xl/_rels/workbook.xml.rels", RELS},
                    {"xl/worksheets/sheet1.xml",
                     "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
                     "<!ENTITY f SYSTEM \"file:///etc/passwd\">]>" SHEET("<row><c t=\"str\"><v>&b;&f;</v></c></row>")},
                    {NULL, NULL}},
           NULL, -EINVAL, "document type");
}

static void bombs_are_defused(void **state) {
    enum { BYTES = 8 * 1024 * 1024 };
    char *text = malloc(BYTES + 1);
    (void)state;
    memset(text, ' ', BYTES);
    text[BYTES] = '\0';
    memcpy(text, "<worksheet>", 11);
    part parts[] = {{"xl/workbook.xml", ONE_SHEET},
                    {"xl/_rels/workbook.xml.rels", RELS},
                    {"xl/worksheets/sheet1.xml", text},
                    {NULL, NULL}};
    refuse(parts, NULL, -E2BIG, "unpacks to more");
    refuse(parts, &(xlsx_limits){.entry_bytes = 1 << 20, .ratio = 100000}, -E2BIG, "unpacks to more");
    free(text);
}

static void sizes_are_bounded(void **state) {
    static const char FAR[] =
        SHEET("<row><c r=\"A1\"><v>1</v></c><c r=\"XFD1\"><v>2</v></c></row><row><c r=\"ZZZZZZ1\"><v>3</v></c></row>");
    (void)state;
    expect((part[]){{"xl/workbook.xml", ONE_SHEET},
                    {"xl/_rels/workbook.xml.rels", RELS},
                    {"xl/worksheets/sheet1.xml", FAR},
                    {NULL, NULL}},
           "1.1!:n[1]1.2:n[3]");
    refuse((part[]){{"xl/workbook.xml", ONE_SHEET},
                    {"xl/_rels/workbook.xml.rels", RELS},
                    {"xl/worksheets/sheet1.xml",
                     SHEET("<row><c><v>1</v></c></row><row><c><v>1</v></c></row><row><c><v>1</v></c></row>")},
                    {NULL, NULL}},
           &(xlsx_limits){.rows = 2}, -E2BIG, "more than 2 rows");
}

static void numbers_of_rows_beyond_all_numbers(void **state) {
    static const char LAST[] = SHEET("<row r=\"9223372036854775807\"><c><v>1</v></c></row><row><c><v>2</v></c></row>"
                                     "<row r=\"7\"><c><v>3</v></c></row><row r=\"-5\"><c><v>4</v></c></row>");
    (void)state;
    expect((part[]){{"xl/workbook.xml", ONE_SHEET},
                    {"xl/_rels/workbook.xml.rels", RELS},
                    {"xl/worksheets/sheet1.xml", LAST},
                    {NULL, NULL}},
           "1.1:n[1]1.2:n[2]1.7:n[3]1.8:n[4]");
}

static void formats_of_dates(void **state) {
    static const struct {
        const char *format;
        bool date;
    } CASES[] = {{"yyyy-mm-dd", true},
                 {"m/d/yy h:mm", true},
                 {"[h]:mm:ss", true},
                 {"yyyy\"年\"m\"月\"d\"日\"", true},
                 {"[$-804]yyyy/m/d", true},
                 {"General", false},
                 {"0.00", false},
                 {"#,##0", false},
                 {"\"day\" 0", false},
                 {"[Red]0", false},
                 {"0;[Red]-0;\"d\"", false},
                 {"\\d0", false},
                 {"@", false},
                 {"", false},
                 {"\"unfinished", false},
                 {"[", false},
                 {"\\", false},
                 {"aaaa;yyyy", false}};
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        if (xlsx_format_is_date(CASES[i].format) != CASES[i].date) fail_msg("\"%s\"", CASES[i].format);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_shared_and_inline),
        cmocka_unit_test(numbers_dates_and_the_rest),
        cmocka_unit_test(several_sheets_and_hidden_ones),
        cmocka_unit_test(what_is_no_workbook),
        cmocka_unit_test(references_to_nowhere),
        cmocka_unit_test(entities_are_not_expanded),
        cmocka_unit_test(bombs_are_defused),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(numbers_of_rows_beyond_all_numbers),
        cmocka_unit_test(formats_of_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
