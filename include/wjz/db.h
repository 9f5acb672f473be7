/* PostgreSQL without blocking: a small pool of connections in pipeline mode, used by fibers as if it blocked.
 *
 * A transaction owns one connection from begin to end. Statements are queued with wjz_tx_send and travel
 * together; wjz_tx_wait is the round trip. So a handler costs as many round trips as it has waits, and one without any
 * the commit's alone:
 *
 *     wjz_tx *tx = NULL;                               WJZ_CLEANUP(wjz_tx_abort)
 *     r = wjz_tx_begin(db, &tx, err);                  // waits only for a free connection
 *     r = wjz_tx_send(tx, &SELECT_STATIONS, params);   // nothing on the wire yet
 *     r = wjz_tx_wait(tx, &rows, err);                 // one round trip; rows of the last send
 *     r = wjz_tx_send(tx, &INSERT_SHIFT, ...);
 *     r = wjz_tx_commit(&tx, err);                     // the INSERT and the commit, one round trip
 *
 * Parameters and results are binary. Statements are prepared on first use per connection. Connections set
 * enable_seqscan, enable_mergejoin and enable_hashjoin off when the pool is opened for the hot path: a plan
 * that was cached while tables were empty must not become a sequential scan when they are full. For the same reason
 * they drop their plans now and then, in a flood twice a second.
 *
 * All calls only from fibers, except open, close and what is said otherwise. */
#ifndef WJZ_DB_H
#define WJZ_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_db wjz_db;
typedef struct wjz_tx wjz_tx;
typedef struct wjz_rows wjz_rows;
typedef struct wjz_stmt wjz_stmt;

typedef struct wjz_db_options {
    const char *url;         /* libpq connection string or URI */
    const char *role;        /* user to connect as, in place of the URL's; NULL keeps it */
    const char *application; /* application_name */
    int connections;         /* size of the pool, from 1 */
    bool hot_path;           /* planner settings as above */
    /* One plan for all values, also where the planner would rather plan anew each time: for statements that are run
     * again and again and always mean the same rows. Not for what people filter by. */
    bool generic_plans;
    /* Server processes on this machine get the processor as soon as they wake, where the kernel can do that and lets us. */
    bool hasty;
    int statement_timeout_ms; /* 0: none */
    /* A connection whose server owes an answer and is silent for so long is given up as lost: it hangs, or the network
     * swallows what it says. Longer than any statement takes. 0: waits for ever. */
    int patience_ms;
    /* Asked once on each new connection, before it is used: one int8, not 0, that is another one after the server may have
     * lost what it had committed; see wjz_tx_era. Static. NULL: not asked. */
    const wjz_stmt *era;
} wjz_db_options;

/* Starts connecting; lost connections are made again with backoff (50 ms doubling to 2 s, with jitter) until
 * closed. Copies the options. */
WJZ_MUST_CHECK int wjz_db_open(wjz_loop *loop, const wjz_db_options *options, wjz_db **ret_db, wjz_err *err);
/* Closes when no transaction is open any more; new ones get -ECANCELED. Then calls closed(arg). */
void wjz_db_close(wjz_db **db, wjz_call_fn *closed, void *arg);
/* Whether at least one connection is usable now. Any context. */
bool wjz_db_ready(const wjz_db *db);
/* Time with a statement on the wire, summed over connections, in microseconds. Any context. */
uint64_t wjz_db_busy_us(const wjz_db *db);

/* One SQL statement of a service's store file, a static constant. Values only by $n. */
struct wjz_stmt {
    const char *name; /* unique in the process; also its prepared name */
    const char *sql;
    int columns; /* result columns, checked when rows are read; 0 when it returns none */
};

/* A parameter. Made by the functions below; arrays and texts are borrowed until the send returns. */
typedef struct wjz_param {
    uint32_t type;     /* OID, private */
    const void *data;  /* NULL for SQL NULL */
    int length;
    union { int64_t i; double d; } value; /* private */
    const void *lengths;
    const void *nulls;
} wjz_param;

