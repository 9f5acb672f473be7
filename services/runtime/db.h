/* The pool's inside, shared by its files: db.c (pool), db_conn.c (one connection and its pipeline), db_tx.c
 * (transactions), db_resolve.c (host names), db_params.c and db_rows.c (binary values), db_error.c (SQLSTATE). */
#ifndef RUNTIME_DB_H
#define RUNTIME_DB_H

#include <libpq-fe.h>

#include "runtime/loop.h"
#include "wjz/db.h"
#include "wjz/metrics.h"

/* Types by their fixed OIDs in pg_type. */
enum {
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_NAME = 19,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_JSON = 114,
    PG_FLOAT4 = 700,
    PG_FLOAT8 = 701,
    PG_BOOL_ARRAY = 1000,
    PG_BYTEA_ARRAY = 1001,
    PG_INT2_ARRAY = 1005,
    PG_INT4_ARRAY = 1007,
    PG_TEXT_ARRAY = 1009,
    PG_INT8_ARRAY = 1016,
    PG_FLOAT8_ARRAY = 1022,
    PG_BPCHAR = 1042,
    PG_VARCHAR = 1043,
    PG_DATE = 1082,
    PG_DATE_ARRAY = 1182,
    PG_TIMESTAMPTZ = 1184,
    PG_TIMESTAMPTZ_ARRAY = 1185,
    PG_JSONB = 3802,
};

/* PostgreSQL counts from 2000-01-01. */
#define PG_EPOCH_US INT64_C(946684800000000)
enum { PG_EPOCH_DAYS = 10957 };

/* --- db_params.c --- */

/* Parameters in the shape libpq takes them; arrays that grow and are used again for the next statement. */
typedef struct wjz_encoded {
    char *bytes;
    size_t used, size;
    int capacity; /* of the arrays */
    const char **values;
    int *lengths, *formats;
    Oid *types;
    size_t *offsets; /* in bytes, of the values that lie there */
} wjz_encoded;

/* -ENOMEM, also when a value is larger than PostgreSQL's 1 GB. */
WJZ_MUST_CHECK int wjz_params_encode(wjz_encoded *encoded, const wjz_param *params, int count);
void wjz_encoded_free(wjz_encoded *encoded);

/* --- db_rows.c --- */

struct wjz_rows {
    PGresult *result;
};

/* The results of one round trip, by the order of the statements. */
typedef struct wjz_results {
    wjz_rows *rows;
    int count, capacity;
} wjz_results;

/* Takes result over, also when out of memory. */
WJZ_MUST_CHECK int wjz_results_add(wjz_results *results, PGresult *result);
void wjz_results_clear(wjz_results *results);
void wjz_results_free(wjz_results *results);

/* The first column of the first row as int8; 0 when there is none. */
int64_t wjz_result_int(const PGresult *result);

/* --- db_error.c --- */

/* Fills err from a failed result of the named statement and returns the code (see wjz_tx_wait). */
int wjz_db_error(const char *statement, const PGresult *result, wjz_err *err);
/* Whether the error says that the connection, not the statement, is of no more use. */
bool wjz_db_error_is_of_connection(const PGresult *result);

/* --- db_conn.c --- */

/*          connect          connected         told        begin
 *   AWAY ──────────▶ CONNECTING ─▶ ASKING_ERA ──────▶ FREE ◀──────▶ TAKEN
 *    ▲ ▲                 │             │              │ ▲   end       │ end with work on the wire
 *    │ └─────────────────┴─────────────┘ failed       │ └── DRAINING ◀┘
 *    └────────────────────────────────────────────────┴──────┴─── lost; CLOSED from any, at the end of the pool.
 * Without a question for the era CONNECTING becomes FREE. */
typedef enum conn_state {
    CONN_AWAY,
    CONN_CONNECTING,
    CONN_ASKING_ERA,
    CONN_FREE,
    CONN_TAKEN,
    CONN_DRAINING,
    CONN_CLOSED
} conn_state;

/* What the server still owes an answer for. */
typedef struct wjz_owed {
    enum { OWED_PREPARE, OWED_STATEMENT, OWED_SYNC } kind;
    const wjz_stmt *stmt;
    bool keep; /* the result belongs to the transaction's rows */
} wjz_owed;

typedef struct wjz_prepared {
    const wjz_stmt *stmt; /* NULL: a free place of the table */
    bool ready;           /* the server has confirmed it */
    int count;
    Oid *types;
} wjz_prepared;

/* What the session's commits wait for; it stays so from one transaction to the next. */
typedef enum wjz_commits { COMMITS_DURABLE, COMMITS_LAZY, COMMITS_UNKNOWN } wjz_commits;

struct wjz_resolving;

typedef struct wjz_conn {
    wjz_db *db;
    conn_state state;
    PGconn *pg;
    wjz_poll *poll;
    struct wjz_resolving *resolving; /* the host's name is being looked up */
    wjz_timer *timer;                /* until the next attempt to connect, or the end of this one */
    uint64_t backoff_ms;
    int64_t era;    /* 0: not told yet, or not asked for */
    bool stale;     /* to be made anew once its transaction ended */
    wjz_tx *tx;     /* whose results come in; NULL when nobody wants them */
    wjz_owed *owed; /* ring */
    size_t owed_first, owed_count, owed_capacity;
    bool answered;          /* the first one owed, but for its end */
    bool open;              /* statements were sent since the last sync: the server keeps their transaction open */
    bool asked;             /* for all that is owed, without a sync */
    wjz_prepared *prepared; /* open addressing, a power of two */
    size_t prepared_count, prepared_capacity;
    int unready;
    wjz_encoded encoded;
    wjz_commits commits;
    int64_t planned_at_us;    /* when its plans were last dropped */
    uint64_t planned_at_sent; /* and how much the pool had sent then */
    int64_t busy_since_us;    /* 0: nothing on the wire */
    int64_t heard_at_us;      /* the last sign of life since then */
} wjz_conn;

