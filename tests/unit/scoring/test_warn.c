/* Which areas are worth a warning: every rule at its edge, units, recurrence, what was cleared, any order. */
#include <errno.h>
#include <string.h>

#include "scoring/warn.h"
#include "scoring/warning_state.h"
#include "unit/scoring/world.h"
#include "wjz/clock.h"

#define DEPLOYED WJZ_SOURCE_DIR "/deploy/config/warnings.yaml"
#define TOWN 510184107
#define VILLAGE UINT64_C(510184107201)

enum { MOST = 40 };

typedef struct case_world {
    warning_rules *rules;
    wjz_arena *arena;
    warn_clue clues[MOST];
    warn_input in;
} case_world;

static int64_t at(int day) { /* days before now, in the middle of it */
    return wjz_clock_from_day(wjz_day_from_number(20700 - day), 43200);
}

static int open_world(void **state) {
    case_world *w = calloc(1, sizeof *w);
    wjz_err err = {0};
    assert_non_null(w);
    w->arena = wjz_arena_new(0);
    if (warning_rules_load(DEPLOYED, &w->rules, &err) < 0) fail_msg("%s", err.text);
    w->in = (warn_input){.clues = w->clues, .now_us = at(0) + 1};
    *state = w;
    return 0;
}

static int close_world(void **state) {
    case_world *w = *state;
    warning_rules_destroy(&w->rules);
    wjz_arena_destroy(&w->arena);
    free(w);
    return 0;
}

static void add(case_world *w, size_t count, int stars, int repeats, int day) {
    for (; count; count--) {
        warn_clue *clue = &w->clues[w->in.clue_count];
        *clue = (warn_clue){.id = 100 + (int64_t)w->in.clue_count,
                            .place = {.town = TOWN},
                            .domain = "eco_env",
                            .own_stars = stars,
                            .repeat_count = repeats,
                            .index = 50 + (double)w->in.clue_count,
                            .last_report_us = day < 0 ? 0 : at(day)};
        w->in.clue_count++;
    }
}

static warn_found *found(case_world *w, size_t *ret_count) {
    warn_found *list = NULL;
    assert_int_equal(warn_find(w->rules, &w->in, NULL, NULL, w->arena, &list, ret_count), 0);
    return list;
}

static int level(case_world *w) {
    size_t count = 0;
    warn_found *list = found(w, &count);
    return count ? list[0].level : 0;
}

static void raises_each_level_at_its_count(void **state) {
    case_world *w = *state;
    static const int expected[] = {0, 0, 0, 1, 1, 2, 2, 2, 3, 3};
    for (size_t i = 0; i < WJZ_COUNT(expected); i++) {
        w->in.clue_count = 0;
        add(w, i, 3, 1, 10);
        if (level(w) != expected[i]) fail_msg("%zu clues: level %d", i, level(w));
    }
}

static void counts_only_what_is_worth_it_and_recent(void **state) {
    case_world *w = *state;
    add(w, 2, 3, 1, 10);
    add(w, 4, 2, 1, 10); /* too few stars */
    add(w, 4, 3, 1, 91); /* too long ago */
    add(w, 4, 3, 1, -1); /* not known when */
    assert_int_equal(level(w), 0);
    add(w, 1, 3, 1, 89);
    size_t count = 0;
    warn_found *list = found(w, &count);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].level, 1);
    assert_int_equal(list[0].count, 3);
    assert_int_equal(list[0].previous, 4);
    assert_int_equal(list[0].undated, 4);
    assert_int_equal(list[0].clue_count, 3);
    assert_int_equal(list[0].clues[0], 114); /* the worthiest first */
    assert_string_equal(list[0].unit, "510184107");
    assert_int_equal(list[0].kind, AREA_TOWN);
}

static void raises_one_that_is_reported_again_and_again(void **state) {
    case_world *w = *state;
    add(w, 1, 5, 2, 3);
    assert_int_equal(level(w), 0);
    w->in.clue_count = 0;
    add(w, 1, 4, 9, 3);
    assert_int_equal(level(w), 0);
    w->in.clue_count = 0;
    add(w, 1, 5, 3, 3);
    size_t count = 0;
    warn_found *list = found(w, &count);
    assert_int_equal(list[0].level, 2);
    assert_int_equal(list[0].reason, REASON_REPEATED);
}

