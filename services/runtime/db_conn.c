/* One connection: made without blocking, kept in pipeline mode, made again when it is lost. Statements are written
 * to libpq's buffer and what the server owes for them is remembered in a ring; every answer is matched with the first
 * one owed. A transaction that is gone before its answers came leaves the connection draining: the answers are
 * dropped, and the rollback's is the last of them. */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/db.h"
#include "runtime/haste.h"
#include "wjz/clock.h"
#include "wjz/log.h"

enum { BACKOFF_LEAST_MS = 50, BACKOFF_MOST_MS = 2000, CONNECT_MS = 10000 };

static const wjz_stmt BEGIN = {.name = "wjz_begin", .sql = "BEGIN"};
static const wjz_stmt ROLLBACK = {.name = "wjz_rollback", .sql = "ROLLBACK"};

static void on_socket(void *arg, int events);

bool wjz_conn_usable(const wjz_conn *conn) {
    return conn->state == CONN_FREE || conn->state == CONN_TAKEN || conn->state == CONN_DRAINING;
}

static void conn_enter(wjz_conn *conn, conn_state state) {
    static const unsigned char ALLOWED[] = {
        [CONN_AWAY] = 1 << CONN_CONNECTING | 1 << CONN_CLOSED,
        [CONN_CONNECTING] = 1 << CONN_AWAY | 1 << CONN_ASKING_ERA | 1 << CONN_FREE | 1 << CONN_CLOSED,
        [CONN_ASKING_ERA] = 1 << CONN_AWAY | 1 << CONN_FREE | 1 << CONN_CLOSED,
        [CONN_FREE] = 1 << CONN_AWAY | 1 << CONN_TAKEN | 1 << CONN_CLOSED,
        [CONN_TAKEN] = 1 << CONN_AWAY | 1 << CONN_FREE | 1 << CONN_DRAINING | 1 << CONN_CLOSED,
        [CONN_DRAINING] = 1 << CONN_AWAY | 1 << CONN_FREE | 1 << CONN_CLOSED,
    };
    assert(ALLOWED[conn->state] & 1 << state);
    bool before = wjz_conn_usable(conn);
    conn->state = state;
    if (wjz_conn_usable(conn) != before) wjz_db_note_usable(conn->db, !before);
}

/* --- prepared statements --- */

static wjz_prepared *find_prepared(const wjz_conn *conn, const wjz_stmt *stmt) {
    size_t mask = conn->prepared_capacity - 1;
    size_t at = ((uintptr_t)stmt >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 32 & mask;
    while (conn->prepared[at].stmt && conn->prepared[at].stmt != stmt)
        at = (at + 1) & mask;
    return &conn->prepared[at];
}

static int grow_prepared(wjz_conn *conn) {
    if (conn->prepared_count * 2 < conn->prepared_capacity) return 0;
    wjz_prepared *old = conn->prepared;
    size_t old_capacity = conn->prepared_capacity, capacity = old_capacity ? old_capacity * 2 : 64;
    wjz_prepared *table = calloc(capacity, sizeof(*table));
    if (!table) return -ENOMEM;
    conn->prepared = table;
    conn->prepared_capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].stmt) *find_prepared(conn, old[i].stmt) = old[i];
    free(old);
    return 0;
}

static void forget_prepared(wjz_conn *conn) {
    for (size_t i = 0; i < conn->prepared_capacity; i++)
        free(conn->prepared[i].types);
    free(conn->prepared);
    conn->prepared = NULL;
    conn->prepared_count = conn->prepared_capacity = 0;
    conn->unready = 0;
}

static int add_prepared(wjz_conn *conn, wjz_prepared *place, const wjz_stmt *stmt, int count) {
    Oid *types = NULL;
    if (count) {
        types = malloc((size_t)count * sizeof(*types));
        if (!types) return -ENOMEM;
        memcpy(types, conn->encoded.types, (size_t)count * sizeof(*types));
    }
    *place = (wjz_prepared){.stmt = stmt, .count = count, .types = types};
    conn->prepared_count++;
    conn->unready++;
    return 0;
}

