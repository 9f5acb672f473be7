/* Transactions, as a fiber sees them: begin, send, wait, commit. What is sent up to a sync is a transaction by itself,
 * without BEGIN and COMMIT: a wait asks for the answers so far and leaves it open, a commit ends it with a sync. What
 * remains is one round trip per wait. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "runtime/db.h"
#include "wjz/clock.h"

static const wjz_stmt REPLAN = {.name = "wjz_replan", .sql = "DISCARD PLANS"};
static const wjz_stmt LAZY = {.name = "wjz_lazy", .sql = "SET synchronous_commit = off"};
static const wjz_stmt DURABLE = {.name = "wjz_durable", .sql = "RESET synchronous_commit"};

/* How old a plan may be on the hot path. With sequential scans off, a plan made while a table held a hundred rows still
 * reads all of an index and filters; when a flood fills the table, that must be over before it hurts. A flood is when
 * the pool has sent half as much again as it had when the plan was made. Planning anew costs ten times a statement. */
enum { PLAN_AGE_US = 500000, PLAN_AGE_CALM_US = 60000000 };

/* How long to wait for a database that has been away for long already: long enough that a caller who tries again at
 * once does no harm. */
enum { AWAY_LONG_MS = 9000, AWAY_WAIT_MS = 1000 };

typedef struct wjz_tx_after_call {
    struct wjz_tx_after_call *next;
    wjz_tx_after_fn *fn;
    void *arg;
} wjz_tx_after_call;

static int fail(wjz_tx *tx, int code, const char *text) {
    if (tx->failure.code == 0) wjz_err_set(&tx->failure, code, "%s", text);
    return tx->failure.code;
}

static int give_failure(const wjz_tx *tx, wjz_err *err) {
    if (err) *err = tx->failure;
    return tx->failure.code;
}

/* --- what the connection tells --- */

void wjz_tx_on_granted(wjz_tx *tx, wjz_conn *conn) {
    tx->conn = conn;
    wjz_event_set(tx->db->loop, &tx->event);
}

void wjz_tx_on_refused(wjz_tx *tx, int code, const char *text) {
    fail(tx, code, text);
    wjz_event_set(tx->db->loop, &tx->event);
}

void wjz_tx_on_result(wjz_tx *tx, const wjz_stmt *stmt, PGresult *result) {
    if (PQnfields(result) != stmt->columns && tx->failure.code == 0)
        wjz_err_set(&tx->failure, -EIO, "cannot read \"%s\": %d columns, %d expected", stmt->name, PQnfields(result),
                    stmt->columns);
    if (wjz_results_add(&tx->incoming, result) < 0) fail(tx, -ENOMEM, "could not keep the rows: out of memory");
}

void wjz_tx_on_error(wjz_tx *tx, const char *statement, const PGresult *result) {
    if (tx->failure.code == 0) wjz_db_error(statement, result, &tx->failure);
}

void wjz_tx_on_answered(wjz_tx *tx) {
    wjz_event_set(tx->db->loop, &tx->event);
}

void wjz_tx_on_lost(wjz_tx *tx, const char *why) {
    tx->conn = NULL;
    if (tx->failure.code == 0) wjz_err_set(&tx->failure, -ECONNRESET, "database connection lost: %s", why);
    wjz_event_set(tx->db->loop, &tx->event);
}

/* --- begin --- */

static void free_tx(wjz_tx *tx) {
    wjz_db *db = tx->db;
    wjz_results_free(&tx->results);
    wjz_results_free(&tx->incoming);
    wjz_arena_destroy(&tx->arena);
    free(tx);
    db->transactions--;
    wjz_db_end_if_empty(db);
}

static int64_t away_ms(const wjz_db *db) {
    return db->away_since_us ? (wjz_clock_monotonic_us() - db->away_since_us) / 1000 : 0;
}

static int too_late(wjz_tx *tx, wjz_err *err) {
    const wjz_db *db = tx->db;
    if (wjz_db_ready(db))
        return wjz_err_set(err, -ETIMEDOUT, "could not get a database connection: all %d are in use", db->conn_count);
    return wjz_err_set(err, -ETIMEDOUT, "could not reach the database: %s",
                       *db->trouble ? db->trouble : "not connected yet");
}

static int wait_for_connection(wjz_tx *tx, wjz_err *err) {
    wjz_db *db = tx->db;
    wjz_db_queue(db, tx);
    bool away = away_ms(db) >= AWAY_LONG_MS;
    int r = wjz_event_wait_ms(db->loop, &tx->event, away ? AWAY_WAIT_MS : DB_WAIT_MS);
    if (tx->conn) return 0;
    if (tx->failure.code) return give_failure(tx, err);
    assert(r == -ETIMEDOUT);
    wjz_db_unqueue(db, tx);
    return too_late(tx, err);
}

