/* What PostgreSQL alone can do with rows like these, as little as possible around it: the figures that the product's
 * own are compared with.
 *
 *     bench_limit copy    URL TABLE FILE                   COPY BINARY, batches of 256, a transaction each
 *     bench_limit single  URL TABLE FILE COUNT             one row a transaction, one after another
 *     bench_limit natural URL TABLE FILE RATE SECONDS      rows arrive at RATE; what waits is sent when the last commit
 *                                                          is back
 *
 * FILE is what `COPY ... TO STDOUT BINARY` wrote, of a table with TABLE's columns. TABLE is emptied first. One
 * connection. Prints one line of JSON; times in microseconds. */
#include <endian.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "bench/arrivals.h"

enum { BATCH = 256, COLUMNS_MOST = 64, HEAD = 19 };

typedef struct rows {
    char *data;
    char **starts; /* of each tuple, and the end of the last */
    size_t count;
} rows;

static PGconn *conn;
static const char *table;

static void stop(const char *what, const char *why) {
    fprintf(stderr, "bench_limit: %s: %s\n", what, why);
    exit(1);
}

/* --- the file --- */

static int16_t read_16(const char *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return (int16_t)be16toh(value);
}

static int32_t read_32(const char *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return (int32_t)be32toh(value);
}

/* The file is our own server's: its lengths are believed. */
static char *skip_tuple(char *at) {
    int16_t columns = read_16(at);
    at += 2;
    for (int16_t i = 0; i < columns; i++) {
        int32_t length = read_32(at);
        at += 4 + (length > 0 ? length : 0);
    }
    return at;
}

static void load(const char *path, rows *all) {
    FILE *file = fopen(path, "rbe");
    if (!file || fseek(file, 0, SEEK_END) != 0) stop(path, "cannot be read");
    long size = ftell(file);
    rewind(file);
    all->data = malloc((size_t)size);
    if (!all->data || fread(all->data, 1, (size_t)size, file) != (size_t)size) stop(path, "cannot be read");
    fclose(file);
    char *at = all->data + HEAD;
    while (read_16(at) >= 0) {
        at = skip_tuple(at);
        all->count++;
    }
    all->starts = calloc(all->count + 1, sizeof *all->starts);
    if (all->count == 0 || !all->starts) stop(path, "has no rows, or too many");
    at = all->data + HEAD;
    for (size_t i = 0; i < all->count; i++, at = skip_tuple(at))
        all->starts[i] = at;
    all->starts[all->count] = at;
}

/* --- the server --- */

static void expect(PGresult *result, ExecStatusType status) {
    if (PQresultStatus(result) != status) stop(table, PQerrorMessage(conn));
    PQclear(result);
}

/* "VERB TABLE REST". */
static void run(const char *verb, const char *rest, ExecStatusType status) {
    char sql[256];
    snprintf(sql, sizeof sql, "%s %s %s", verb, table, rest);
    expect(PQexec(conn, sql), status);
}

static void begin(const char *url) {
    conn = PQconnectdb(url);
    if (PQstatus(conn) != CONNECTION_OK) stop("connect", PQerrorMessage(conn));
    run("TRUNCATE", "CASCADE", PGRES_COMMAND_OK);
    expect(PQexec(conn, "CHECKPOINT"), PGRES_COMMAND_OK);
}

static void copy_rows(const rows *all) {
    static const char TRAILER[] = "\377\377";
    int64_t start = bench_now_us();
    for (size_t from = 0; from < all->count; from += BATCH) {
        size_t to = from + BATCH < all->count ? from + BATCH : all->count;
        run("COPY", "FROM STDIN BINARY", PGRES_COPY_IN);
        if (PQputCopyData(conn, all->data, HEAD) != 1 ||
            PQputCopyData(conn, all->starts[from], (int)(all->starts[to] - all->starts[from])) != 1 ||
            PQputCopyData(conn, TRAILER, 2) != 1 || PQputCopyEnd(conn, NULL) != 1)
            stop(table, PQerrorMessage(conn));
        expect(PQgetResult(conn), PGRES_COMMAND_OK);
        PQclear(PQgetResult(conn));
    }
    double seconds = (double)(bench_now_us() - start) / 1e6;
    printf("{\"rows\": %zu, \"seconds\": %.6f, \"per_second\": %.1f}\n", all->count, seconds,
           (double)all->count / seconds);
}

/* --- one prepared statement that inserts a row --- */

