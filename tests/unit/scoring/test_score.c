/* The index: the worked example to the point, every factor at its edges, gates, and independence of order. */
#include <string.h>

#include "scoring/score.h"
#include "unit/scoring/world.h"
#include "wjz/clock.h"

typedef Wjz__Scoring__Finding finding;
typedef Wjz__Scoring__ScoreCard card;

static const matter_context nothing_more = {0};
#define DAY(n) (INT64_C(1767225600000000) + (n)*WJZ_DAY_US)

static card *scored(world *w, finding **findings, const int64_t *ids, size_t count, const matter_context *context) {
    card *c = NULL;
    wjz_err err = {0};
    if (score_matter(w->pack, (const finding *const *)findings, ids, count, context, w->arena, &c, &err) < 0)
        fail_msg("%s", err.text);
    return c;
}

static double points(const card *c, const char *id) {
    for (size_t i = 0; i < c->n_factors; i++)
        if (strcmp(c->factors[i]->id, id) == 0) return c->factors[i]->points;
    for (size_t i = 0; i < c->n_adjustments; i++)
        if (strcmp(c->adjustments[i]->id, id) == 0) return c->adjustments[i]->points;
    return 0;
}

static bool gated(const card *c, const char *id) {
    for (size_t i = 0; i < c->n_gates; i++)
        if (strcmp(c->gates[i], id) == 0) return true;
    return false;
}

static complaint river_garbage(void) {
    complaint c = blank_complaint();
    c.source = SOURCE_GRID;
    c.title = "小罗村河道堆放垃圾";
    c.content = "小罗村的河道里堆放了大量垃圾，已经两个多月，影响全村人用水，请尽快清理。";
    c.has_position = true;
    c.longitude = 103.6;
    c.latitude = 30.6;
    c.photo_count = 2;
    c.reporter = 11;
    c.received_at_us = DAY(100);
    return c;
}

static void gives_the_worked_example(void **state) {
    world *w = *state;
    complaint observer = river_garbage(), first = river_garbage(), second = river_garbage();
    finding *findings[3] = {analysed(w, &observer)};
    int64_t ids[] = {1, 2, 3};
    card *alone = scored(w, findings, ids, 1, &nothing_more);
    static const struct {
        const char *factor;
        double points;
    } expected[] = {{"source_kind", 7},     {"corroboration", 0}, {"domain_match", 18},     {"severity", 3},
                    {"scope", 7},           {"persistence", 3},   {"agency_identified", 7}, {"handled_unsolved", 0},
                    {"dissatisfaction", 0}, {"repetition", 0},    {"location", 6},          {"subject", 0},
                    {"evidence", 3},        {"contact_time", 2}};
    assert_int_equal(alone->n_factors, WJZ_COUNT(expected));
    for (size_t i = 0; i < WJZ_COUNT(expected); i++) {
        assert_string_equal(alone->factors[i]->id, expected[i].factor);
        if (alone->factors[i]->points != expected[i].points)
            fail_msg("%s is %g, expected %g", expected[i].factor, alone->factors[i]->points, expected[i].points);
    }
    assert_int_equal(alone->n_adjustments, 0);
    assert_true(alone->index == 56);
    assert_int_equal(alone->stars, 3);
    assert_string_equal(alone->domain, "eco_env");
    assert_string_equal(alone->branch, "public_interest");

    first.source = second.source = SOURCE_HOTLINE;
    first.satisfaction = second.satisfaction = DISSATISFIED;
    first.reporter = 12;
    second.reporter = 13;
    first.received_at_us = DAY(60);
    second.received_at_us = DAY(80);
    findings[1] = analysed(w, &first);
    findings[2] = analysed(w, &second);
    card *joined = scored(w, findings, ids, 3, &nothing_more);
    assert_true(points(joined, "corroboration") == 2);
    assert_true(points(joined, "dissatisfaction") == 8);
    assert_true(points(joined, "repetition") == 7);
    assert_true(joined->index == 73);
    assert_int_equal(joined->stars, 5);
    assert_true(joined->focus);
    assert_int_equal(joined->repeat_count, 3);
    assert_int_equal(joined->reporter_count, 3);
}

