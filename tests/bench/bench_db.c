/* bench_db URL [SECONDS]: how many complaints a second go into a table by the pool's unnest batches, beside COPY BINARY
 * of the same rows in the same batches, which is the anchor that other measurements are told in. URL is a scratch
 * database on a server with fsync on; SECONDS is the length of one run (default 3). Three rounds, all kinds in turn;
 * printed are medians. */
#include <endian.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"
#include "wjz/db.h"
#include "wjz/loop.h"

enum { BATCH = 256, TEXTS = 4096, TEXT_BYTES = 1000, ROUNDS = 3, CONNECTIONS_MAX = 2, REGION = 510184 };

static const char MAKE_TABLE[] = "DROP TABLE IF EXISTS bench_complaint;"
                                 "CREATE TABLE bench_complaint (region int4 NOT NULL, id int8 NOT NULL, feed int4 NOT "
                                 "NULL, external_id text NOT NULL,"
                                 " received_at timestamptz, content text COMPRESSION lz4 NOT NULL,"
                                 " PRIMARY KEY (region, id), UNIQUE (region, feed, external_id));"
                                 "CREATE INDEX ON bench_complaint (received_at)";

static const wjz_stmt INSERT = {
    "bench_insert",
    "INSERT INTO bench_complaint (region, id, feed, external_id, received_at, content)"
    " SELECT * FROM unnest($1::int4[], $2::int8[], $3::int4[], $4::text[], $5::timestamptz[], $6::text[])"
    " ON CONFLICT (region, feed, external_id) DO NOTHING RETURNING id",
    1};

static const char *url;
static int64_t run_us;
static char *texts[TEXTS];

static void stop(const char *what, const char *why) {
    fprintf(stderr, "bench_db: %s: %s\n", what, why);
    exit(1);
}

/* --- rows --- */

/* Sentences from a small vocabulary: they compress about as well as complaints do. */
static void make_texts(void) {
    static const char *const WORDS[] = {
        "小区", "噪音", "夜间", "施工", "污水", "河道", "垃圾",   "道路", "路灯", "工地", "油烟", "商户", "物业",
        "居民", "反映", "多次", "没有", "处理", "希望", "尽快",   "解决", "排放", "异味", "影响", "休息", "学校",
        "门口", "消防", "通道", "占用", "车辆", "停放", "井盖",   "破损", "安全", "隐患", "农田", "水源", "养殖",
        "粪便", "举报", "部门", "现场", "查看", "回复", "不满意", "，",   "。",   "、",   "在"};
    uint64_t seed = 1;
    for (int i = 0; i < TEXTS; i++) {
        char *text = texts[i] = calloc(1, TEXT_BYTES + 32);
        if (!text) stop("texts", "out of memory");
        for (size_t length = 0; length < TEXT_BYTES;) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            const char *word = WORDS[(seed >> 33) % WJZ_COUNT(WORDS)];
            memcpy(text + length, word, strlen(word));
            length += strlen(word);
        }
    }
}

typedef struct batch {
    int32_t regions[BATCH], feeds[BATCH];
    int64_t ids[BATCH], times[BATCH];
    char external_ids[BATCH][24];
    const char *external_texts[BATCH], *contents[BATCH];
} batch;

static void fill(batch *rows, int worker, int64_t first) {
    int64_t now = wjz_clock_us();
    for (int i = 0; i < BATCH; i++) {
        int64_t number = first + i;
        rows->regions[i] = REGION;
        rows->feeds[i] = worker + 1;
        rows->ids[i] = number << 1 | worker;
        rows->times[i] = now + i;
        snprintf(rows->external_ids[i], sizeof(rows->external_ids[i]), "%d-%012" PRId64, worker, number);
        rows->external_texts[i] = rows->external_ids[i];
        rows->contents[i] = texts[number % TEXTS];
    }
}

/* --- the pool --- */

static wjz_loop *loop;
static wjz_db *db;
static int64_t end_us;
static int64_t stored[CONNECTIONS_MAX];
static int at_work;

static void insert_batches(void *arg) {
    int worker = (int)(intptr_t)arg;
    batch *rows = calloc(1, sizeof(*rows));
    if (!rows) stop("batch", "out of memory");
    while (wjz_clock_monotonic_us() < end_us) {
        wjz_err err = {0};
        wjz_tx *tx = NULL;
        fill(rows, worker, stored[worker]);
        if (wjz_tx_begin(db, &tx, &err) < 0) stop("begin", err.text);
        int r = wjz_tx_send_v(tx, &INSERT, wjz_i32s(rows->regions, BATCH), wjz_i64s(rows->ids, BATCH),
                              wjz_i32s(rows->feeds, BATCH), wjz_texts(rows->external_texts, BATCH),
                              wjz_times(rows->times, BATCH), wjz_texts(rows->contents, BATCH));
        if (r < 0 || wjz_tx_commit(&tx, &err) < 0) stop("commit", err.text);
        stored[worker] += BATCH;
    }
    free(rows);
    if (--at_work == 0) wjz_db_close(&db, NULL, NULL);
}

