#include "scoring/clue_memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MANY = 3 * CLUE_MEMO_PLACES };

static clue_memo *memo;

static int set_up(WJZ_UNUSED void **state) {
    return clue_memo_new(&memo);
}

static int tear_down(WJZ_UNUSED void **state) {
    clue_memo_destroy(&memo);
    clue_memo_destroy(&memo);
    return 0;
}

static void put(int64_t id, int32_t revision) {
    clue_memo_put(memo, &(store_clue){.id = id, .revision = revision, .told = true});
}

static void a_clue_is_known_as_it_was_put_last(WJZ_UNUSED void **state) {
    assert_null(clue_memo_get(memo, 7));
    put(7, 1);
    put(7, 2);
    const store_clue *known = clue_memo_get(memo, 7);
    assert_non_null(known);
    assert_int_equal(known->revision, 2);
    assert_true(known->told);
    assert_false(known->asked);
    assert_null(clue_memo_get(memo, 8));
}

static void those_that_were_used_last_stay(WJZ_UNUSED void **state) {
    put(1, 1);
    size_t known = 0;
    for (int64_t id = 2; id <= MANY; id++) {
        put(id, 1);
        assert_non_null(clue_memo_get(memo, 1)); /* used all the time */
    }
    for (int64_t id = 1; id <= MANY; id++)
        known += clue_memo_get(memo, id) != NULL;
    assert_in_range(known, CLUE_MEMO_PLACES / 2, CLUE_MEMO_PLACES);
    for (int64_t id = MANY - 100; id <= MANY; id++)
        assert_non_null(clue_memo_get(memo, id));
}

static void nothing_is_left_of_what_was_forgotten(WJZ_UNUSED void **state) {
    put(7, 1);
    clue_memo_forget(memo);
    assert_null(clue_memo_get(memo, 7));
    put(7, 4);
    assert_int_equal(clue_memo_get(memo, 7)->revision, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_clue_is_known_as_it_was_put_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(those_that_were_used_last_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_left_of_what_was_forgotten, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