/* The bytes of a parameter of another type than the statement was prepared for would be misread. */
static int check_types(const wjz_conn *conn, const wjz_prepared *prepared, int count, wjz_err *err) {
    if (count != prepared->count)
        return wjz_err_set(err, -EINVAL, "cannot run \"%s\": %d parameters given, %d before", prepared->stmt->name,
                           count, prepared->count);
    for (int i = 0; i < count; i++)
        if (conn->encoded.values[i] && conn->encoded.types[i] != prepared->types[i])
            return wjz_err_set(err, -EINVAL, "cannot run \"%s\": parameter $%d has type %u, %u before",
                               prepared->stmt->name, i + 1, conn->encoded.types[i], prepared->types[i]);
    return 0;
}

/* --- what the server owes --- */

static int owe(wjz_conn *conn, wjz_owed owed) {
    if (conn->owed_count == conn->owed_capacity) {
        size_t capacity = conn->owed_capacity ? conn->owed_capacity * 2 : 16;
        wjz_owed *ring = malloc(capacity * sizeof(*ring));
        if (!ring) return -ENOMEM;
        for (size_t i = 0; i < conn->owed_count; i++)
            ring[i] = conn->owed[(conn->owed_first + i) % conn->owed_capacity];
        free(conn->owed);
        conn->owed = ring;
        conn->owed_first = 0;
        conn->owed_capacity = capacity;
    }
    conn->owed[(conn->owed_first + conn->owed_count++) % conn->owed_capacity] = owed;
    return 0;
}

static void forget_owed(wjz_conn *conn) {
    conn->owed_first = (conn->owed_first + 1) % conn->owed_capacity;
    conn->owed_count--;
    conn->answered = false;
}

/* --- losing and connecting --- */

static void disconnect(wjz_conn *conn) {
    wjz_poll_close(&conn->poll);
    wjz_timer_close(&conn->timer);
    wjz_db_resolve_cancel(conn);
    PQfinish(WJZ_STEAL(conn->pg));
    forget_prepared(conn);
    conn->owed_count = 0;
    conn->answered = conn->open = conn->asked = false;
    conn->stale = false;
    conn->era = 0;
    conn->commits = COMMITS_DURABLE;
    conn->busy_since_us = 0;
}

static void connect_again(void *arg) {
    wjz_conn *conn = arg;
    wjz_timer_close(&conn->timer);
    wjz_conn_connect(conn);
}

/* Half of the pause is left to chance, so that the pools of all processes do not come back at once. */
static void connect_later(wjz_conn *conn) {
    conn_enter(conn, CONN_AWAY);
    uint64_t half = conn->backoff_ms / 2;
    uint64_t pause = half + arc4random_uniform((uint32_t)half + 1);
    conn->backoff_ms = conn->backoff_ms * 2 > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : conn->backoff_ms * 2;
    if (wjz_timer_open(conn->db->loop, pause, 0, connect_again, conn, &conn->timer) < 0)
        wjz_log_error("database connection given up", "error=\"out of memory\"");
}

static void lose_because(wjz_conn *conn, const char *message) {
    char why[200]; /* the message may be the connection's */
    snprintf(why, sizeof(why), "%.*s", (int)strcspn(message, "\n"), message);
    wjz_db_note_trouble(conn->db, why);
    wjz_tx *tx = WJZ_STEAL(conn->tx);
    disconnect(conn);
    connect_later(conn);
    if (tx)
        wjz_tx_on_lost(tx, why);
    else
        wjz_db_end_if_empty(conn->db);
}

static void lose(wjz_conn *conn) {
    const char *message = PQerrorMessage(conn->pg);
    lose_because(conn, *message ? message : "connection closed");
}

static void fail_to_connect(wjz_conn *conn, const char *message) {
    wjz_db_note_trouble(conn->db, message);
    disconnect(conn);
    connect_later(conn);
}