/* Two complaints of the same moment: which of them got the lower id of ours is chance. */
static void does_not_depend_on_arrival(void **state) {
    world *w = *state;
    finding *made[2];
    for (int i = 0; i < 2; i++) {
        complaint c = river_garbage();
        c.external_id = i ? "B-2" : "A-1";
        c.received_at_us = DAY(100);
        if (i) c.content = "怀远镇河道里堆放垃圾，已经三个月了";
        made[i] = analysed(w, &c);
    }
    card *one = scored(w, (finding *[]){made[0], made[1]}, (const int64_t[]){7, 8}, 2, &nothing_more);
    card *other = scored(w, (finding *[]){made[0], made[1]}, (const int64_t[]){8, 7}, 2, &nothing_more);
    assert_true(one->index == other->index);
    assert_string_equal(one->place->text, other->place->text);
    assert_string_equal(one->subject, other->subject);
    for (size_t i = 0; i < one->n_factors; i++)
        for (size_t e = 0; e < one->factors[i]->n_evidence; e++) {
            uint64_t first = one->factors[i]->evidence[e]->complaint,
                     second = other->factors[i]->evidence[e]->complaint;
            assert_true(first == 0 ? second == 0 : first + second == 15); /* the same complaint, by its other id */
        }
}

static void does_not_depend_on_order(void **state) {
    world *w = *state;
    static const int orders[6][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2},
                                     {2, 0, 3, 1}, {0, 3, 1, 2}, {3, 0, 2, 1}};
    finding *made[4];
    for (int i = 0; i < 4; i++) {
        complaint c = river_garbage();
        c.received_at_us = i == 3 ? 0 : DAY(100 + i % 2);
        c.reporter = (uint64_t)(20 + i % 3);
        if (i == 2) c.content = "咨询小罗村何时清理河道";
        made[i] = analysed(w, &c);
    }
    uint8_t first[8192], other[8192];
    size_t length = 0;
    for (size_t k = 0; k < WJZ_COUNT(orders); k++) {
        finding *findings[4];
        int64_t ids[4];
        for (int i = 0; i < 4; i++) {
            findings[i] = made[orders[k][i]];
            ids[i] = 100 + orders[k][i];
        }
        card *c = scored(w, findings, ids, 4, &nothing_more);
        assert_true(wjz__scoring__score_card__get_packed_size(c) < sizeof first);
        if (k == 0) {
            length = wjz__scoring__score_card__pack(c, first);
        } else {
            assert_int_equal(wjz__scoring__score_card__pack(c, other), length);
            assert_memory_equal(first, other, length);
        }
    }
}

/* One change to the river's garbage, and what a factor becomes by it. */
typedef struct change {
    const char *name;
    void (*make)(complaint *c);
    const char *factor;
    double points;
} change;

#define CHANGE(function, statement)                                                                                    \
    static void function(complaint *c) {                                                                               \
        statement;                                                                                                     \
    }