static void prepare(const rows *all) {
    char sql[1024];
    int length = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES ($1", table);
    for (int i = 2; i <= read_16(all->starts[0]) && length < (int)sizeof sql - 8; i++)
        length += snprintf(sql + length, sizeof sql - (size_t)length, ", $%d", i);
    strcat(sql, ")");
    expect(PQprepare(conn, "insert", sql, 0, NULL), PGRES_COMMAND_OK);
}

static int row_values(char *at, const char *values[COLUMNS_MOST], int lengths[COLUMNS_MOST]) {
    int columns = read_16(at);
    at += 2;
    for (int i = 0; i < columns; i++) {
        lengths[i] = read_32(at);
        at += 4;
        values[i] = lengths[i] < 0 ? NULL : at;
        at += lengths[i] > 0 ? lengths[i] : 0;
    }
    return columns;
}

static int formats[COLUMNS_MOST]; /* all binary */

static void insert_alone(char *row) {
    const char *values[COLUMNS_MOST];
    int lengths[COLUMNS_MOST];
    int columns = row_values(row, values, lengths);
    expect(PQexecPrepared(conn, "insert", columns, values, lengths, formats, 0), PGRES_COMMAND_OK);
}

/* All in one transaction and one round trip. */
static void insert_together(const rows *all, size_t from, size_t to) {
    const char *values[COLUMNS_MOST];
    int lengths[COLUMNS_MOST];
    for (size_t i = from; i < to; i++) {
        int columns = row_values(all->starts[i], values, lengths);
        if (!PQsendQueryPrepared(conn, "insert", columns, values, lengths, formats, 0))
            stop(table, PQerrorMessage(conn));
    }
    if (!PQpipelineSync(conn)) stop(table, PQerrorMessage(conn));
    for (size_t i = from; i < to; i++) {
        expect(PQgetResult(conn), PGRES_COMMAND_OK);
        PQclear(PQgetResult(conn));
    }
    expect(PQgetResult(conn), PGRES_PIPELINE_SYNC);
}

static void print_times(int64_t *times, size_t count, double seconds) {
    printf("{\"rows\": %zu, \"seconds\": %.6f, \"per_second\": %.1f, \"p50\": %" PRId64 ", \"p99\": %" PRId64 "}\n",
           count, seconds, (double)count / seconds, bench_quantile(times, count, 0.5),
           bench_quantile(times, count, 0.99));
}

static void insert_singly(const rows *all, size_t count) {
    count = count < all->count ? count : all->count;
    int64_t *times = calloc(count, sizeof *times), start = bench_now_us();
    if (!times) stop("times", "out of memory");
    for (size_t i = 0; i < count; i++) {
        int64_t before = bench_now_us();
        insert_alone(all->starts[i]);
        times[i] = bench_now_us() - before;
    }
    print_times(times, count, (double)(bench_now_us() - start) / 1e6);
    free(times);
}

static void rest(int64_t us) {
    nanosleep(&(struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000}, NULL);
}

static void insert_naturally(const rows *all, double rate, double seconds) {
    size_t count = (size_t)(rate * seconds), done = 0, here = 0;
    count = count < all->count ? count : all->count;
    int64_t *times = calloc(count + 1, sizeof *times); /* of arrival, then how long it took */
    if (!times || !PQenterPipelineMode(conn)) stop("pipeline", PQerrorMessage(conn));
    arrivals stream;
    arrivals_begin(&stream, rate);
    int64_t start = bench_now_us();
    while (done < count) {
        int64_t now = bench_now_us();
        while (here < count && here - done < BATCH && arrivals_take(&stream, now, &times[here]))
            here++;
        if (here == done) {
            rest(arrivals_wait_us(&stream, now));
            continue;
        }
        insert_together(all, done, here);
        for (now = bench_now_us(); done < here; done++)
            times[done] = now - times[done];
    }
    print_times(times, count, (double)(bench_now_us() - start) / 1e6);
    free(times);
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "";
    int wanted = strcmp(mode, "copy") == 0 ? 5 : strcmp(mode, "single") == 0 ? 6 : strcmp(mode, "natural") == 0 ? 7 : 0;
    if (argc != wanted) {
        fprintf(stderr, "usage: bench_limit copy URL TABLE FILE | single URL TABLE FILE COUNT | natural URL TABLE FILE "
                        "RATE SECONDS\n");
        return 2;
    }
    rows all = {0};
    table = argv[3];
    for (int i = 0; i < COLUMNS_MOST; i++)
        formats[i] = 1;
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    load(argv[4], &all);
    begin(argv[2]);
    if (wanted == 5) copy_rows(&all);
    if (wanted > 5) prepare(&all);
    if (wanted == 6) insert_singly(&all, (size_t)atol(argv[5]));
    if (wanted == 7) insert_naturally(&all, atof(argv[5]), atof(argv[6]));
    PQfinish(conn);
    free(all.starts);
    free(all.data);
    return 0;
}
