/* A text that is typed in gets the card that a complaint with it would get; and what differs between two cards. */
#include <errno.h>
#include <string.h>

#include "scoring/card_diff.h"
#include "scoring/explain.h"
#include "scoring/score.h"
#include "unit/scoring/world.h"

static const char *const TEXT = "小罗村的河道里堆放了大量垃圾，已经两个多月，影响全村人用水，请尽快清理。";

static void gives_the_card_of_such_a_complaint(void **state) {
    world *w = *state;
    wjz_err err = {0};
    Wjz__Scoring__ExplainText asked = WJZ__SCORING__EXPLAIN_TEXT__INIT;
    Wjz__Scoring__Explanation explanation;
    asked.title = (char *)"小罗村河道堆放垃圾";
    asked.text = (char *)TEXT;
    assert_int_equal(explain(w->pack, w->places, &asked, 510184, 1, w->arena, &explanation, &err), 0);
    complaint c = blank_complaint();
    c.title = asked.title;
    c.content = TEXT;
    c.received_at_us = 1;
    const Wjz__Scoring__Finding *finding = analysed(w, &c);
    const matter_context nothing = {0};
    Wjz__Scoring__ScoreCard *card = NULL;
    assert_int_equal(score_matter(w->pack, &finding, (const int64_t[]){1}, 1, &nothing, w->arena, &card, &err), 0);
    assert_true(explanation.card->index == card->index);
    assert_string_equal(explanation.card->domain, "eco_env");
    assert_string_equal(explanation.outline->version, rule_pack_version(w->pack));
    assert_true(explanation.outline->n_domains == w->pack->domain_count);
    assert_true(explanation.outline->n_collisions == w->pack->collision_count);
    assert_true(explanation.outline->stars_five == w->pack->stars.five);
}

static void takes_replies_and_ratings(void **state) {
    world *w = *state;
    wjz_err err = {0};
    Wjz__Scoring__ExplainText asked = WJZ__SCORING__EXPLAIN_TEXT__INIT;
    Wjz__Scoring__Explanation plain, rated;
    asked.text = (char *)TEXT;
    assert_int_equal(explain(w->pack, w->places, &asked, 510184, 1, w->arena, &plain, &err), 0);
    asked.satisfaction = VERY_DISSATISFIED;
    asked.handler_unit = (char *)"生态环境局";
    assert_int_equal(explain(w->pack, w->places, &asked, 510184, 1, w->arena, &rated, &err), 0);
    assert_true(rated.card->index > plain.card->index);
    asked.satisfaction = 4711; /* no such rating */
    assert_int_equal(explain(w->pack, w->places, &asked, 510184, 1, w->arena, &rated, &err), 0);
    const Wjz__Scoring__ChangeReasons *why = card_diff(plain.card, rated.card, w->arena);
    assert_non_null(why);
    for (size_t i = 1; i < why->n_factors; i++) {
        double larger = why->factors[i - 1]->after - why->factors[i - 1]->before,
               smaller = why->factors[i]->after - why->factors[i]->before;
        assert_true(larger * larger >= smaller * smaller);
    }
    assert_int_equal(card_diff(plain.card, plain.card, w->arena)->n_factors, 0);
}

static void refuses_what_is_too_long(void **state) {
    world *w = *state;
    wjz_err err = {0};
    Wjz__Scoring__ExplainText asked = WJZ__SCORING__EXPLAIN_TEXT__INIT;
    Wjz__Scoring__Explanation explanation;
    char *text = wjz_arena_alloc(w->arena, EXPLAIN_BYTES + 2);
    memset(text, 'x', EXPLAIN_BYTES + 1);
    text[EXPLAIN_BYTES + 1] = '\0';
    asked.text = text;
    assert_int_equal(explain(w->pack, w->places, &asked, 510184, 1, w->arena, &explanation, &err), -EMSGSIZE);
    text[EXPLAIN_BYTES] = '\0';
    assert_int_equal(explain(w->pack, w->places, &asked, 510184, 1, w->arena, &explanation, &err), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_the_card_of_such_a_complaint, world_open, world_close),
        cmocka_unit_test_setup_teardown(takes_replies_and_ratings, world_open, world_close),
        cmocka_unit_test_setup_teardown(refuses_what_is_too_long, world_open, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
