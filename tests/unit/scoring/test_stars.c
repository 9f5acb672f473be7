/* From the index to the stars: the cuts of domain.md 3.3 at their edges, the bounds of the index, and each gate when it
 * lowers, when it does not, and at its edge. What the model gives moves the index to where a case wants it. */
#include <math.h>

#include "unit/scoring/situation.h"

typedef Wjz__Scoring__ScoreCard card;

/* A card of everything but a failed agency, an index and what the given reports add. */
static card *card_at(world *w, situation given, double index) {
    double without = card_of(w, &given)->index;
    given.learned = index - without;
    card *c = card_of(w, &given);
    if (fabs(c->index - index) > 1e-9) fail_msg("index %g instead of %g", c->index, index);
    return c;
}

#define RIVER .content = "小罗村河道堆放垃圾", .photos = 1, .reporter = 1

static void cuts_the_index_into_stars(void **state) {
    world *w = *state;
    static const struct {
        double index;
        uint32_t stars;
    } cases[] = {{29.5, 1}, {30, 2}, {49.5, 2}, {50, 3}, {59.5, 3}, {60, 4}, {64.5, 4}, {65, 5}};
    const situation river = {.reports = {{RIVER, .rated = DISSATISFIED}}};
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        card *c = card_at(w, river, cases[i].index);
        if (c->stars != cases[i].stars || c->stars_before_gates != cases[i].stars)
            fail_msg("index %g: %u stars", c->index, c->stars);
    }
}

static void bounds_the_index(void **state) {
    world *w = *state;
    const situation praise = {.reports = {{.order_type = "表扬", .title = "感谢工作人员"}}, .learned = -30};
    assert_true(card_of(w, &praise)->index == 0);
    assert_int_equal(card_of(w, &praise)->stars, 1);
    const char *worst = "小罗村3组宏发建材公司多年来向河道偷排有毒污水，影响全村，越来越严重，整改后反弹，有视频";
    const situation all = {.reports = {{.content = worst, .source = SOURCE_GRID, .reporter = 1, .rated = DISSATISFIED},
                                       {.content = worst, .day = 1, .reporter = 2},
                                       {.content = worst, .day = 2, .reporter = 3},
                                       {.content = worst, .day = 3, .reporter = 4},
                                       {.content = worst, .day = 4, .reporter = 5}},
                           .learned = 30};
    assert_true(card_of(w, &all)->index == 100);
    assert_int_equal(card_of(w, &all)->stars, 5);
}

/* What stands beside a five-star index, and what becomes of it. */
static void lowers_what_a_gate_bounds(void **state) {
    world *w = *state;
    static const struct {
        const char *gate; /* NULL: none */
        const char *name;
        uint32_t stars;
        situation given;
    } cases[] = {
        {NULL, "dissatisfied", 5, {.reports = {{RIVER, .rated = DISSATISFIED}}}},
        {NULL, "reported twice", 5, {.reports = {{RIVER}, {.day = 1}}}},
        {NULL, "overdue", 5, {.reports = {{RIVER, .delay_days = 1}}}},
        {"five_needs_failed_agency", "nothing", 4, {.reports = {{RIVER}}}},
        {"five_needs_failed_agency", "half satisfied", 4, {.reports = {{RIVER, .rated = BASIC}}}},
        {"five_needs_failed_agency", "reported once, sent back once", 4, {.reports = {{RIVER, .returned = 1}}}},
        {NULL, "a core word", 5, {.reports = {{.content = "小罗村河水臭气熏天", .photos = 1, .rated = DISSATISFIED}}}},
        {"five_needs_match",
         "weak words",
         4,
         {.reports = {{.content = "这里有污水和垃圾，扰民，噪音大，污染，小罗村",
                       .photos = 1,
                       .solved = ANSWER_NO,
                       .rated = DISSATISFIED,
                       .delay_days = 1,
                       .source = SOURCE_GRID,
                       .reporter = 1}}}},
        {NULL,
         "six points to check by",
         5,
         {.reports = {{.content = "小罗村河道堆放垃圾", .reporter = 1, .rated = DISSATISFIED}}}},
        {"five_needs_checkability",
         "five",
         4,
         {.reports = {{.content = "怀远镇河道堆放垃圾", .photos = 1, .rated = DISSATISFIED}}}},
        {"exploratory_domain",
         "a domain that the law does not name",
         3,
         {.reports = {{RIVER, .rated = DISSATISFIED},
                      {.content = "小区公共收益不公示", .day = 1, .reporter = 2, .solved = ANSWER_NO}},
          .domain = "other_public"}},
        {"no_domain",
         "no facts at all",
         2,
         {.reports = {{RIVER, .rated = DISSATISFIED, .solved = ANSWER_NO, .urged = 1}},
          .domain = "none",
          .branch = "none"}},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        situation given = cases[i].given;
        given.learned = 65 - card_of(w, &given)->index;
        const card *c = card_of(w, &given);
        bool named = !cases[i].gate && !c->n_gates;
        for (size_t k = 0; k < c->n_gates; k++)
            named |= cases[i].gate && strcmp(c->gates[k], cases[i].gate) == 0;
        if (c->stars_before_gates != 5 || c->stars != cases[i].stars || !named)
            fail_msg("%s: index %g, %u of %u stars, %zu gates, the first is %s", cases[i].name, c->index, c->stars,
                     c->stars_before_gates, c->n_gates, c->n_gates ? c->gates[0] : "none");
    }
}

/* A gate that would bound what is not reached anyway is not named: it says nothing. */
static void names_only_gates_that_lower(void **state) {
    world *w = *state;
    const situation river = {.reports = {{RIVER}}};
    assert_int_equal(card_at(w, river, 60)->n_gates, 0);
    const situation nothing = {.reports = {{.content = "路灯杆的颜色难看"}}};
    assert_int_equal(card_of(w, &nothing)->n_gates, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_the_index_into_stars),
        cmocka_unit_test(bounds_the_index),
        cmocka_unit_test(lowers_what_a_gate_bounds),
        cmocka_unit_test(names_only_gates_that_lower),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
