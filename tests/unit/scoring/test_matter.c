/* What is kept of a complaint, how it is stored, and what two of them say about each other. */
#include "repeats_fixture.h"

#include <errno.h>
#include <math.h>

#include "scoring/repeats.h"
#include "unit/scoring/world.h"

static repeat_rules *rules;
static wjz_arena *arena;

static const matter *of(const char *title, const char *content) {
    complaint c = fixture_complaint(title, title, content);
    return fixture_matter(rules, arena, &c);
}

static const matter *at_address(const char *address, const char *title, const char *content) {
    complaint c = fixture_complaint(address, title, content);
    c.incident_address = address;
    return fixture_matter(rules, arena, &c);
}

static double weigh(const matter *a, const matter *b) {
    double weight = repeats_weigh(rules, a, b);
    assert_true(weight == repeats_weigh(rules, b, a));
    return weight;
}

static void test_packing_keeps_all(void **state) {
    (void)state;
    matter *m =
        (matter *)at_address("羊马街道泗安村3组12号", "泗安村河沟污水直排", "泗安村河沟污水直排，A7县和A3区都反映过。");
    matter *same = NULL;
    const void *data = NULL;
    size_t length = 0;
    assert_int_equal(matter_pack(m, arena, &data, &length), 0);
    assert_int_equal(matter_unpack(data, length, arena, &same), 0);
    const word_list *const lists[][2] = {{&m->grams, &same->grams},
                                         {&m->districts, &same->districts},
                                         {&m->keys, &same->keys},
                                         {&m->units, &same->units},
                                         {&m->names, &same->names}};
    for (size_t i = 0; i < WJZ_COUNT(lists); i++) {
        assert_int_equal(lists[i][0]->count, lists[i][1]->count);
        assert_in_range(lists[i][0]->count, 1, 200);
        assert_memory_equal(lists[i][0]->items, lists[i][1]->items, lists[i][0]->count * sizeof(uint32_t));
    }
    assert_int_equal(m->digest, same->digest);
    assert_true(same->has_address);
    assert_true(m->all_norm == same->all_norm && m->title_rare == same->title_rare);
    assert_int_equal(matter_unpack(data, length - 1, arena, &same), -EBADMSG);
    assert_int_equal(matter_unpack(data, 3, arena, &same), -EBADMSG);
    char *other = wjz_arena_alloc(arena, length);
    memcpy(other, data, length);
    other[0] = 99;
    assert_int_equal(matter_unpack(other, length, arena, &same), -EBADMSG);
}

static void test_districts_are_told_apart(void **state) {
    (void)state;
    const matter *a = of("A7县泉源街道路灯不亮", ""), *b = of("A3区泉源街道路灯不亮", ""),
                 *city = of("A市泉源街道路灯不亮", "");
    assert_int_equal(a->districts.count, 1);
    assert_int_equal(city->districts.count, 0);
    assert_int_not_equal(a->districts.items[0], b->districts.items[0]);
    assert_true(weigh(a, b) < weigh(a, city));
}

typedef struct pair_case {
    const char *a_title, *a_content, *b_title, *b_content;
    bool same;
} pair_case;

static void test_same_matter(void **state) {
    (void)state;
    static const pair_case cases[] = {
        {"锦棠苑楼下烧烤店油烟直排", "锦棠苑楼下烧烤店油烟直排，半夜还在营业。", "再次反映锦棠苑烧烤店油烟扰民",
         "锦棠苑楼下烧烤店油烟仍然直排，没人管。", true},
        {"锦棠苑楼下烧烤店油烟直排", "锦棠苑楼下烧烤店油烟直排，半夜还在营业。", "锦棠苑电梯经常困人",
         "锦棠苑三栋电梯困人，维保不到位。", false},
        {"咨询公积金提取", "请问公积金提取需要哪些材料？", "咨询驾驶证换证", "请问驾驶证换证需要哪些材料？", false},
        {"", "鹭栖湾对面工地凌晨打桩，吵得无法睡觉。", "", "鹭栖湾对面工地凌晨打桩，噪声太大，吵得无法睡觉。", true},
        {"", "", "", "", false},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        double weight = weigh(of(cases[i].a_title, cases[i].a_content), of(cases[i].b_title, cases[i].b_content));
        if ((weight > 0) != cases[i].same) fail_msg("case %zu: weight %.2f", i, weight);
    }
}

static const matter *told(world *w, const char *title, const char *content) {
    complaint c = blank_complaint();
    c.title = title;
    c.content = content;
    matter *m = NULL;
    assert_int_equal(matter_of(rules, &c, analysed(w, &c), arena, &m), 0);
    return m;
}

