/* Transactions on a real server: values, round trips, errors, aborts, the queue for connections, cold plans. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/test_db.h"
#include "wjz/clock.h"
#include "wjz/db.h"
#include "wjz/metrics.h"

static test_db *server;
static wjz_loop *loop;
static wjz_db *db;
static wjz_call_fn *body; /* of the test under way, in a fiber */

static const wjz_stmt ADD = {"add", "INSERT INTO item (id, label) VALUES ($1, $2)", 0};
static const wjz_stmt ADD_BATCH = {"add_batch",
                                   "INSERT INTO item (id, label) SELECT * FROM unnest($1::int8[], $2::text[])", 0};
static const wjz_stmt COUNT = {"count", "SELECT count(*) FROM item", 1};
static const wjz_stmt LABEL = {"label", "SELECT label FROM item WHERE id = $1", 1};
static const wjz_stmt NUMBER = {"number", "SELECT $1::int8 + 1", 1};
static const wjz_stmt BACKEND = {"backend", "SELECT pg_backend_pid()", 1};

static int set_up(WJZ_UNUSED void **state) {
    server = test_db_new();
    test_db_run(server,
                "CREATE TABLE item (id int8 PRIMARY KEY, label text CHECK (label <> 'forbidden'));"
                "CREATE TABLE room (id int8, during int4range, EXCLUDE USING gist (id WITH =, during WITH &&));"
                "CREATE TABLE late (id int8 PRIMARY KEY, item int8 REFERENCES item DEFERRABLE INITIALLY DEFERRED)");
    return 0;
}

static int tear_down(WJZ_UNUSED void **state) {
    test_db_destroy(&server);
    return 0;
}

/* --- running a test's body in a fiber, with a pool --- */

static bool ended;

static void note_end(WJZ_UNUSED void *arg) {
    ended = true;
}

static void main_fiber(WJZ_UNUSED void *arg) {
    body(NULL);
    wjz_db_close(&db, note_end, NULL);
}

static void run_pool(wjz_call_fn *fn, const wjz_db_options *options) {
    wjz_err err = {0};
    ended = false;
    body = fn;
    assert_int_equal(wjz_loop_new(&loop, &err), 0);
    assert_int_equal(wjz_db_open(loop, options, &db, &err), 0);
    assert_int_equal(wjz_fiber_spawn(loop, main_fiber, NULL), 0);
    wjz_loop_run(loop);
    assert_true(ended);
    wjz_loop_destroy(&loop);
    assert_int_equal((int)wjz_metric_value(wjz_gauge("wjz_db_connections", "", "")), 0);
}

static void run(wjz_call_fn *fn, int connections) {
    run_pool(fn, &(wjz_db_options){.url = test_db_url(server), .application = "test", .connections = connections});
}

static wjz_tx *begin(void) {
    wjz_err err = {0};
    wjz_tx *tx = NULL;
    int r = wjz_tx_begin(db, &tx, &err);
    if (r < 0) fail_msg("%s", err.text);
    return tx;
}

static wjz_rows *query(wjz_tx *tx, const wjz_stmt *stmt, const wjz_param *params, int count) {
    wjz_err err = {0};
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(tx, stmt, params, count, &rows, &err);
    if (r < 0) fail_msg("%s", err.text);
    return rows;
}
#define query_v(tx, stmt, ...)                                                                                         \
    query(tx, stmt, (const wjz_param[]){__VA_ARGS__},                                                                  \
          (int)(sizeof((const wjz_param[]){__VA_ARGS__}) / sizeof(wjz_param)))

static void commit(wjz_tx *tx) {
    wjz_err err = {0};
    int r = wjz_tx_commit(&tx, &err);
    if (r < 0) fail_msg("%s", err.text);
    assert_null(tx);
}

static int64_t count_items(void) {
    return test_db_int(server, "SELECT count(*) FROM item");
}

static void drop_items(void) {
    test_db_run(server, "TRUNCATE item CASCADE");
}

/* --- values --- */

static void scalars_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt ECHO = {
        "echo", "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $5::float4, $11::text, $12::text", 13};
    wjz_tx *tx = begin();
    const wjz_rows *rows =
        query_v(tx, &ECHO, wjz_bool(true), wjz_i16(-3), wjz_i32(INT32_MIN), wjz_i64(INT64_MAX), wjz_f64(-0.5),
                wjz_text("一二三"), wjz_bytes("a\0b", 3), wjz_json("{\"a\": [1]}"), wjz_time(INT64_C(1795309200123456)),
                wjz_date(20780), wjz_text_n("whole", 2), wjz_text(""));
    assert_int_equal(wjz_rows_count(rows), 1);
    assert_true(wjz_row_bool(rows, 0, 0));
    assert_int_equal(wjz_row_int(rows, 0, 1), -3);
    assert_int_equal(wjz_row_int(rows, 0, 2), INT32_MIN);
    assert_true(wjz_row_int(rows, 0, 3) == INT64_MAX);
    assert_true(wjz_row_real(rows, 0, 4) == -0.5);
    assert_string_equal(wjz_row_text(rows, 0, 5), "一二三");
    assert_int_equal(wjz_row_bytes(rows, 0, 6).length, 3);
    assert_memory_equal(wjz_row_bytes(rows, 0, 6).data, "a\0b", 3);
    assert_string_equal(wjz_row_text(rows, 0, 7), "{\"a\": [1]}");
    assert_true(wjz_row_time(rows, 0, 8) == INT64_C(1795309200123456));
    assert_int_equal(wjz_row_date(rows, 0, 9), 20780);
    assert_true(wjz_row_real(rows, 0, 10) == -0.5);
    assert_string_equal(wjz_row_text(rows, 0, 11), "wh");
    assert_string_equal(wjz_row_text(rows, 0, 12), "");
    commit(tx);
}

static void scalars_come_back(WJZ_UNUSED void **state) {
    run(scalars_body, 1);
}

