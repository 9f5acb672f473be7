/* A feed's rate: bursts pass, floods wait, time makes good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/bucket.h"

enum { SECOND = 1000000 };

static void a_burst_passes_then_waits(void **state) {
    bucket it = {0};
    (void)state;
    assert_int_equal(bucket_take(&it, SECOND, 100, 200, 200), 0);
    uint32_t wait = bucket_take(&it, SECOND, 100, 200, 50);
    assert_in_range(wait, 500, 502);
    assert_int_equal(bucket_take(&it, SECOND + (int64_t)wait * 1000, 100, 200, 50), 0);
}

static void what_was_refused_costs_nothing(void **state) {
    bucket it = {0};
    (void)state;
    assert_int_equal(bucket_take(&it, SECOND, 10, 10, 10), 0);
    for (int i = 0; i < 100; i++)
        assert_int_not_equal(bucket_take(&it, SECOND, 10, 10, 10), 0);
    assert_int_equal(bucket_take(&it, 2 * SECOND, 10, 10, 10), 0);
}

static void more_than_a_burst_passes_and_is_paid_for(void **state) {
    bucket it = {0};
    (void)state;
    assert_int_equal(bucket_take(&it, SECOND, 10, 10, 100), 0);
    assert_int_not_equal(bucket_take(&it, 5 * SECOND, 10, 10, 1), 0);
    assert_int_equal(bucket_take(&it, 11 * SECOND, 10, 10, 1), 0);
}

static void a_clock_that_stands_gives_nothing(void **state) {
    bucket it = {0};
    (void)state;
    assert_int_equal(bucket_take(&it, SECOND, 10, 10, 10), 0);
    assert_int_not_equal(bucket_take(&it, SECOND, 10, 10, 1), 0);
    assert_int_not_equal(bucket_take(&it, SECOND / 2, 10, 10, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_passes_then_waits),
        cmocka_unit_test(what_was_refused_costs_nothing),
        cmocka_unit_test(more_than_a_burst_passes_and_is_paid_for),
        cmocka_unit_test(a_clock_that_stands_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