static bool has_free(const wjz_db *db) {
    for (int i = 0; i < db->conn_count && !db->waiting; i++)
        if (db->conns[i].state == CONN_FREE) return true;
    return false;
}

int wjz_tx_try_begin(wjz_db *db, wjz_tx **ret_tx, wjz_err *err) {
    if (!has_free(db)) return wjz_err_set(err, -EAGAIN, "could not begin: no connection is free");
    return wjz_tx_begin(db, ret_tx, err);
}

int wjz_tx_begin(wjz_db *db, wjz_tx **ret_tx, wjz_err *err) {
    if (db->closing) return wjz_err_set(err, -ECANCELED, "could not begin: the database pool is closing");
    wjz_tx *tx = calloc(1, sizeof(*tx));
    if (!tx) return wjz_err_set(err, -ENOMEM, "could not begin: out of memory");
    tx->db = db;
    tx->after_end = &tx->after;
    db->transactions++;
    int r = wait_for_connection(tx, err);
    if (r < 0) {
        free_tx(tx);
        return r;
    }
    *ret_tx = tx;
    return 0;
}

/* --- send and wait --- */

/* Queues a statement; its failure is the transaction's. */
static int queue(wjz_tx *tx, const wjz_stmt *stmt, const wjz_param *params, int count, bool keep) {
    if (tx->failure.code) return tx->failure.code;
    wjz_err err = {0};
    int r = wjz_conn_send(tx->conn, stmt, params, count, keep, &err);
    if (r < 0) fail(tx, r, err.text);
    return r;
}

static bool plans_are_old(const wjz_tx *tx, int64_t now_us) {
    const wjz_conn *conn = tx->conn;
    int64_t age = now_us - conn->planned_at_us;
    bool flood = tx->db->sent_bytes > conn->planned_at_sent + conn->planned_at_sent / 2;
    return tx->db->hot_path && age > (flood ? PLAN_AGE_US : PLAN_AGE_CALM_US);
}

/* Plans are dropped before the first statement, in the same flush; each is then made again on its next use. */
static int drop_old_plans(wjz_tx *tx) {
    int64_t now = wjz_clock_monotonic_us();
    if (tx->failure.code || !plans_are_old(tx, now)) return tx->failure.code;
    tx->conn->planned_at_us = now;
    tx->conn->planned_at_sent = tx->db->sent_bytes;
    return queue(tx, &REPLAN, NULL, 0, false);
}

/* For the session, not for the transaction: most have the same as the one before, and to set it costs as much as a row. A
 * transaction that fails takes it back. */
static int set_commits(wjz_tx *tx) {
    wjz_commits wanted = tx->lazy ? COMMITS_LAZY : COMMITS_DURABLE;
    if (tx->failure.code || tx->conn->commits == wanted) return tx->failure.code;
    tx->conn->commits = COMMITS_UNKNOWN;
    tx->changes = true;
    return queue(tx, tx->lazy ? &LAZY : &DURABLE, NULL, 0, false);
}

static int begin_to_send(wjz_tx *tx) {
    int r = drop_old_plans(tx);
    return r < 0 ? r : set_commits(tx);
}

static int send_statement(wjz_tx *tx, const wjz_stmt *stmt, const wjz_param *params, int count, bool keep) {
    int r = tx->begun ? 0 : begin_to_send(tx);
    if (r == 0) r = queue(tx, stmt, params, count, keep);
    if (r == 0) tx->begun = tx->queued = true;
    return r;
}

int wjz_tx_send(wjz_tx *tx, const wjz_stmt *stmt, const wjz_param *params, int count) {
    int r = send_statement(tx, stmt, params, count, true);
    if (r == 0) tx->sent++;
    return r;
}

int wjz_tx_send_aside(wjz_tx *tx, const wjz_stmt *stmt, const wjz_param *params, int count) {
    return send_statement(tx, stmt, params, count, false);
}

int64_t wjz_tx_era(const wjz_tx *tx) {
    return tx->conn ? tx->conn->era : 0;
}

void wjz_tx_lazy(wjz_tx *tx) {
    assert(!tx->begun);
    tx->lazy = true;
}

int wjz_tx_push(wjz_tx *tx) {
    if (tx->failure.code == 0 && tx->queued) wjz_conn_flush(tx->conn);
    return tx->failure.code;
}