static double run_pool(int connections) {
    wjz_err err = {0};
    memset(stored, 0, sizeof(stored));
    at_work = connections;
    if (wjz_loop_new(&loop, &err) < 0) stop("loop", err.text);
    const wjz_db_options options = {.url = url, .connections = connections, .hot_path = true};
    if (wjz_db_open(loop, &options, &db, &err) < 0) stop("pool", err.text);
    int64_t start = wjz_clock_monotonic_us();
    end_us = start + run_us;
    for (intptr_t i = 0; i < connections; i++)
        if (wjz_fiber_spawn(loop, insert_batches, (void *)i) < 0) stop("fiber", "out of memory");
    wjz_loop_run(loop);
    wjz_loop_destroy(&loop);
    return (double)(stored[0] + stored[1]) * 1e6 / (double)(wjz_clock_monotonic_us() - start);
}

/* --- COPY BINARY --- */

static char *put(char *at, const void *value, int32_t length) {
    uint32_t swapped = htobe32((uint32_t)length);
    memcpy(at, &swapped, sizeof(swapped));
    memcpy(at + 4, value, (size_t)length);
    return at + 4 + length;
}

static char *put_i32(char *at, int32_t value) {
    uint32_t swapped = htobe32((uint32_t)value);
    return put(at, &swapped, sizeof(swapped));
}

static char *put_i64(char *at, int64_t value) {
    uint64_t swapped = htobe64((uint64_t)value);
    return put(at, &swapped, sizeof(swapped));
}

static void copy_batch(PGconn *conn, const batch *rows, char *buffer) {
    static const char HEAD[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", COLUMNS[] = "\0\6", TRAILER[] = "\377\377";
    char *at = buffer;
    memcpy(at, HEAD, 19);
    at += 19;
    for (int i = 0; i < BATCH; i++) {
        memcpy(at, COLUMNS, 2);
        at = put_i32(at + 2, rows->regions[i]);
        at = put_i64(at, rows->ids[i]);
        at = put_i32(at, rows->feeds[i]);
        at = put(at, rows->external_ids[i], (int32_t)strlen(rows->external_ids[i]));
        at = put_i64(at, rows->times[i] - INT64_C(946684800000000));
        at = put(at, rows->contents[i], (int32_t)strlen(rows->contents[i]));
    }
    memcpy(at, TRAILER, 2);
    at += 2;
    PQclear(
        PQexec(conn, "COPY bench_complaint (region, id, feed, external_id, received_at, content) FROM STDIN BINARY"));
    if (PQputCopyData(conn, buffer, (int)(at - buffer)) != 1 || PQputCopyEnd(conn, NULL) != 1)
        stop("copy", PQerrorMessage(conn));
    for (PGresult *result = PQgetResult(conn); result; result = PQgetResult(conn)) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK) stop("copy", PQresultErrorMessage(result));
        PQclear(result);
    }
}

static void *copy_batches(void *arg) {
    int worker = (int)(intptr_t)arg;
    PGconn *conn = PQconnectdb(url);
    if (PQstatus(conn) != CONNECTION_OK) stop("connect", PQerrorMessage(conn));
    batch *rows = calloc(1, sizeof(*rows));
    char *buffer = malloc(BATCH * (TEXT_BYTES + 256));
    if (!rows || !buffer) stop("batch", "out of memory");
    for (; wjz_clock_monotonic_us() < end_us; stored[worker] += BATCH) {
        fill(rows, worker, stored[worker]);
        copy_batch(conn, rows, buffer);
    }
    free(rows);
    free(buffer);
    PQfinish(conn);
    return NULL;
}

static double run_copy(int connections) {
    pthread_t threads[CONNECTIONS_MAX];
    memset(stored, 0, sizeof(stored));
    int64_t start = wjz_clock_monotonic_us();
    end_us = start + run_us;
    for (intptr_t i = 0; i < connections; i++)
        if (pthread_create(&threads[i], NULL, copy_batches, (void *)i) != 0) stop("thread", "cannot be made");
    for (int i = 0; i < connections; i++)
        pthread_join(threads[i], NULL);
    return (double)(stored[0] + stored[1]) * 1e6 / (double)(wjz_clock_monotonic_us() - start);
}

/* --- all of it --- */

static const struct {
    const char *name;
    double (*run)(int connections);
    int connections;
} KINDS[] = {
    {"COPY BINARY, 1 connection (A)", run_copy, 1},
    {"COPY BINARY, 2 connections", run_copy, 2},
    {"unnest by the pool, 1 connection", run_pool, 1},
    {"unnest by the pool, 2 connections", run_pool, 2},
};

static void make_table(void) {
    PGconn *conn = PQconnectdb(url);
    PGresult *result = PQexec(conn, "SET client_min_messages = warning");
    PQclear(result);
    result = PQexec(conn, MAKE_TABLE);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) stop("table", PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
}

static int by_value(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: bench_db URL [SECONDS]\n");
        return 2;
    }
    url = argv[1];
    run_us = (argc == 3 ? atoi(argv[2]) : 3) * WJZ_SECOND_US;
    make_texts();
    double rates[WJZ_COUNT(KINDS)][ROUNDS], anchor = 0;
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < WJZ_COUNT(KINDS); i++) {
            make_table();
            rates[i][round] = KINDS[i].run(KINDS[i].connections);
        }
    for (size_t i = 0; i < WJZ_COUNT(KINDS); i++) {
        qsort(rates[i], ROUNDS, sizeof(double), by_value);
        double median = rates[i][ROUNDS / 2];
        if (i == 0) anchor = median;
        printf("%-36s %8.0f rows/s  %.2f A\n", KINDS[i].name, median, median / anchor);
    }
    for (int i = 0; i < TEXTS; i++)
        free(texts[i]);
    return 0;
}
