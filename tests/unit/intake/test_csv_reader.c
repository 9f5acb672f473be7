/* CSV files as platforms export them, and as they should not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake/csv_reader.h"
#include "wjz/utf8.h"

typedef struct seen {
    char text[4096];
    size_t length;
    int rows;
} seen;

static int note(const table_row *row, void *arg, wjz_err *err) {
    seen *s = arg;
    (void)err;
    s->rows++;
    s->length += (size_t)snprintf(s->text + s->length, sizeof s->text - s->length, "%lld:%s", (long long)row->line,
                                  row->problem != NULL ? "!" : "");
    for (size_t i = 0; i < row->count && s->length < sizeof s->text - 200; i++) {
        const char *text = wjz_utf8_ok(row->cells[i].text, row->cells[i].length) ? row->cells[i].text : "<?>";
        s->length += (size_t)snprintf(s->text + s->length, sizeof s->text - s->length, "[%.100s]", text);
    }
    return 0;
}

static void expect_bytes(const void *data, size_t length, const char *encoding, const char *wanted) {
    seen s = {.length = 0};
    const char *found = NULL;
    wjz_err err = {0};
    int r = csv_read(data, length, NULL, &found, note, &s, &err);
    if (r != 0) fail_msg("%s", err.text);
    assert_string_equal(s.text, wanted);
    assert_string_equal(found, encoding);
}

static void expect(const char *text, const char *wanted) {
    expect_bytes(text, strlen(text), "UTF-8", wanted);
}

static void rows_and_cells(void **state) {
    (void)state;
    expect("编号,标题\nGD1,垃圾\n", "1:[编号][标题]2:[GD1][垃圾]");
    expect("a,b\r\nc,d", "1:[a][b]2:[c][d]");
    expect("a,\"x\ny\"\nc,d\n", "1:[a][x\ny]3:[c][d]");
    expect("a,\"say \"\"hello\"\"\"\n", "1:[a][say \"hello\"]");
    expect("a\n\n\n,,\nb\n", "1:[a]5:[b]");
    expect("a\tb,c\td\n", "1:[a][b,c][d]");
    expect("a;b;c\n1;2;3\n", "1:[a][b][c]2:[1][2][3]");
    expect("\xEF\xBB\xBF"
           "a,b\n",
           "1:[a][b]");
    expect("", "");
    expect("  a , b  \n", "1:[a][b]");
    expect("=1+1,@x\n", "1:[=1+1][@x]");
}

static void a_quotation_without_end_spoils_its_own_line(void **state) {
    (void)state;
    expect("a,b\nc,\"d\ne,f\ng,h\n", "1:[a][b]2:!3:[e][f]4:[g][h]");
    expect("a,\"b", "1:!");
    expect("a,\"b\"", "1:[a][b]");
}

static void encodings(void **state) {
    static const char GB[] = "\xB1\xE0\xBA\xC5,\xB1\xEA\xCC\xE2\nGD1,\xC0\xAC\xBB\xF8\xCE\xCA\xCC\xE2\n";
    static const char BROKEN_GB[] =
        "\xB1\xE0\xBA\xC5,\xB1\xEA\xCC\xE2\nGD1,\xC0\xAC\xBB\xF8\xFF\xFF\nGD2,\xC0\xAC\xBB\xF8\n";
    static const char BROKEN_UTF8[] = "编号,标题内容,受理时间\nGD1,垃圾\xFF,三月\nGD2,道路积水问题没有解决,三月\n";
    static const char UTF16[] = "\xFF\xFE"
                                "a\0,\0b\0\n\0-N\x87\x65\n\0";
    (void)state;
    expect_bytes(GB, sizeof GB - 1, "GB18030", "1:[编号][标题]2:[GD1][垃圾问题]");
    expect_bytes(BROKEN_GB, sizeof BROKEN_GB - 1, "GB18030", "1:[编号][标题]2:[GD1][<?>]3:[GD2][垃圾]");
    expect_bytes(BROKEN_UTF8, sizeof BROKEN_UTF8 - 1, "UTF-8",
                 "1:[编号][标题内容][受理时间]2:[GD1][<?>][三月]3:[GD2][道路积水问题没有解决][三月]");
    expect_bytes(UTF16, sizeof UTF16 - 1, "UTF-16LE", "1:[a][b]2:[中文]");
}

static void what_is_no_text_is_refused(void **state) {
    char noise[4096];
    seen s = {.length = 0};
    const char *encoding = NULL;
    wjz_err err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i * 7 % 23);
    assert_int_equal(csv_read(noise, sizeof noise, NULL, &encoding, note, &s, &err), -EINVAL);
    assert_non_null(strstr(err.text, "no text"));
}

static void sizes_are_bounded(void **state) {
    size_t length = 3 * 1024 * 1024;
    char *text = malloc(length);
    seen s = {.length = 0};
    const char *encoding = NULL;
    wjz_err err = {0};
    (void)state;
    memset(text, 'x', length);
    memcpy(text, "a,", 2);
    text[length - 1] = '\n';
    assert_int_equal(csv_read(text, length, NULL, &encoding, note, &s, &err), 0);
    assert_memory_equal(s.text, "1:!", 3); /* a cell of 3 MB */
    memset(text, ',', length);
    text[length - 3] = '\n';
    s = (seen){.length = 0};
    assert_int_equal(csv_read(text, length, NULL, &encoding, note, &s, &err), 0);
    assert_memory_equal(s.text, "1:!", 3); /* three million cells */
    for (size_t i = 0; i < length; i++)
        text[i] = i % 4 == 0 ? '"' : i % 4 == 3 ? '\n' : 'a';
    s = (seen){.length = 0};
    int r = csv_read(text, length, NULL, &encoding, note, &s, &err);
    assert_true(r == 0 || r == -EINVAL); /* but not forever */
    free(text);
}

static int stop_at_two(const table_row *row, void *arg, wjz_err *err) {
    (void)arg;
    return row->line == 2 ? wjz_err_set(err, -ECANCELED, "enough") : 0;
}

static void the_reader_stops_when_told(void **state) {
    const char *encoding = NULL;
    wjz_err err = {0};
    (void)state;
    assert_int_equal(csv_read("a\nb\nc\n", 6, NULL, &encoding, stop_at_two, NULL, &err), -ECANCELED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_cells),    cmocka_unit_test(a_quotation_without_end_spoils_its_own_line),
        cmocka_unit_test(encodings),         cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(sizes_are_bounded), cmocka_unit_test(the_reader_stops_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
