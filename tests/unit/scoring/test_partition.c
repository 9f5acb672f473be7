/* Groups are judged as a whole: a chain of likenesses joins nothing that does not belong together. */
#include "repeats_fixture.h"

#include "scoring/partition.h"

static repeat_rules *rules;
static wjz_arena *arena;

static const char *address = "";

static const matter *of(const char *id, const char *title, const char *content, int day) {
    complaint c = fixture_complaint(id, title, content);
    c.incident_address = address;
    c.received_at_us = day ? (1767225600 + (int64_t)day * 86400) * WJZ_SECOND_US : 0;
    return fixture_matter(rules, arena, &c);
}

/* All pairs are near. */
static void partition(const matter *const *members, uint32_t count, uint32_t *groups) {
    near_pair pairs[100];
    size_t pair_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = i + 1; j < count; j++)
            pairs[pair_count++] = (near_pair){i, j};
    }
    const neighbourhood hood = {.members = members, .count = count, .pairs = pairs, .pair_count = pair_count};
    question *questions = NULL;
    size_t asked = 0;
    assert_int_equal(partition_make(rules, &hood, arena, groups, &questions, &asked), 0);
}

static void test_a_chain_does_not_join_its_ends(void **state) {
    (void)state;
    static const char smoke[] = "锦棠苑楼下烧烤店油烟直排，半夜还在营业，油烟熏得住户不敢开窗";
    static const char lift[] = "锦棠苑三栋电梯经常困人，维保单位不来，老人被困半小时";
    address = "羊马街道锦棠苑";
    char both[300];
    snprintf(both, sizeof both, "%s。%s", smoke, lift);
    const matter *members[] = {
        of("1", "锦棠苑烧烤店油烟直排", smoke, 1), of("2", "锦棠苑烧烤店油烟扰民", smoke, 2),
        of("3", "锦棠苑油烟和电梯问题", both, 3),  of("4", "锦棠苑电梯经常困人", lift, 4),
        of("5", "锦棠苑电梯困人", lift, 5),
    };
    address = "";
    uint32_t groups[5];
    partition(members, 5, groups);
    assert_int_equal(groups[0], groups[1]);
    assert_int_equal(groups[3], groups[4]);
    assert_int_not_equal(groups[0], groups[3]);
}

static void test_groups_are_named_by_their_first_member(void **state) {
    (void)state;
    const char *title = "鹭栖湾工地夜间施工", *content = "鹭栖湾工地凌晨打桩，噪声太大，吵得无法睡觉。";
    const matter *members[] = {of("7", title, content, 0), of("8", title, content, 9), of("9", title, content, 3)};
    uint32_t groups[3];
    partition(members, 3, groups);
    for (int i = 0; i < 3; i++)
        assert_int_equal(groups[i], 2); /* the earliest; the one without a time is the last */
}

static void test_without_pairs_all_stand_alone(void **state) {
    (void)state;
    const matter *members[] = {of("1", "同一句话", "同一句话", 1), of("2", "同一句话", "同一句话", 1)};
    uint32_t groups[2];
    question *questions = NULL;
    size_t asked = 0;
    assert_int_equal(
        partition_make(rules, &(neighbourhood){.members = members, .count = 2}, arena, groups, &questions, &asked), 0);
    assert_int_equal(groups[0], 0);
    assert_int_equal(groups[1], 1);
    assert_int_equal(partition_make(rules, &(neighbourhood){0}, arena, NULL, &questions, &asked), 0);
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
        cmocka_unit_test(test_a_chain_does_not_join_its_ends),
        cmocka_unit_test(test_groups_are_named_by_their_first_member),
        cmocka_unit_test(test_without_pairs_all_stand_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