static void nulls_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt ECHO = {"echo_nulls",
                                  "SELECT $1, $2, $3, $4::timestamptz, $5, NULL::date, NULL::float8, NULL::bool, "
                                  "NULL::int8[], 'infinity'::timestamptz, '-infinity'::date",
                                  11};
    wjz_tx *tx = begin();
    const wjz_rows *rows =
        query_v(tx, &ECHO, wjz_null_i64(), wjz_null_text(), wjz_bytes(NULL, 0), wjz_time(0), wjz_json(NULL));
    for (int i = 0; i < 9; i++)
        assert_true(wjz_row_null(rows, 0, i));
    assert_int_equal(wjz_row_int(rows, 0, 0), 0);
    assert_null(wjz_row_text(rows, 0, 1));
    assert_null(wjz_row_bytes(rows, 0, 2).data);
    assert_int_equal(wjz_row_time(rows, 0, 3), 0);
    assert_null(wjz_row_text(rows, 0, 4));
    assert_int_equal(wjz_row_date(rows, 0, 5), 0);
    assert_true(wjz_row_real(rows, 0, 6) == 0);
    assert_false(wjz_row_bool(rows, 0, 7));
    int64_t *items = NULL;
    size_t count = 9;
    assert_int_equal(wjz_row_ints(rows, 0, 8, wjz_tx_arena(tx), &items, &count), 0);
    assert_int_equal(count, 0);
    assert_true(wjz_row_time(rows, 0, 9) == INT64_MAX);
    assert_int_equal(wjz_row_date(rows, 0, 10), INT32_MIN);
    wjz_tx_abort(&tx);
}

static void nulls_come_back(WJZ_UNUSED void **state) {
    run(nulls_body, 1);
}

static void arrays_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt SHOW = {"show_arrays",
                                  "SELECT concat_ws('|', $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, "
                                  "$7::text, $8::text, ($9::timestamptz[])[1] AT TIME ZONE 'UTC', "
                                  "($9::timestamptz[])[2] IS NULL, $10::text, $11::text, $12::text)",
                                  1};
    const bool bools[] = {true, false}, second[] = {false, true};
    const int16_t i16s[] = {-1, 2};
    const int32_t i32s[] = {INT32_MIN, 7}, days[] = {0, 20780};
    const int64_t i64s[] = {INT64_MIN, 7}, times[] = {1, 0};
    const double f64s[] = {0.25, 3};
    const char *const texts[] = {"字", NULL, "", "NULL", "a,\"b"};
    const wjz_blob blobs[] = {{"\0\1", 2}, {NULL, 0}, {"", 0}};
    wjz_tx *tx = begin();
    const wjz_rows *rows = query_v(
        tx, &SHOW, wjz_bools(bools, 2), wjz_i16s(i16s, 2), wjz_i32s(i32s, 2), wjz_i64s(i64s, 2),
        wjz_i32s_or_null(i32s, second, 2), wjz_i64s_or_null(i64s, second, 2), wjz_f64s(f64s, second, 2),
        wjz_texts(texts, 5), wjz_times(times, 2), wjz_dates(days, second, 2), wjz_blobs(blobs, 3), wjz_i64s(NULL, 0));
    assert_string_equal(wjz_row_text(rows, 0, 0),
                        "{t,f}|{-1,2}|{-2147483648,7}|{-9223372036854775808,7}|{-2147483648,NULL}|"
                        "{-9223372036854775808,NULL}|{0.25,NULL}|{字,NULL,\"\",\"NULL\",\"a,\\\"b\"}|"
                        "1970-01-01 00:00:00.000001|t|{1970-01-01,NULL}|{\"\\\\x0001\",NULL,\"\\\\x\"}|{}");
    commit(tx);
}

static void arrays_arrive(WJZ_UNUSED void **state) {
    run(arrays_body, 1);
}

static void read_ints_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt GIVE = {
        "give_ints", "SELECT '{1,NULL,-3}'::int4[], '{9223372036854775807}'::int8[], '{}'::int8[], '{{1},{2}}'::int4[]",
        4};
    wjz_tx *tx = begin();
    const wjz_rows *rows = query(tx, &GIVE, NULL, 0);
    wjz_arena *arena = wjz_tx_arena(tx);
    int64_t *items = NULL;
    size_t count = 0;
    assert_int_equal(wjz_row_ints(rows, 0, 0, arena, &items, &count), 0);
    assert_int_equal(count, 3);
    assert_int_equal(items[0], 1);
    assert_int_equal(items[1], 0);
    assert_int_equal(items[2], -3);
    assert_int_equal(wjz_row_ints(rows, 0, 1, arena, &items, &count), 0);
    assert_true(count == 1 && items[0] == INT64_MAX);
    assert_int_equal(wjz_row_ints(rows, 0, 2, arena, &items, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(wjz_row_ints(rows, 0, 3, arena, &items, &count), -EINVAL);
    wjz_tx_abort(&tx);
}

static void arrays_of_integers_are_read(WJZ_UNUSED void **state) {
    run(read_ints_body, 1);
}

static void large_batch_body(WJZ_UNUSED void *arg) {
    enum { ROWS = 20000, BYTES = 1000 };
    int64_t *ids = calloc(ROWS, sizeof(*ids));
    const char **labels = calloc(ROWS, sizeof(*labels));
    char *text = malloc(BYTES + 1);
    assert_true(ids && labels && text);
    memset(text, 'x', BYTES);
    text[BYTES] = '\0';
    for (int i = 0; i < ROWS; i++) {
        ids[i] = i;
        labels[i] = text;
    }
    static const wjz_stmt ALL = {"all", "SELECT id, label FROM item ORDER BY id", 2};
    wjz_tx *tx = begin();
    /* 20 MB there and back at once: neither side may wait for the other to read. */
    assert_int_equal(wjz_tx_send_v(tx, &ADD_BATCH, wjz_i64s(ids, ROWS / 2), wjz_texts(labels, ROWS / 2)), 0);
    assert_int_equal(wjz_tx_send(tx, &ALL, NULL, 0), 0);
    assert_int_equal(wjz_tx_send_v(tx, &ADD_BATCH, wjz_i64s(ids + ROWS / 2, ROWS / 2), wjz_texts(labels, ROWS / 2)), 0);
    const wjz_rows *rows = query(tx, &ALL, NULL, 0);
    assert_int_equal(wjz_rows_affected(wjz_tx_rows(tx, 0)), ROWS / 2);
    assert_int_equal(wjz_rows_count(wjz_tx_rows(tx, 1)), ROWS / 2);
    assert_int_equal(wjz_rows_count(rows), ROWS);
    assert_int_equal(wjz_row_int(rows, ROWS - 1, 0), ROWS - 1);
    assert_string_equal(wjz_row_text(rows, ROWS - 1, 1), text);
    wjz_tx_abort(&tx);
    free(ids);
    free(labels);
    free(text);
}

static void large_batches_flow_both_ways(WJZ_UNUSED void **state) {
    run(large_batch_body, 1);
}

/* --- round trips --- */

static double round_trips(void) {
    return wjz_metric_value(wjz_histogram("wjz_db_round_trip_seconds", "", ""));
}

static void pipeline_body(WJZ_UNUSED void *arg) {
    drop_items();
    double before = round_trips();
    wjz_tx *tx = begin();
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(1), wjz_text("one")), 0);
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(2), wjz_null_text()), 0);
    assert_int_equal(wjz_tx_send(tx, &COUNT, NULL, 0), 0);
    const wjz_rows *rows = query_v(tx, &LABEL, wjz_i64(1));
    assert_string_equal(wjz_row_text(rows, 0, 0), "one");
    assert_int_equal(wjz_row_int(wjz_tx_rows(tx, 2), 0, 0), 2);
    assert_int_equal(wjz_rows_affected(wjz_tx_rows(tx, 1)), 1);
    assert_int_equal((int)(round_trips() - before), 1);
    assert_int_equal(count_items(), 0); /* not committed */
    /* Rows live until the next wait, and sends do not disturb them. */
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(3), wjz_text("three")), 0);
    assert_string_equal(wjz_row_text(rows, 0, 0), "one");
    commit(tx);
    assert_int_equal((int)(round_trips() - before), 2);
    assert_int_equal(count_items(), 3);
}