wjz_param wjz_null_i64(void);
wjz_param wjz_null_f64(void);
wjz_param wjz_null_text(void);
wjz_param wjz_bool(bool value);
wjz_param wjz_i16(int16_t value);
wjz_param wjz_i32(int32_t value);
wjz_param wjz_i64(int64_t value);
wjz_param wjz_f64(double value);
/* NULL text is SQL NULL. The text must be well-formed UTF-8. */
wjz_param wjz_text(const char *text);
wjz_param wjz_text_n(const char *text, size_t length);
wjz_param wjz_bytes(const void *data, size_t length);
/* jsonb from its text. */
wjz_param wjz_json(const char *text);
/* timestamptz from microseconds since 1970; 0 is SQL NULL. */
wjz_param wjz_time(int64_t us);
wjz_param wjz_date(int32_t day_number); /* as wjz_day_number */

/* One-dimensional arrays of count items. Where an items' array has a notion of absence it is SQL NULL:
 * NULL text, NULL bytes data, time 0. */
wjz_param wjz_bools(const bool *items, size_t count);
wjz_param wjz_i16s(const int16_t *items, size_t count);
wjz_param wjz_i32s(const int32_t *items, size_t count);
wjz_param wjz_i64s(const int64_t *items, size_t count);
/* With a flag per item, true for SQL NULL; nulls may be NULL. */
wjz_param wjz_i32s_or_null(const int32_t *items, const bool *nulls, size_t count);
wjz_param wjz_i64s_or_null(const int64_t *items, const bool *nulls, size_t count);
wjz_param wjz_f64s(const double *items, const bool *nulls, size_t count);
wjz_param wjz_texts(const char *const *items, size_t count);
wjz_param wjz_times(const int64_t *items, size_t count);
wjz_param wjz_dates(const int32_t *items, const bool *nulls, size_t count);
typedef struct wjz_blob {
    const void *data;
    size_t length;
} wjz_blob;
wjz_param wjz_blobs(const wjz_blob *items, size_t count);

/* Waits for a free connection, first come first served; sends nothing yet. -ETIMEDOUT when the database has
 * not been reachable for 10 s or no connection fell free in that time, -ECANCELED when closing. */
WJZ_MUST_CHECK int wjz_tx_begin(wjz_db *db, wjz_tx **ret_tx, wjz_err *err);
/* The same without waiting: -EAGAIN when no connection is free now. */
WJZ_MUST_CHECK int wjz_tx_try_begin(wjz_db *db, wjz_tx **ret_tx, wjz_err *err);
/* What the pool's era statement gave on this transaction's connection; 0 when the pool has none. Two transactions of the
 * same era are of the same life of the server: what one has seen committed is lost only with everything that the other one
 * commits later. */
int64_t wjz_tx_era(const wjz_tx *tx);
/* The commit will not wait until it is on disk: a crash of the server may undo it, and everything that was committed
 * after it. Before the first statement. */
void wjz_tx_lazy(wjz_tx *tx);
/* Queues a statement: params is an array of as many as the statement has $n. Only -ENOMEM and the error of a
 * transaction that has failed already. */
WJZ_MUST_CHECK int wjz_tx_send(wjz_tx *tx, const wjz_stmt *stmt, const wjz_param *params, int count);
#define wjz_tx_send_v(tx, stmt, ...) \
    wjz_tx_send(tx, stmt, (const wjz_param[]){__VA_ARGS__}, (int)(sizeof((const wjz_param[]){__VA_ARGS__}) / sizeof(wjz_param)))
/* The same for a statement whose rows nobody reads: wjz_tx_wait and wjz_tx_rows pass over it. */
WJZ_MUST_CHECK int wjz_tx_send_aside(wjz_tx *tx, const wjz_stmt *stmt, const wjz_param *params, int count);
/* Lets the server begin with what is queued while the caller goes on; the rest of it leaves whenever the loop runs. The
 * answers come with the next wait or commit. Only the error of a transaction that has failed already. */
