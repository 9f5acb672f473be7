/* The index: the worked example to the point, what was learned beside it, and independence of order. Factors one by one
 * are in test_factors.c, stars and gates in test_stars.c. */
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

/* The observer's report, and the two hotline orders on the same spot that people were not satisfied with. */
static void worked_example(world *w, finding *findings[3]) {
    complaint reports[3] = {river_garbage(), river_garbage(), river_garbage()};
    for (int i = 1; i < 3; i++) {
        reports[i].source = SOURCE_HOTLINE;
        reports[i].satisfaction = DISSATISFIED;
        reports[i].reporter = (uint64_t)(11 + i);
        reports[i].received_at_us = DAY(40 + 20 * i);
    }
    for (int i = 0; i < 3; i++) {
        findings[i] = analysed(w, &reports[i]);
        findings[i]->copy = (uint64_t)(i + 1); /* each in words of their own */
    }
}

static void gives_the_worked_example(void **state) {
    world *w = *state;
    finding *findings[3];
    int64_t ids[] = {1, 2, 3};
    worked_example(w, findings);
    card *alone = scored(w, findings, ids, 1, &nothing_more), *joined = scored(w, findings, ids, 3, &nothing_more);
    static const struct {
        const char *factor;
        double alone, joined;
    } expected[] = {
        {"source_kind", 7, 7},     {"corroboration", 0, 2}, {"domain_match", 18, 18},    {"severity", 3, 3},
        {"scope", 7, 7},           {"persistence", 3, 3},   {"agency_identified", 7, 7}, {"handled_unsolved", 0, 0},
        {"dissatisfaction", 0, 8}, {"repetition", 0, 7},    {"location", 6, 6},          {"subject", 0, 0},
        {"evidence", 3, 3},        {"contact_time", 2, 2}};
    assert_int_equal(alone->n_factors, WJZ_COUNT(expected));
    for (size_t i = 0; i < WJZ_COUNT(expected); i++) {
        const char *factor = expected[i].factor;
        assert_string_equal(alone->factors[i]->id, factor);
        if (points(alone, factor) != expected[i].alone || points(joined, factor) != expected[i].joined)
            fail_msg("%s is %g and %g", factor, points(alone, factor), points(joined, factor));
    }
    assert_int_equal(alone->n_adjustments, 0);
    assert_true(alone->index == 56);
    assert_int_equal(alone->stars, 3);
    assert_string_equal(alone->domain, "eco_env");
    assert_string_equal(alone->branch, "public_interest");
    assert_true(joined->index == 73);
    assert_int_equal(joined->stars, 5);
    assert_int_equal(joined->n_gates, 0);
    assert_true(joined->focus);
    assert_int_equal(joined->repeat_count, 3);
    assert_int_equal(joined->reporter_count, 3);
}

/* domain.md knows rules only: 56 and 73 are what they give, and what is left when the model says nothing. With the
 * shipped model the rules still give 56 and 73, line by line; what was learned is one more line, and the index is their
 * sum. */
static void keeps_its_points_beside_what_was_learned(void **state) {
    world *w = *state, with_model = *w;
    finding *findings[3];
    int64_t ids[] = {1, 2, 3};
    wjz_err err = {0};
    if (rules_load(WJZ_SOURCE_DIR "/deploy/rules", true, &with_model.pack, &err) < 0) fail_msg("%s", err.text);
    worked_example(&with_model, findings);
    static const struct {
        size_t count;
        double by_rules;
    } cases[] = {{1, 56}, {3, 73}};
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        card *c = scored(&with_model, findings, ids, cases[i].count, &nothing_more);
        double sum = 0, learned = points(c, "learned");
        for (size_t k = 0; k < c->n_factors; k++)
            sum += c->factors[k]->points;
        assert_true(sum == cases[i].by_rules);
        assert_true(*c->model);
        assert_true(c->index > sum + learned - 1e-9 && c->index < sum + learned + 1e-9);
    }
    rule_pack_destroy(&with_model.pack);
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

static void counts_what_lies_in_the_window(void **state) {
    world *w = *state;
    finding *findings[6];
    int64_t ids[6];
    for (int i = 0; i < 6; i++) {
        complaint c = river_garbage();
        c.reporter = (uint64_t)(i + 1);
        c.received_at_us = DAY(i == 0 ? 0 : 180 + i);
        findings[i] = analysed(w, &c);
        findings[i]->copy = (uint64_t)(i + 1);
        ids[i] = i + 1;
    }
    static const double by_count[] = {0, 0, 4, 7, 7, 10};
    for (size_t count = 1; count <= 5; count++)
        assert_true(points(scored(w, findings + 1, ids + 1, count, &nothing_more), "repetition") == by_count[count]);
    card *all = scored(w, findings, ids, 6, &nothing_more);
    assert_int_equal(all->repeat_count, 5); /* the first lies 185 days back */
    assert_int_equal(all->complaint_count, 6);
}

