/* What people decided, kept and applied: the newest first, wherever it contradicts an older one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scoring/constraints.h"
#include "scoring/decisions.h"

static wjz_arena *arena;

#define LIST(...) .members = (const uint32_t[]){__VA_ARGS__}, .member_count = sizeof((uint32_t[]){__VA_ARGS__}) / 4
#define OTHERS(...) .others = (const uint32_t[]){__VA_ARGS__}, .other_count = sizeof((uint32_t[]){__VA_ARGS__}) / 4

static constraints *made(const constraint *list, size_t count) {
    constraints *c = NULL;
    assert_int_equal(constraints_new(list, count, 8, arena, &c), 0);
    return c;
}

static void test_without_decisions_everything_may_join(void **state) {
    (void)state;
    constraints *c = made(NULL, 0);
    assert_int_equal(constraints_first(c, 5), 5);
    assert_true(constraints_allow(c, 5, 2));
    constraints_unite(c, 5, 2);
    assert_int_equal(constraints_first(c, 5), 2);
}

static void test_a_split_keeps_its_sides_apart_through_others(void **state) {
    (void)state;
    const constraint list[] = {{.kind = DECISION_SPLIT, LIST(1, 3), OTHERS(2, 4)}};
    constraints *c = made(list, 1);
    assert_int_equal(constraints_first(c, 3), 1);
    assert_int_equal(constraints_first(c, 4), 2);
    assert_false(constraints_allow(c, 3, 4));
    assert_true(constraints_allow(c, 0, 4));
    constraints_unite(c, 0, 4);
    assert_false(constraints_allow(c, 0, 1)); /* it has become one with the other side */
}

static void test_the_newer_decision_holds(void **state) {
    (void)state;
    const constraint merged_last[] = {{.kind = DECISION_MERGE, LIST(1, 2)},
                                      {.kind = DECISION_APART, LIST(1), OTHERS(2)}};
    constraints *c = made(merged_last, 2);
    assert_int_equal(constraints_first(c, 2), 1);
    const constraint split_last[] = {{.kind = DECISION_APART, LIST(1), OTHERS(2)},
                                     {.kind = DECISION_MERGE, LIST(0, 1, 2)}};
    c = made(split_last, 2);
    assert_int_equal(constraints_first(c, 1), 0);
    assert_int_equal(constraints_first(c, 2), 2);
    assert_false(constraints_allow(c, 0, 2));
}

static void test_many_decisions(void **state) {
    (void)state;
    constraint list[130];
    const constraint common = {.kind = DECISION_APART, LIST(6), OTHERS(7)},
                     last = {.kind = DECISION_APART, LIST(4), OTHERS(5)};
    for (size_t i = 0; i < 130; i++)
        list[i] = i < 129 ? common : last;
    constraints *c = made(list, 130);
    assert_false(constraints_allow(c, 4, 5));
    assert_false(constraints_allow(c, 7, 6));
    assert_true(constraints_allow(c, 4, 6));
}

static void test_decisions_are_found_by_complaint_newest_first(void **state) {
    (void)state;
    decisions *all = NULL;
    const decision **list = NULL;
    size_t count = 9;
    assert_int_equal(decisions_new(&all), 0);
    assert_int_equal(decisions_about(all, (const int64_t[]){1}, 1, arena, &list, &count), 0);
    assert_int_equal(count, 0);
    for (int64_t i = 1; i <= 100; i++) {
        const decision d = {.id = i, .kind = DECISION_MERGE, .members = (const int64_t[]){i, i + 1}, .member_count = 2};
        assert_int_equal(decisions_add(all, &d), 0);
        assert_int_equal(decisions_add(all, &d), -EEXIST);
    }
    assert_int_equal(decisions_about(all, (const int64_t[]){50, 51, 7000}, 3, arena, &list, &count), 0);
    assert_int_equal(count, 3);
    assert_int_equal(list[0]->id, 51);
    assert_int_equal(list[2]->id, 49);
    assert_int_equal(list[1]->members[1], 51);
    assert_int_equal(decisions_remove(all, 50), 0);
    assert_int_equal(decisions_remove(all, 50), -ENOENT);
    assert_null(decisions_find(all, 50));
    assert_int_equal(decisions_count(all), 99);
    assert_int_equal(decisions_about(all, (const int64_t[]){50}, 1, arena, &list, &count), 0);
    assert_int_equal(count, 1);
    decisions_destroy(&all);
    decisions_destroy(&all);
}

static int set_up(void **state) {
    (void)state;
    arena = wjz_arena_new(0);
    return arena ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    wjz_arena_destroy(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_decisions_everything_may_join),
        cmocka_unit_test(test_a_split_keeps_its_sides_apart_through_others),
        cmocka_unit_test(test_the_newer_decision_holds),
        cmocka_unit_test(test_many_decisions),
        cmocka_unit_test(test_decisions_are_found_by_complaint_newest_first),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