static void statements_travel_together(WJZ_UNUSED void **state) {
    run(pipeline_body, 1);
}

/* What is set aside takes part in the transaction, and is passed over by who reads rows. */
static void aside_body(WJZ_UNUSED void *arg) {
    drop_items();
    wjz_err err = {0};
    wjz_rows *rows = NULL;
    double before = round_trips();
    wjz_tx *tx = begin();
    assert_int_equal(wjz_tx_send_aside(tx, &COUNT, NULL, 0), 0);
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(1), wjz_text("one")), 0);
    rows = query_v(tx, &LABEL, wjz_i64(1));
    assert_string_equal(wjz_row_text(rows, 0, 0), "one");
    assert_ptr_equal(wjz_tx_rows(tx, 1), rows);
    assert_int_equal(wjz_tx_send_aside(tx, &COUNT, NULL, 0), 0);
    assert_int_equal(wjz_tx_wait(tx, &rows, &err), 0);
    assert_null(rows);
    assert_int_equal((int)(round_trips() - before), 2);
    const wjz_param again[] = {wjz_i64(1), wjz_text("again")};
    assert_int_equal(wjz_tx_send_aside(tx, &ADD, again, 2), 0);
    assert_int_equal(wjz_tx_query(tx, &COUNT, NULL, 0, NULL, &err), -EEXIST);
    wjz_tx_abort(&tx);
    tx = begin();
    assert_int_equal(wjz_tx_send_aside(tx, &ADD, again, 2), 0);
    commit(tx); /* of one flush: the commit's is the only round trip */
    assert_int_equal((int)(round_trips() - before), 5);
    assert_int_equal(count_items(), 1);
}

static void what_is_set_aside_takes_part(WJZ_UNUSED void **state) {
    run(aside_body, 1);
}

/* The server works on what was pushed, more than a socket takes at once, while the caller goes on. */
static void push_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt HOLD = {"hold", "SELECT length($1), pg_advisory_xact_lock(77)", 2};
    static const wjz_stmt HELD = {"held", "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 77", 0};
    enum { LENGTH = 4000000 };
    char *text = malloc(LENGTH + 1);
    assert_non_null(text);
    memset(text, 'x', LENGTH);
    text[LENGTH] = '\0';
    wjz_tx *tx = begin(), *other = begin();
    assert_int_equal(wjz_tx_push(tx), 0); /* nothing is queued */
    assert_int_equal(wjz_tx_send_v(tx, &HOLD, wjz_text(text)), 0);
    assert_int_equal(wjz_tx_push(tx), 0);
    for (int64_t limit = wjz_clock_monotonic_us() + 120 * WJZ_SECOND_US;
         wjz_rows_count(query(other, &HELD, NULL, 0)) == 0;)
        assert_true(wjz_clock_monotonic_us() < limit);
    commit(other);
    double before = round_trips();
    wjz_rows *rows = query_v(tx, &NUMBER, wjz_i64(1));
    assert_int_equal(wjz_row_int(rows, 0, 0), 2);
    assert_int_equal(wjz_row_int(wjz_tx_rows(tx, 0), 0, 0), LENGTH);
    assert_int_equal((int)(round_trips() - before), 1);
    commit(tx);
    free(text);
}

static void what_is_pushed_is_begun(WJZ_UNUSED void **state) {
    run(push_body, 2);
}

/* Committed in the round trip of its statements, with rows that stay. */
static void finish_body(WJZ_UNUSED void *arg) {
    drop_items();
    wjz_err err = {0};
    double before = round_trips();
    wjz_tx *tx = begin();
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(1), wjz_text("one")), 0);
    assert_int_equal(wjz_tx_send_v(tx, &LABEL, wjz_i64(1)), 0);
    assert_int_equal(wjz_tx_finish(tx, &err), 0);
    assert_int_equal(count_items(), 1);
    assert_string_equal(wjz_row_text(wjz_tx_rows(tx, 1), 0, 0), "one");
    commit(tx);
    assert_int_equal((int)(round_trips() - before), 1);
    tx = begin();
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(1), wjz_text("again")), 0);
    assert_int_equal(wjz_tx_finish(tx, &err), -EEXIST);
    assert_int_equal(wjz_tx_commit(&tx, &err), -EEXIST);
    tx = begin();
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(2), wjz_text("two")), 0);
    assert_non_null(query_v(tx, &LABEL, wjz_i64(2))); /* a block that is open already ends with a commit */
    assert_int_equal(wjz_tx_finish(tx, &err), 0);
    wjz_tx_abort(&tx);
    assert_int_equal(count_items(), 2);
}

