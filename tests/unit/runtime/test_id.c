/* Ids: unique, growing, positive, and they remember when. */
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

#include "wjz/clean.h"
#include "wjz/clock.h"
#include "wjz/id.h"

static void grow_and_never_repeat(WJZ_UNUSED void **state) {
    int64_t last = wjz_id_next();
    assert_true(last > 0);
    for (int i = 0; i < 100000; i++) { /* far more than a millisecond holds */
        int64_t id = wjz_id_next();
        assert_true(id > last);
        last = id;
    }
}

static void carry_the_instance(WJZ_UNUSED void **state) {
    wjz_id_set_instance(4096 + 77);
    assert_int_equal(wjz_id_next() >> 10 & 4095, 77);
}

static void remember_when(WJZ_UNUSED void **state) {
    int64_t now = wjz_clock_us();
    int64_t difference = wjz_id_time_us(wjz_id_next()) - now;
    assert_true(difference > -2000 && difference < WJZ_SECOND_US); /* ahead by what was borrowed above */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grow_and_never_repeat),
        cmocka_unit_test(carry_the_instance),
        cmocka_unit_test(remember_when),
    };
    return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