CHANGE(by_enforcement, c->source = SOURCE_ENFORCEMENT)
CHANGE(by_organ, c->source = SOURCE_STATE_ORGAN)
CHANGE(by_photo, c->source = SOURCE_PHOTO)
CHANGE(by_hotline, c->source = SOURCE_HOTLINE)
CHANGE(by_media, c->source = SOURCE_MEDIA)
CHANGE(by_nobody, (c->source = SOURCE_ANONYMOUS, c->photo_count = 0))
CHANGE(by_nobody_with_photo, c->source = SOURCE_ANONYMOUS)
CHANGE(core_word, (c->title = "", c->content = "河水臭气熏天"))
CHANGE(weak_word, (c->title = "环境不好", c->content = "这里有污水和垃圾，扰民，噪音大，污染"))
CHANGE(no_word, (c->title = "路灯杆颜色", c->content = "颜色难看"))
CHANGE(grave, c->content = "河道堆放垃圾，致癌")
CHANGE(acres, c->content = "河道堆放垃圾，占了十余亩")
CHANGE(few_metres, c->content = "河道堆放垃圾，长3米")
CHANGE(nine_households, c->content = "河道堆放垃圾，影响9户")
CHANGE(ten_households, c->content = "河道堆放垃圾，影响10户")
CHANGE(one_party, (c->title = "河道堆放垃圾", c->content = ""))
CHANGE(a_year, c->content = "河道堆放垃圾，已有一年")
CHANGE(thirty_days, c->content = "河道堆放垃圾，已有30天")
CHANGE(ten_days, c->content = "河道堆放垃圾，已有10天")
CHANGE(overdue, c->delay_days = 3)
CHANGE(returned_once, c->return_count = 1)
CHANGE(returned_twice, c->return_count = 2)
CHANGE(not_solved, c->solved = ANSWER_NO)
CHANGE(solved, c->solved = ANSWER_YES)
CHANGE(sham, c->content = "河道堆放垃圾，整改后反弹")
CHANGE(dodged, c->content = "河道堆放垃圾，部门互相推诿")
CHANGE(very_dissatisfied, c->satisfaction = VERY_DISSATISFIED)
CHANGE(half_satisfied, c->satisfaction = BASIC)
CHANGE(satisfied, c->satisfaction = SATISFIED)
CHANGE(urged, c->urge_count = 1)
CHANGE(told_often, c->content = "河道堆放垃圾，多次反映")
CHANGE(house_number, (c->has_position = false, c->content = "沿江路12号河道堆放垃圾"))
CHANGE(only_village, (c->has_position = false, c->title = "河道堆放垃圾", c->content = "在小罗村"))
CHANGE(only_town, (c->has_position = false, c->title = "怀远镇河道堆放垃圾", c->content = ""))
CHANGE(nowhere, (c->has_position = false, c->title = "堆放垃圾", c->content = ""))
CHANGE(named_plant, c->content = "宏发建材公司在河道堆放垃圾")
CHANGE(no_photo, c->photo_count = 0)
CHANGE(recording, (c->photo_count = 0, c->content = "河道堆放垃圾，有视频"))
CHANGE(no_contact, c->reporter = 0)
CHANGE(exact_time, (c->reporter = 0, c->content = "5月3日有人在河道堆放垃圾"))
CHANGE(spreading, c->content = "河道堆放垃圾，越来越严重")
CHANGE(in_court, c->content = "河道堆放垃圾，已经起诉")
CHANGE(question, (c->order_type = "咨询", c->title = "咨询河道堆放垃圾", c->content = "请问如何办理"))

static void weighs_each_factor(void **state) {
    static const change changes[] = {
        {"enforcement", by_enforcement, "source_kind", 8},
        {"state organ", by_organ, "source_kind", 8},
        {"photo", by_photo, "source_kind", 6},
        {"hotline", by_hotline, "source_kind", 6},
        {"media", by_media, "source_kind", 5},
        {"anonymous", by_nobody, "source_kind", 3},
        {"anonymous with photo", by_nobody_with_photo, "source_kind", 6},
        {"core word", core_word, "domain_match", 12},
        {"weak words", weak_word, "domain_match", 5},
        {"no word", no_word, "domain_match", 0},
        {"no word, no severity", no_word, "severity", 0},
        {"no word, no agency", no_word, "agency_identified", 0},
        {"grave", grave, "severity", 9},
        {"acres", acres, "severity", 6},
        {"few metres", few_metres, "severity", 3},
        {"nine households", nine_households, "scope", 4},
        {"ten households", ten_households, "scope", 7},
        {"one party", one_party, "scope", 0},
        {"a year", a_year, "persistence", 6},
        {"thirty days", thirty_days, "persistence", 3},
        {"ten days", ten_days, "persistence", 1},
        {"overdue", overdue, "handled_unsolved", 7},
        {"returned once", returned_once, "handled_unsolved", 0},
        {"returned twice", returned_twice, "handled_unsolved", 7},
        {"not solved", not_solved, "handled_unsolved", 7},
        {"solved", solved, "handled_unsolved", 0},
        {"sham", sham, "handled_unsolved", 10},
        {"dodged", dodged, "handled_unsolved", 7},
        {"very dissatisfied", very_dissatisfied, "dissatisfaction", 8},
        {"half satisfied", half_satisfied, "dissatisfaction", 3},
        {"satisfied", satisfied, "dissatisfaction", 0},
        {"urged", urged, "repetition", 4},
        {"told often", told_often, "repetition", 7},
        {"house number", house_number, "location", 6},
        {"only the village", only_village, "location", 4},
        {"only the town", only_town, "location", 2},
        {"nowhere", nowhere, "location", 0},
        {"named plant", named_plant, "subject", 4},
        {"no photo", no_photo, "evidence", 0},
        {"recording", recording, "evidence", 3},
        {"no contact", no_contact, "contact_time", 0},
        {"exact time", exact_time, "contact_time", 2},
        {"spreading", spreading, "spreading", 5},
        {"in court", in_court, "in_litigation", -15},
        {"question", question, "no_request", -20},
    };
    world *w = *state;
    for (size_t i = 0; i < WJZ_COUNT(changes); i++) {
        complaint c = river_garbage();
        changes[i].make(&c);
        finding *f = analysed(w, &c);
        int64_t id = 1;
        card *made = scored(w, &f, &id, 1, &nothing_more);
        if (points(made, changes[i].factor) != changes[i].points)
            fail_msg("%s: %s is %g, expected %g", changes[i].name, changes[i].factor, points(made, changes[i].factor),
                     changes[i].points);
    }
}

