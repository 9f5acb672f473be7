/* The pace of runs: small portions, pauses while live work comes, none while it waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scoring/pace.h"

enum { SECOND_US = 1000000 };

static void goes_without_pauses_while_nothing_comes(void **state) {
    (void)state;
    pace p;
    pace_begin(&p);
    assert_int_equal(p.portion, PACE_FIRST);
    assert_int_equal(pace_hold(&p, 0, 0, SECOND_US), 0);
    assert_int_equal(pace_took(&p, PACE_FIRST, PACE_PORTION_US, SECOND_US), 0);
    assert_int_equal(p.portion, PACE_FIRST);
}

static void leaves_time_to_live_work_for_a_while(void **state) {
    (void)state;
    pace p;
    pace_begin(&p);
    assert_int_equal(pace_hold(&p, 1, 100, SECOND_US), 0);
    assert_int_equal(pace_took(&p, 32, 10000, SECOND_US + 10000), PACE_SHARE * 10);
    assert_int_equal(pace_took(&p, 32, 10000, SECOND_US + PACE_LIVE_FOR_US - 1), PACE_SHARE * 10);
    assert_int_equal(pace_took(&p, 32, 10000, SECOND_US + PACE_LIVE_FOR_US), 0);
}

static void holds_while_live_work_waits(void **state) {
    (void)state;
    pace p;
    pace_begin(&p);
    assert_int_equal(pace_hold(&p, 3, PACE_TOO_OLD_US, SECOND_US), 0);
    assert_int_equal(pace_hold(&p, 3, PACE_TOO_OLD_US + 1, SECOND_US), PACE_LOOK_AGAIN_MS);
    assert_int_equal(pace_hold(&p, 0, 0, SECOND_US), 0);
}

static void fits_portions_to_the_time(void **state) {
    (void)state;
    static const struct {
        int portion, items;
        int64_t took_us;
        int next;
    } cases[] = {
        {100, 100, 2 * PACE_PORTION_US, 50},
        {100, 100, PACE_PORTION_US, 100},
        {100, 100, 100, 200}, /* at most twice as many */
        {100, 100, 1000000, PACE_LEAST},
        {400, 400, 100, PACE_MOST},
        {32, 0, 0, 64},
        {20, 1, PACE_PORTION_US, PACE_LEAST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pace p = {.portion = cases[i].portion};
        pace_took(&p, cases[i].items, cases[i].took_us, SECOND_US);
        assert_int_equal(p.portion, cases[i].next);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_without_pauses_while_nothing_comes),
        cmocka_unit_test(leaves_time_to_live_work_for_a_while),
        cmocka_unit_test(holds_while_live_work_waits),
        cmocka_unit_test(fits_portions_to_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
