/* Errors: what they keep, and where they are cut. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "wjz/err.h"
#include "wjz/utf8.h"

static void keeps_code_and_text(WJZ_UNUSED void **state) {
    wjz_err err = {0};
    assert_int_equal(wjz_err_set(&err, -EINVAL, "bad \"%s\"", "x"), -EINVAL);
    assert_int_equal(err.code, -EINVAL);
    assert_string_equal(err.text, "bad \"x\"");
    assert_int_equal(wjz_err_set(NULL, -EIO, "nobody reads this"), -EIO);
}

static void text_may_quote_itself(WJZ_UNUSED void **state) {
    wjz_err err = {0};
    wjz_err_set(&err, -EIO, "inner");
    wjz_err_set(&err, -EIO, "outer: %s", err.text);
    assert_string_equal(err.text, "outer: inner");
    assert_int_equal(wjz_err_prefix(&err, "row %d", 7), -EIO);
    assert_string_equal(err.text, "row 7: outer: inner");
}

static void is_cut_between_characters(WJZ_UNUSED void **state) {
    char text[1024] = "";
    for (int lead = 0; lead < 3; lead++) {
        memset(text, 'a', (size_t)lead);
        for (size_t i = 0; i < 300; i++)
            memcpy(text + lead + 3 * i, "检", 4);
        wjz_err err = {0};
        wjz_err_set(&err, -EIO, "%s", text);
        assert_true(strlen(err.text) >= sizeof(err.text) - 4);
        assert_true(wjz_utf8_ok(err.text, strlen(err.text)));
        wjz_err_prefix(&err, "%s", text);
        assert_true(wjz_utf8_ok(err.text, strlen(err.text)));
    }
}

static void a_text_that_just_fits_is_whole(WJZ_UNUSED void **state) {
    wjz_err err = {0};
    char text[sizeof(err.text)] = "";
    memset(text, 'x', sizeof(text) - 1);
    wjz_err_set(&err, -EIO, "%s", text);
    assert_string_equal(err.text, text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_code_and_text),
        cmocka_unit_test(text_may_quote_itself),
        cmocka_unit_test(is_cut_between_characters),
        cmocka_unit_test(a_text_that_just_fits_is_whole),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