/* Sends everything queued on its way; commits: as the last of the transaction. */
static void depart(wjz_tx *tx, bool commits) {
    if (tx->failure.code) return;
    wjz_event_clear(&tx->event);
    tx->under_way = (commits ? wjz_conn_sync(tx->conn) : wjz_conn_ask(tx->conn)) == 0;
}

/* Waits until the server has answered for it; failed or not, the answers of the round before are gone. */
static int arrive(wjz_tx *tx) {
    if (tx->under_way) wjz_event_wait(tx->db->loop, &tx->event);
    tx->under_way = false;
    wjz_results_clear(&tx->results);
    wjz_results came = tx->incoming;
    tx->incoming = tx->results;
    tx->results = came;
    tx->sent = 0;
    tx->queued = false;
    return tx->failure.code;
}

int wjz_tx_wait(wjz_tx *tx, wjz_rows **ret_rows, wjz_err *err) {
    int sent = tx->sent, r = tx->failure.code;
    if (r == 0 && tx->queued) {
        depart(tx, false);
        r = arrive(tx);
    }
    if (r < 0) return give_failure(tx, err);
    if (ret_rows) *ret_rows = sent ? wjz_tx_rows(tx, sent - 1) : NULL;
    return 0;
}

wjz_rows *wjz_tx_rows(wjz_tx *tx, int index) {
    assert(index >= 0 && index < tx->results.count);
    return &tx->results.rows[index];
}

int wjz_tx_next(const wjz_tx *tx) {
    return tx->sent;
}

int wjz_tx_query(wjz_tx *tx, const wjz_stmt *stmt, const wjz_param *params, int count, wjz_rows **ret_rows,
                 wjz_err *err) {
    int r = wjz_tx_send(tx, stmt, params, count);
    return r < 0 ? give_failure(tx, err) : wjz_tx_wait(tx, ret_rows, err);
}

/* --- end --- */

static void count_end(wjz_db *db, int result) {
    switch (result) {
    case 0:
        wjz_count(db->committed, 1);
        break;
    case -ECANCELED:
        wjz_count(db->rolled_back, 1);
        break;
    case -ECONNRESET:
        wjz_count(db->lost, 1);
        break;
    default:
        wjz_count(db->failed, 1);
    }
}

/* The connection goes to the next one first: what follows here is nobody else's wait. */
static void end(wjz_tx *tx, int result) {
    wjz_conn *conn = WJZ_STEAL(tx->conn);
    if (conn && tx->changes && result == 0) conn->commits = tx->lazy ? COMMITS_LAZY : COMMITS_DURABLE;
    if (conn) wjz_conn_release(conn);
    count_end(tx->db, result);
    for (wjz_tx_after_call *call = tx->after; call; call = call->next)
        call->fn(call->arg, result);
    free_tx(tx);
}

int wjz_tx_dispatch(wjz_tx *tx, wjz_err *err) {
    if (tx->under_way) return 0;
    if (tx->begun) depart(tx, true);
    return give_failure(tx, err);
}

int wjz_tx_finish(wjz_tx *tx, wjz_err *err) {
    int r = wjz_tx_dispatch(tx, err);
    if (tx->under_way) r = arrive(tx);
    if (r < 0) return give_failure(tx, err);
    tx->begun = false;
    return 0;
}

int wjz_tx_commit(wjz_tx **tx_at, wjz_err *err) {
    wjz_tx *tx = WJZ_STEAL(*tx_at);
    int r = wjz_tx_finish(tx, err);
    end(tx, r);
    return r;
}

void wjz_tx_abort(wjz_tx **tx_at) {
    wjz_tx *tx = tx_at ? WJZ_STEAL(*tx_at) : NULL;
    if (tx) end(tx, tx->failure.code ? tx->failure.code : -ECANCELED);
}

wjz_arena *wjz_tx_arena(wjz_tx *tx) {
    if (!tx->arena) tx->arena = wjz_arena_new(0);
    return tx->arena;
}

int wjz_tx_after(wjz_tx *tx, wjz_tx_after_fn *fn, void *arg) {
    wjz_arena *arena = wjz_tx_arena(tx);
    wjz_tx_after_call *call = arena ? wjz_arena_alloc(arena, sizeof(*call)) : NULL;
    if (!call) return -ENOMEM;
    *call = (wjz_tx_after_call){.fn = fn, .arg = arg};
    *tx->after_end = call;
    tx->after_end = &call->next;
    return 0;
}
