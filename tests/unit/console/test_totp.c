/* Time-based one-time passwords: the vectors of RFC 6238, appendix B, cut to six digits. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "console/totp.h"
#include "wjz/clock.h"

static const uint8_t SECRET[TOTP_SECRET] = "12345678901234567890";

static void agrees_with_the_standard(WJZ_UNUSED void **state) {
    static const struct {
        int64_t at_s;
        const char *code;
    } vectors[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                   {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    for (size_t i = 0; i < WJZ_COUNT(vectors); i++) {
        int64_t step;
        assert_int_equal(totp_check(SECRET, vectors[i].code, vectors[i].at_s * WJZ_SECOND_US, 0, &step), 0);
        assert_int_equal(step, vectors[i].at_s / 30);
    }
}

static void a_code_lives_beside_its_time_and_once(WJZ_UNUSED void **state) {
    const int64_t at_us = 1111111109 * WJZ_SECOND_US;
    int64_t step;
    assert_int_equal(totp_check(SECRET, "081804", at_us + 30 * WJZ_SECOND_US, 0, &step), 0);
    assert_int_equal(totp_check(SECRET, "081804", at_us - 30 * WJZ_SECOND_US, 0, &step), 0);
    assert_int_equal(step, 1111111109 / 30);
    assert_int_equal(totp_check(SECRET, "081804", at_us, step, &step), -EACCES);
    assert_int_equal(totp_check(SECRET, "081804", at_us + 90 * WJZ_SECOND_US, 0, &step), -EACCES);
}

static void what_is_no_code_is_refused(WJZ_UNUSED void **state) {
    static const char *const codes[] = {"", "08180", "0818040", "08180a", "-81804", "０８１８０４", "000000"};
    int64_t step;
    for (size_t i = 0; i < WJZ_COUNT(codes); i++)
        assert_int_equal(totp_check(SECRET, codes[i], 1111111109 * WJZ_SECOND_US, 0, &step), -EACCES);
}

static void the_secret_can_be_typed_and_scanned(WJZ_UNUSED void **state) {
    wjz_arena *arena = wjz_arena_new(0);
    char *text = totp_secret_text(SECRET, arena);
    assert_string_equal(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_non_null(strstr(totp_uri(text, "somebody", arena), ":somebody?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&"));
    wjz_arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_standard),
        cmocka_unit_test(a_code_lives_beside_its_time_and_once),
        cmocka_unit_test(what_is_no_code_is_refused),
        cmocka_unit_test(the_secret_can_be_typed_and_scanned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
