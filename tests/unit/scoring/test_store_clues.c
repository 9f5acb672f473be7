/* Rows of clues on a real server: as few and as many, new and changed, and what the store refuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scoring/store.h"
#include "support/test_db.h"

enum { REGION = 510184, FEW = 2, MANY = 5 };

static test_db *server;
static wjz_loop *loop;
static wjz_db *db;

static int set_up(WJZ_UNUSED void **state) {
    server = test_db_new();
    return 0;
}

static int tear_down(WJZ_UNUSED void **state) {
    test_db_destroy(&server);
    return 0;
}

static void run(wjz_call_fn *body) {
    const wjz_db_options options = {
        .url = test_db_url(server), .application = "test", .connections = 1, .hot_path = true, .generic_plans = true};
    test_db_run(server, "DELETE FROM scoring.clue");
    test_db_in_fiber(&options, body, &loop, &db);
}

typedef int writer(wjz_tx *tx, int32_t region, const clue_row *rows, size_t count, wjz_arena *arena);

/* Clues 1 to count, all of this card. */
static int write_clues(writer *how, size_t count, Wjz__Scoring__ScoreCard *card, int32_t revision, wjz_err *err) {
    clue_row rows[MANY];
    wjz_tx *tx = NULL;
    card->pack = card->kind = card->branch = card->domain = card->subject = (char *)"text";
    for (size_t i = 0; i < count; i++)
        rows[i] = (clue_row){.id = (int64_t)i + 1,
                             .revision = revision,
                             .told = true,
                             .last_report_at_us = INT64_C(1700000000000000),
                             .feed = "feed",
                             .card = card,
                             .packed_card = {"card", 4}};
    assert_int_equal(wjz_tx_begin(db, &tx, err), 0);
    assert_int_equal(how(tx, REGION, rows, count, wjz_tx_arena(tx)), 0);
    return wjz_tx_commit(&tx, err);
}

static int64_t clues_of(const char *condition) {
    return test_db_int(server, "SELECT count(*) FROM scoring.clue WHERE %s", condition);
}

static void add_and_change(size_t count) {
    wjz_err err = {0};
    Wjz__Scoring__ScoreCard card = WJZ__SCORING__SCORE_CARD__INIT;
    card.index = 100;
    card.stars = 5;
    assert_int_equal(write_clues(store_add_clues, count, &card, 1, &err), 0);
    assert_int_equal(clues_of("stars = 5 AND told AND NOT urgent AND index = 100 AND revision = 1"), count);
    card.index = 0;
    card.stars = 1;
    card.urgent = true;
    assert_int_equal(write_clues(store_put_clues, count, &card, 2, &err), 0);
    assert_int_equal(clues_of("stars = 1 AND told AND urgent AND index = 0 AND revision = 2"), count);
    assert_int_equal(clues_of("true"), count);
}

static void few_are_added_and_changed(WJZ_UNUSED void *arg) {
    add_and_change(FEW);
}

static void many_are_added_and_changed(WJZ_UNUSED void *arg) {
    add_and_change(MANY);
}

static void what_is_out_of_range_is_refused(WJZ_UNUSED void *arg) {
    static const struct {
        double index;
        uint32_t stars;
        const char *column;
    } cases[] = {{100.5, 5, "index"}, {-0.5, 1, "index"}, {50, 0, "stars"}, {50, 6, "stars"}};
    for (size_t i = 0; i < 2 * WJZ_COUNT(cases); i++) {
        wjz_err err = {0};
        Wjz__Scoring__ScoreCard card = WJZ__SCORING__SCORE_CARD__INIT;
        card.index = cases[i / 2].index;
        card.stars = cases[i / 2].stars;
        assert_int_equal(write_clues(store_add_clues, i % 2 ? MANY : FEW, &card, 1, &err), -EINVAL);
        assert_non_null(strstr(err.text, cases[i / 2].column));
    }
    assert_int_equal(clues_of("true"), 0);
}

/* Whoever knew it at another revision is to look again, and nothing is changed. */
static void a_clue_is_changed_from_the_revision_before_alone(WJZ_UNUSED void *arg) {
    Wjz__Scoring__ScoreCard card = WJZ__SCORING__SCORE_CARD__INIT;
    wjz_err err = {0};
    wjz_tx *tx = NULL;
    card.stars = 1;
    assert_int_equal(write_clues(store_add_clues, MANY, &card, 1, &err), 0);
    assert_int_equal(write_clues(store_put_clues, FEW, &card, 3, &err), -EAGAIN);
    assert_non_null(strstr(err.text, "a clue is not as it was"));
    assert_int_equal(write_clues(store_put_clues, MANY, &card, 1, &err), -EAGAIN);
    assert_int_equal(wjz_tx_begin(db, &tx, &err), 0);
    const merged_row merged = {.id = 2, .into = 1, .revision = 4};
    assert_int_equal(store_merge_clues(tx, REGION, &merged, 1, wjz_tx_arena(tx)), 0);
    assert_int_equal(wjz_tx_commit(&tx, &err), -EAGAIN);
    assert_int_equal(clues_of("revision = 1 AND merged_into = 0"), MANY);
}

#define TEST(fn)                                                                                                       \
    static void test_##fn(WJZ_UNUSED void **state) {                                                                   \
        run(fn);                                                                                                       \
    }
TEST(few_are_added_and_changed)
TEST(many_are_added_and_changed)
TEST(what_is_out_of_range_is_refused)
TEST(a_clue_is_changed_from_the_revision_before_alone)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_are_added_and_changed),
        cmocka_unit_test(test_many_are_added_and_changed),
        cmocka_unit_test(test_what_is_out_of_range_is_refused),
        cmocka_unit_test(test_a_clue_is_changed_from_the_revision_before_alone),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
