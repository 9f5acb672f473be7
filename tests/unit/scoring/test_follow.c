/* Turns of a region on a real server: one after another within the process, one ahead of another that commits, and what
 * becomes of one that has gone ahead in vain. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scoring/follow.h"
#include "support/test_db.h"

enum { REGION = 510184 };

static test_db *server;
static wjz_loop *loop;
static wjz_db *db;
static followed *regions;

/* A turn in which nothing changed, as journal.h writes it. */
static const unsigned char NOTHING[13] = {5};

static int set_up(WJZ_UNUSED void **state) {
    server = test_db_new();
    return 0;
}

static int tear_down(WJZ_UNUSED void **state) {
    test_db_destroy(&server);
    return 0;
}

static void run(wjz_call_fn *body) {
    const wjz_db_options options = {.url = test_db_url(server), .application = "test", .connections = 3};
    test_db_run(server, "DELETE FROM scoring.journal");
    test_db_in_fiber(&options, body, &loop, &db);
    follow_destroy(&regions);
}

static wjz_tx *begin(followed **ret_region) {
    wjz_err err = {0};
    wjz_tx *tx = NULL;
    assert_int_equal(wjz_tx_begin(db, &tx, &err), 0);
    assert_int_equal(follow_enter(&regions, loop, tx, REGION, ret_region, &err), 0);
    return tx;
}

static int lock(followed *region, wjz_tx *tx) {
    wjz_err err = {0};
    return follow_lock(region, tx, wjz_tx_arena(tx), &err);
}

static void write_turn(followed *region, wjz_tx *tx) {
    assert_int_equal(follow_turn(region, tx, NOTHING, sizeof NOTHING), 0);
    follow_hand_over(region, tx);
}

static int commit(wjz_tx *tx) {
    wjz_err err = {0};
    return wjz_tx_commit(&tx, &err);
}

/* A turn that is queued, and not committed. */
static wjz_tx *take_turn(void) {
    followed *region = NULL;
    wjz_tx *tx = begin(&region);
    assert_int_equal(lock(region, tx), 0);
    write_turn(region, tx);
    return tx;
}

static int64_t turns(void) {
    return test_db_int(server, "SELECT count(*) FROM scoring.journal");
}

static void one_goes_ahead_while_another_commits(WJZ_UNUSED void *arg) {
    followed *region = NULL;
    wjz_tx *first = take_turn(), *second = begin(&region);
    assert_true(follow_go_ahead(region));
    assert_int_equal(commit(first), 0);
    assert_int_equal(lock(region, second), 0);
    write_turn(region, second);
    assert_int_equal(commit(second), 0);
    assert_int_equal(turns(), 2);
    wjz_tx *third = begin(&region);
    assert_false(follow_go_ahead(region)); /* nothing is being committed */
    assert_int_equal(lock(region, third), 0);
    wjz_tx_abort(&third);
}

/* Asks for the lock beside other things; false where it is not to be had without waiting. */
static bool ask_idle(wjz_tx *tx, followed **ret_region) {
    wjz_err err = {0};
    if (!follow_enter_idle(&regions, loop, tx, REGION, ret_region)) return false;
    assert_int_equal(follow_ask(*ret_region, tx), 0);
    assert_int_equal(wjz_tx_wait(tx, NULL, &err), 0);
    assert_int_equal(follow_answer(*ret_region, tx, wjz_tx_arena(tx), &err), 0);
    return true;
}

static wjz_tx *begin_alone(void) {
    wjz_err err = {0};
    wjz_tx *tx = NULL;
    assert_int_equal(wjz_tx_begin(db, &tx, &err), 0);
    return tx;
}

static void an_idle_region_is_locked_along_with_the_first_question(WJZ_UNUSED void *arg) {
    followed *region = NULL;
    wjz_tx *early = begin_alone();
    assert_false(ask_idle(early, &region)); /* its index is not at hand */
    wjz_tx *first = take_turn();
    assert_false(ask_idle(early, &region)); /* the first one is being committed */
    assert_int_equal(commit(first), 0);
    assert_true(ask_idle(early, &region));
    wjz_tx *other = begin_alone();
    assert_false(ask_idle(other, &region)); /* somebody is in it */
    assert_false(follow_go_ahead(region));
    assert_int_equal(lock(region, early), 0);
    write_turn(region, early);
    assert_int_equal(commit(early), 0);
    assert_int_equal(turns(), 2);
    wjz_tx_abort(&other);
}

/* What it was told with the lock counts for its own transaction alone. */
static void one_that_asked_and_failed_leaves_nothing_behind(WJZ_UNUSED void *arg) {
    followed *region = NULL;
    assert_int_equal(commit(take_turn()), 0);
    wjz_tx *failed = begin_alone();
    assert_true(ask_idle(failed, &region));
    wjz_tx_abort(&failed);
    test_db_run(server, "INSERT INTO scoring.journal (region, turn, stamp, entries) SELECT region, 2, 7, entries FROM"
                        " scoring.journal");
    wjz_tx *next = begin_alone();
    assert_true(ask_idle(next, &region));
    assert_int_equal(lock(region, next), 0);
    write_turn(region, next);
    assert_int_equal(commit(next), 0);
    assert_int_equal(turns(), 3);
}

