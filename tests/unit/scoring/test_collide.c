/* Collisions: every rule of the deployed pack found, missed and at its edge; the card names the records; the order of
 * what is given does not matter; what is wrong in the file is told with its line. */
#include <stdio.h>
#include <string.h>

#include "unit/scoring/situation.h"

typedef Wjz__Scoring__Finding finding;
typedef Wjz__Scoring__ScoreCard card;

static complaint river(int day) {
    complaint c = blank_complaint();
    c.title = "小罗村河道堆放垃圾";
    c.content = "小罗村的河道里堆放了大量垃圾，请尽快清理。";
    c.received_at_us = DAY(day);
    return c;
}

static card *scored(world *w, finding **findings, size_t count, const near_fact *near, size_t near_count) {
    static const int64_t ids[] = {1, 2, 3};
    matter_context context = {.near = near, .near_count = near_count};
    card *c = NULL;
    wjz_err err = {0};
    if (score_matter(w->pack, (const finding *const *)findings, ids, count, &context, w->arena, &c, &err) < 0)
        fail_msg("%s", err.text);
    return c;
}

static const Wjz__Scoring__Collision *found(const card *c, const char *rule) {
    for (size_t i = 0; i < c->n_collisions; i++)
        if (strcmp(c->collisions[i]->rule, rule) == 0) return c->collisions[i];
    return NULL;
}

static const Wjz__Scoring__Factor *factor(const card *c, const char *id) {
    for (size_t i = 0; i < c->n_factors; i++)
        if (strcmp(c->factors[i]->id, id) == 0) return c->factors[i];
    fail_msg("no factor %s", id);
    return NULL;
}

static void closed_and_back(void **state) {
    world *w = *state;
    complaint first = river(10), again = river(30);
    first.finished_at_us = DAY(20);
    finding *findings[] = {analysed(w, &first), analysed(w, &again)};
    const Wjz__Scoring__Collision *c = found(scored(w, findings, 2, NULL, 0), "collision.closed_and_back");
    assert_non_null(c);
    assert_string_equal(c->factor, "handled_unsolved");
    assert_int_equal(c->n_records, 2);
    assert_string_equal(c->records[0]->kind, "complaint");
    assert_string_equal(c->records[0]->note, "closed");
    assert_int_equal(c->records[0]->id, 1);
    assert_true(c->records[0]->at_us == DAY(20));
    assert_int_equal(c->records[1]->id, 2);
    static const struct {
        int64_t received, finished;
        bool found, undecided;
    } edges[] = {{DAY(20), DAY(20), false, false}, {DAY(20) + 1, DAY(20), true, false},
                 {0, DAY(20), true, true},          {DAY(30), 0, true, true},
                 {DAY(9), 0, false, false} /* before the other one came, so before it was closed */};
    for (size_t i = 0; i < WJZ_COUNT(edges); i++) {
        findings[1]->received_at_us = edges[i].received;
        findings[0]->finished_at_us = edges[i].finished;
        findings[0]->closed = true;
        const card *edge = scored(w, findings, 2, NULL, 0);
        c = found(edge, "collision.closed_and_back");
        assert_int_equal(c != NULL, edges[i].found);
        if (!c) continue;
        assert_int_equal(!!c->undecided, edges[i].undecided);
        assert_true((c->points > 0) == !edges[i].undecided);
        assert_true((factor(edge, "handled_unsolved")->points > 0) == !edges[i].undecided);
    }
}

/* Every rule of the deployed pack, with the records that its card names: what kind each is, which one, and what of it
 * collides. */
