/* JSON as bytes: what stands for a text, a number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "console/json_put.h"
#include "wjz/clean.h"

static void expect(char *end, char *begin, const char *wanted) {
    *end = '\0';
    assert_string_equal(begin, wanted);
}

static void texts_are_quoted(WJZ_UNUSED void **state) {
    static const struct {
        const char *text, *wanted;
    } cases[] = {{"", "\"\""},
                 {"河道", "\"河道\""},
                 {"a\"b\\c", "\"a\\\"b\\\\c\""},
                 {"\n\t\x01", "\"\\u000a\\u0009\\u0001\""},
                 {"</script>\x7f", "\"</script>\x7f\""}};
    char text[100];
    for (size_t i = 0; i < WJZ_COUNT(cases); i++)
        expect(json_put_text(text, cases[i].text), text, cases[i].wanted);
}

static void whole_numbers_have_all_their_digits(WJZ_UNUSED void **state) {
    static const struct {
        int64_t value;
        const char *wanted;
    } cases[] = {{0, "0"},
                 {-7, "-7"},
                 {510184107, "510184107"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    char text[32];
    for (size_t i = 0; i < WJZ_COUNT(cases); i++)
        expect(json_put_int(text, cases[i].value), text, cases[i].wanted);
}

static void an_index_has_one_decimal(WJZ_UNUSED void **state) {
    static const struct {
        double value;
        const char *wanted;
    } cases[] = {{0, "0.0"},    {100, "100.0"}, {64.96, "65.0"}, {0.25, "0.3"},
                 {7.04, "7.0"}, {-0.01, "0.0"}, {-1.26, "-1.3"}};
    char text[32];
    for (size_t i = 0; i < WJZ_COUNT(cases); i++)
        expect(json_put_tenths(text, cases[i].value), text, cases[i].wanted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_quoted),
        cmocka_unit_test(whole_numbers_have_all_their_digits),
        cmocka_unit_test(an_index_has_one_decimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
