/* Gaps in the numbers of a feed's batches. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "intake/sequences.h"

static void expect_gaps(const sequences *set, const char *wanted) {
    sequence_range gaps[8];
    char text[128] = "";
    size_t count = sequences_missing(set, gaps, 8);
    int length = 0;
    for (size_t i = 0; i < count; i++) {
        length += snprintf(text + length, sizeof text - (size_t)length, "%llu-%llu ", (unsigned long long)gaps[i].first,
                           (unsigned long long)gaps[i].last);
    }
    assert_string_equal(text, wanted);
}

static void in_order_there_are_none(void **state) {
    sequences set = {0};
    (void)state;
    for (uint64_t i = 1; i <= 1000; i++)
        assert_int_equal(sequences_add(&set, i), 0);
    expect_gaps(&set, "");
    assert_int_equal(set.floor, 1000);
    assert_int_equal(set.count, 0);
    sequences_free(&set);
}

static void gaps_appear_and_close(void **state) {
    sequences set = {0};
    (void)state;
    assert_int_equal(sequences_add(&set, 5), 0);
    expect_gaps(&set, "1-4 ");
    assert_int_equal(sequences_add(&set, 2), 0);
    expect_gaps(&set, "1-1 3-4 ");
    assert_int_equal(sequences_add(&set, 8), 0);
    assert_int_equal(sequences_add(&set, 2), 0);
    expect_gaps(&set, "1-1 3-4 6-7 ");
    assert_int_equal(sequences_add(&set, 1), 0);
    expect_gaps(&set, "3-4 6-7 ");
    assert_int_equal(sequences_add_range(&set, 3, 7), 0);
    expect_gaps(&set, "");
    assert_int_equal(set.floor, 8);
    sequences_free(&set);
}

static void what_failed_is_missing_again(void **state) {
    sequences set = {0};
    (void)state;
    assert_int_equal(sequences_add_range(&set, 1, 6), 0);
    assert_int_equal(sequences_remove(&set, 3), 0);
    expect_gaps(&set, "3-3 ");
    assert_false(sequences_contain(&set, 3));
    assert_true(sequences_contain(&set, 4));
    assert_int_equal(sequences_remove(&set, 5), 0);
    assert_int_equal(sequences_remove(&set, 6), 0);
    assert_int_equal(sequences_remove(&set, 6), 0);
    assert_int_equal(set.count, 1);
    assert_int_equal(sequences_add(&set, 3), 0);
    expect_gaps(&set, "");
    assert_int_equal(set.floor, 4);
    sequences_free(&set);
}

/* Against a plain table of flags. */
static void random_order_agrees_with_a_table(void **state) {
    enum { MOST = 200 };
    (void)state;
    srand(7);
    for (int round = 0; round < 200; round++) {
        bool there[MOST + 2] = {false};
        sequences set = {0};
        for (int i = 0; i < 300; i++) {
            uint64_t number = (uint64_t)(rand() % MOST) + 1;
            bool remove = rand() % 4 == 0;
            assert_int_equal(remove ? sequences_remove(&set, number) : sequences_add(&set, number), 0);
            there[number] = !remove;
        }
        for (uint64_t i = 1; i <= MOST; i++)
            assert_int_equal(sequences_contain(&set, i), there[i]);
        sequences_free(&set);
    }
}

static void memory_is_bounded(void **state) {
    sequences set = {0};
    (void)state;
    for (uint64_t i = 1; i <= 10000; i++)
        assert_int_equal(sequences_add(&set, i * 2), 0);
    assert_true(set.count <= SEQUENCE_RANGES);
    assert_true(sequences_contain(&set, 20000));
    assert_false(sequences_contain(&set, 19999));
    sequences_free(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_there_are_none),
        cmocka_unit_test(gaps_appear_and_close),
        cmocka_unit_test(what_failed_is_missing_again),
        cmocka_unit_test(random_order_agrees_with_a_table),
        cmocka_unit_test(memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