static void a_reading_ends_in_one_round_trip(WJZ_UNUSED void **state) {
    run(finish_body, 1);
}

/* On its way beside another transaction; who commits it hears what became of it. */
static void dispatch_body(WJZ_UNUSED void *arg) {
    drop_items();
    wjz_err err = {0};
    wjz_tx *tx = begin(), *beside = begin(), *none = NULL; /* both connections are there */
    assert_int_equal(wjz_tx_try_begin(db, &none, &err), -EAGAIN);
    assert_null(none);
    wjz_tx_abort(&beside);
    assert_int_equal(wjz_tx_try_begin(db, &beside, &err), 0);
    assert_int_equal(wjz_tx_send_v(beside, &ADD, wjz_i64(1), wjz_text("one")), 0);
    assert_int_equal(wjz_tx_dispatch(beside, &err), 0);
    assert_int_equal(wjz_row_int(query_v(tx, &NUMBER, wjz_i64(1)), 0, 0), 2);
    commit(beside);
    assert_int_equal(count_items(), 1);
    beside = begin();
    assert_non_null(query_v(beside, &LABEL, wjz_i64(1)));
    assert_int_equal(wjz_tx_send_v(beside, &ADD, wjz_i64(1), wjz_text("again")), 0);
    assert_int_equal(wjz_tx_dispatch(beside, &err), 0); /* a block that is open already ends with a commit */
    assert_int_equal(wjz_tx_commit(&beside, &err), -EEXIST);
    beside = begin();
    assert_int_equal(wjz_tx_send_v(beside, &LABEL, wjz_i64(1)), 0);
    assert_int_equal(wjz_tx_dispatch(beside, &err), 0);
    wjz_tx_abort(&beside); /* nobody waits for the answer */
    beside = begin();
    assert_int_equal(wjz_row_int(query_v(beside, &NUMBER, wjz_i64(2)), 0, 0), 3);
    commit(beside);
    commit(tx);
}

static void what_is_dispatched_goes_on_beside(WJZ_UNUSED void **state) {
    run(dispatch_body, 2);
}

static void empty_body(WJZ_UNUSED void *arg) {
    double before = round_trips();
    wjz_tx *tx = begin();
    wjz_rows *rows = NULL;
    assert_int_equal(wjz_tx_wait(tx, &rows, NULL), 0);
    assert_null(rows);
    commit(tx);
    tx = begin();
    wjz_tx_abort(&tx);
    assert_null(tx);
    wjz_tx_abort(&tx);
    wjz_tx_abort(NULL);
    assert_int_equal((int)(round_trips() - before), 0);
}

static void a_transaction_without_statements_costs_nothing(WJZ_UNUSED void **state) {
    run(empty_body, 1);
}

static void busy_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt PAUSE = {"pause", "SELECT 1 FROM pg_sleep($1)", 1};
    wjz_tx *tx = begin();
    uint64_t before = wjz_db_busy_us(db);
    query_v(tx, &PAUSE, wjz_f64(0.05));
    uint64_t after = wjz_db_busy_us(db);
    assert_in_range(after - before, 50000, 60000000);
    wjz_fiber_sleep(loop, 5);
    assert_true(wjz_db_busy_us(db) == after);
    commit(tx);
}

static void busy_time_is_summed(WJZ_UNUSED void **state) {
    run(busy_body, 1);
}

/* --- errors --- */

/* After an error the same connection serves the next transaction. */
static void expect_usable(void) {
    wjz_tx *tx = begin();
    assert_int_equal(wjz_row_int(query_v(tx, &NUMBER, wjz_i64(41)), 0, 0), 42);
    commit(tx);
}

static void error_in_the_middle_body(WJZ_UNUSED void *arg) {
    drop_items();
    wjz_err err = {0};
    wjz_tx *tx = begin();
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(1), wjz_text("one")), 0);
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(1), wjz_text("again")), 0);
    assert_int_equal(wjz_tx_send_v(tx, &LABEL, wjz_i64(1)), 0); /* prepared for the first time, and skipped */
    assert_int_equal(wjz_tx_wait(tx, NULL, &err), -EEXIST);
    assert_string_equal(err.text, "could not run \"add\": duplicate key value violates unique constraint \"item_pkey\" "
                                  "(SQLSTATE 23505)");
    assert_int_equal(wjz_tx_send(tx, &COUNT, NULL, 0), -EEXIST);
    assert_int_equal(wjz_tx_wait(tx, NULL, &err), -EEXIST);
    assert_int_equal(wjz_tx_commit(&tx, &err), -EEXIST);
    assert_null(tx);
    expect_usable();
    tx = begin();
    assert_int_equal(wjz_rows_count(query_v(tx, &LABEL, wjz_i64(1))), 0);
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(2), wjz_text("two")), 0);
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(2), wjz_text("again")), 0);
    assert_int_equal(wjz_tx_commit(&tx, &err), -EEXIST); /* COMMIT travelled behind the error */
    expect_usable();
    assert_int_equal(count_items(), 0);
}

static void an_error_in_the_middle_undoes_all(WJZ_UNUSED void **state) {
    run(error_in_the_middle_body, 1);
}

