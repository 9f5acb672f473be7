/* Cell texts as times, numbers and identifiers: the shapes that exports have, and those that must not be guessed at. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "intake/cell.h"
#include "wjz/clock.h"

static void times_in_all_shapes(void **state) {
    static const struct {
        const char *text, *wanted; /* NULL: none */
    } CASES[] = {
        {"2024/3/5 9:07", "2024-03-05T09:07:00+08:00"},
        {"2024-03-05 09:07:00", "2024-03-05T09:07:00+08:00"},
        {"2024.3.5", "2024-03-05T00:00:00+08:00"},
        {"2024年3月5日", "2024-03-05T00:00:00+08:00"},
        {"2024年3月5日 9时7分", "2024-03-05T09:07:00+08:00"},
        {"2024年03月05日 下午3:07:09", "2024-03-05T15:07:09+08:00"},
        {"2024-3-5 上午 12:00", "2024-03-05T00:00:00+08:00"},
        {"2024-3-5 12:30 PM", "2024-03-05T12:30:00+08:00"},
        {"20240305", "2024-03-05T00:00:00+08:00"},
        {"20240305090700", "2024-03-05T09:07:00+08:00"},
        {"２０２４／３／５　９：０７", "2024-03-05T09:07:00+08:00"},
        {"  2024-03-05T09:07:00Z ", "2024-03-05T17:07:00+08:00"},
        {"2024-03-05T09:07:00", "2024-03-05T09:07:00+08:00"},
        {"45356", "2024-03-05T00:00:00+08:00"},
        {"45356.379861111112", "2024-03-05T09:07:00+08:00"},
        {"2024-02-29", "2024-02-29T00:00:00+08:00"},
        {"2023-02-29", NULL},
        {"2024-13-01", NULL},
        {"2024-04-31", NULL},
        {"3/5/2024", NULL}, /* month or day first? */
        {"24-3-5", NULL},
        {"2024-03-05 25:00", NULL},
        {"2024-03-05 09:60", NULL},
        {"2024-03-05 something", NULL},
        {"大概三月", NULL},
        {"99999.5", NULL},
        {"12345", NULL},
        {"", NULL},
        {"2024年", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int64_t us = 0;
        char text[WJZ_CLOCK_TEXT];
        int r = cell_time(CASES[i].text, &us);
        if (CASES[i].wanted == NULL) {
            if (r != -EINVAL) fail_msg("\"%s\" was read as %s", CASES[i].text, wjz_clock_format(us, text));
        } else {
            if (r != 0) fail_msg("\"%s\" was not read", CASES[i].text);
            assert_string_equal(wjz_clock_format(us, text), CASES[i].wanted);
        }
    }
}

static void serials_of_both_origins(void **state) {
    int64_t us = 0;
    int64_t same = 0;
    char text[WJZ_CLOCK_TEXT];
    (void)state;
    assert_int_equal(cell_serial_time(43894.999994, false, &us), 0);
    assert_string_equal(wjz_clock_format(us, text), "2020-03-04T23:59:59+08:00");
    assert_int_equal(cell_serial_time(43894.999994 - 1462, true, &same), 0);
    assert_int_equal(us, same);
    assert_int_equal(cell_serial_time(-1, false, &us), -ERANGE);
    assert_int_equal(cell_serial_time(1e300, false, &us), -ERANGE);
    assert_int_equal(cell_serial_time(0.0 / 0.0, false, &us), -ERANGE);
}

static void whole_numbers(void **state) {
    static const struct {
        const char *text;
        int result;
        int64_t value;
    } CASES[] = {
        {"3", 0, 3},          {" 1,234 ", 0, 1234}, {"１，２３４", 0, 1234}, {"3次", 0, 3},
        {"12 天", 0, 12},     {"3.0", 0, 3},        {"-2", 0, -2},           {"3.5", -EINVAL, 0},
        {"三次", -EINVAL, 0}, {"", -EINVAL, 0},     {"3x", -EINVAL, 0},      {"99999999999999999999", -ERANGE, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int64_t value = 0;
        assert_int_equal(cell_integer(CASES[i].text, &value), CASES[i].result);
        if (CASES[i].result == 0) assert_int_equal(value, CASES[i].value);
    }
}

static void money_is_exact(void **state) {
    static const struct {
        const char *text;
        int scale, result;
        int64_t value;
    } CASES[] = {
        {"1.5", 6, 0, 1500000},
        {"15000", 2, 0, 1500000},
        {"¥15,000.50元", 2, 0, 1500050},
        {"0.1", 2, 0, 10},
        {"0.123456", 6, 0, 123456},
        {"1.500", 2, 0, 150},
        {"0.001", 2, -ERANGE, 0},
        {"-3", 2, 0, -300},
        {"很多", 2, -EINVAL, 0},
        {"1.2.3", 2, -EINVAL, 0},
        {"9223372036854775807", 2, -ERANGE, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int64_t value = 0;
        if (cell_decimal(CASES[i].text, CASES[i].scale, &value) != CASES[i].result) fail_msg("\"%s\"", CASES[i].text);
        if (CASES[i].result == 0) assert_int_equal(value, CASES[i].value);
    }
}

static void identifiers_that_were_numbers(void **state) {
    static const struct {
        const char *text;
        bool number_cell;
        const char *wanted;
        int result;
    } CASES[] = {
        {"188039", true, "188039", 0},
        {"188039.0", true, "188039", 0},
        {"1.88039E+5", true, "188039", 0},
        {"2E+10", true, "20000000000", 0},
        {"123456789012345", true, "123456789012345", 0},
        {"2024030512345600", true, NULL, -ERANGE},         /* Excel's zeros */
        {"2024030512345678", true, "2024030512345678", 0}, /* another program's digits */
        {"2.0240305123456E+16", true, NULL, -ERANGE},
        {"2.02403E+13", false, NULL, -ERANGE},
        {"2.02403E+5", false, "202403", 0},
        {"1.5E-3", true, NULL, -EINVAL},
        {"GD1", false, NULL, -EINVAL},
        {"", false, NULL, -EINVAL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char digits[64] = "";
        int r = cell_exact_digits(CASES[i].text, CASES[i].number_cell, digits, sizeof digits);
        if (r != CASES[i].result) fail_msg("\"%s\": %d", CASES[i].text, r);
        if (r == 0) assert_string_equal(digits, CASES[i].wanted);
    }
    assert_true(cell_is_scientific("2.02403E+13"));
    assert_true(cell_is_scientific("２．０E+13"));
    assert_false(cell_is_scientific("12E5"));
    assert_false(cell_is_scientific("2024"));
    assert_false(cell_is_scientific("A1E+3"));
}

static void narrowing_keeps_what_is_not_wide(void **state) {
    char out[32];
    (void)state;
    assert_int_equal(cell_narrow("　ＡＢ１２　（三）中 \n", out, sizeof out), strlen("AB12 (三)中"));
    assert_string_equal(out, "AB12 (三)中");
    assert_int_equal(cell_narrow("\xEF\xBC", out, sizeof out), 2); /* a character cut off */
    assert_true(cell_narrow("中中中中中中中中中中中中中中中中中中", out, sizeof out) < sizeof out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_in_all_shapes),
        cmocka_unit_test(serials_of_both_origins),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(money_is_exact),
        cmocka_unit_test(identifiers_that_were_numbers),
        cmocka_unit_test(narrowing_keeps_what_is_not_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
