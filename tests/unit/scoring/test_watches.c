/* A hit is a function of the complaint and the watch: words in any way of writing, lists, towns, days. */
#include <limits.h>
#include <string.h>

#include "scoring/watches.h"
#include "unit/scoring/world.h"
#include "wjz/clock.h"
#include "wjz/id.h"

#define TEXTS(...)                                                                                                     \
    { (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) }

static int64_t day_us(int day) {
    return wjz_clock_from_day(wjz_day_from_number(day), 36000);
}

static watch_hit *matched(world *w, const watch *watches, size_t count, const complaint *c, size_t *ret_count) {
    watch_set *set = NULL;
    analysis_item item = {.report = c};
    watch_hit *hits = NULL;
    wjz_err err = {0};
    if (watch_set_new(watches, count, &set, &err) < 0) fail_msg("%s", err.text);
    if (analyse_several(w->pack, w->places, &item, 1, w->arena, w->arena, &err) < 0) fail_msg("%s", err.text);
    assert_int_equal(watch_set_match(set, c->id, item.text, item.finding, w->arena, &hits, ret_count), 0);
    for (size_t i = 0; i < *ret_count; i++)
        hits[i].word = wjz_arena_strdup(w->arena, hits[i].word);
    watch_set_destroy(&set);
    return hits;
}

static complaint report(const char *title, const char *content) {
    complaint c = blank_complaint();
    c.title = title;
    c.content = content;
    c.received_at_us = day_us(20600);
    return c;
}

static void finds_words_however_they_are_written(void **state) {
    world *w = *state;
    const watch watched = {.id = 7, .from_day = 20500, .to_day = 20700, .words = TEXTS("ＡＢＣ化工", "锦 江商砼")};
    static const struct {
        const char *title, *content, *word;
        uint32_t from, to;
        Wjz__Scoring__Field field;
    } cases[] = {
        {"", "村口的abc化工夜里排水", "ＡＢＣ化工", 9, 18, WJZ__SCORING__FIELD__FIELD_CONTENT},
        {"锦江\n商砼扬尘", "粉尘", "锦 江商砼", 0, 13, WJZ__SCORING__FIELD__FIELD_TITLE},
        {"扬尘", "锦江商砼，还有Ａ B C化工", "锦 江商砼", 0, 12, WJZ__SCORING__FIELD__FIELD_CONTENT},
        {"锦江", "商砼", NULL, 0, 0, 0}, /* not across title and text */
        {"咨询", "社保怎么办", NULL, 0, 0, 0},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        complaint c = report(cases[i].title, cases[i].content);
        size_t count = 0;
        watch_hit *hits = matched(w, &watched, 1, &c, &count);
        assert_int_equal(count, cases[i].word != NULL);
        if (!count) continue;
        assert_string_equal(hits[0].word, cases[i].word);
        assert_int_equal(hits[0].span.field, cases[i].field);
        assert_int_equal(hits[0].span.from, cases[i].from);
        assert_int_equal(hits[0].span.to, cases[i].to);
        assert_int_equal(hits[0].watch, 7);
        assert_true(hits[0].dated && hits[0].at_us == c.received_at_us);
    }
}

static void leaves_the_answer_of_the_agency_alone(void **state) {
    world *w = *state;
    const watch watched = {.id = 1, .to_day = INT32_MAX, .words = TEXTS("预制菜")};
    complaint c = report("食堂问题", "请查一查食堂");
    c.handle_result = "经查，食堂没有使用预制菜";
    size_t count = 9;
    matched(w, &watched, 1, &c, &count);
    assert_int_equal(count, 0);
}

static void asks_for_everything_that_a_watch_names(void **state) {
    world *w = *state;
    complaint c = report("怀远镇河道倾倒垃圾", "怀远镇河边有人倾倒建筑垃圾，一直没人管");
    const int64_t here[] = {510184107}, there[] = {510184001};
    const watch watches[] = {
        {.id = 1, .to_day = INT32_MAX, .domains = TEXTS("food_drug", "eco_env")},
        {.id = 2, .to_day = INT32_MAX, .domains = TEXTS("food_drug")},
        {.id = 3, .to_day = INT32_MAX, .towns = here, .town_count = 1},
        {.id = 4, .to_day = INT32_MAX, .towns = there, .town_count = 1, .words = TEXTS("垃圾")},
        {.id = 5, .to_day = INT32_MAX, .branches = TEXTS("public_interest"), .words = TEXTS("建筑垃圾", "垃圾")},
        {.id = 6, .to_day = 20599, .words = TEXTS("垃圾")},
        {.id = 7, .from_day = 20601, .to_day = INT32_MAX, .words = TEXTS("垃圾")},
        {.id = 8, .from_day = 20600, .to_day = 20600, .words = TEXTS("垃圾")},
        {.id = 9, .to_day = INT32_MAX, .words = TEXTS(" ")},
    };
    static const int64_t expected[] = {1, 3, 5, 8};
    size_t count = 0;
    watch_hit *hits = matched(w, watches, WJZ_COUNT(watches), &c, &count);
    assert_int_equal(count, WJZ_COUNT(expected));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(hits[i].watch, expected[i]);
    assert_string_equal(hits[2].word, "垃圾"); /* it stands first, in the title */
    assert_int_equal(hits[0].span.field, 0);
}

static void says_when_the_day_of_report_is_not_known(void **state) {
    world *w = *state;
    complaint c = report("垃圾", "垃圾");
    c.received_at_us = 0;
    c.id = wjz_id_next();
    int today = wjz_day_number(wjz_clock_day(wjz_clock_us()));
    const watch watched = {.id = 1, .from_day = today - 1, .to_day = today + 1, .words = TEXTS("垃圾")};
    size_t count = 0;
    watch_hit *hits = matched(w, &watched, 1, &c, &count);
    assert_int_equal(count, 1);
    assert_false(hits[0].dated);
    assert_true(hits[0].at_us == wjz_id_time_us(c.id));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_words_however_they_are_written),
        cmocka_unit_test(leaves_the_answer_of_the_agency_alone),
        cmocka_unit_test(asks_for_everything_that_a_watch_names),
        cmocka_unit_test(says_when_the_day_of_report_is_not_known),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