static void counts_what_lies_in_the_window(void **state) {
    world *w = *state;
    finding *findings[6];
    int64_t ids[6];
    for (int i = 0; i < 6; i++) {
        complaint c = river_garbage();
        c.reporter = (uint64_t)(i + 1);
        c.received_at_us = DAY(i == 0 ? 0 : 180 + i);
        findings[i] = analysed(w, &c);
        ids[i] = i + 1;
    }
    static const double by_count[] = {0, 0, 4, 7, 7, 10};
    for (size_t count = 1; count <= 5; count++)
        assert_true(points(scored(w, findings + 1, ids + 1, count, &nothing_more), "repetition") == by_count[count]);
    card *all = scored(w, findings, ids, 6, &nothing_more);
    assert_int_equal(all->repeat_count, 5); /* the first lies 185 days back */
    assert_int_equal(all->complaint_count, 6);
    findings[0]->received_at_us = 0; /* not known: it was made, so it counts */
    assert_int_equal(scored(w, findings, ids, 6, &nothing_more)->repeat_count, 6);
}

static void sees_what_came_back(void **state) {
    world *w = *state;
    complaint closed = river_garbage(), again = river_garbage();
    closed.received_at_us = DAY(10);
    closed.finished_at_us = DAY(20);
    again.received_at_us = DAY(30);
    finding *findings[] = {analysed(w, &closed), analysed(w, &again)};
    int64_t ids[] = {1, 2};
    assert_true(points(scored(w, findings, ids, 2, &nothing_more), "handled_unsolved") == 10);
    findings[1]->received_at_us = DAY(15); /* before the closing */
    assert_true(points(scored(w, findings, ids, 2, &nothing_more), "handled_unsolved") == 0);
    near_fact punished[] = {{.state = NEAR_PUNISHED, .id = 9, .number = ""},
                            {.state = NEAR_NOT_EXECUTED, .id = 9, .number = ""}};
    matter_context penalty = {.near = punished, .near_count = 2};
    card *c = scored(w, findings, ids, 2, &penalty);
    assert_true(points(c, "handled_unsolved") == 10);
    assert_true(points(c, "source_kind") == 8);
}

static void keeps_the_gates(void **state) {
    world *w = *state;
    complaint c = river_garbage();
    c.content = "小罗村河道堆放垃圾致癌，全村几百户，多年来臭气熏天，越来越严重，宏发建材公司所为";
    c.handler_unit = "水务局";
    c.source = SOURCE_ENFORCEMENT;
    finding *f = analysed(w, &c);
    int64_t id = 1;
    card *made = scored(w, &f, &id, 1, &nothing_more);
    assert_true(made->index >= w->pack->stars.five);
    assert_int_equal(made->stars_before_gates, 5);
    assert_int_equal(made->stars, 4); /* no agency has failed yet */
    assert_true(gated(made, "five_needs_failed_agency"));
    f->satisfaction = DISSATISFIED;
    made = scored(w, &f, &id, 1, &nothing_more);
    assert_int_equal(made->stars, 5);
    assert_int_equal(made->n_gates, 0);
    f->domain = (char *)"other_public";
    f->branch = (char *)"none";
    made = scored(w, &f, &id, 1, &nothing_more);
    assert_true(made->stars <= 3);
    f->domain = (char *)"none";
    made = scored(w, &f, &id, 1, &nothing_more);
    assert_true(made->stars <= 2);
}