static void raises_what_comes_back_after_a_recommendation(void **state) {
    case_world *w = *state;
    const warn_recommended elsewhere = {{.town = TOWN + 1}, "eco_env", at(30)};
    const warn_recommended other = {{.town = TOWN}, "minors", at(30)};
    const warn_recommended later = {{.town = TOWN}, "eco_env", at(5)};
    const warn_recommended before = {{.town = TOWN}, "eco_env", at(30)};
    const warn_recommended long_ago = {{.town = TOWN}, "eco_env", at(376)};
    const struct {
        const warn_recommended *closed;
        int level;
    } cases[] = {{&elsewhere, 0}, {&other, 0}, {&later, 0}, {&before, 3}, {&long_ago, 0}};
    add(w, 1, 3, 1, 10);
    w->in.recommended_count = 1;
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        w->in.recommended = cases[i].closed;
        if (level(w) != cases[i].level) fail_msg("case %zu: level %d", i, level(w));
    }
}

static void does_not_warn_again_of_what_was_cleared(void **state) {
    case_world *w = *state;
    const warn_cleared cleared = {AREA_TOWN, "510184107", "eco_env", at(20)};
    add(w, 5, 3, 1, 30);
    add(w, 2, 3, 1, 10);
    assert_int_equal(level(w), 2);
    w->in.cleared = &cleared;
    w->in.cleared_count = 1;
    assert_int_equal(level(w), 0);
    add(w, 1, 3, 1, 9);
    assert_int_equal(level(w), 1);
}

static void looks_at_grids_villages_and_towns(void **state) {
    case_world *w = *state;
    area_outline outline;
    assert_int_equal(area_outline_parse("((103.5,30.7),(103.6,30.7),(103.6,30.8),(103.5,30.8))", w->arena, &outline),
                     0);
    const warn_grid grids[] = {
        {.code = "510184107201G001M001",
         .name = "一组",
         .warned = true,
         .village = VILLAGE,
         .households = 50,
         .outline = outline},
        {.code = "510184107201G001",
         .name = "一网格",
         .warned = false,
         .village = VILLAGE,
         .households = 150,
         .outline = outline},
    };
    add(w, 4, 3, 1, 10);
    for (int i = 0; i < 4; i++) {
        w->clues[i].place.village = i < 3 ? VILLAGE : 0;
        w->clues[i].place.has_position = i < 3;
        w->clues[i].place.longitude = 103.52 + 0.02 * i;
        w->clues[i].place.latitude = 30.75;
    }
    w->in.grids = grids;
    w->in.grid_count = 2;
    size_t count = 0;
    warn_found *list = found(w, &count);
    assert_int_equal(count, 3);
    assert_string_equal(list[0].unit, "510184107201G001M001");
    assert_string_equal(list[1].unit, "510184107201");
    assert_string_equal(list[2].unit, "510184107");
    assert_int_equal(list[0].count, 3);
    assert_true(list[0].per_thousand == 60);
    assert_true(list[1].per_thousand == 15);
    assert_true(list[2].per_thousand == 20);
    assert_true(list[2].has_position && list[2].longitude > 103.53 && list[2].longitude < 103.55);
}

static void does_not_depend_on_order(void **state) {
    case_world *w = *state;
    add(w, 6, 3, 1, 10);
    add(w, 3, 3, 1, 120);
    for (size_t i = 0; i < w->in.clue_count; i++)
        w->clues[i].domain = i % 2 ? "eco_env" : "minors";
    size_t count = 0, again = 0;
    warn_found *list = found(w, &count);
    warn_clue turned[MOST];
    for (size_t i = 0; i < w->in.clue_count; i++)
        turned[i] = w->clues[w->in.clue_count - 1 - i];
    w->in.clues = turned;
    warn_found *other = found(w, &again);
    assert_int_equal(count, again);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(list[i].domain, other[i].domain);
        assert_int_equal(list[i].previous, other[i].previous);
        assert_memory_equal(list[i].clues, other[i].clues, list[i].clue_count * sizeof(int64_t));
    }
}