static void on_connect_limit(void *arg) {
    fail_to_connect(arg, "no answer within 10 s");
}

static void ignore_notice(WJZ_UNUSED void *arg, WJZ_UNUSED const PGresult *notice) {}

static void ready(wjz_conn *conn) {
    wjz_timer_close(&conn->timer);
    conn->backoff_ms = BACKOFF_LEAST_MS;
    conn_enter(conn, CONN_FREE);
    wjz_db_offer(conn->db, conn);
}

static void connected(wjz_conn *conn) {
    if (PQsetnonblocking(conn->pg, 1) != 0 || PQenterPipelineMode(conn->pg) != 1) {
        fail_to_connect(conn, PQerrorMessage(conn->pg));
        return;
    }
    wjz_poll_watch(conn->poll, WJZ_READABLE);
    if (conn->db->hasty) (void)wjz_haste_server(PQsocket(conn->pg), PQbackendPID(conn->pg));
    if (!conn->db->era) {
        ready(conn);
        return;
    }
    conn_enter(conn, CONN_ASKING_ERA);
    if (wjz_conn_send(conn, conn->db->era, NULL, 0, true, NULL) == 0)
        (void)!wjz_conn_sync(conn);
    else if (conn->pg)
        fail_to_connect(conn, "out of memory");
}

static void era_told(wjz_conn *conn) {
    if (conn->era) {
        ready(conn);
        return;
    }
    disconnect(conn); /* why has been noted */
    connect_later(conn);
}

/* Between two steps libpq may have taken another socket, perhaps under the same number: watched anew each time. */
static int watch_socket(wjz_conn *conn, int events) {
    wjz_poll_close(&conn->poll);
    int r = wjz_poll_open(conn->db->loop, PQsocket(conn->pg), on_socket, conn, &conn->poll);
    if (r == 0) wjz_poll_watch(conn->poll, events);
    return r;
}

static void connect_step(wjz_conn *conn, PostgresPollingStatusType status) {
    if (status == PGRES_POLLING_FAILED) {
        fail_to_connect(conn, PQerrorMessage(conn->pg));
        return;
    }
    int r = watch_socket(conn, status == PGRES_POLLING_WRITING ? WJZ_WRITABLE : WJZ_READABLE);
    if (r < 0)
        fail_to_connect(conn, strerror(-r));
    else if (status == PGRES_POLLING_OK)
        connected(conn);
}

/* list: NULL leaves the host to libpq. */
static void start(wjz_conn *conn, const wjz_addresses *list) {
    const wjz_db *db = conn->db;
    const char *keywords[DB_SETTINGS_MAX + 3] = {0}, *values[DB_SETTINGS_MAX + 3] = {0};
    int count = 0;
    for (; db->keywords[count]; count++) {
        keywords[count] = db->keywords[count];
        values[count] = db->values[count];
    }
    if (list) { /* of two with the same name, the last counts */
        keywords[count] = "host";
        values[count++] = list->hosts;
        keywords[count] = "hostaddr";
        values[count] = list->addresses;
    }
    conn->pg = PQconnectStartParams(keywords, values, 0);
    if (!conn->pg) {
        fail_to_connect(conn, "out of memory");
        return;
    }
    PQsetNoticeReceiver(conn->pg, ignore_notice, NULL);
    connect_step(conn, PQstatus(conn->pg) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING);
}

void wjz_conn_resolved(wjz_conn *conn, const wjz_addresses *list, const char *trouble) {
    char text[200];
    if (*list->addresses) {
        start(conn, list);
        return;
    }
    snprintf(text, sizeof(text), "could not find host \"%s\": %s", wjz_db_setting(conn->db, "host"), trouble);
    fail_to_connect(conn, text);
}

