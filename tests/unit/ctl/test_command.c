/* The parsing that commands share, and the scale of `wjz up`. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/command.h"
#include "ctl/supervisor.h"

static void test_options_are_taken_out(void **state) {
    (void)state;
    char *argv[] = {(char[]){"--limit"},  (char[]){"5"},      (char[]){"a"},
                    (char[]){"--feed=x"}, (char[]){"--flag"}, (char[]){"b"}};
    int argc = 6;
    assert_string_equal(argument_option(&argc, argv, "limit"), "5");
    assert_string_equal(argument_option(&argc, argv, "feed"), "x");
    assert_null(argument_option(&argc, argv, "fee"));
    assert_true(argument_flag(&argc, argv, "flag"));
    assert_false(argument_flag(&argc, argv, "flag"));
    assert_int_equal(argc, 2);
    assert_string_equal(argv[0], "a");
    assert_string_equal(argv[1], "b");
}

static void test_an_option_without_value_stays(void **state) {
    (void)state;
    char *argv[] = {(char[]){"--limit"}};
    int argc = 1;
    wjz_err err = {0};
    assert_null(argument_option(&argc, argv, "limit"));
    assert_int_equal(argument_end(argc, argv, 1, "x", &err), -EINVAL);
    assert_non_null(strstr(err.text, "--limit"));
}

static void test_numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int result;
    } cases[] = {{"1", 0},
                 {"10", 0},
                 {"0", -EINVAL},
                 {"11", -EINVAL},
                 {"", -EINVAL},
                 {"3x", -EINVAL},
                 {"99999999999999999999", -EINVAL}};
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        int64_t number = -7;
        wjz_err err = {0};
        assert_int_equal(argument_number("--n", cases[i].text, 1, 10, &number, &err), cases[i].result);
        if (cases[i].result < 0) {
            assert_int_equal(number, -7);
            assert_non_null(strstr(err.text, "from 1 to 10"));
        }
    }
}

static void test_scale(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int service, count, result;
    } cases[] = {
        {"scoring=4", 3, 4, 0},        {"intake=0", 4, 0, 0},         {"scoring=65", 0, 0, -EINVAL},
        {"scoring", 0, 0, -EINVAL},    {"score=1", 0, 0, -EINVAL},    {"scoring=", 0, 0, -EINVAL},
        {"scoring=-1", 0, 0, -EINVAL}, {"scoring=2x", 0, 0, -EINVAL},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        scale s = {0};
        wjz_err err = {0};
        assert_int_equal(scale_parse(cases[i].text, &s, &err), cases[i].result);
        if (cases[i].result == 0) assert_int_equal(s.instances[cases[i].service], cases[i].count);
    }
}

static void test_every_command_is_described(void **state) {
    (void)state;
    for (const command *c = commands; c->name; c++) {
        assert_non_null(c->run);
        assert_non_null(strstr(c->help, " — ")); /* Chinese — English */
        for (const command *other = commands; other != c; other++)
            assert_string_not_equal(other->name, c->name);
    }
}

static void test_widths(void **state) {
    (void)state;
    assert_int_equal(out_width("abc"), 3);
    assert_int_equal(out_width(""), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_are_taken_out),
        cmocka_unit_test(test_an_option_without_value_stays),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_scale),
        cmocka_unit_test(test_every_command_is_described),
        cmocka_unit_test(test_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