static void names_the_records_of_every_rule(void **state) {
    world *w = *state;
    static const struct {
        const char *rule, *records;
        situation given;
    } cases[] = {
        {"collision.closed_and_back",
         "complaint 1 closed; complaint 2 reported; ",
         {.reports = {{.closed_on = 10}, {.day = 20}}}},
        {"collision.not_executed",
         "enforcement 9 not_executed D-9; ",
         {.near = {{NEAR_NOT_EXECUTED, 9, DAY(1), "D-9", 0}}}},
        {"collision.rectified",
         "enforcement 9 rectified D-9; complaint 1 reported; ",
         {.reports = {{.day = 20}}, .near = {{NEAR_RECTIFIED, 9, DAY(10), "D-9", 0}}}},
        {"collision.recurred",
         "outcome 9 mediated; complaint 1 reported; ",
         {.reports = {{.day = 20}}, .near = {{NEAR_MEDIATED, 9, DAY(10), "", 0}}}},
        {"collision.recurred_settled",
         "outcome 9 settled; complaint 1 reported; ",
         {.reports = {{.day = 20}}, .near = {{NEAR_SETTLED, 9, DAY(10), "", 0}}}},
        {"collision.licence_withdrawn",
         "enforcement 9 licence_withdrawn D-9; complaint 1 reported; ",
         {.reports = {{.day = 20}}, .near = {{NEAR_LICENCE_WITHDRAWN, 9, DAY(10), "D-9", 0}}}},
        {"collision.refuted_but_punished",
         "complaint 1 reported; enforcement 9 punished D-9; ",
         {.reports = {{.reply = "经核查，反映的情况不属实。"}}, .near = {{NEAR_PUNISHED, 9, DAY(1), "D-9", 0}}}},
        {"collision.several_towns",
         "enforcement 9 punished D-9; clue 8 other_town; ",
         {.reports = {{.content = "怀远镇河道堆放垃圾"}},
          .near = {{NEAR_PUNISHED, 9, DAY(1), "D-9", 0}, {NEAR_OTHER_TOWN, 8, 0, "", 510184105}}}},
    };
    assert_int_equal(w->pack->collision_count, WJZ_COUNT(cases));
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        const Wjz__Scoring__Collision *c = found(card_of(w, &cases[i].given), cases[i].rule);
        char records[256] = "";
        if (!c) fail_msg("%s is not found", cases[i].rule);
        for (size_t k = 0; k < c->n_records; k++) {
            size_t used = strlen(records);
            const Wjz__Scoring__CollidingRecord *r = c->records[k];
            snprintf(records + used, sizeof records - used, "%s %d %s%s%s; ", r->kind, (int)r->id, r->note,
                     *r->number ? " " : "", r->number);
        }
        assert_string_equal(records, cases[i].records);
    }
}

/* One fact, and whether a complaint of day 30 collides with it. */
static void finds_each_rule(void **state) {
    world *w = *state;
    static const struct {
        const char *rule, *factor;
        near_fact fact;
        double points; /* 0: not found; without a time of the record: undecided */
    } cases[] = {
        {"collision.not_executed", "handled_unsolved", {NEAR_NOT_EXECUTED, 7, DAY(40), "D-7", 0}, 10},
        {"collision.not_executed", "handled_unsolved", {NEAR_PUNISHED, 7, DAY(1), "D-7", 0}, 0},
        {"collision.rectified", "handled_unsolved", {NEAR_RECTIFIED, 7, DAY(29), "D-7", 0}, 10},
        {"collision.rectified", "handled_unsolved", {NEAR_RECTIFIED, 7, DAY(30), "D-7", 0}, 0},
        {"collision.rectified", "handled_unsolved", {NEAR_RECTIFIED, 7, 0, "D-7", 0}, 0},
        {"collision.recurred", "handled_unsolved", {NEAR_MEDIATED, 7, DAY(29), "", 0}, 10},
        {"collision.recurred", "handled_unsolved", {NEAR_MEDIATED, 7, DAY(31), "", 0}, 0},
        {"collision.recurred_settled", "handled_unsolved", {NEAR_SETTLED, 7, DAY(29), "", 0}, 10},
        {"collision.recurred_settled", "handled_unsolved", {NEAR_SETTLED, 7, DAY(31), "", 0}, 0},
        {"collision.licence_withdrawn", "handled_unsolved", {NEAR_LICENCE_WITHDRAWN, 7, DAY(29), "D-7", 0}, 10},
        {"collision.licence_withdrawn", "handled_unsolved", {NEAR_LICENCE_WITHDRAWN, 7, DAY(31), "D-7", 0}, 0},
    };
    complaint c = river(30);
    finding *findings[] = {analysed(w, &c)};
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        card *scored_card = scored(w, findings, 1, &cases[i].fact, 1);
        const Wjz__Scoring__Collision *collision = found(scored_card, cases[i].rule);
        bool undecided = cases[i].fact.at_us == 0;
        if (!!collision != (cases[i].points > 0 || undecided)) fail_msg("case %zu: %s", i, cases[i].rule);
        if (collision && !!collision->undecided != undecided) fail_msg("case %zu: undecided", i);
        if (factor(scored_card, cases[i].factor)->points != cases[i].points) fail_msg("case %zu: points", i);
        if (!collision) continue;
        assert_int_equal(collision->records[0]->id, 7);
        assert_string_equal(collision->records[0]->number, cases[i].fact.number);
        if (!undecided)
            assert_string_equal(factor(scored_card, cases[i].factor)->evidence[0]->rule, cases[i].rule);
    }
}