void wjz_conn_connect(wjz_conn *conn) {
    wjz_db *db = conn->db;
    conn_enter(conn, CONN_CONNECTING);
    if (!conn->backoff_ms) conn->backoff_ms = BACKOFF_LEAST_MS;
    int r = wjz_timer_open(db->loop, CONNECT_MS, 0, on_connect_limit, conn, &conn->timer);
    bool named = wjz_db_must_resolve(db);
    if (r == 0 && named) r = wjz_db_resolve(conn);
    if (r < 0)
        fail_to_connect(conn, strerror(-r));
    else if (!named)
        start(conn, NULL);
}

void wjz_conn_close(wjz_conn *conn) {
    if (conn->state == CONN_CLOSED) return;
    disconnect(conn);
    conn_enter(conn, CONN_CLOSED);
    free(WJZ_STEAL(conn->owed));
    wjz_encoded_free(&conn->encoded);
}

/* --- sending --- */

int wjz_conn_flush(wjz_conn *conn) {
    int left = PQflush(conn->pg);
    if (left < 0) {
        lose(conn);
        return -ECONNRESET;
    }
    wjz_poll_watch(conn->poll, left ? WJZ_READABLE | WJZ_WRITABLE : WJZ_READABLE);
    return 0;
}

/* libpq refuses to queue only when it is out of memory or its connection is broken. */
static int refused(wjz_conn *conn, const wjz_stmt *stmt, wjz_err *err) {
    wjz_err_set(err, -ECONNRESET, "could not send \"%s\": connection lost", stmt->name);
    lose(conn);
    return -ECONNRESET;
}

static int send_prepare(wjz_conn *conn, const wjz_stmt *stmt, const wjz_prepared *prepared, wjz_err *err) {
    if (owe(conn, (wjz_owed){.kind = OWED_PREPARE, .stmt = stmt}) < 0)
        return wjz_err_set(err, -ENOMEM, "could not send \"%s\": out of memory", stmt->name);
    if (!PQsendPrepare(conn->pg, stmt->name, stmt->sql, prepared->count, prepared->types))
        return refused(conn, stmt, err);
    return 0;
}

/* An entry that is there but not ready is a preparation under way in this portion of the pipeline. */
static int ensure_prepared(wjz_conn *conn, const wjz_stmt *stmt, int count, wjz_err *err) {
    int r = grow_prepared(conn);
    if (r < 0) return wjz_err_set(err, r, "could not prepare \"%s\": out of memory", stmt->name);
    wjz_prepared *prepared = find_prepared(conn, stmt);
    if (prepared->stmt) return check_types(conn, prepared, count, err);
    r = add_prepared(conn, prepared, stmt, count);
    if (r < 0) return wjz_err_set(err, r, "could not prepare \"%s\": out of memory", stmt->name);
    return send_prepare(conn, stmt, prepared, err);
}

int wjz_conn_send(wjz_conn *conn, const wjz_stmt *stmt, const wjz_param *params, int count, bool keep, wjz_err *err) {
    wjz_encoded *encoded = &conn->encoded;
    int r = wjz_params_encode(encoded, params, count);
    if (r < 0) return wjz_err_set(err, r, "could not send \"%s\": out of memory", stmt->name);
    r = ensure_prepared(conn, stmt, count, err);
    if (r < 0) return r;
    conn->db->sent_bytes += encoded->used;
    r = owe(conn, (wjz_owed){.kind = OWED_STATEMENT, .stmt = stmt, .keep = keep});
    if (r < 0) return wjz_err_set(err, r, "could not send \"%s\": out of memory", stmt->name);
    if (!PQsendQueryPrepared(conn->pg, stmt->name, count, encoded->values, encoded->lengths, encoded->formats, 1))
        return refused(conn, stmt, err);
    conn->open = true;
    return 0;
}

static int depart(wjz_conn *conn, bool good) {
    if (!good) {
        lose(conn);
        return -ECONNRESET;
    }
    if (!conn->busy_since_us) conn->busy_since_us = conn->heard_at_us = wjz_clock_monotonic_us();
    return wjz_conn_flush(conn);
}

