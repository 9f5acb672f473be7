/* What is remembered of a pair is what weighing it gives, in whatever state its complaints are. */
#include "repeats_fixture.h"

#include "scoring/pair_memo.h"
#include "scoring/repeats.h"

enum { COMPLAINTS = 60 };

static repeat_rules *rules;
static wjz_arena *arena;

static const matter *packed(matter *m) {
    const void *data = NULL;
    size_t length = 0;
    assert_int_equal(matter_pack(m, arena, &data, &length), 0); /* gives the digest */
    return m;
}

static const matter *numbered(unsigned i) {
    return packed(matter_copy(fixture_numbered(rules, arena, i), wjz_arena_alloc(arena, 4096)));
}

static void test_a_pair_weighs_what_it_weighs(void **state) {
    (void)state;
    pair_memo *memo = NULL;
    const matter *all[COMPLAINTS];
    assert_int_equal(pair_memo_new(&memo), 0);
    for (unsigned i = 0; i < COMPLAINTS; i++)
        all[i] = numbered(i);
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < COMPLAINTS; i++) {
            for (unsigned j = 0; j < COMPLAINTS; j++)
                assert_true(pair_memo_weigh(memo, rules, all[i], all[j]) == repeats_weigh(rules, all[i], all[j]));
        }
    }
    pair_memo_destroy(&memo);
    assert_null(memo);
    pair_memo_destroy(&memo);
}

static void test_a_changed_complaint_is_weighed_anew(void **state) {
    (void)state;
    pair_memo *memo = NULL;
    assert_int_equal(pair_memo_new(&memo), 0);
    complaint c = fixture_complaint("A-1", "锦棠苑楼下烧烤店油烟直排", "锦棠苑底层烧烤店没装油烟净化，半夜还在营业");
    const matter *other = packed(matter_copy(fixture_matter(rules, arena, &c), wjz_arena_alloc(arena, 4096)));
    c.external_id = "A-2";
    const matter *before = packed(matter_copy(fixture_matter(rules, arena, &c), wjz_arena_alloc(arena, 4096)));
    c.title = "望桤公馆电梯经常困人";
    c.content = "望桤公馆的电梯三天坏两次，请查维保记录";
    const matter *after = packed(matter_copy(fixture_matter(rules, arena, &c), wjz_arena_alloc(arena, 4096)));
    assert_true(pair_memo_weigh(memo, rules, before, other) > 0);
    assert_true(pair_memo_weigh(memo, rules, other, after) < 0);
    assert_true(pair_memo_weigh(memo, rules, other, before) > 0);
    pair_memo_destroy(&memo);
}

static void test_without_a_memo_it_weighs(void **state) {
    (void)state;
    const matter *a = numbered(1), *b = numbered(2);
    assert_true(pair_memo_weigh(NULL, rules, a, b) == repeats_weigh(rules, a, b));
}

static int set_up(void **state) {
    (void)state;
    rules = fixture_rules();
    arena = wjz_arena_new(0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    wjz_arena_destroy(&arena);
    repeat_rules_destroy(&rules);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pair_weighs_what_it_weighs),
        cmocka_unit_test(test_a_changed_complaint_is_weighed_anew),
        cmocka_unit_test(test_without_a_memo_it_weighs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
