/* When a feed is not well, and when nobody need be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "intake/feed_health.h"
#include "wjz/clock.h"

enum { HOUR_S = 3600, SHARE = 20 };

static const int64_t NOW = INT64_C(1790000000) * 1000000;

static ailment look(int64_t hours_ago, int64_t silent_after_hours, uint64_t accepted, uint64_t rejected) {
    feed_health health = {.accepted = accepted, .rejected = rejected};
    if (hours_ago >= 0) health.last_us = NOW - hours_ago * HOUR_S * WJZ_SECOND_US;
    return feed_ailment(&health, silent_after_hours * HOUR_S * WJZ_SECOND_US, SHARE, NOW);
}

static void silence_is_longer_than_allowed(void **state) {
    (void)state;
    assert_false(look(24, 24, 5, 0).silent);
    assert_true(look(25, 24, 5, 0).silent);
    assert_int_equal(look(25, 24, 5, 0).silent_s, 25 * HOUR_S);
}

static void a_feed_that_may_be_silent_never_is(void **state) {
    (void)state;
    assert_false(look(10000, 0, 5, 0).silent);
}

static void what_never_began_is_not_silent(void **state) {
    (void)state;
    assert_false(look(-1, 24, 0, 0).silent);
}

static void a_share_of_refusals_counts_from_twenty_on(void **state) {
    (void)state;
    assert_false(look(0, 0, 0, 19).rejecting);
    assert_true(look(0, 0, 0, 20).rejecting);
    assert_true(look(0, 0, 80, 20).rejecting);
    assert_int_equal(look(0, 0, 80, 20).share, 20);
    assert_false(look(0, 0, 81, 20).rejecting);
}

static void nothing_today_is_nothing_refused(void **state) {
    (void)state;
    assert_false(look(1, 24, 0, 0).rejecting);
    assert_int_equal(look(1, 24, 0, 0).share, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_longer_than_allowed),
        cmocka_unit_test(a_feed_that_may_be_silent_never_is),
        cmocka_unit_test(what_never_began_is_not_silent),
        cmocka_unit_test(a_share_of_refusals_counts_from_twenty_on),
        cmocka_unit_test(nothing_today_is_nothing_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