static void a_refusal_contradicts_a_penalty(void **state) {
    world *w = *state;
    const near_fact punished = {NEAR_PUNISHED, 7, DAY(1), "D-7", 0};
    complaint c = river(30);
    c.handle_result = "经核查，您反映的情况不属实。";
    finding *findings[] = {analysed(w, &c)};
    assert_non_null(found(scored(w, findings, 1, &punished, 1), "collision.refuted_but_punished"));
    assert_null(found(scored(w, findings, 1, NULL, 0), "collision.refuted_but_punished"));
    c.handle_result = "经核查，您反映的情况属实，已责令整改。";
    findings[0] = analysed(w, &c);
    assert_null(found(scored(w, findings, 1, &punished, 1), "collision.refuted_but_punished"));
}

static void several_towns(void **state) {
    world *w = *state;
    near_fact near[] = {{NEAR_PUNISHED, 7, DAY(1), "D-7", 0}, {NEAR_OTHER_TOWN, 88, DAY(3), "", 510184107}};
    complaint c = river(30);
    finding *findings[] = {analysed(w, &c)};
    findings[0]->place->town = 510184105;
    card *scored_card = scored(w, findings, 1, near, 2);
    const Wjz__Scoring__Collision *collision = found(scored_card, "collision.several_towns");
    assert_non_null(collision);
    assert_string_equal(collision->records[1]->kind, "clue");
    assert_int_equal(collision->records[1]->id, 88);
    assert_true(factor(scored_card, "scope")->points == 7);
    near[1].town = 510184105; /* the same town */
    assert_null(found(scored(w, findings, 1, near, 2), "collision.several_towns"));
    near[1].town = 510184107;
    findings[0]->place->town = 0; /* its own is not known */
    assert_null(found(scored(w, findings, 1, near, 2), "collision.several_towns"));
    findings[0]->place->town = 510184105;
    assert_null(found(scored(w, findings, 1, near + 1, 1), "collision.several_towns")); /* never punished */
}

/* --- the file --- */

static int load(const char *collisions, rule_pack **ret_pack, wjz_err *err) {
    wjz_arena *arena = wjz_arena_new(0);
    pack_files files, changed = {0};
    assert_int_equal(pack_files_read(WJZ_SOURCE_DIR "/deploy/rules", arena, &files, err), 0);
    changed.list = wjz_arena_calloc(arena, files.count, sizeof *changed.list);
    for (size_t i = 0; i < files.count; i++) {
        if (strcmp(files.list[i].name, "model.bin") == 0) continue;
        changed.list[changed.count] = files.list[i];
        if (strcmp(files.list[i].name, "collisions.yaml") == 0)
            changed.list[changed.count].data = (wjz_blob){collisions, strlen(collisions)};
        changed.count++;
    }
    int r = rules_load_files(&changed, "", false, ret_pack, err);
    wjz_arena_destroy(&arena);
    return r;
}