void wjz_conn_connect(wjz_conn *conn);
/* The host's addresses, each list separated by commas; hosts repeats the name. Empty: trouble says why. */
typedef struct wjz_addresses {
    char hosts[2048], addresses[1024];
} wjz_addresses;
void wjz_conn_resolved(wjz_conn *conn, const wjz_addresses *list, const char *trouble);
/* Gives a free one to a transaction. */
void wjz_conn_take(wjz_conn *conn, wjz_tx *tx);
/* Ends it for good and frees what it holds. */
void wjz_conn_close(wjz_conn *conn);
bool wjz_conn_usable(const wjz_conn *conn);
/* Queues a statement, and its preparation when it is the first time. On -ECONNRESET the connection is lost and
 * its transaction knows. */
WJZ_MUST_CHECK int wjz_conn_send(wjz_conn *conn, const wjz_stmt *stmt, const wjz_param *params, int count, bool keep,
                                 wjz_err *err);
/* What is queued leaves now, as far as the socket takes it, and else whenever the loop runs. -ECONNRESET as above. */
int wjz_conn_flush(wjz_conn *conn);
/* Commits what was sent since the last sync, and flushes; wjz_tx_on_answered follows. -ECONNRESET as above. */
WJZ_MUST_CHECK int wjz_conn_sync(wjz_conn *conn);
/* Asks for the answers to what was sent and flushes; wjz_tx_on_answered follows, and the transaction stays open.
 * -ECONNRESET as above. */
WJZ_MUST_CHECK int wjz_conn_ask(wjz_conn *conn);
/* Takes it from its transaction: free at once, or after what is open or on the wire has been rolled back. */
void wjz_conn_release(wjz_conn *conn);
/* Gives it up when the server owes an answer and has been silent since before_us. */
void wjz_conn_lose_if_silent(wjz_conn *conn, int64_t before_us);

/* --- db_resolve.c --- */

bool wjz_db_must_resolve(const wjz_db *db);
/* wjz_conn_resolved follows, later. */
WJZ_MUST_CHECK int wjz_db_resolve(wjz_conn *conn);
void wjz_db_resolve_cancel(wjz_conn *conn);

/* --- db_tx.c: what a connection tells the transaction that has it --- */

void wjz_tx_on_granted(wjz_tx *tx, wjz_conn *conn);
void wjz_tx_on_refused(wjz_tx *tx, int code, const char *text);
/* Takes result over. */
void wjz_tx_on_result(wjz_tx *tx, const wjz_stmt *stmt, PGresult *result);
void wjz_tx_on_error(wjz_tx *tx, const char *statement, const PGresult *result);
void wjz_tx_on_answered(wjz_tx *tx);
void wjz_tx_on_lost(wjz_tx *tx, const char *why);

/* --- db.c --- */

enum { DB_WAIT_MS = 10000, DB_SETTINGS_MAX = 64 };

struct wjz_db {
    wjz_loop *loop;
    char *keywords[DB_SETTINGS_MAX + 1], *values[DB_SETTINGS_MAX + 1]; /* for libpq, both ended by NULL */
    wjz_conn *conns;
    int conn_count;
    wjz_tx *waiting, **waiting_end; /* for a connection, first come first served */
    int transactions;               /* that have begun, or wait to */
    int64_t away_since_us;          /* when the last usable connection went; 0 while there is one */
    char trouble[200];              /* why the last connection was lost or not made */
    bool trouble_told;              /* in the log, since the database was last reached */
    uint64_t busy_us;
    uint64_t sent_bytes; /* of parameters */
    const wjz_stmt *era; /* NULL: not asked */
    bool hot_path;
    bool hasty;
    bool closing;
    int patience_ms;
    wjz_timer *watchdog; /* NULL: none */
    wjz_ready end;
    wjz_call_fn *closed;
    void *closed_arg;
    wjz_metric *round_trips, *usable, *committed, *rolled_back, *failed, *lost;
};

/* A parameter of the connection string as given or set by us; NULL for libpq's default. */
const char *wjz_db_setting(const wjz_db *db, const char *keyword);
/* A connection became free: it goes to the first in the queue. */
void wjz_db_offer(wjz_db *db, wjz_conn *conn);
void wjz_db_note_usable(wjz_db *db, bool usable);
/* The first line of message is why a connection was lost, or could not be made. */
void wjz_db_note_trouble(wjz_db *db, const char *message);
/* Waits in the queue, or takes a connection now: then wjz_tx_on_granted is called from within. */
void wjz_db_queue(wjz_db *db, wjz_tx *tx);
void wjz_db_unqueue(wjz_db *db, wjz_tx *tx);
/* Ends the pool when it is closing and nothing is left. */
void wjz_db_end_if_empty(wjz_db *db);

struct wjz_tx {
    wjz_db *db;
    wjz_conn *conn; /* NULL while waiting for one, and once it is lost */
    wjz_tx *next;   /* in the queue */
    wjz_arena *arena;
    wjz_event event; /* granted, refused, or a round trip has ended */
    bool lazy;       /* its commit does not wait for the disk */
    bool changes;    /* what its session's commits wait for, from its own on */
    bool begun;      /* something of it has been sent */
    bool queued;     /* something that was not waited for */
    bool under_way;  /* it is on the wire */
    int sent;        /* statements since the last wait whose rows are kept */
    wjz_results results, incoming;
    wjz_err failure; /* code 0: none */
    struct wjz_tx_after_call *after, **after_end;
};

#endif
