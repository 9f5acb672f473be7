/* Signatures of webhooks, against the example of Standard Webhooks 1.0. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "notification/signature.h"

static void signs_as_the_standard_does(void **state) {
    (void)state;
    static const char body[] = "{\"test\": 2432232314}";
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    struct webhook_secret secret;
    assert_int_equal(webhook_secret_parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &secret, NULL), 0);
    assert_int_equal(secret.length, 24);
    assert_string_equal(
        webhook_signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, strlen(body), arena),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void refuses_bad_secrets(void **state) {
    (void)state;
    static const char *const bad[] = {NULL,
                                      "",
                                      "whsec_",
                                      "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
                                      "whsec_c2hvcnQ=",
                                      "whsec_!!!!9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    for (size_t i = 0; i < WJZ_COUNT(bad); i++) {
        struct webhook_secret secret;
        wjz_err err = {0};
        assert_int_equal(webhook_secret_parse(bad[i], &secret, &err), -EINVAL);
        assert_null(strstr(err.text, "MfKQ"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_as_the_standard_does),
        cmocka_unit_test(refuses_bad_secrets),
    };
    return cmocka_run_group_tests_name("notification/signature", tests, NULL, NULL);
}
