/* Which earlier clues are like one: by domain, rules and words, not by where it happened. */
#include <string.h>

#include "scoring/repeats_rules.h"
#include "scoring/similar.h"
#include "unit/scoring/world.h"

static repeat_rules *repeats;

static int open_all(void **state) {
    wjz_err err = {0};
    if (repeat_rules_load(WJZ_SOURCE_DIR "/deploy/repeats", &repeats, &err) < 0) fail_msg("%s", err.text);
    return world_open(state);
}

static int close_all(void **state) {
    repeat_rules_destroy(&repeats);
    return world_close(state);
}

static similar_profile profile(world *w, int64_t clue, const char *title, const char *content) {
    complaint c = blank_complaint();
    c.title = title;
    c.content = content;
    Wjz__Scoring__Finding *finding = analysed(w, &c);
    matter *m = NULL;
    assert_int_equal(matter_of(repeats, &c, finding, w->arena, &m), 0);
    return (similar_profile){.clue = clue,
                             .domain = finding->domain,
                             .branch = finding->branch,
                             .subject = finding->subject,
                             .town = finding->place->town,
                             .finding = finding,
                             .matter = m};
}

static void puts_the_same_kind_of_trouble_first(void **state) {
    world *w = *state;
    similar_profile asked = profile(w, 1, "怀远镇河道倾倒建筑垃圾", "怀远镇河边有人倾倒建筑垃圾，污水直排，无人管理");
    similar_profile others[] = {
        profile(w, 2, "道明镇河沟倾倒垃圾", "道明镇河沟里有人倾倒建筑垃圾和污水，一直无人管理"),
        profile(w, 3, "隆兴镇工厂排放废气", "隆兴镇一家工厂夜间排放废气，气味刺鼻"),
        profile(w, 4, "学校食堂使用过期食品", "学校食堂使用过期食品，学生拉肚子"),
        profile(w, 5, "咨询社保", "请问社保如何办理转移"),
    };
    double last = 1;
    for (size_t i = 0; i < WJZ_COUNT(others); i++) {
        similar_verdict v = similar_compare(&asked, &others[i]);
        if (v.similarity > last) fail_msg("clue %d is liked too much: %g", (int)others[i].clue, v.similarity);
        last = v.similarity;
    }
    similar_verdict first = similar_compare(&asked, &others[0]);
    assert_true(first.similarity > 0.5);
    assert_non_null(first.rules[0]);
    assert_true(first.shared_words > 3);
    assert_true(last < 0.1);
}

static void is_whole_for_the_same(void **state) {
    world *w = *state;
    similar_profile a = profile(w, 1, "怀远镇河道倾倒建筑垃圾", "怀远镇甲乙化工厂向河边倾倒建筑垃圾");
    similar_verdict v = similar_compare(&a, &a);
    double sum = 0;
    for (size_t i = 0; i < SIMILAR_PARTS; i++)
        sum += v.parts[i];
    assert_true(v.similarity > 0.99 && v.similarity < 1.01 && sum == v.similarity);
}

static void compares_branches_where_there_is_no_domain(void **state) {
    world *w = *state;
    similar_profile a = profile(w, 1, "", ""), b = a;
    a.domain = b.domain = "none";
    a.branch = "civil";
    b.branch = "criminal";
    assert_true(similar_compare(&a, &b).parts[SIMILAR_DOMAIN] == 0);
    b.branch = "civil";
    assert_true(similar_compare(&a, &b).parts[SIMILAR_DOMAIN] > 0);
}

static void orders_equal_ones_by_number(void **state) {
    (void)state;
    similar_verdict list[] = {
        {.clue = 9, .similarity = 0.5}, {.clue = 3, .similarity = 0.5}, {.clue = 7, .similarity = 0.8}};
    qsort(list, 3, sizeof *list, similar_order);
    assert_int_equal(list[0].clue, 7);
    assert_int_equal(list[1].clue, 3);
    assert_int_equal(list[2].clue, 9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_the_same_kind_of_trouble_first),
        cmocka_unit_test(is_whole_for_the_same),
        cmocka_unit_test(compares_branches_where_there_is_no_domain),
        cmocka_unit_test(orders_equal_ones_by_number),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