static void one_that_was_not_committed_takes_what_went_ahead_of_it_along(WJZ_UNUSED void *arg) {
    followed *region = NULL;
    assert_int_equal(commit(take_turn()), 0);
    wjz_tx *first = take_turn(), *second = begin(&region);
    assert_true(follow_go_ahead(region));
    wjz_tx_abort(&first);
    assert_int_equal(lock(region, second), -EAGAIN);
    wjz_tx_abort(&second);
    assert_int_equal(commit(take_turn()), 0);
    assert_int_equal(turns(), 2);
}

static void another_process_between_makes_it_vain_and_stops_it(WJZ_UNUSED void *arg) {
    followed *region = NULL;
    wjz_tx *first = take_turn(), *second = begin(&region);
    assert_true(follow_go_ahead(region));
    assert_int_equal(commit(first), 0);
    test_db_run(server,
                "INSERT INTO scoring.journal (region, turn, stamp, entries) VALUES (%d, 2, 7,"
                " '\\x05000000000000000000000000')",
                REGION);
    assert_int_equal(lock(region, second), -EAGAIN);
    wjz_tx_abort(&second);
    wjz_tx *third = take_turn(), *fourth = begin(&region);
    assert_false(follow_go_ahead(region));
    assert_int_equal(commit(third), 0);
    assert_int_equal(lock(region, fourth), 0);
    wjz_tx_abort(&fourth);
    assert_int_equal(turns(), 3);
}

static void one_that_fails_ahead_leaves_nothing_behind(WJZ_UNUSED void *arg) {
    followed *region = NULL;
    wjz_tx *first = take_turn(), *second = begin(&region);
    assert_true(follow_go_ahead(region));
    wjz_tx_abort(&second);
    assert_int_equal(commit(first), 0);
    assert_int_equal(commit(take_turn()), 0);
    assert_int_equal(turns(), 2);
}

static const region_versions NONE_DEFINED = {0};

/* A turn that is queued whole without the lock, while another one is being committed. */
static wjz_tx *take_turn_ahead(const region_versions *versions) {
    followed *region = NULL;
    wjz_tx *tx = begin(&region);
    assert_true(follow_go_ahead(region));
    assert_int_equal(follow_expect(region, tx, versions), 0);
    write_turn(region, tx);
    return tx;
}

static void turns_follow_one_another_without_the_lock(WJZ_UNUSED void *arg) {
    wjz_tx *first = take_turn(), *second = take_turn_ahead(&NONE_DEFINED), *third = take_turn_ahead(&NONE_DEFINED);
    assert_int_equal(commit(first), 0);
    assert_int_equal(commit(second), 0);
    assert_int_equal(commit(third), 0);
    assert_int_equal(commit(take_turn()), 0);
    assert_int_equal(turns(), 4);
}

static void what_was_expected_and_is_not_so_fails_as_a_whole(WJZ_UNUSED void *arg) {
    followed *region = NULL;
    const region_versions defined = {.watches = 1};
    wjz_tx *first = take_turn(), *second = take_turn_ahead(&defined), *third = take_turn_ahead(&NONE_DEFINED);
    assert_int_equal(commit(first), 0);
    assert_int_equal(commit(second), -EAGAIN); /* no watch was ever defined here */
    assert_int_equal(commit(third), -EAGAIN);  /* it would have come after the second one */
    assert_int_equal(turns(), 1);
    wjz_tx *fourth = take_turn(), *fifth = begin(&region);
    assert_false(follow_go_ahead(region)); /* not soon again */
    assert_int_equal(commit(fourth), 0);
    assert_int_equal(lock(region, fifth), 0);
    wjz_tx_abort(&fifth);
    assert_int_equal(turns(), 2);
}

/* As when another process was quicker with a complaint: the next try is to see that with the lock. */
static void what_others_have_written_already_fails_as_well(WJZ_UNUSED void *arg) {
    static const wjz_stmt twice = {"test_twice",
                                   "INSERT INTO scoring.journal (region, turn, stamp, entries) SELECT region, turn, 7, "
                                   "entries FROM scoring.journal",
                                   0};
    followed *region = NULL;
    wjz_tx *first = take_turn(), *second = begin(&region);
    assert_true(follow_go_ahead(region));
    assert_int_equal(follow_expect(region, second, &NONE_DEFINED), 0);
    assert_int_equal(wjz_tx_send(second, &twice, NULL, 0), 0);
    write_turn(region, second);
    assert_int_equal(commit(first), 0);
    assert_int_equal(commit(second), -EEXIST);
    wjz_tx *third = take_turn(), *fourth = begin(&region);
    assert_false(follow_go_ahead(region));
    assert_int_equal(commit(third), 0);
    wjz_tx_abort(&fourth);
    assert_int_equal(turns(), 2);
}

