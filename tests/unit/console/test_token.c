/* Session tokens and cookies. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "console/token.h"

#define TOKEN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq"

static void finds_the_token_among_cookies(WJZ_UNUSED void **state) {
    static const struct {
        const char *header;
        bool found;
    } cases[] = {
        {"wjz_session=" TOKEN, true},
        {"a=b; wjz_session=" TOKEN "; c=d", true},
        {" wjz_session=" TOKEN " ", true},
        {NULL, false},
        {"", false},
        {"wjz_session=", false},
        {"wjz_session=" TOKEN "x", false}, /* too long */
        {"wjz_session=ABC", false},        /* too short */
        {"xwjz_session=" TOKEN, false},    /* another name */
        {"wjz_session2=" TOKEN, false},
        {"wjz_session=" TOKEN "; wjz_session=" TOKEN, false}, /* planted beside */
        {"wjz_session=\"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno\"", false},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        char token[TOKEN_TEXT + 1] = "";
        int r = token_in_cookies(cases[i].header, "wjz_session", token);
        if ((r == 0) != cases[i].found) fail_msg("case %zu: %d", i, r);
        if (r == 0) assert_string_equal(token, TOKEN);
    }
}

static void the_csrf_token_follows_from_the_session(WJZ_UNUSED void **state) {
    char token[TOKEN_TEXT + 1], other[TOKEN_TEXT + 1], csrf[TOKEN_TEXT + 1];
    token_new(token);
    token_new(other);
    assert_string_not_equal(token, other);
    assert_int_equal(strlen(token), TOKEN_TEXT);
    token_csrf(token, csrf);
    assert_string_not_equal(token, csrf);
    assert_true(token_csrf_ok(token, csrf));
    assert_false(token_csrf_ok(other, csrf));
    assert_false(token_csrf_ok(token, NULL));
    assert_false(token_csrf_ok(token, ""));
    csrf[0] ^= 1;
    assert_false(token_csrf_ok(token, csrf));
}

static void the_hash_is_not_the_token(WJZ_UNUSED void **state) {
    uint8_t one[TOKEN_HASH], same[TOKEN_HASH], other[TOKEN_HASH];
    token_hash(TOKEN, one);
    token_hash(TOKEN, same);
    token_hash("another", other);
    assert_memory_equal(one, same, sizeof one);
    assert_memory_not_equal(one, other, sizeof one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_token_among_cookies),
        cmocka_unit_test(the_csrf_token_follows_from_the_session),
        cmocka_unit_test(the_hash_is_not_the_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
