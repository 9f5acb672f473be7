/* Rows: values read from libpq's binary results. A column of another type than the accessor names is a mistake in the
 * store file, which the first test of the statement finds: hence assert. */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/db.h"

int wjz_results_add(wjz_results *results, PGresult *result) {
    if (results->count == results->capacity) {
        int capacity = results->capacity ? results->capacity * 2 : 4;
        wjz_rows *rows = realloc(results->rows, (size_t)capacity * sizeof(*rows));
        if (!rows) {
            PQclear(result);
            return -ENOMEM;
        }
        results->rows = rows;
        results->capacity = capacity;
    }
    results->rows[results->count++].result = result;
    return 0;
}

void wjz_results_clear(wjz_results *results) {
    for (int i = 0; i < results->count; i++)
        PQclear(results->rows[i].result);
    results->count = 0;
}

void wjz_results_free(wjz_results *results) {
    wjz_results_clear(results);
    free(results->rows);
    *results = (wjz_results){0};
}

int64_t wjz_result_int(const PGresult *result) {
    uint64_t value = 0;
    if (PQntuples(result) == 0 || PQnfields(result) == 0 || PQgetlength(result, 0, 0) != sizeof(value)) return 0;
    memcpy(&value, PQgetvalue(result, 0, 0), sizeof(value));
    return (int64_t)be64toh(value);
}

int wjz_rows_count(const wjz_rows *rows) {
    return PQntuples(rows->result);
}

int64_t wjz_rows_affected(const wjz_rows *rows) {
    return strtoll(PQcmdTuples(rows->result), NULL, 10);
}

bool wjz_row_null(const wjz_rows *rows, int row, int column) {
    assert(row < PQntuples(rows->result) && column < PQnfields(rows->result));
    return PQgetisnull(rows->result, row, column);
}

/* The value's bytes, NULL for SQL NULL. */
static const char *value(const wjz_rows *rows, int row, int column) {
    return wjz_row_null(rows, row, column) ? NULL : PQgetvalue(rows->result, row, column);
}

static Oid type(const wjz_rows *rows, int column) {
    return PQftype(rows->result, column);
}

static int16_t get16(const char *at) {
    uint16_t bits;
    memcpy(&bits, at, sizeof(bits));
    return (int16_t)be16toh(bits);
}

static int32_t get32(const char *at) {
    uint32_t bits;
    memcpy(&bits, at, sizeof(bits));
    return (int32_t)be32toh(bits);
}

static int64_t get64(const char *at) {
    uint64_t bits;
    memcpy(&bits, at, sizeof(bits));
    return (int64_t)be64toh(bits);
}

bool wjz_row_bool(const wjz_rows *rows, int row, int column) {
    assert(type(rows, column) == PG_BOOL && "the column is no boolean");
    const char *at = value(rows, row, column);
    return at && *at;
}

int64_t wjz_row_int(const wjz_rows *rows, int row, int column) {
    const char *at = value(rows, row, column);
    switch (type(rows, column)) {
    case PG_INT2:
        return at ? get16(at) : 0;
    case PG_INT4:
        return at ? get32(at) : 0;
    case PG_INT8:
        return at ? get64(at) : 0;
    default:
        assert(!"the column is no integer");
        return 0;
    }
}

double wjz_row_real(const wjz_rows *rows, int row, int column) {
    const char *at = value(rows, row, column);
    if (type(rows, column) == PG_FLOAT4) {
        int32_t bits = at ? get32(at) : 0;
        float real;
        memcpy(&real, &bits, sizeof(real));
        return (double)real;
    }
    assert(type(rows, column) == PG_FLOAT8 && "the column is no float");
    int64_t bits = at ? get64(at) : 0;
    double real;
    memcpy(&real, &bits, sizeof(real));
    return real;
}

int64_t wjz_row_time(const wjz_rows *rows, int row, int column) {
    assert(type(rows, column) == PG_TIMESTAMPTZ && "the column is no timestamptz");
    const char *at = value(rows, row, column);
    if (!at) return 0;
    int64_t time = get64(at);
    bool infinite = time == INT64_MAX || time == INT64_MIN;
    return infinite || time > INT64_MAX - PG_EPOCH_US ? time : time + PG_EPOCH_US;
}

int32_t wjz_row_date(const wjz_rows *rows, int row, int column) {
    assert(type(rows, column) == PG_DATE && "the column is no date");
    const char *at = value(rows, row, column);
    if (!at) return 0;
    int32_t day = get32(at);
    bool infinite = day == INT32_MAX || day == INT32_MIN;
    return infinite ? day : day + PG_EPOCH_DAYS;
}

const char *wjz_row_text(const wjz_rows *rows, int row, int column) {
    const char *at = value(rows, row, column);
    switch (type(rows, column)) {
    case PG_TEXT:
    case PG_VARCHAR:
    case PG_BPCHAR:
    case PG_NAME:
    case PG_JSON:
        return at;
    case PG_JSONB:
        return at ? at + 1 : NULL; /* behind the format's version */
    default:
        assert(!"the column is no text");
        return NULL;
    }
}

wjz_blob wjz_row_bytes(const wjz_rows *rows, int row, int column) {
    assert(type(rows, column) == PG_BYTEA && "the column is no bytea");
    const char *at = value(rows, row, column);
    if (!at) return (wjz_blob){0};
    return (wjz_blob){.data = at, .length = (size_t)PQgetlength(rows->result, row, column)};
}

int wjz_row_ints(const wjz_rows *rows, int row, int column, wjz_arena *arena, int64_t **ret_items, size_t *ret_count) {
    bool wide = type(rows, column) == PG_INT8_ARRAY;
    assert((wide || type(rows, column) == PG_INT4_ARRAY) && "the column is no array of integers");
    const char *at = value(rows, row, column);
    int32_t dimensions = at ? get32(at) : 0;
    if (dimensions > 1) return -EINVAL;
    int32_t count = dimensions ? get32(at + 12) : 0;
    int64_t *items = wjz_arena_calloc(arena, (size_t)count, sizeof(*items));
    if (!items) return -ENOMEM;
    if (count) at += 20;
    for (int32_t i = 0; i < count; i++) {
        bool null = get32(at) < 0;
        at += 4;
        if (null) continue;
        items[i] = wide ? get64(at) : get32(at);
        at += wide ? 8 : 4;
    }
    *ret_items = items;
    *ret_count = (size_t)count;
    return 0;
}