static void bounds_what_is_learned(void **state) {
    world *w = *state;
    complaint c = river_garbage();
    finding *f = analysed(w, &c);
    int64_t id = 1;
    double limit = w->pack->adjustments.learned_limit;
    f->learned = limit * 3;
    card *made = scored(w, &f, &id, 1, &nothing_more);
    assert_true(points(made, "learned") == limit);
    f->learned = -limit * 3;
    made = scored(w, &f, &id, 1, &nothing_more);
    assert_true(points(made, "learned") == -limit);
    assert_true(made->index >= 0);
}

/* A warning of its area lifts a matter, but not the stars that count for the warning. */
static void lifts_what_lies_in_a_warned_area(void **state) {
    world *w = *state;
    complaint report = river_garbage();
    finding *findings[] = {analysed(w, &report)};
    int64_t ids[] = {1};
    card *before = scored(w, findings, ids, 1, &nothing_more);
    const warned_area village = {.kind = AREA_VILLAGE, .code = 510184107201, .domain = "eco_env", .level = 2};
    const warned_area other = {.kind = AREA_VILLAGE, .code = 510184107201, .domain = "minors", .level = 2};
    const warned_areas here = {&village, 1}, elsewhere = {&other, 1};
    const matter_context warned = {.warned = &here}, unwarned = {.warned = &elsewhere};
    card *c = scored(w, findings, ids, 1, &warned);
    assert_true(points(c, "area_warning") == 5);
    assert_true(c->index == before->index + 5);
    assert_int_equal(before->stars, 3);
    assert_int_equal(before->own_stars, 3);
    assert_int_equal(c->stars, 4);
    assert_int_equal(c->own_stars, 3);
    assert_string_equal(c->adjustments[0]->notes[0]->value, "2");
    assert_true(points(scored(w, findings, ids, 1, &unwarned), "area_warning") == 0);
}

static void shows_where_it_stands(void **state) {
    world *w = *state;
    complaint c = river_garbage();
    finding *f = analysed(w, &c);
    int64_t id = 77;
    card *made = scored(w, &f, &id, 1, &nothing_more);
    const Wjz__Scoring__Factor *match = made->factors[2];
    assert_string_equal(match->id, "domain_match");
    assert_true(match->n_evidence > 0);
    const Wjz__Scoring__Evidence *evidence = match->evidence[0];
    assert_true(evidence->complaint == 77);
    assert_string_equal(evidence->rule, "eco_env.dump");
    assert_int_equal(evidence->span->field, WJZ__SCORING__FIELD__FIELD_TITLE);
    assert_memory_equal(c.title + evidence->span->from, "堆放垃圾", evidence->span->to - evidence->span->from);
}

static void refuses_nothing(void **state) {
    world *w = *state;
    card *c = NULL;
    wjz_err err = {0};
    assert_int_equal(score_matter(w->pack, NULL, NULL, 0, &nothing_more, w->arena, &c, &err), -22);
    assert_null(c);
    wjz_arena *small = wjz_arena_new(512);
    complaint report = river_garbage();
    finding *f = analysed(w, &report);
    int64_t id = 1;
    assert_int_equal(score_matter(w->pack, (const finding *const *)&f, &id, 1, &nothing_more, small, &c, &err), -12);
    assert_int_equal(analyse(w->pack, w->places, &report, small, &f, &err), -12);
    wjz_arena_destroy(&small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_worked_example),
        cmocka_unit_test(does_not_depend_on_arrival),
        cmocka_unit_test(does_not_depend_on_order),
        cmocka_unit_test(weighs_each_factor),
        cmocka_unit_test(counts_what_lies_in_the_window),
        cmocka_unit_test(sees_what_came_back),
        cmocka_unit_test(keeps_the_gates),
        cmocka_unit_test(bounds_what_is_learned),
        cmocka_unit_test(lifts_what_lies_in_a_warned_area),
        cmocka_unit_test(shows_where_it_stands),
        cmocka_unit_test(refuses_nothing),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
