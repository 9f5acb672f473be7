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

static void sort_and_are_found(WJZ_UNUSED void **state) {
    int64_t ids[] = {7, INT64_MAX, INT64_MIN, -1, 7, 0};
    qsort(ids, WJZ_COUNT(ids), sizeof *ids, wjz_id_order);
    const int64_t sorted[] = {INT64_MIN, -1, 0, 7, 7, INT64_MAX};
    assert_memory_equal(ids, sorted, sizeof sorted);
    for (size_t i = 0; i < WJZ_COUNT(sorted); i++)
        assert_true(wjz_id_among(sorted, WJZ_COUNT(sorted), sorted[i]));
    assert_false(wjz_id_among(sorted, WJZ_COUNT(sorted), 1));
    assert_false(wjz_id_among(sorted, WJZ_COUNT(sorted) - 1, INT64_MAX));
    assert_false(wjz_id_among(NULL, 0, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grow_and_never_repeat),
        cmocka_unit_test(carry_the_instance),
        cmocka_unit_test(remember_when),
        cmocka_unit_test(sort_and_are_found),
    };
    return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
