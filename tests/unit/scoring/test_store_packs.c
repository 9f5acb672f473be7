/* The lock of packs on a real server: who does not wait for an activation that is under way is told so. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scoring/store_packs.h"
#include "support/test_db.h"

static test_db *server;
static wjz_loop *loop;
static wjz_db *db;

static wjz_tx *begin(void) {
    wjz_err err = {0};
    wjz_tx *tx = NULL;
    assert_int_equal(wjz_tx_begin(db, &tx, &err), 0);
    return tx;
}

static int ask_now(wjz_tx *tx) {
    wjz_err err = {0};
    const char *version = NULL;
    int at = 0;
    assert_int_equal(store_ask_active_now(tx, &at), 0);
    assert_int_equal(wjz_tx_wait(tx, NULL, &err), 0);
    int r = store_active(tx, at, wjz_tx_arena(tx), &version);
    if (!r) assert_string_equal(version, "");
    return r;
}

static void one_does_not_wait_for_an_activation(WJZ_UNUSED void *arg) {
    wjz_err err = {0};
    wjz_tx *activation = begin(), *turn = begin();
    assert_int_equal(store_lock_packs(activation), 0);
    assert_int_equal(wjz_tx_wait(activation, NULL, &err), 0);
    assert_int_equal(ask_now(turn), -EAGAIN);
    assert_int_equal(wjz_tx_commit(&activation, &err), 0);
    assert_int_equal(ask_now(turn), 0);
    wjz_tx *beside = begin();
    assert_int_equal(ask_now(beside), 0); /* turns do not exclude each other */
    wjz_tx_abort(&beside);
    wjz_tx_abort(&turn);
}

static void test_one_does_not_wait_for_an_activation(WJZ_UNUSED void **state) {
    server = test_db_new();
    const wjz_db_options options = {.url = test_db_url(server), .application = "test", .connections = 3};
    test_db_in_fiber(&options, one_does_not_wait_for_an_activation, &loop, &db);
    test_db_destroy(&server);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_does_not_wait_for_an_activation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