/* The same words about other firms of one town are other matters; other words about one firm are not. */
static void test_firms_are_told_apart(void **state) {
    static const pair_case cases[] = {
        {"元通镇云栖纸业偷排废水", "元通镇云栖纸业夜间向河里偷排黑色废水，气味刺鼻，下游村民多次反映无人处理。",
         "元通镇松涧化工偷排废水", "元通镇松涧化工夜间向河里偷排黑色废水，气味刺鼻，下游村民多次反映无人处理。", false},
        {"怀远镇宏达砖厂扬尘", "怀远镇宏达砖厂扬尘严重，五十多户村民的窗户不敢开。", "怀远镇兴旺砖厂扬尘",
         "怀远镇兴旺砖厂扬尘严重，五十多户村民的窗户不敢开。", false},
        {"聚福楼饭庄油烟扰民", "崇阳街道聚福楼饭庄油烟直排，楼上居民苦不堪言。", "老灶台酒楼油烟扰民",
         "崇阳街道老灶台酒楼油烟直排，楼上居民苦不堪言。", false},
        {"元通镇云栖纸业偷排废水", "元通镇云栖纸业夜间向河里偷排黑色废水，气味刺鼻。", "元通镇云栖纸业偷排废水",
         "元通镇的云栖纸业晚上又往河里排黑水，臭得很，为什么没人管？", true},
    };
    (void)state;
    void *all = NULL;
    assert_int_equal(world_open(&all), 0);
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        double weight =
            weigh(told(all, cases[i].a_title, cases[i].a_content), told(all, cases[i].b_title, cases[i].b_content));
        if ((weight > 0) != cases[i].same) fail_msg("case %zu: weight %.2f", i, weight);
    }
    assert_int_equal(world_close(&all), 0);
}

static void test_another_address_is_another_matter(void **state) {
    (void)state;
    const char *title = "村民在河沟倾倒建筑垃圾", *content = "有人夜里在河沟倾倒建筑垃圾，水都黑了。";
    const matter *a = at_address("羊马街道泗安村3组", title, content);
    const matter *b = at_address("羊马街道青桥村3组", title, content);
    const matter *again = at_address("崇州市羊马街道泗安村3组8号", title, content);
    assert_true(weigh(a, b) < 0);
    assert_true(weigh(a, again) > 0);
}

static void test_the_platform_and_the_window(void **state) {
    (void)state;
    complaint first = fixture_complaint("E-1", "鹭栖湾工地夜间施工", "鹭栖湾工地夜间施工噪声大。");
    complaint reminder = fixture_complaint("E-2", "催办", "上次说的事怎么还没有人来处理？");
    const matter *a = fixture_matter(rules, arena, &first);
    assert_true(weigh(a, fixture_matter(rules, arena, &reminder)) < 0);
    reminder.parent_id = "E-1";
    const matter *b = fixture_matter(rules, arena, &reminder);
    assert_int_equal(b->parent, a->self);
    repeat_signs signs;
    repeats_measure(a, b, &signs);
    assert_true(signs.value[SIGN_PLATFORM_SAYS] == 1);
    first.received_at_us = INT64_C(1600000000) * WJZ_SECOND_US;
    complaint later = first;
    later.external_id = "E-3";
    later.received_at_us += 5000 * WJZ_DAY_US;
    assert_true(isinf(weigh(fixture_matter(rules, arena, &first), fixture_matter(rules, arena, &later))));
}

static void test_long_and_broken_texts(void **state) {
    (void)state;
    size_t length = 200000;
    char *text = wjz_arena_alloc(arena, length + 1);
    for (size_t i = 0; i < length; i++)
        text[i] = (char)(i * 7919 % 255 + 1);
    text[length] = '\0';
    const matter *m = of(text, text);
    assert_in_range(m->grams.count, 0, MATTER_GRAMS + MATTER_NAMED_GRAMS);
    assert_in_range(m->keys.count, 1, MATTER_KEYS);
    for (uint16_t i = 1; i < m->keys.count; i++)
        assert_true(m->keys.items[i - 1] < m->keys.items[i]);
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
        cmocka_unit_test(test_packing_keeps_all),
        cmocka_unit_test(test_districts_are_told_apart),
        cmocka_unit_test(test_same_matter),
        cmocka_unit_test(test_firms_are_told_apart),
        cmocka_unit_test(test_another_address_is_another_matter),
        cmocka_unit_test(test_the_platform_and_the_window),
        cmocka_unit_test(test_long_and_broken_texts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