int wjz_conn_sync(wjz_conn *conn) {
    conn->open = conn->asked = false;
    return depart(conn, owe(conn, (wjz_owed){.kind = OWED_SYNC}) == 0 && PQpipelineSync(conn->pg));
}

int wjz_conn_ask(wjz_conn *conn) {
    conn->asked = true;
    return depart(conn, PQsendFlushRequest(conn->pg));
}

/* --- receiving --- */

/* Statements whose preparation failed, or was skipped because an earlier one failed, are prepared again next time.
 * The table cannot lose a single entry, and this is rare: it is built anew. */
static void drop_unready(wjz_conn *conn) {
    wjz_prepared *old = WJZ_STEAL(conn->prepared);
    size_t capacity = conn->prepared_capacity;
    conn->prepared_count = conn->prepared_capacity = 0;
    conn->unready = 0;
    for (size_t i = 0; i < capacity; i++) {
        if (!old[i].ready || grow_prepared(conn) < 0) {
            conn->stale = conn->stale || old[i].ready;
            free(old[i].types);
            continue;
        }
        *find_prepared(conn, old[i].stmt) = old[i];
        conn->prepared_count++;
    }
    free(old);
}

static void on_failure(wjz_conn *conn, const wjz_owed *owed, const PGresult *result) {
    if (PQresultStatus(result) == PGRES_PIPELINE_ABORTED) return;
    if (conn->state == CONN_ASKING_ERA) wjz_db_note_trouble(conn->db, PQresultErrorMessage(result));
    if (wjz_db_error_is_of_connection(result)) conn->stale = true;
    /* Before a sync's answer may come that the commit failed, or what ends the connection. */
    if (conn->tx) wjz_tx_on_error(conn->tx, owed->stmt ? owed->stmt->name : "commit", result);
}

static void on_result(wjz_conn *conn, const wjz_owed *owed, PGresult *result) {
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
    if (!good) {
        on_failure(conn, owed, result);
    } else if (owed->kind == OWED_PREPARE) {
        find_prepared(conn, owed->stmt)->ready = true;
        conn->unready--;
    } else if (owed->keep && conn->tx) {
        wjz_tx_on_result(conn->tx, owed->stmt, result);
        return;
    } else if (conn->state == CONN_ASKING_ERA) {
        conn->era = wjz_result_int(result);
        if (!conn->era) wjz_db_note_trouble(conn->db, "the server does not tell its era");
    }
    PQclear(result);
}

static void note_busy(wjz_conn *conn) {
    int64_t took = wjz_clock_monotonic_us() - conn->busy_since_us;
    conn->busy_since_us = 0;
    conn->db->busy_us += (uint64_t)took;
    wjz_observe(conn->db->round_trips, (uint64_t)took);
}

static void become_free(wjz_conn *conn) {
    if (conn->stale) {
        wjz_db_note_trouble(conn->db, "an error after which the connection is made anew");
        disconnect(conn);
        connect_later(conn);
        wjz_db_end_if_empty(conn->db);
        return;
    }
    conn_enter(conn, CONN_FREE);
    wjz_db_offer(conn->db, conn);
}

/* Only when nothing follows it, all preparations are known to have been answered. */
static void on_sync(wjz_conn *conn) {
    if (conn->owed_count > 0) return;
    note_busy(conn);
    if (conn->unready > 0) drop_unready(conn);
    if (conn->state == CONN_ASKING_ERA)
        era_told(conn);
    else if (conn->state == CONN_DRAINING)
        become_free(conn);
    else if (conn->tx)
        wjz_tx_on_answered(conn->tx);
}

static void on_all_answered(wjz_conn *conn) {
    conn->asked = false;
    note_busy(conn);
    if (conn->tx) wjz_tx_on_answered(conn->tx);
}