static const Wjz__Scoring__Factor *factor_of(const card *c, const char *id) {
    for (size_t i = 0; i < c->n_factors; i++)
        if (strcmp(c->factors[i]->id, id) == 0) return c->factors[i];
    fail_msg("no factor %s", id);
    return NULL;
}

/* Within the window, outside of it, or not enough evidence: what has no time of report is neither. */
static void says_when_times_are_missing(void **state) {
    world *w = *state;
    finding *findings[3];
    int64_t ids[] = {1, 2, 3};
    for (int i = 0; i < 3; i++) {
        complaint c = river_garbage();
        c.reporter = (uint64_t)(i + 1);
        findings[i] = analysed(w, &c);
        findings[i]->copy = (uint64_t)(i + 1);
    }
    static const struct {
        int64_t times[3];
        uint32_t counted, undated;
        double points;
        bool undecided, corroborated, corroboration_undecided;
    } cases[] = {
        {{DAY(1), DAY(2), DAY(3)}, 3, 0, 7, false, true, false},
        {{DAY(1), DAY(300), DAY(301)}, 2, 0, 4, false, true, false},
        {{DAY(1), DAY(300), DAY(600)}, 1, 0, 0, false, false, false},
        {{DAY(1), DAY(2), 0}, 2, 1, 4, true, true, false},
        {{DAY(1), 0, 0}, 1, 2, 0, true, false, true},
        {{0, 0, 0}, 1, 3, 0, true, false, true},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        for (int j = 0; j < 3; j++)
            findings[j]->received_at_us = cases[i].times[j];
        const card *c = scored(w, findings, ids, 3, &nothing_more);
        const Wjz__Scoring__Factor *repetition = factor_of(c, "repetition"), *twice = factor_of(c, "corroboration");
        assert_int_equal(c->repeat_count, cases[i].counted);
        assert_int_equal(c->undated_count, cases[i].undated);
        assert_true(repetition->points == cases[i].points);
        assert_int_equal(!!repetition->undecided, cases[i].undecided);
        assert_int_equal(twice->points > 0, cases[i].corroborated);
        assert_int_equal(!!twice->undecided, cases[i].corroboration_undecided);
    }
}

/* Complaints, reporters and copies are counted apart: one text that many send is one voice, the same person in other words is one
 * more. */
static void counts_copies_apart(void **state) {
    world *w = *state;
    finding *findings[4];
    int64_t ids[] = {1, 2, 3, 4};
    for (int i = 0; i < 4; i++) {
        complaint c = river_garbage();
        c.reporter = (uint64_t)(i + 1);
        c.received_at_us = DAY(i);
        if (i == 3) c.content = "小罗村的河道里又有人堆放垃圾，请清理，并请查明是谁倒的。";
        findings[i] = analysed(w, &c);
    }
    assert_true(findings[0]->copy != 0 && findings[0]->copy == findings[1]->copy);
    assert_true(findings[3]->copy != 0 && findings[3]->copy != findings[0]->copy);
    const card *copies = scored(w, findings, ids, 3, &nothing_more), *all = scored(w, findings, ids, 4, &nothing_more);
    assert_int_equal(copies->complaint_count, 3);
    assert_int_equal(copies->reporter_count, 3);
    assert_int_equal(copies->copy_count, 2);
    assert_int_equal(copies->repeat_count, 1);
    assert_true(points(copies, "repetition") == 0);
    assert_true(points(copies, "corroboration") == 0);
    assert_int_equal(all->copy_count, 2);
    assert_int_equal(all->repeat_count, 2);
    assert_true(points(all, "corroboration") > 0);
    findings[3]->reporter = findings[0]->reporter; /* no other person, yet reported again */
    all = scored(w, findings, ids, 4, &nothing_more);
    assert_int_equal(all->reporter_count, 3);
    assert_int_equal(all->repeat_count, 2);
    assert_true(points(all, "corroboration") == 0);
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
        cmocka_unit_test(keeps_its_points_beside_what_was_learned),
        cmocka_unit_test(does_not_depend_on_arrival),
        cmocka_unit_test(does_not_depend_on_order),
        cmocka_unit_test(counts_what_lies_in_the_window),
        cmocka_unit_test(says_when_times_are_missing),
        cmocka_unit_test(counts_copies_apart),
        cmocka_unit_test(sees_what_came_back),
        cmocka_unit_test(lifts_what_lies_in_a_warned_area),
        cmocka_unit_test(shows_where_it_stands),
        cmocka_unit_test(refuses_nothing),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