static void holds_rules_only_in_their_time(void **state) {
    case_world *w = *state;
    warning_rules_destroy(&w->rules);
    wjz_err err = {0};
    static const char text[] = "levels:\n"
                               "  - {level: 1, reason: clues, least: 1, stars: 3, days: 90, effective_to: 2026-01-01}\n"
                               "  - {level: 2, reason: clues, least: 2, stars: 3, days: 90, units: [village]}\n"
                               "addressees:\n"
                               "  - {region: 510184, domain: eco_env, department: 甲, effective_to: 2026-01-01}\n"
                               "  - {department: 乙, superior: 丙}\n";
    assert_int_equal(warning_rules_parse("x.yaml", text, strlen(text), &w->rules, &err), 0);
    add(w, 4, 3, 1, 10); /* 2026-09-04 */
    assert_int_equal(level(w), 0);
    w->clues[0].place.village = w->clues[1].place.village = VILLAGE;
    assert_int_equal(level(w), 2);
    int32_t day = wjz_day_number((wjz_day){2025, 12, 1});
    assert_string_equal(warning_addressee_of(w->rules, 510184, "eco_env", day)->department, "甲");
    assert_string_equal(warning_addressee_of(w->rules, 510185, "eco_env", day)->department, "乙");
    assert_string_equal(warning_addressee_of(w->rules, 510184, "eco_env", 20700)->department, "乙");
}

static void names_file_and_line_of_what_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"levels:\n  - {level: 4, reason: clues, least: 1, stars: 3, days: 9}\n", "w.yaml:2"},
        {"levels:\n  - {level: 1, reason: many, least: 1, stars: 3, days: 9}\n", "known are clues"},
        {"levels:\n  - {level: 1, reason: clues, least: 1, stars: 2, days: 9}\n", "stars"},
        {"levels:\n  - {level: 1, reason: clues, least: 1, stars: 3, days: 9, units: [house]}\n", "\"house\""},
        {"levels:\n  - {level: 1, reason: clues, least: 1, stars: 3, days: 9, after_days: 1}\n", "after_days"},
        {"levels:\n  - {level: 1, reason: recurrence, least: 1, stars: 3, days: 9}\n", "after_days"},
        {"addressees:\n  - {domain: eco_env}\n", "department"},
        {"level: []\n", "\"level\""},
        {"", "empty"},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        warning_rules *rules = NULL;
        wjz_err err = {0};
        assert_int_equal(warning_rules_parse("w.yaml", cases[i].text, strlen(cases[i].text), &rules, &err), -EINVAL);
        if (!strstr(err.text, cases[i].message)) fail_msg("case %zu: %s", i, err.text);
    }
}

static void changes_states_as_drawn(void **state) {
    (void)state;
    static const char *const expected[5][5] = {
        /* propose, issue, acknowledge, clear, lapse */
        {"proposed", "", "", "", ""},
        {"", "issued", "", "cleared", "cleared"},
        {"", "", "acknowledged", "cleared", ""},
        {"", "", "", "cleared", ""},
        {"", "", "", "", ""},
    };
    for (int from = 0; from < 5; from++)
        for (int act = 0; act < 5; act++)
            assert_string_equal(warning_state_name(warning_enter((Wjz__Scoring__WarningState)from, (warning_act)act)),
                                expected[from][act]);
    assert_int_equal(warning_state_of("issued"), WJZ__SCORING__WARNING_STATE__WARNING_ISSUED);
    assert_int_equal(warning_state_of("other"), WJZ__SCORING__WARNING_STATE__WARNING_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(raises_each_level_at_its_count),
        TEST(counts_only_what_is_worth_it_and_recent),
        TEST(raises_one_that_is_reported_again_and_again),
        TEST(raises_what_comes_back_after_a_recommendation),
        TEST(does_not_warn_again_of_what_was_cleared),
        TEST(looks_at_grids_villages_and_towns),
        TEST(does_not_depend_on_order),
        TEST(holds_rules_only_in_their_time),
        cmocka_unit_test(names_file_and_line_of_what_is_wrong),
        cmocka_unit_test(changes_states_as_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