static bool is_copy(ExecStatusType status) {
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Which is not possible in a pipeline, and leaves the connection in no state to go on. */
static void refuse_copy(wjz_conn *conn, const wjz_stmt *stmt) {
    char text[100];
    snprintf(text, sizeof(text), "cannot run \"%s\": COPY is no statement for the pool", stmt->name);
    if (conn->tx) wjz_tx_on_refused(conn->tx, -EIO, text);
    lose(conn);
}

/* After each statement's result comes NULL; after a sync's none, but after the error of the commit that a sync was. */
static void end_answer(wjz_conn *conn, const wjz_owed *owed) {
    if (!conn->answered)
        lose(conn);
    else if (owed->kind == OWED_SYNC)
        conn->answered = false; /* it is still to come */
    else
        forget_owed(conn);
    if (conn->asked && conn->owed_count == 0) on_all_answered(conn);
}

/* Takes one answer from libpq. */
static void take_answer(wjz_conn *conn) {
    wjz_owed owed = conn->owed[conn->owed_first];
    PGresult *result = PQgetResult(conn->pg);
    if (!result) {
        end_answer(conn, &owed);
        return;
    }
    if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        forget_owed(conn);
        on_sync(conn);
        return;
    }
    if (is_copy(PQresultStatus(result))) {
        PQclear(result);
        refuse_copy(conn, owed.stmt);
        return;
    }
    conn->answered = true;
    on_result(conn, &owed, result);
}

/* Reads all there is. With TLS the library may hold bytes that the socket no longer shows: one more read after the
 * socket is empty fetches them. */
static bool read_all(wjz_conn *conn) {
    if (!PQconsumeInput(conn->pg)) return false;
    if (!PQsslInUse(conn->pg)) return true;
    struct pollfd socket = {.fd = PQsocket(conn->pg), .events = POLLIN};
    while (poll(&socket, 1, 0) > 0)
        if (!PQconsumeInput(conn->pg)) return false;
    return PQconsumeInput(conn->pg);
}

static void on_socket(void *arg, WJZ_UNUSED int events) {
    wjz_conn *conn = arg;
    if (conn->state == CONN_CONNECTING) {
        wjz_poll_close(&conn->poll);
        connect_step(conn, PQconnectPoll(conn->pg));
        return;
    }
    /* What came before the end is heeded before the end: an error that tells why. */
    conn->heard_at_us = wjz_clock_monotonic_us();
    bool alive = read_all(conn);
    while (conn->pg && conn->owed_count > 0 && !PQisBusy(conn->pg))
        take_answer(conn);
    if (!conn->pg) return;
    if (!alive || PQstatus(conn->pg) == CONNECTION_BAD) {
        lose(conn);
        return;
    }
    if (conn->owed_count == 0) PQisBusy(conn->pg); /* takes notices out of the buffer */
    wjz_conn_flush(conn);
}

void wjz_conn_lose_if_silent(wjz_conn *conn, int64_t before_us) {
    if (wjz_conn_usable(conn) && conn->busy_since_us && conn->heard_at_us < before_us)
        lose_because(conn, "the server owes an answer and is silent");
}

/* --- taking and giving back --- */

void wjz_conn_take(wjz_conn *conn, wjz_tx *tx) {
    conn_enter(conn, CONN_TAKEN);
    conn->tx = tx;
}

static bool put(wjz_conn *conn, const wjz_stmt *stmt) {
    if (wjz_conn_send(conn, stmt, NULL, 0, false, NULL) == 0) return true;
    if (conn->pg) lose(conn);
    return false;
}

/* A sync would commit what is open, unless it has failed and all up to the sync is skipped; BEGIN takes it into a block,
 * which can be rolled back. */
static void roll_back(wjz_conn *conn) {
    conn_enter(conn, CONN_DRAINING);
    if (conn->open && !put(conn, &BEGIN)) return;
    if (put(conn, &ROLLBACK)) (void)!wjz_conn_sync(conn);
}

void wjz_conn_release(wjz_conn *conn) {
    conn->tx = NULL;
    if (conn->open || conn->owed_count > 0 || PQtransactionStatus(conn->pg) != PQTRANS_IDLE)
        roll_back(conn);
    else
        become_free(conn);
}
