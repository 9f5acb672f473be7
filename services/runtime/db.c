/* The pool: a few connections, and a queue of those who wait for one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/db.h"
#include "wjz/clock.h"
#include "wjz/log.h"

enum { CONNECTIONS_MAX = 100 };

/* --- settings of the connections --- */

static int set(wjz_db *db, const char *keyword, const char *value) {
    int i = 0;
    while (db->keywords[i] && strcmp(db->keywords[i], keyword) != 0)
        i++;
    if (i == DB_SETTINGS_MAX) return -E2BIG;
    char *copy = strdup(value);
    if (!copy || (!db->keywords[i] && !(db->keywords[i] = strdup(keyword)))) {
        free(copy);
        return -ENOMEM;
    }
    free(db->values[i]);
    db->values[i] = copy;
    return 0;
}

const char *wjz_db_setting(const wjz_db *db, const char *keyword) {
    for (int i = 0; db->keywords[i]; i++)
        if (strcmp(db->keywords[i], keyword) == 0) return db->values[i];
    return NULL;
}

/* Compilation of plans is off because a plan that had to scan a table costs a fortune on paper with enable_seqscan off,
 * and would be compiled for a tenth of a second each time. */
static int set_server_options(wjz_db *db, const wjz_db_options *options) {
    const char *given = wjz_db_setting(db, "options");
    char text[1024];
    int length =
        snprintf(text, sizeof(text), "%s -c jit=off -c statement_timeout=%d%s%s", given ? given : "",
                 options->statement_timeout_ms, options->generic_plans ? " -c plan_cache_mode=force_generic_plan" : "",
                 options->hot_path ? " -c enable_seqscan=off -c enable_mergejoin=off -c enable_hashjoin=off" : "");
    return length < (int)sizeof(text) ? set(db, "options", text) : -EINVAL;
}

static int set_all(wjz_db *db, const wjz_db_options *options, const PQconninfoOption *parsed) {
    int r = 0;
    for (const PQconninfoOption *option = parsed; option->keyword && r == 0; option++)
        if (option->val) r = set(db, option->keyword, option->val);
    if (r == 0 && options->role) r = set(db, "user", options->role);
    if (r == 0 && options->application) r = set(db, "application_name", options->application);
    if (r == 0) r = set(db, "client_encoding", "UTF8");
    /* A server that vanished without a word is noticed by its silence. */
    if (r == 0 && !wjz_db_setting(db, "tcp_user_timeout")) r = set(db, "tcp_user_timeout", "15000");
    if (r == 0 && !wjz_db_setting(db, "keepalives_idle")) r = set(db, "keepalives_idle", "10");
    if (r == 0 && !wjz_db_setting(db, "keepalives_interval")) r = set(db, "keepalives_interval", "5");
    return r == 0 ? set_server_options(db, options) : r;
}

static int read_url(wjz_db *db, const wjz_db_options *options, wjz_err *err) {
    char *message = NULL;
    PQconninfoOption *parsed = PQconninfoParse(options->url, &message);
    if (!parsed) {
        const char *text = message ? message : "out of memory";
        wjz_err_set(err, -EINVAL, "cannot read the database url: %.*s", (int)strcspn(text, "\n"), text);
        PQfreemem(message);
        return -EINVAL;
    }
    int r = set_all(db, options, parsed);
    PQconninfoFree(parsed);
    return r < 0 ? wjz_err_set(err, r, "could not set up the database pool: %s", strerror(-r)) : 0;
}

/* --- lifetime --- */

static void free_db(wjz_db *db) {
    wjz_timer_close(&db->watchdog);
    for (int i = 0; db->keywords[i]; i++) {
        free(db->keywords[i]);
        free(db->values[i]);
    }
    free(db->conns);
    free(db);
}

static void find_metrics(wjz_db *db) {
    static const char TRANSACTIONS[] = "wjz_db_transactions_total", HELP[] = "Database transactions by how they ended";
    db->round_trips = wjz_histogram("wjz_db_round_trip_seconds", "", "Time from a flush to the database's last answer");
    db->usable = wjz_gauge("wjz_db_connections", "", "Database connections that can be used now");
    db->committed = wjz_counter(TRANSACTIONS, "result=\"committed\"", HELP);
    db->rolled_back = wjz_counter(TRANSACTIONS, "result=\"rolled_back\"", HELP);
    db->failed = wjz_counter(TRANSACTIONS, "result=\"failed\"", HELP);
    db->lost = wjz_counter(TRANSACTIONS, "result=\"lost\"", HELP);
}

static void on_end(void *arg) {
    wjz_db *db = arg;
    wjz_call_fn *closed = db->closed;
    void *closed_arg = db->closed_arg;
    free_db(db);
    if (closed) closed(closed_arg);
}

static void watch(void *arg) {
    wjz_db *db = arg;
    int64_t before_us = wjz_clock_monotonic_us() - db->patience_ms * INT64_C(1000);
    for (int i = 0; i < db->conn_count; i++)
        wjz_conn_lose_if_silent(&db->conns[i], before_us);
}

/* Looks eight times in that long, so that it is not missed by much. */
static int open_watchdog(wjz_db *db, int patience_ms) {
    if (patience_ms <= 0) return 0;
    db->patience_ms = patience_ms;
    uint64_t pause_ms = (uint64_t)patience_ms / 8 + 1;
    return wjz_timer_open(db->loop, pause_ms, pause_ms, watch, db, &db->watchdog);
}