static const struct {
    wjz_stmt stmt;
    int code;
    const char *says;
} ERRORS[] = {
    {{"check", "INSERT INTO item VALUES (9, 'forbidden')", 0}, -EINVAL, "item_label_check"},
    {{"not_null", "INSERT INTO item VALUES (NULL, '')", 0}, -EINVAL, "23502"},
    {{"exclusion", "INSERT INTO room VALUES (1, '[1,3]'), (1, '[3,4]')", 0}, -EEXIST, "23P01"},
    {{"zero", "SELECT 1 / (SELECT 0)", 0}, -EINVAL, "division by zero"},
    {{"syntax", "SELEKT", 0}, -EIO, "syntax error"},
    {{"no_table", "SELECT FROM nowhere", 0}, -EIO, "42P01"},
    {{"raised", "DO $$ BEGIN RAISE 'not like this'; END $$", 0}, -EINVAL, "not like this"},
    {{"serialization", "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", 0}, -EAGAIN, "40001"},
    {{"deadlock", "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", 0}, -EAGAIN, "40P01"},
    {{"disk_full", "DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", 0}, -EAGAIN, "53100"},
    {{"privilege", "DO $$ BEGIN RAISE SQLSTATE '42501'; END $$", 0}, -EACCES, "42501"},
    {{"columns", "SELECT 1, 2", 0}, -EIO, "2 columns, 0 expected"},
    {{"copy", "COPY item TO STDOUT", 0}, -EIO, "COPY"},
};

static void errors_body(WJZ_UNUSED void *arg) {
    for (size_t i = 0; i < WJZ_COUNT(ERRORS) * 2; i++) { /* each twice: what failed is not taken for prepared */
        const wjz_stmt *stmt = &ERRORS[i / 2].stmt;
        wjz_err err = {0};
        wjz_tx *tx = begin();
        int r = wjz_tx_query(tx, stmt, NULL, 0, NULL, &err);
        if (r != ERRORS[i / 2].code || !strstr(err.text, ERRORS[i / 2].says))
            fail_msg("%s: %d %s", stmt->name, r, err.text);
        wjz_tx_abort(&tx);
        expect_usable();
    }
}

static void errors_are_told_by_their_sqlstate(WJZ_UNUSED void **state) {
    run(errors_body, 1);
}

static void deferred_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt ADD_LATE = {"add_late", "INSERT INTO late VALUES (1, 77)", 0};
    wjz_err err = {0};
    wjz_tx *tx = begin();
    query(tx, &ADD_LATE, NULL, 0);
    assert_int_equal(wjz_tx_commit(&tx, &err), -EINVAL);
    assert_non_null(strstr(err.text, "late_item_fkey"));
    expect_usable();
    tx = begin(); /* without BEGIN and COMMIT, so that the end of the flush is what fails */
    assert_int_equal(wjz_tx_send(tx, &ADD_LATE, NULL, 0), 0);
    assert_int_equal(wjz_tx_commit(&tx, &err), -EINVAL);
    assert_non_null(strstr(err.text, "late_item_fkey"));
    expect_usable();
    assert_int_equal(test_db_int(server, "SELECT count(*) FROM late"), 0);
}

static void a_commit_can_fail(WJZ_UNUSED void **state) {
    run(deferred_body, 1);
}

static void expect_commits(bool lazy, const char *setting) {
    static const wjz_stmt COMMITS = {"commits", "SELECT current_setting('synchronous_commit')", 1};
    wjz_tx *tx = begin();
    if (lazy) wjz_tx_lazy(tx);
    assert_string_equal(wjz_row_text(query(tx, &COMMITS, NULL, 0), 0, 0), setting);
    commit(tx);
}

static void fail_one(bool lazy) {
    wjz_err err = {0};
    wjz_tx *tx = begin();
    if (lazy) wjz_tx_lazy(tx);
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(1), wjz_text("forbidden")), 0);
    assert_int_equal(wjz_tx_commit(&tx, &err), -EINVAL);
}

static void give_up_one(bool lazy, bool waits) {
    wjz_tx *tx = begin();
    if (lazy) wjz_tx_lazy(tx);
    assert_int_equal(wjz_tx_send_v(tx, &NUMBER, wjz_i64(1)), 0);
    if (waits) assert_int_equal(wjz_tx_wait(tx, NULL, NULL), 0);
    wjz_tx_abort(&tx);
}

/* On one connection, whatever became of the transaction before. */
static void lazy_body(WJZ_UNUSED void *arg) {
    static const bool LAZY[] = {false, true};
    for (int before = 0; before < 2; before++)
        for (int after = 0; after < 2; after++) {
            const char *wanted = LAZY[after] ? "off" : "on";
            expect_commits(LAZY[before], LAZY[before] ? "off" : "on");
            expect_commits(LAZY[after], wanted);
            expect_commits(LAZY[!before], LAZY[!before] ? "off" : "on");
            fail_one(LAZY[before]);
            expect_commits(LAZY[after], wanted);
            for (int waits = 0; waits < 2; waits++) {
                expect_commits(LAZY[!before], LAZY[!before] ? "off" : "on");
                give_up_one(LAZY[before], waits > 0);
                expect_commits(LAZY[after], wanted);
            }
        }
}

static void who_is_lazy_is_lazy_alone(WJZ_UNUSED void **state) {
    run(lazy_body, 1);
}

static void timeout_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt PAUSE = {"long_pause", "SELECT 1 FROM pg_sleep(30)", 1};
    wjz_err err = {0};
    wjz_tx *tx = begin();
    assert_int_equal(wjz_tx_query(tx, &PAUSE, NULL, 0, NULL, &err), -ETIMEDOUT);
    wjz_tx_abort(&tx);
    expect_usable();
}

static void statements_time_out(WJZ_UNUSED void **state) {
    run_pool(timeout_body,
             &(wjz_db_options){.url = test_db_url(server), .connections = 1, .statement_timeout_ms = 2000});
}

static void role_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt WHO = {"who", "SELECT current_user, current_setting('application_name')", 2};
    static const wjz_stmt WRITE = {"write_foreign", "INSERT INTO intake.inbox (region, id) VALUES (1, 1)", 0};
    wjz_err err = {0};
    wjz_tx *tx = begin();
    const wjz_rows *rows = query(tx, &WHO, NULL, 0);
    assert_string_equal(wjz_row_text(rows, 0, 0), "wjz_scoring");
    assert_string_equal(wjz_row_text(rows, 0, 1), "scoring-1");
    assert_int_equal(wjz_tx_query(tx, &WRITE, NULL, 0, NULL, &err), -EACCES);
    wjz_tx_abort(&tx);
}

