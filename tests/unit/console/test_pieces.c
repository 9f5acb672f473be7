/* The console's smaller pure parts: cursors, rates, passwords, places in texts, cells of a sheet. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "console/card.h"
#include "console/cursor.h"
#include "console/endpoint.h"
#include "console/password.h"
#include "console/rate.h"
#include "console/sheet.h"

static void a_cursor_comes_back_as_it_went(WJZ_UNUSED void **state) {
    static const cursor all[] = {{0, 0}, {1, -1}, {INT64_MAX, INT64_MIN}, {506460, 384319010851786753}};
    for (size_t i = 0; i < WJZ_COUNT(all); i++) {
        char text[CURSOR_TEXT];
        cursor back;
        cursor_write(all[i], text);
        assert_int_equal(cursor_read(text, &back), 0);
        assert_memory_equal(&back, &all[i], sizeof back);
    }
    static const char *const wrong[] = {"",
                                        "x",
                                        "AAAAAAAAAAAAAAAAAAAAA",
                                        "AAAAAAAAAAAAAAAAAAAAAAA",
                                        "AAAAAAAAAAAAAAAAAAAA+/",
                                        "'; DROP TABLE x; --xxxx"};
    cursor c;
    for (size_t i = 0; i < WJZ_COUNT(wrong); i++)
        assert_int_equal(cursor_read(wrong[i], &c), -EINVAL);
}

static void a_rate_gives_back_with_time(WJZ_UNUSED void **state) {
    rate *r = rate_new(60, 3);
    int64_t now = 1000000;
    for (int i = 0; i < 3; i++)
        assert_int_equal(rate_take(r, "a", 1, now), 0);
    assert_int_equal(rate_take(r, "a", 1, now), 1);
    assert_int_equal(rate_take(r, "b", 1, now), 0); /* another key */
    assert_int_equal(rate_take(r, "a", 1, now + 1000000), 0);
    assert_int_equal(rate_take(r, "a", 1, now + 1000000), 1);
    for (uint32_t i = 0; i < 100000; i++) /* more keys than there is room for */
        assert_int_equal(rate_take(r, &i, sizeof i, now + 2000000), 0);
    rate_destroy(&r);
    rate_destroy(&r);
}

static void weak_passwords_are_told(WJZ_UNUSED void **state) {
    static const char *const weak[] = {
        "", "short", "aaaaaaaaaaaaaaaaaaaa", "abcdefghijkl", "Somebody-2026xx", "1234567890123"};
    for (size_t i = 0; i < WJZ_COUNT(weak); i++)
        assert_non_null(password_weakness(weak[i], "somebody"));
    static const char *const strong[] = {"correct horse battery", "Tr0ub4dor&3x", "一段足够长的中文口令"};
    for (size_t i = 0; i < WJZ_COUNT(strong); i++)
        assert_null(password_weakness(strong[i], "somebody"));
    char one[PASSWORD_TEXT], other[PASSWORD_TEXT];
    password_random(one);
    password_random(other);
    assert_string_not_equal(one, other);
    assert_int_equal(strlen(one), PASSWORD_TEXT - 1);
    assert_null(password_weakness(one, "somebody"));
}

static void places_are_counted_as_scripts_do(WJZ_UNUSED void **state) {
    assert_int_equal(card_utf16_offset("abc", 2), 2);
    assert_int_equal(card_utf16_offset("河道x", 6), 2);
    assert_int_equal(card_utf16_offset("a𝕏b", 5), 3); /* two units beyond U+FFFF */
    assert_int_equal(card_utf16_offset("ab", 100), 2);
    assert_int_equal(card_utf16_offset("", 3), 0);
}

static void cells_are_no_formulas(WJZ_UNUSED void **state) {
    static const struct {
        const char *text, *cell;
    } cases[] = {{"", ""},
                 {"河道", "河道"},
                 {"a,b", "\"a,b\""},
                 {"say \"x\"", "\"say \"\"x\"\"\""},
                 {"=1+1", "\"'=1+1\""},
                 {"@x", "\"'@x\""},
                 {"a\nb", "\"a\nb\""}};
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        char cell[64];
        *sheet_csv_cell(cell, cases[i].text) = '\0';
        assert_string_equal(cell, cases[i].cell);
    }
}

static void roles_are_whole_words(WJZ_UNUSED void **state) {
    assert_int_equal(roles_from_text("prosecutor"), PROSECUTOR);
    assert_int_equal(roles_from_text("branch_head,prosecutor"), BRANCH_HEAD | PROSECUTOR);
    assert_int_equal(roles_from_text("chief_procurator"), CHIEF);
    assert_int_equal(roles_from_text("xprosecutor,prosecutorx"), 0);
    assert_int_equal(roles_from_text(""), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_comes_back_as_it_went), cmocka_unit_test(a_rate_gives_back_with_time),
        cmocka_unit_test(weak_passwords_are_told),        cmocka_unit_test(places_are_counted_as_scripts_do),
        cmocka_unit_test(cells_are_no_formulas),          cmocka_unit_test(roles_are_whole_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