WJZ_MUST_CHECK int wjz_tx_push(wjz_tx *tx);
/* Flushes and waits for the results of all statements sent since the last wait. ret_rows (may be NULL) gets
 * the rows of the last one; they live until the next wait, commit or abort. On an error the transaction is
 * lost as a whole; err names the statement, SQLSTATE and server message. Codes: -EEXIST unique or exclusion
 * violation, -EINVAL other data or constraint errors, -EAGAIN serialization failure or deadlock (try the
 * whole again), -ECONNRESET connection lost (it is not known whether a commit happened), -EACCES insufficient
 * privilege, -ETIMEDOUT statement timeout, -EIO anything else. */
WJZ_MUST_CHECK int wjz_tx_wait(wjz_tx *tx, wjz_rows **ret_rows, wjz_err *err);
/* The rows of an earlier statement since the wait before: index counts sends from 0. */
wjz_rows *wjz_tx_rows(wjz_tx *tx, int index);
/* The index that the next statement to be sent will have there. */
int wjz_tx_next(const wjz_tx *tx);
/* send + wait. */
WJZ_MUST_CHECK int wjz_tx_query(wjz_tx *tx, const wjz_stmt *stmt, const wjz_param *params, int count, wjz_rows **ret_rows, wjz_err *err);
#define wjz_tx_query_v(tx, stmt, ret_rows, err, ...) \
    wjz_tx_query(tx, stmt, (const wjz_param[]){__VA_ARGS__}, (int)(sizeof((const wjz_param[]){__VA_ARGS__}) / sizeof(wjz_param)), ret_rows, err)
/* Sends what waits with COMMIT, waits; frees the transaction in every case and nulls *tx. Then calls the
 * functions registered with wjz_tx_after, with the result. */
WJZ_MUST_CHECK int wjz_tx_commit(wjz_tx **tx, wjz_err *err);
/* The same for a reading: sends what waits and ends the transaction in that one round trip, but keeps it for its rows,
 * which live until commit or abort, of which either frees it then and waits for nothing. Nothing more may be sent. */
WJZ_MUST_CHECK int wjz_tx_finish(wjz_tx *tx, wjz_err *err);
/* Sends what waits with the end of the transaction and does not wait for the answer: wjz_tx_commit does, or wjz_tx_finish, and
 * only they tell whether it was committed. For what may go on beside another transaction. Nothing more may be sent. */
WJZ_MUST_CHECK int wjz_tx_dispatch(wjz_tx *tx, wjz_err *err);
/* Rolls back; accepts NULL and *tx == NULL. Does not wait, and may be called in any context. */
void wjz_tx_abort(wjz_tx **tx);
/* Memory that lives as long as the transaction. */
wjz_arena *wjz_tx_arena(wjz_tx *tx);
/* fn(arg, result) once the transaction ended: 0 committed, negative rolled back or (-ECONNRESET) not known. */
typedef void wjz_tx_after_fn(void *arg, int result);
WJZ_MUST_CHECK int wjz_tx_after(wjz_tx *tx, wjz_tx_after_fn *fn, void *arg);

/* Rows. Row and column from 0; a column must have the type that the accessor names. */
int wjz_rows_count(const wjz_rows *rows);
/* Rows that an INSERT, UPDATE or DELETE touched. */
int64_t wjz_rows_affected(const wjz_rows *rows);
bool wjz_row_null(const wjz_rows *rows, int row, int column);
bool wjz_row_bool(const wjz_rows *rows, int row, int column);
int64_t wjz_row_int(const wjz_rows *rows, int row, int column); /* int2, int4, int8; 0 for NULL */
double wjz_row_real(const wjz_rows *rows, int row, int column); /* float4, float8 */
int64_t wjz_row_time(const wjz_rows *rows, int row, int column); /* timestamptz → microseconds; 0 for NULL */
int32_t wjz_row_date(const wjz_rows *rows, int row, int column); /* date → day number */
/* text, varchar, json, jsonb, name: NUL-terminated; NULL for NULL. */
const char *wjz_row_text(const wjz_rows *rows, int row, int column);
/* bytea; {NULL, 0} for NULL. */
wjz_blob wjz_row_bytes(const wjz_rows *rows, int row, int column);
/* int8[] or int4[]: number of items, copied into the arena; 0 for NULL. */
WJZ_MUST_CHECK int wjz_row_ints(const wjz_rows *rows, int row, int column, wjz_arena *arena, int64_t **ret_items, size_t *ret_count);

#endif
