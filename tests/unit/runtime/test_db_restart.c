/* The pool while the server stops, crashes, comes back, and while single connections are cut. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/test_db.h"
#include "wjz/clock.h"
#include "wjz/db.h"

static test_cluster *cluster;
static wjz_loop *loop;
static wjz_db *db;
static bool ended;

static const wjz_stmt MAKE = {"make", "CREATE TABLE IF NOT EXISTS kept (id int8 PRIMARY KEY)", 0};
static const wjz_stmt KEEP = {"keep", "INSERT INTO kept VALUES ($1)", 0};
static const wjz_stmt KEPT = {"kept", "SELECT count(*) FROM kept", 1};
static const wjz_stmt BACKEND = {"backend", "SELECT pg_backend_pid()", 1};
static const wjz_stmt CUT = {"cut", "SELECT pg_terminate_backend($1, 10000)", 1};
static const wjz_stmt CUT_MYSELF = {"cut_myself", "SELECT pg_terminate_backend(pg_backend_pid())", 1};

static int set_up(WJZ_UNUSED void **state) {
    cluster = test_cluster_new();
    return 0;
}

static int tear_down(WJZ_UNUSED void **state) {
    test_cluster_destroy(&cluster);
    return 0;
}

static void note_end(WJZ_UNUSED void *arg) {
    ended = true;
}

static void run(wjz_call_fn *body, int connections) {
    ended = false;
    wjz_err err = {0};
    assert_int_equal(wjz_loop_new(&loop, &err), 0);
    const wjz_db_options options = {.url = test_cluster_url(cluster), .connections = connections};
    assert_int_equal(wjz_db_open(loop, &options, &db, &err), 0);
    assert_int_equal(wjz_fiber_spawn(loop, body, NULL), 0);
    wjz_loop_run(loop);
    assert_true(ended);
    wjz_loop_destroy(&loop);
}

static wjz_tx *begin(void) {
    wjz_err err = {0};
    wjz_tx *tx = NULL;
    int r = wjz_tx_begin(db, &tx, &err);
    if (r < 0) fail_msg("%s", err.text);
    return tx;
}

static int64_t ask(wjz_tx *tx, const wjz_stmt *stmt) {
    wjz_err err = {0};
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(tx, stmt, NULL, 0, &rows, &err);
    if (r < 0) fail_msg("%s", err.text);
    return stmt->columns ? wjz_row_int(rows, 0, 0) : 0;
}

static void wait_until_ready(bool ready) {
    for (int64_t limit = wjz_clock_monotonic_us() + 120 * WJZ_SECOND_US; wjz_db_ready(db) != ready;) {
        assert_true(wjz_clock_monotonic_us() < limit);
        wjz_fiber_sleep(loop, 1);
    }
}

static int after_result;

static void note_after(WJZ_UNUSED void *arg, int result) {
    after_result = result;
}

/* --- the server goes and comes back --- */

static void restart_body(WJZ_UNUSED void *arg) {
    wjz_err err = {0};
    wjz_tx *tx = begin();
    ask(tx, &MAKE);
    assert_int_equal(wjz_tx_commit(&tx, &err), 0);

    wjz_tx *open = begin();
    assert_int_equal(wjz_tx_query_v(open, &KEEP, NULL, &err, wjz_i64(1)), 0);
    test_cluster_stop(cluster);
    assert_int_equal(wjz_tx_query_v(open, &KEEP, NULL, &err, wjz_i64(2)), -ECONNRESET);
    assert_int_equal(wjz_tx_send_v(open, &KEEP, wjz_i64(3)), -ECONNRESET);
    after_result = 0;
    assert_int_equal(wjz_tx_after(open, note_after, NULL), 0);
    assert_int_equal(wjz_tx_commit(&open, &err), -ECONNRESET);
    assert_int_equal(after_result, -ECONNRESET);
    wait_until_ready(false);

    test_cluster_start(cluster);
    tx = begin(); /* waits until it is back */
    assert_int_equal(ask(tx, &KEPT), 0);
    assert_int_equal(wjz_tx_send_v(tx, &KEEP, wjz_i64(1)), 0);
    assert_int_equal(wjz_tx_commit(&tx, &err), 0);

    open = begin();
    assert_int_equal(wjz_tx_query_v(open, &KEEP, NULL, &err, wjz_i64(4)), 0);
    test_cluster_crash(cluster);
    wait_until_ready(false);
    assert_int_equal(wjz_tx_commit(&open, &err), -ECONNRESET);
    assert_non_null(strstr(err.text, "connection lost"));
    tx = begin();
    assert_int_equal(ask(tx, &KEPT), 1);
    wjz_tx_abort(&tx);
    wjz_db_close(&db, note_end, NULL);
}