static void says_where_the_file_is_wrong(void **state) {
    (void)state;
    static const struct {
        const char *rule, *expected;
    } cases[] = {
        {"{id: a, zh: a, en: a, records: [{state: closd}]}", "collisions.yaml:2: unknown state \"closd\""},
        {"{id: a, zh: a, en: a, records: []}", "collisions.yaml:2: records must name 1 to 3 records"},
        {"{id: a, zh: a, en: a, points: 5, records: [{state: closed, after: 1}]}", "the first record cannot have"},
        {"{id: a, zh: a, en: a, records: [{state: closed}, {state: reported, after: 2}]}", "collisions.yaml:2"},
        {"{id: a, zh: a, en: a, records: [{state: closed}, {state: reported, within_days: 3}]}", "needs \"after\""},
        {"{id: a, zh: a, en: a, factor: location, points: 3, records: [{state: closed}]}", "raise the factor"},
        {"{id: a, zh: a, en: a, factor: scope, records: [{state: closed}]}", "points must be"},
        {"{id: a, zh: a, en: a, records: [{state: reported, hit: no.such}]}", "the pack has no rule \"no.such\""},
        {"{id: a, zh: a, en: a, records: [{state: punished, hit: reply.refuted}]}", "only complaints have"},
        {"{id: a, zh: a, en: a, colour: red, records: [{state: closed}]}", "collisions.yaml:2"},
        {"{id: a, en: a, records: [{state: closed}]}", "collisions.yaml:2"},
        {"{id: a, zh: a, en: a, records: [{state: closed}]}\n  - {id: a, zh: a, en: a, records: [{state: closed}]}",
         "collisions.yaml:3: the id \"a\" is taken by the collision at collisions.yaml:2"},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        rule_pack *pack = NULL;
        wjz_err err = {0};
        char text[600];
        snprintf(text, sizeof text, "collisions:\n  - %s\n", cases[i].rule);
        assert_true(load(text, &pack, &err) < 0);
        if (!strstr(err.text, cases[i].expected)) fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].expected);
    }
}

static void bounds_the_time_between(void **state) {
    world *w = *state;
    rule_pack *pack = NULL, *deployed = w->pack;
    wjz_err err = {0};
    complaint first = river(10), again = river(30);
    first.finished_at_us = DAY(20);
    finding *findings[] = {analysed(w, &first), analysed(w, &again)};
    if (load("collisions:\n  - {id: a, zh: a, en: a, records: [{state: closed}, {state: reported, after: 1, "
             "within_days: 10}]}\n",
             &pack, &err) < 0)
        fail_msg("%s", err.text);
    w->pack = pack;
    assert_non_null(found(scored(w, findings, 2, NULL, 0), "a"));
    findings[1]->received_at_us = DAY(30) + 1;
    assert_null(found(scored(w, findings, 2, NULL, 0), "a"));
    w->pack = deployed;
    rule_pack_destroy(&pack);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(closed_and_back, world_open, world_close),
        cmocka_unit_test_setup_teardown(names_the_records_of_every_rule, world_open, world_close),
        cmocka_unit_test_setup_teardown(finds_each_rule, world_open, world_close),
        cmocka_unit_test_setup_teardown(a_refusal_contradicts_a_penalty, world_open, world_close),
        cmocka_unit_test_setup_teardown(several_towns, world_open, world_close),
        cmocka_unit_test(says_where_the_file_is_wrong),
        cmocka_unit_test_setup_teardown(bounds_the_time_between, world_open, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