int wjz_db_open(wjz_loop *loop, const wjz_db_options *options, wjz_db **ret_db, wjz_err *err) {
    if (options->connections < 1 || options->connections > CONNECTIONS_MAX)
        return wjz_err_set(err, -EINVAL, "cannot open %d database connections: from 1 to %d", options->connections,
                           CONNECTIONS_MAX);
    wjz_db *db = calloc(1, sizeof(*db));
    if (!db) return wjz_err_set(err, -ENOMEM, "could not open the database pool: out of memory");
    db->loop = loop;
    db->hot_path = options->hot_path;
    db->hasty = options->hasty;
    db->era = options->era;
    db->waiting_end = &db->waiting;
    db->away_since_us = wjz_clock_monotonic_us();
    db->end = (wjz_ready){.fn = on_end, .arg = db};
    db->conns = calloc((size_t)options->connections, sizeof(*db->conns));
    int r = db->conns ? open_watchdog(db, options->patience_ms) : -ENOMEM;
    if (r < 0) wjz_err_set(err, r, "could not open the database pool: %s", strerror(-r));
    if (r == 0) r = read_url(db, options, err);
    if (r < 0) {
        free_db(db);
        return r;
    }
    find_metrics(db);
    db->conn_count = options->connections;
    for (int i = 0; i < db->conn_count; i++) {
        db->conns[i].db = db;
        wjz_conn_connect(&db->conns[i]);
    }
    *ret_db = db;
    return 0;
}

void wjz_db_close(wjz_db **db_at, wjz_call_fn *closed, void *arg) {
    wjz_db *db = db_at ? WJZ_STEAL(*db_at) : NULL;
    if (!db) return;
    db->closing = true;
    db->closed = closed;
    db->closed_arg = arg;
    while (db->waiting) {
        wjz_tx *tx = db->waiting;
        wjz_db_unqueue(db, tx);
        wjz_tx_on_refused(tx, -ECANCELED, "could not begin: the database pool is closing");
    }
    for (int i = 0; i < db->conn_count; i++)
        if (db->conns[i].state != CONN_TAKEN && db->conns[i].state != CONN_DRAINING) wjz_conn_close(&db->conns[i]);
    wjz_db_end_if_empty(db);
}

void wjz_db_end_if_empty(wjz_db *db) {
    if (!db->closing || db->transactions > 0) return;
    for (int i = 0; i < db->conn_count; i++)
        if (db->conns[i].state == CONN_DRAINING) return;
    for (int i = 0; i < db->conn_count; i++)
        wjz_conn_close(&db->conns[i]);
    wjz_loop_ready(db->loop, &db->end);
}

bool wjz_db_ready(const wjz_db *db) {
    return db->away_since_us == 0;
}

uint64_t wjz_db_busy_us(const wjz_db *db) {
    uint64_t busy = db->busy_us;
    int64_t now = wjz_clock_monotonic_us();
    for (int i = 0; i < db->conn_count; i++)
        if (db->conns[i].busy_since_us) busy += (uint64_t)(now - db->conns[i].busy_since_us);
    return busy;
}

/* --- who gets a connection --- */

static void grant(wjz_conn *conn, wjz_tx *tx) {
    wjz_conn_take(conn, tx);
    wjz_tx_on_granted(tx, conn);
}

void wjz_db_offer(wjz_db *db, wjz_conn *conn) {
    wjz_tx *tx = db->waiting;
    if (tx) {
        wjz_db_unqueue(db, tx);
        grant(conn, tx);
    } else if (db->closing) {
        wjz_conn_close(conn);
        wjz_db_end_if_empty(db);
    }
}

void wjz_db_queue(wjz_db *db, wjz_tx *tx) {
    for (int i = 0; i < db->conn_count && !db->waiting; i++)
        if (db->conns[i].state == CONN_FREE) {
            grant(&db->conns[i], tx);
            return;
        }
    tx->next = NULL;
    *db->waiting_end = tx;
    db->waiting_end = &tx->next;
}

void wjz_db_unqueue(wjz_db *db, wjz_tx *tx) {
    wjz_tx **at = &db->waiting;
    while (*at && *at != tx)
        at = &(*at)->next;
    if (!*at) return;
    *at = tx->next;
    if (!*at) db->waiting_end = at;
}

/* Once per absence, not per attempt. */
static void tell_trouble(wjz_db *db) {
    db->trouble_told = true;
    wjz_log_warn("database away", "error=\"%s\"", db->trouble);
}

void wjz_db_note_usable(wjz_db *db, bool usable) {
    wjz_set(db->usable, wjz_metric_value(db->usable) + (usable ? 1 : -1));
    bool any = false;
    for (int i = 0; i < db->conn_count; i++)
        any = any || wjz_conn_usable(&db->conns[i]);
    if (any == wjz_db_ready(db)) return;
    db->away_since_us = any ? 0 : wjz_clock_monotonic_us();
    if (any) wjz_log_info("database reached", "");
    db->trouble_told = false;
    if (!any && !db->closing) tell_trouble(db);
}

void wjz_db_note_trouble(wjz_db *db, const char *message) {
    snprintf(db->trouble, sizeof(db->trouble), "%.*s", (int)strcspn(message, "\n"), message);
    for (char *at = db->trouble; *at; at++)
        if (*at == '"') *at = '\''; /* it stands between quotes in the log */
    if (!wjz_db_ready(db) && !db->trouble_told) tell_trouble(db);
}