static void the_pool_connects_as_its_role(WJZ_UNUSED void **state) {
    run_pool(role_body,
             &(wjz_db_options){
                 .url = test_db_url(server), .role = "wjz_scoring", .application = "scoring-1", .connections = 1});
}

static void types_body(WJZ_UNUSED void *arg) {
    wjz_tx *tx = begin();
    query_v(tx, &NUMBER, wjz_i64(1));
    wjz_err err = {0};
    assert_int_equal(wjz_tx_query_v(tx, &NUMBER, NULL, &err, wjz_text("x")), -EINVAL);
    assert_string_equal(err.text, "cannot run \"number\": parameter $1 has type 25, 20 before");
    wjz_tx_abort(&tx);
    tx = begin();
    assert_int_equal(wjz_tx_query_v(tx, &NUMBER, NULL, &err, wjz_i64(1), wjz_i64(2)), -EINVAL);
    wjz_tx_abort(&tx);
    tx = begin();
    assert_true(wjz_row_null(query_v(tx, &NUMBER, wjz_null_text()), 0, 0)); /* NULL has no bytes to misread */
    commit(tx);
}

static void a_parameter_keeps_its_type(WJZ_UNUSED void **state) {
    run(types_body, 1);
}

static void migrated_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt ALL_COLUMNS = {"all_columns", "SELECT * FROM changing", 1};
    test_db_run(server, "CREATE TABLE changing (a int4)");
    wjz_tx *tx = begin();
    query(tx, &ALL_COLUMNS, NULL, 0);
    commit(tx);
    test_db_run(server, "ALTER TABLE changing ALTER a TYPE int8");
    wjz_err err = {0};
    tx = begin();
    assert_int_equal(wjz_tx_query(tx, &ALL_COLUMNS, NULL, 0, NULL, &err), -EAGAIN);
    wjz_tx_abort(&tx);
    tx = begin(); /* on a new connection */
    query(tx, &ALL_COLUMNS, NULL, 0);
    commit(tx);
}

static void a_migration_under_way_is_survived(WJZ_UNUSED void **state) {
    run(migrated_body, 1);
}

/* --- abort --- */

static void abort_body(WJZ_UNUSED void *arg) {
    drop_items();
    wjz_tx *tx = begin();
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(1), wjz_text("never")), 0);
    wjz_tx_abort(&tx); /* queued, not waited for */
    tx = begin();
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(1), wjz_text("never")), 0);
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(1), wjz_text("fails, and nobody asks")), 0);
    wjz_tx_abort(&tx);
    tx = begin();
    query_v(tx, &ADD, wjz_i64(2), wjz_text("never"));
    wjz_tx_abort(&tx); /* waited for */
    tx = begin();
    query_v(tx, &ADD, wjz_i64(3), wjz_text("never"));
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(3), wjz_text("fails, and nobody asks")), 0);
    assert_int_equal(wjz_tx_send_v(tx, &LABEL, wjz_i64(1)), 0);
    wjz_tx_abort(&tx);
    expect_usable();
    assert_int_equal(count_items(), 0);
}

static void an_abort_leaves_nothing(WJZ_UNUSED void **state) {
    run(abort_body, 1);
}

static void large_abort_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt FLOOD = {"flood", "SELECT repeat('x', 1000) FROM generate_series(1, $1)", 1};
    wjz_tx *tx = begin();
    for (int i = 0; i < 8; i++)
        assert_int_equal(wjz_tx_send_v(tx, &FLOOD, wjz_i32(3000)), 0);
    wjz_tx_abort(&tx); /* 24 MB of answers that nobody wants */
    expect_usable();
}

static void an_abort_drains_the_pipeline(WJZ_UNUSED void **state) {
    run(large_abort_body, 1);
}

static void close_while_draining(WJZ_UNUSED void *arg) {
    wjz_tx *tx = begin();
    assert_int_equal(wjz_tx_send_v(tx, &NUMBER, wjz_i64(1)), 0);
    wjz_tx_abort(&tx);
}

static void a_draining_pool_closes(WJZ_UNUSED void **state) {
    run(close_while_draining, 1);
}

/* --- after --- */

static char after[64];

/* A constant as the void * of a callback that only reads it. */
static void *text(const char *constant) {
    return (void *)(uintptr_t)constant;
}

static void note_after(void *arg, int result) {
    snprintf(after + strlen(after), sizeof(after) - strlen(after), "%s%d ", (const char *)arg, result);
}

static void after_body(WJZ_UNUSED void *arg) {
    drop_items();
    after[0] = '\0';
    wjz_tx *tx = begin();
    assert_int_equal(wjz_tx_after(tx, note_after, text("a")), 0);
    assert_int_equal(wjz_tx_after(tx, note_after, text("b")), 0);
    query_v(tx, &ADD, wjz_i64(1), wjz_text("one"));
    assert_string_equal(after, "");
    commit(tx);
    assert_string_equal(after, "a0 b0 ");
    tx = begin();
    assert_int_equal(wjz_tx_after(tx, note_after, text("c")), 0);
    assert_int_equal(wjz_tx_send_v(tx, &ADD, wjz_i64(1), wjz_text("one")), 0);
    assert_int_equal(wjz_tx_commit(&tx, NULL), -EEXIST);
    tx = begin();
    assert_int_equal(wjz_tx_after(tx, note_after, text("d")), 0);
    wjz_tx_abort(&tx);
    char expected[64];
    snprintf(expected, sizeof(expected), "a0 b0 c%d d%d ", -EEXIST, -ECANCELED);
    assert_string_equal(after, expected);
}

static void after_the_end_callers_are_told(WJZ_UNUSED void **state) {
    run(after_body, 1);
}

/* --- the queue for connections --- */

static int arrivals[64], arrived;
static wjz_event all_arrived;

static void arrive(void *arg) {
    wjz_tx *tx = begin();
    query_v(tx, &NUMBER, wjz_i64(1));
    arrivals[arrived++] = (int)(intptr_t)arg;
    commit(tx);
    if (arrived == (int)WJZ_COUNT(arrivals)) wjz_event_set(loop, &all_arrived);
}