static bool committed;

static void commit_later(void *arg) {
    wjz_tx *tx = arg;
    wjz_fiber_yield(loop);
    assert_int_equal(commit(tx), 0);
    committed = true;
}

/* The server could give it the lock before one that comes earlier has asked. */
static void whoever_wants_the_lock_lets_those_before_end(WJZ_UNUSED void *arg) {
    followed *region = NULL;
    wjz_tx *first = take_turn(), *second = take_turn_ahead(&NONE_DEFINED), *third = begin(&region);
    assert_true(follow_go_ahead(region));
    assert_int_equal(commit(first), 0);
    committed = false;
    assert_int_equal(wjz_fiber_spawn(loop, commit_later, second), 0);
    assert_int_equal(lock(region, third), 0);
    assert_true(committed);
    write_turn(region, third);
    assert_int_equal(commit(third), 0);
    assert_int_equal(turns(), 3);
}

static void what_is_noted_beside_the_index_is_a_turn(WJZ_UNUSED void *arg) {
    followed *region = NULL;
    wjz_tx *first = begin(&region);
    assert_int_equal(lock(region, first), 0);
    assert_int_equal(follow_note(region, first), 0);
    follow_hand_over(region, first);
    assert_int_equal(commit(first), 0);
    assert_int_equal(turns(), 1);
    follow_destroy(&regions); /* and one that can be read */
    assert_int_equal(commit(take_turn()), 0);
    assert_int_equal(turns(), 2);
}

static bool entered;
static wjz_event left;

static void wait_for_turn(WJZ_UNUSED void *arg) {
    followed *region = NULL;
    wjz_tx *tx = begin(&region);
    entered = true;
    wjz_tx_abort(&tx);
    wjz_event_set(loop, &left);
}

/* Until what is handed over early, or with the end of a transaction that does not. */
static void others_wait(WJZ_UNUSED void *arg) {
    for (int handed_over = 0; handed_over < 2; handed_over++) {
        followed *region = NULL;
        wjz_tx *tx = begin(&region);
        wjz_err err = {0};
        assert_int_equal(follow_enter(&regions, loop, tx, REGION, &region, &err), 0); /* it is in already */
        entered = false;
        wjz_event_clear(&left);
        assert_int_equal(wjz_fiber_spawn(loop, wait_for_turn, NULL), 0);
        for (int i = 0; i < 10; i++)
            wjz_fiber_yield(loop);
        assert_false(entered);
        if (handed_over)
            follow_hand_over(region, tx);
        else
            wjz_tx_abort(&tx);
        wjz_event_wait(loop, &left);
        assert_true(entered);
        wjz_tx_abort(&tx);
    }
}

#define TEST(fn)                                                                                                       \
    static void test_##fn(WJZ_UNUSED void **state) {                                                                   \
        run(fn);                                                                                                       \
    }
TEST(one_goes_ahead_while_another_commits)
TEST(an_idle_region_is_locked_along_with_the_first_question)
TEST(one_that_asked_and_failed_leaves_nothing_behind)
TEST(one_that_was_not_committed_takes_what_went_ahead_of_it_along)
TEST(another_process_between_makes_it_vain_and_stops_it)
TEST(one_that_fails_ahead_leaves_nothing_behind)
TEST(turns_follow_one_another_without_the_lock)
TEST(what_was_expected_and_is_not_so_fails_as_a_whole)
TEST(what_others_have_written_already_fails_as_well)
TEST(whoever_wants_the_lock_lets_those_before_end)
TEST(what_is_noted_beside_the_index_is_a_turn)
TEST(others_wait)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_goes_ahead_while_another_commits),
        cmocka_unit_test(test_an_idle_region_is_locked_along_with_the_first_question),
        cmocka_unit_test(test_one_that_asked_and_failed_leaves_nothing_behind),
        cmocka_unit_test(test_one_that_was_not_committed_takes_what_went_ahead_of_it_along),
        cmocka_unit_test(test_another_process_between_makes_it_vain_and_stops_it),
        cmocka_unit_test(test_one_that_fails_ahead_leaves_nothing_behind),
        cmocka_unit_test(test_turns_follow_one_another_without_the_lock),
        cmocka_unit_test(test_what_was_expected_and_is_not_so_fails_as_a_whole),
        cmocka_unit_test(test_what_others_have_written_already_fails_as_well),
        cmocka_unit_test(test_whoever_wants_the_lock_lets_those_before_end),
        cmocka_unit_test(test_what_is_noted_beside_the_index_is_a_turn),
        cmocka_unit_test(test_others_wait),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
