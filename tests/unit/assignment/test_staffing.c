/* Staffing: ranks, points, obstacles, recusal, stations. */
#include "assignment/staffing.h"
#include "unit/assignment/fixture.h"

static staffing_need need_for(const clue *told) {
    return (staffing_need){.told = told,
                           .organ = "JCY-510184",
                           .station = "ST-1",
                           .branch = told->branch,
                           .now_us = fixture_moment(FIXTURE_NOW_TEXT),
                           .until_us = fixture_moment("2026-03-04T10:00:00+08:00"),
                           .tried = ""};
}

static void chooses_by_rank_points_and_load(void **state) {
    (void)state;
    WJZ_CLEANUP(directory_drop) directory *dir = fixture_directory();
    clue told = fixture_clue();
    const struct {
        const char *branch, *domain, *tried;
        int open_of_one;
        bool heads_only;
        const char *chosen;
    } cases[] = {
        {"public_interest", "eco_env", "", 0, false, "P-one"},      /* speciality and station */
        {"public_interest", "eco_env", "", 14, false, "P-one"},     /* 30 points stand against 28 */
        {"public_interest", "eco_env", "", 16, false, "P-two"},     /* too much in hand */
        {"public_interest", "none", "", 5, false, "P-two"},         /* 10 of 10 points eaten: lower load wins */
        {"public_interest", "eco_env", "P-one", 0, false, "P-two"}, /* had it */
        {"public_interest", "eco_env", "P-one\nP-two", 0, false, "P-head"},
        {"public_interest", "eco_env", "P-one\nP-two\nP-head", 0, false, "P-chief"},
        {"public_interest", "eco_env", "P-one\nP-two\nP-head\nP-chief", 0, false, "P-three"},
        {"public_interest", "eco_env", "P-one", 0, true, "P-head"},
        {"public_interest", "eco_env", "P-head\nP-chief", 0, true, NULL},
        {"civil", "none", "", 0, false, "P-three"},
        {"criminal", "none", "", 0, false, "P-chief"}, /* nobody of that branch */
        {"none", "none", "", 0, false, "P-one"},       /* anybody: the station's */
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        told.branch = cases[i].branch;
        told.domain = cases[i].domain;
        staffing_need need = need_for(&told);
        need.tried = cases[i].tried;
        need.heads_only = cases[i].heads_only;
        directory_person(dir, "P-one")->open = cases[i].open_of_one;
        const person *chosen = staffing_choose(dir, &need, NULL);
        const char *code = chosen != NULL ? chosen->code : "nobody";
        if (strcmp(code, cases[i].chosen != NULL ? cases[i].chosen : "nobody") != 0) fail_msg("case %zu: %s", i, code);
    }
}

static void knows_leave_and_duty(void **state) {
    (void)state;
    WJZ_CLEANUP(directory_drop) directory *dir = fixture_directory();
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    clue told = fixture_clue();
    told.domain = "none";
    staffing_need need = need_for(&told);
    span tomorrow = {.station = "ST-1",
                     .from_us = fixture_moment("2026-03-04T09:00:00+08:00"),
                     .to_us = fixture_moment("2026-03-04T12:00:00+08:00")};
    person *one = directory_person(dir, "P-one"), *two = directory_person(dir, "P-two");
    two->duties = &tomorrow; /* 15 points for the duty against 10 for the station */
    two->duty_count = 1;
    assert_ptr_equal(staffing_choose(dir, &need, NULL), two);
    two->duty_count = 0;
    one->leaves = &tomorrow; /* away when the acceptance would end */
    one->leave_count = 1;
    trace steps = {.arena = arena};
    assert_ptr_equal(staffing_choose(dir, &need, &steps), two);
    assert_non_null(strstr(trace_text(&steps), "不选 P-one：休假 / on leave"));
    assert_non_null(strstr(trace_text(&steps), "承办人 P-two"));
    one->leaves[0].to_us = need.until_us; /* half open: back at that moment */
    assert_ptr_equal(staffing_choose(dir, &need, NULL), one);
}

static void recuses(void **state) {
    (void)state;
    const struct {
        const char *kind, *name;
        bool recused;
    } cases[] = {
        {"relative", "宏源建材厂", true},
        {"interest", "宏源", true},
        {"former_employer", "水务局", true},
        {"former_employer", "教育局", false},
        {"village_of_origin", "怀远", true},
        {"village_of_origin", "白马村", false},
        {"village_of_origin", "510184107201", true},
        {"interest", "", false},
        {"relative", "怀远", false},
    };
    WJZ_CLEANUP(directory_drop) directory *dir = fixture_directory();
    clue told = fixture_clue();
    told.village = 510184107201;
    staffing_need need = need_for(&told);
    person *one = directory_person(dir, "P-one");
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        relation kept = {cases[i].kind, cases[i].name};
        one->relations = &kept;
        one->relation_count = 1;
        if ((staffing_recusal(one, &told) != NULL) != cases[i].recused) fail_msg("case %zu", i);
        const char *chosen = staffing_choose(dir, &need, NULL)->code;
        assert_string_equal(chosen, cases[i].recused ? "P-two" : "P-one");
        assert_int_equal(staffing_fits(one, &need), !cases[i].recused);
    }
}

static void finds_the_station(void **state) {
    (void)state;
    const struct {
        int32_t town;
        int64_t village;
        const char *domain;
        bool mediation;
        const char *station;
    } cases[] = {
        {510184107, 510184107201, "none", false, "ST-1"},
        {510184110, 0, "none", false, "ST-1"},
        {510184001, 0, "none", false, "ST-2"},
        {510184001, 0, "eco_env", false, "ST-2"},
        {0, 0, "eco_env", false, "ST-1"},
        {510184005, 0, "none", false, "ST-3"}, /* the mobile one */
        {0, 0, "none", false, NULL},
        {0, 0, "none", true, "ST-1"}, /* any rather than none */
    };
    WJZ_CLEANUP(directory_drop) directory *dir = fixture_directory();
    clue told = fixture_clue();
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        told.town = cases[i].town;
        told.village = cases[i].village;
        told.domain = cases[i].domain;
        told.mediation = cases[i].mediation;
        const station *found = staffing_station(dir, "JCY-510184", &told, NULL);
        const char *code = found != NULL ? found->code : "none";
        if (strcmp(code, cases[i].station != NULL ? cases[i].station : "none") != 0) fail_msg("case %zu: %s", i, code);
    }
    assert_null(staffing_station(dir, "JCY-510181", &told, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_by_rank_points_and_load),
        cmocka_unit_test(knows_leave_and_duty),
        cmocka_unit_test(recuses),
        cmocka_unit_test(finds_the_station),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