static void a_server_that_comes_back_is_found_again(WJZ_UNUSED void **state) {
    run(restart_body, 2);
}

static void absent_body(WJZ_UNUSED void *arg) {
    assert_false(wjz_db_ready(db));
    test_cluster_start(cluster);
    wjz_tx *tx = begin();
    assert_true(ask(tx, &BACKEND) > 0);
    wjz_tx_abort(&tx);
    wjz_db_close(&db, note_end, NULL);
}

static void a_server_that_starts_late_is_waited_for(WJZ_UNUSED void **state) {
    test_cluster_stop(cluster);
    run(absent_body, 1);
}

static void close_absent_body(WJZ_UNUSED void *arg) {
    wjz_tx *tx = begin();
    ask(tx, &BACKEND);
    test_cluster_stop(cluster);
    wait_until_ready(false);
    wjz_db_close(&db, note_end, NULL);
    wjz_fiber_yield(loop);
    assert_false(ended); /* not as long as somebody holds a transaction, be it a lost one */
    wjz_tx_abort(&tx);
}

static void a_pool_without_server_closes(WJZ_UNUSED void **state) {
    run(close_absent_body, 3);
    test_cluster_start(cluster);
}

/* --- one connection is cut --- */

static void cut_body(WJZ_UNUSED void *arg) {
    wjz_err err = {0};
    wjz_tx *victim = begin(), *other = begin();
    int64_t pid = ask(victim, &BACKEND);
    assert_true(ask(other, &BACKEND) != pid);
    assert_int_equal(wjz_tx_query_v(other, &CUT, NULL, &err, wjz_i32((int32_t)pid)), 0);
    assert_int_equal(wjz_tx_commit(&victim, &err), -ECONNRESET);
    assert_true(wjz_db_ready(db));
    assert_int_equal(wjz_tx_commit(&other, &err), 0); /* nobody else's transaction */
    wjz_tx *again = begin(), *both = begin();
    assert_true(ask(again, &BACKEND) != ask(both, &BACKEND));
    wjz_tx_abort(&again);
    wjz_tx_abort(&both);
    wjz_db_close(&db, note_end, NULL);
}

static void a_lost_connection_fails_its_own_transaction(WJZ_UNUSED void **state) {
    run(cut_body, 2);
}

static void cut_in_pipeline_body(WJZ_UNUSED void *arg) {
    wjz_err err = {0};
    wjz_tx *tx = begin();
    assert_int_equal(wjz_tx_send(tx, &CUT_MYSELF, NULL, 0), 0);
    assert_int_equal(wjz_tx_send(tx, &KEPT, NULL, 0), 0);
    assert_int_equal(wjz_tx_commit(&tx, &err), -ECONNRESET);
    tx = begin();
    assert_int_equal(wjz_tx_send(tx, &CUT_MYSELF, NULL, 0), 0);
    wjz_tx_abort(&tx); /* lost while draining */
    tx = begin();
    ask(tx, &BACKEND);
    assert_int_equal(wjz_tx_send(tx, &CUT_MYSELF, NULL, 0), 0);
    wjz_tx_abort(&tx);
    wjz_db_close(&db, note_end, NULL); /* while draining, and about to be lost */
}

static void a_connection_cut_in_the_middle_is_made_again(WJZ_UNUSED void **state) {
    run(cut_in_pipeline_body, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_comes_back_is_found_again),
        cmocka_unit_test(a_server_that_starts_late_is_waited_for),
        cmocka_unit_test(a_pool_without_server_closes),
        cmocka_unit_test(a_lost_connection_fails_its_own_transaction),
        cmocka_unit_test(a_connection_cut_in_the_middle_is_made_again),
    };
    return cmocka_run_group_tests_name("db_restart", tests, set_up, tear_down);
}