static void queue_body(WJZ_UNUSED void *arg) {
    arrived = 0;
    all_arrived = (wjz_event){0};
    wjz_tx *first = begin();
    for (intptr_t i = 0; i < (intptr_t)WJZ_COUNT(arrivals); i++)
        assert_int_equal(wjz_fiber_spawn(loop, arrive, (void *)i), 0);
    query_v(first, &NUMBER, wjz_i64(1));
    assert_int_equal(arrived, 0);
    commit(first);
    wjz_event_wait(loop, &all_arrived);
    for (int i = 0; i < (int)WJZ_COUNT(arrivals); i++)
        assert_int_equal(arrivals[i], i);
}

static void first_come_first_served(WJZ_UNUSED void **state) {
    run(queue_body, 1);
}

static void use_both(void *arg) {
    wjz_tx *tx = begin();
    int *pid = arg;
    *pid = (int)wjz_row_int(query(tx, &BACKEND, NULL, 0), 0, 0);
    wjz_event_wait(loop, &all_arrived);
    commit(tx);
}

static void two_body(WJZ_UNUSED void *arg) {
    int pids[2] = {0};
    all_arrived = (wjz_event){0};
    for (int i = 0; i < 2; i++)
        assert_int_equal(wjz_fiber_spawn(loop, use_both, &pids[i]), 0);
    for (int64_t limit = wjz_clock_monotonic_us() + 120 * WJZ_SECOND_US; !(pids[0] && pids[1]);) {
        assert_true(wjz_clock_monotonic_us() < limit);
        wjz_fiber_sleep(loop, 1);
    }
    assert_true(pids[0] != pids[1]);
    wjz_event_set(loop, &all_arrived);
    wjz_tx *tx = begin();
    commit(tx);
}

static void transactions_run_side_by_side(WJZ_UNUSED void **state) {
    run(two_body, 2);
}

static int given_up;

static void wait_in_vain(WJZ_UNUSED void *arg) {
    wjz_err err = {0};
    wjz_tx *tx = NULL;
    given_up = wjz_tx_begin(db, &tx, &err);
    assert_null(tx);
    assert_string_equal(err.text, "could not begin: the database pool is closing");
}

static void closing_body(WJZ_UNUSED void *arg) {
    wjz_tx *tx = begin();
    given_up = 0;
    assert_int_equal(wjz_fiber_spawn(loop, wait_in_vain, NULL), 0);
    wjz_fiber_yield(loop);
    wjz_db *closing = db;
    wjz_db_close(&db, note_end, NULL);
    assert_null(db);
    wjz_fiber_yield(loop);
    wjz_fiber_yield(loop);
    assert_int_equal(given_up, -ECANCELED);
    assert_int_equal(wjz_tx_begin(closing, &(wjz_tx *){NULL}, NULL), -ECANCELED);
    assert_false(ended);
    query_v(tx, &NUMBER, wjz_i64(1)); /* the open one goes on */
    commit(tx);
}

static void closing_main(WJZ_UNUSED void *arg) {
    closing_body(NULL);
}

static void a_closing_pool_lets_transactions_end(WJZ_UNUSED void **state) {
    ended = false;
    assert_int_equal(wjz_loop_new(&loop, NULL), 0);
    assert_int_equal(wjz_db_open(loop, &(wjz_db_options){.url = test_db_url(server), .connections = 1}, &db, NULL), 0);
    assert_int_equal(wjz_fiber_spawn(loop, closing_main, NULL), 0);
    wjz_loop_run(loop);
    assert_true(ended);
    wjz_loop_destroy(&loop);
}

/* --- opening --- */

static void a_bad_url_is_refused(WJZ_UNUSED void **state) {
    wjz_err err = {0};
    assert_int_equal(wjz_loop_new(&loop, NULL), 0);
    assert_int_equal(wjz_db_open(loop, &(wjz_db_options){.url = "hots=nowhere", .connections = 1}, &db, &err), -EINVAL);
    assert_string_equal(err.text, "cannot read the database url: invalid connection option \"hots\"");
    assert_int_equal(wjz_db_open(loop, &(wjz_db_options){.url = "", .connections = 0}, &db, &err), -EINVAL);
    assert_int_equal(wjz_db_open(loop, &(wjz_db_options){.url = "", .connections = 101}, &db, &err), -EINVAL);
    wjz_loop_destroy(&loop);
}

static const struct {
    const char *url, *says;
} ABSENT[] = {
    {"host=/nonexistent dbname=x", "could not reach the database: connection to server on socket"},
    {"host=localhost port=1 dbname=x", "could not reach the database: connection to server at '"},
    {"host=nowhere.invalid dbname=x", "could not reach the database: could not find host 'nowhere.invalid': "},
};
static int absent_left;

static void reach_absent(void *arg) {
    size_t i = (uintptr_t)arg;
    wjz_err err = {0};
    wjz_db *absent = NULL;
    wjz_tx *tx = NULL;
    assert_int_equal(wjz_db_open(loop, &(wjz_db_options){.url = ABSENT[i].url, .connections = 2}, &absent, &err), 0);
    assert_int_equal(wjz_tx_begin(absent, &tx, &err), -ETIMEDOUT);
    if (!strstr(err.text, ABSENT[i].says)) fail_msg("%s", err.text);
    wjz_db_close(&absent, NULL, NULL);
    absent_left--;
}

static void nobody_there_body(WJZ_UNUSED void *arg) {
    wjz_err err = {0};
    wjz_tx *tx = NULL;
    absent_left = (int)WJZ_COUNT(ABSENT);
    for (uintptr_t i = 0; i < WJZ_COUNT(ABSENT); i++)
        assert_int_equal(wjz_fiber_spawn(loop, reach_absent, (void *)i), 0);
    assert_false(wjz_db_ready(db));
    assert_int_equal(wjz_tx_begin(db, &tx, &err), -ETIMEDOUT);
    int64_t start = wjz_clock_monotonic_us();
    assert_int_equal(wjz_tx_begin(db, &tx, &err), -ETIMEDOUT);
    assert_true(wjz_clock_monotonic_us() - start < 5 * WJZ_SECOND_US); /* no full wait again */
    for (int64_t limit = wjz_clock_monotonic_us() + 120 * WJZ_SECOND_US; absent_left > 0;) {
        assert_true(wjz_clock_monotonic_us() < limit);
        wjz_fiber_sleep(loop, 1);
    }
}

