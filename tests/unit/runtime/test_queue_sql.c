/* Plans of statements on the outbox that were made while it was empty, as the planner mostly sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/queue_sql.h"
#include "support/test_db.h"

static test_db *db;
static const wjz_queue_sql *sql;

static int set_up(WJZ_UNUSED void **state) {
    wjz_err err = {0};
    db = test_db_new();
    test_db_run(db, "VACUUM ANALYZE intake.outbox");
    test_db_run(db, "SET enable_seqscan = off; SET enable_mergejoin = off; SET enable_hashjoin = off;"
                    " SET plan_cache_mode = force_generic_plan");
    return wjz_queue_sql_for("intake", &sql, &err);
}

static int tear_down(WJZ_UNUSED void **state) {
    test_db_destroy(&db);
    return 0;
}

/* Rows that are found by their places are read once each; a filter on a join compares each with each. */
static void check_plan(wjz_queue_stmt which, const char *values) {
    const wjz_stmt *stmt = &sql->stmts[which];
    test_db_run(db, "PREPARE %s AS %s", stmt->name, stmt->sql);
    const char *plan = test_db_text(db, "EXPLAIN (FORMAT JSON) EXECUTE %s (%s)", stmt->name, values);
    if (!strstr(plan, "Tid Scan") || strstr(plan, "Join Filter")) fail_msg("%s: %s", stmt->name, plan);
}

static void rows_are_deleted_by_their_places(WJZ_UNUSED void **state) {
    check_plan(WJZ_OUTBOX_DELETE, "'{510184}', '{1}', '{scoring}'");
}

static void rows_are_renewed_by_their_places(WJZ_UNUSED void **state) {
    check_plan(WJZ_OUTBOX_RENEW, "'{510184}', '{1}', '{scoring}', 1, 30");
}

static void rows_are_claimed_by_their_places(WJZ_UNUSED void **state) {
    check_plan(WJZ_OUTBOX_CLAIM, "'scoring', 64, 1, 30, 1000000");
}

static void orphans_are_freed_by_their_places(WJZ_UNUSED void **state) {
    check_plan(WJZ_OUTBOX_ORPHANS, "'{scoring}', 'intake', '{}'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_deleted_by_their_places),
        cmocka_unit_test(rows_are_renewed_by_their_places),
        cmocka_unit_test(rows_are_claimed_by_their_places),
        cmocka_unit_test(orphans_are_freed_by_their_places),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