static void an_absent_server_is_waited_for_ten_seconds(WJZ_UNUSED void **state) {
    int64_t start = wjz_clock_monotonic_us();
    run_pool(nobody_there_body, &(wjz_db_options){.url = "host=/nonexistent dbname=x", .connections = 2});
    assert_in_range(wjz_clock_monotonic_us() - start, 10 * WJZ_SECOND_US, 60 * WJZ_SECOND_US);
}

static void busy_pool_body(WJZ_UNUSED void *arg) {
    wjz_err err = {0};
    wjz_tx *held = begin(), *tx = NULL;
    assert_int_equal(wjz_tx_begin(db, &tx, &err), -ETIMEDOUT);
    assert_string_equal(err.text, "could not get a database connection: all 1 are in use");
    wjz_tx_abort(&held);
    expect_usable();
}

static void an_exhausted_pool_is_waited_for_ten_seconds(WJZ_UNUSED void **state) {
    run(busy_pool_body, 1);
}

/* --- cold plans --- */

static const wjz_stmt FIND_BATCH = {
    "find_batch", "SELECT c.id FROM unnest($1::int4[], $2::int8[]) AS k(region, id) JOIN cold c USING (region, id)", 1};

static void look_up(int64_t from) {
    const int32_t regions[] = {510184, 510184, 510184};
    const int64_t ids[] = {from, from + 1, from + 2};
    wjz_tx *tx = begin();
    query_v(tx, &FIND_BATCH, wjz_i32s(regions, 3), wjz_i64s(ids, 3));
    commit(tx);
}

static int64_t scans_of_cold(const char *kind) {
    return test_db_int(server, "SELECT %s FROM pg_stat_user_tables WHERE relname = 'cold'", kind);
}

static void cold_body(WJZ_UNUSED void *arg) {
    static const wjz_stmt FLUSH_STATISTICS = {"flush_statistics", "SELECT 1 FROM pg_stat_force_next_flush()", 1};
    /* A few rows that the planner knows of: to it, nothing is cheaper than to scan them. */
    test_db_run(server, "INSERT INTO cold VALUES (510184, -1), (510184, -2), (510184, -3)");
    test_db_run(server, "VACUUM ANALYZE cold");
    test_db_run(server, "SELECT pg_stat_force_next_flush()");
    int64_t scans_before = scans_of_cold("seq_scan"); /* by making the index */
    for (int i = 0; i < 10; i++)                      /* more than the five after which a plan is kept */
        look_up(i);
    test_db_run(server, "INSERT INTO cold SELECT 510184, i FROM generate_series(1, 100000) i");
    int64_t before = 0, after_it = 0;
    for (int64_t limit = wjz_clock_monotonic_us() + 120 * WJZ_SECOND_US; after_it != before + 3;) {
        assert_true(wjz_clock_monotonic_us() < limit);
        before = scans_of_cold("idx_scan");
        look_up(5000);
        wjz_tx *tx = begin();
        query(tx, &FLUSH_STATISTICS, NULL, 0);
        commit(tx);
        after_it = scans_of_cold("idx_scan"); /* three look-ups, not one walk over all of it */
    }
    assert_int_equal(scans_of_cold("seq_scan"), scans_before);
}

static void a_plan_made_on_an_empty_table_uses_the_index(WJZ_UNUSED void **state) {
    test_db_run(server,
                "CREATE TABLE cold (region int4, id int8, PRIMARY KEY (region, id)) WITH (autovacuum_enabled = off)");
    run_pool(cold_body, &(wjz_db_options){.url = test_db_url(server), .connections = 1, .hot_path = true});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_come_back),
        cmocka_unit_test(nulls_come_back),
        cmocka_unit_test(arrays_arrive),
        cmocka_unit_test(arrays_of_integers_are_read),
        cmocka_unit_test(large_batches_flow_both_ways),
        cmocka_unit_test(statements_travel_together),
        cmocka_unit_test(what_is_set_aside_takes_part),
        cmocka_unit_test(what_is_pushed_is_begun),
        cmocka_unit_test(a_reading_ends_in_one_round_trip),
        cmocka_unit_test(what_is_dispatched_goes_on_beside),
        cmocka_unit_test(a_transaction_without_statements_costs_nothing),
        cmocka_unit_test(busy_time_is_summed),
        cmocka_unit_test(an_error_in_the_middle_undoes_all),
        cmocka_unit_test(errors_are_told_by_their_sqlstate),
        cmocka_unit_test(a_commit_can_fail),
        cmocka_unit_test(who_is_lazy_is_lazy_alone),
        cmocka_unit_test(statements_time_out),
        cmocka_unit_test(the_pool_connects_as_its_role),
        cmocka_unit_test(a_parameter_keeps_its_type),
        cmocka_unit_test(a_migration_under_way_is_survived),
        cmocka_unit_test(an_abort_leaves_nothing),
        cmocka_unit_test(an_abort_drains_the_pipeline),
        cmocka_unit_test(a_draining_pool_closes),
        cmocka_unit_test(after_the_end_callers_are_told),
        cmocka_unit_test(first_come_first_served),
        cmocka_unit_test(transactions_run_side_by_side),
        cmocka_unit_test(a_closing_pool_lets_transactions_end),
        cmocka_unit_test(a_bad_url_is_refused),
        cmocka_unit_test(an_absent_server_is_waited_for_ten_seconds),
        cmocka_unit_test(an_exhausted_pool_is_waited_for_ten_seconds),
        cmocka_unit_test(a_plan_made_on_an_empty_table_uses_the_index),
    };
    return cmocka_run_group_tests_name("db", tests, set_up, tear_down);
}
