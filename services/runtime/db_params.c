/* Parameters in PostgreSQL's binary format. Arrays are the hot path: a batch of 256 complaints is a dozen arrays of
 * 256 items, written straight into one buffer that the connection keeps. */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/db.h"

enum { VALUE_MAX = 0x3fffffff, ARRAY_HEAD = 20 };

/* What data points to where the value is not memory of the caller's. */
static const char HERE;

/* --- makers --- */

static wjz_param null_of(Oid type) {
    return (wjz_param){.type = type};
}

static wjz_param integer(Oid type, int64_t value) {
    return (wjz_param){.type = type, .data = &HERE, .value.i = value};
}

static wjz_param bytes_of(Oid type, const void *data, size_t length) {
    return (wjz_param){.type = type, .data = data, .length = length > INT_MAX ? INT_MAX : (int)length};
}

static wjz_param array(Oid type, const void *items, const bool *nulls, size_t count) {
    wjz_param param = bytes_of(type, items ? items : &HERE, count);
    param.nulls = nulls;
    return param;
}

wjz_param wjz_null_i64(void) {
    return null_of(PG_INT8);
}

wjz_param wjz_null_f64(void) {
    return null_of(PG_FLOAT8);
}

wjz_param wjz_null_text(void) {
    return null_of(PG_TEXT);
}

wjz_param wjz_bool(bool value) {
    return integer(PG_BOOL, value);
}

wjz_param wjz_i16(int16_t value) {
    return integer(PG_INT2, value);
}

wjz_param wjz_i32(int32_t value) {
    return integer(PG_INT4, value);
}

wjz_param wjz_i64(int64_t value) {
    return integer(PG_INT8, value);
}

wjz_param wjz_f64(double value) {
    return (wjz_param){.type = PG_FLOAT8, .data = &HERE, .value.d = value};
}

wjz_param wjz_text(const char *text) {
    return text ? wjz_text_n(text, strlen(text)) : null_of(PG_TEXT);
}

wjz_param wjz_text_n(const char *text, size_t length) {
    return bytes_of(PG_TEXT, text, length);
}

wjz_param wjz_bytes(const void *data, size_t length) {
    return bytes_of(PG_BYTEA, data, length);
}

wjz_param wjz_json(const char *text) {
    return text ? bytes_of(PG_JSONB, text, strlen(text)) : null_of(PG_JSONB);
}

wjz_param wjz_time(int64_t us) {
    return us ? integer(PG_TIMESTAMPTZ, us) : null_of(PG_TIMESTAMPTZ);
}

wjz_param wjz_date(int32_t day_number) {
    return integer(PG_DATE, day_number);
}

wjz_param wjz_bools(const bool *items, size_t count) {
    return array(PG_BOOL_ARRAY, items, NULL, count);
}

wjz_param wjz_i16s(const int16_t *items, size_t count) {
    return array(PG_INT2_ARRAY, items, NULL, count);
}

wjz_param wjz_i32s(const int32_t *items, size_t count) {
    return array(PG_INT4_ARRAY, items, NULL, count);
}

wjz_param wjz_i64s(const int64_t *items, size_t count) {
    return array(PG_INT8_ARRAY, items, NULL, count);
}

wjz_param wjz_i32s_or_null(const int32_t *items, const bool *nulls, size_t count) {
    return array(PG_INT4_ARRAY, items, nulls, count);
}

wjz_param wjz_i64s_or_null(const int64_t *items, const bool *nulls, size_t count) {
    return array(PG_INT8_ARRAY, items, nulls, count);
}

wjz_param wjz_f64s(const double *items, const bool *nulls, size_t count) {
    return array(PG_FLOAT8_ARRAY, items, nulls, count);
}

wjz_param wjz_texts(const char *const *items, size_t count) {
    return array(PG_TEXT_ARRAY, items, NULL, count);
}

wjz_param wjz_times(const int64_t *items, size_t count) {
    return array(PG_TIMESTAMPTZ_ARRAY, items, NULL, count);
}

wjz_param wjz_dates(const int32_t *items, const bool *nulls, size_t count) {
    return array(PG_DATE_ARRAY, items, nulls, count);
}

wjz_param wjz_blobs(const wjz_blob *items, size_t count) {
    return array(PG_BYTEA_ARRAY, items, NULL, count);
}

/* --- bytes --- */

static char *reserve(wjz_encoded *encoded, size_t more) {
    if (more > encoded->size - encoded->used) {
        size_t size = encoded->size ? encoded->size : 4096;
        while (size - encoded->used < more)
            size *= 2;
        char *bytes = realloc(encoded->bytes, size);
        if (!bytes) return NULL;
        encoded->bytes = bytes;
        encoded->size = size;
    }
    return encoded->bytes + encoded->used;
}

static char *put16(char *at, int16_t value) {
    uint16_t swapped = htobe16((uint16_t)value);
    return (char *)memcpy(at, &swapped, sizeof(swapped)) + sizeof(swapped);
}

static char *put32(char *at, int32_t value) {
    uint32_t swapped = htobe32((uint32_t)value);
    return (char *)memcpy(at, &swapped, sizeof(swapped)) + sizeof(swapped);
}

static char *put64(char *at, int64_t value) {
    uint64_t swapped = htobe64((uint64_t)value);
    return (char *)memcpy(at, &swapped, sizeof(swapped)) + sizeof(swapped);
}

static int64_t bits_of(double value) {
    int64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* --- scalars --- */

static int encode_scalar(wjz_encoded *encoded, const wjz_param *param) {
    char *start = reserve(encoded, 8), *at = start;
    if (!start) return -ENOMEM;
    switch (param->type) {
    case PG_BOOL:
        *at++ = (char)param->value.i;
        break;
    case PG_INT2:
        at = put16(at, (int16_t)param->value.i);
        break;
    case PG_INT4:
        at = put32(at, (int32_t)param->value.i);
        break;
    case PG_DATE:
        at = put32(at, (int32_t)param->value.i - PG_EPOCH_DAYS);
        break;
    case PG_TIMESTAMPTZ:
        at = put64(at, param->value.i - PG_EPOCH_US);
        break;
    case PG_FLOAT8:
        at = put64(at, bits_of(param->value.d));
        break;
    default:
        at = put64(at, param->value.i);
    }
    encoded->used += (size_t)(at - start);
    return 0;
}

/* jsonb's format is a version, 1, and the text. */
static int encode_json(wjz_encoded *encoded, const wjz_param *param) {
    char *at = reserve(encoded, (size_t)param->length + 1);
    if (!at) return -ENOMEM;
    *at = 1;
    memcpy(at + 1, param->data, (size_t)param->length);
    encoded->used += (size_t)param->length + 1;
    return 0;
}

/* --- arrays: dimensions, whether there are nulls, item type, length, first index; then length and bytes of each --- */

static char *put_head(char *at, const wjz_param *param, Oid item) {
    at = put32(at, param->length ? 1 : 0);
    at = put32(at, 1);
    at = put32(at, (int32_t)item);
    if (!param->length) return at;
    at = put32(at, param->length);
    return put32(at, 1);
}

static int encode_fixed(wjz_encoded *encoded, const wjz_param *param, Oid item, int width) {
    size_t count = (size_t)param->length;
    if (count > VALUE_MAX / 12) return -ENOMEM;
    char *start = reserve(encoded, ARRAY_HEAD + count * (4 + (size_t)width));
    if (!start) return -ENOMEM;
    char *at = put_head(start, param, item);
    const bool *nulls = param->nulls;
    for (size_t i = 0; i < count; i++) {
        if ((nulls && nulls[i]) || (item == PG_TIMESTAMPTZ && !((const int64_t *)param->data)[i])) {
            at = put32(at, -1);
            continue;
        }
        at = put32(at, width);
        switch (item) {
        case PG_BOOL:
            *at++ = ((const bool *)param->data)[i];
            break;
        case PG_INT2:
            at = put16(at, ((const int16_t *)param->data)[i]);
            break;
        case PG_INT4:
            at = put32(at, ((const int32_t *)param->data)[i]);
            break;
        case PG_DATE:
            at = put32(at, ((const int32_t *)param->data)[i] - PG_EPOCH_DAYS);
            break;
        case PG_INT8:
            at = put64(at, ((const int64_t *)param->data)[i]);
            break;
        case PG_TIMESTAMPTZ:
            at = put64(at, ((const int64_t *)param->data)[i] - PG_EPOCH_US);
            break;
        case PG_FLOAT8:
            at = put64(at, bits_of(((const double *)param->data)[i]));
            break;
        }
    }
    encoded->used += (size_t)(at - start);
    return 0;
}

static int put_item(wjz_encoded *encoded, const void *data, size_t length) {
    if (length > VALUE_MAX) return -ENOMEM;
    char *at = reserve(encoded, 4 + length);
    if (!at) return -ENOMEM;
    at = put32(at, data ? (int32_t)length : -1);
    if (length) memcpy(at, data, length);
    encoded->used += 4 + length;
    return 0;
}

static int encode_varying(wjz_encoded *encoded, const wjz_param *param, Oid item) {
    char *start = reserve(encoded, ARRAY_HEAD);
    if (!start) return -ENOMEM;
    encoded->used += (size_t)(put_head(start, param, item) - start);
    int r = 0;
    for (int i = 0; i < param->length && r == 0; i++) {
        if (item == PG_TEXT) {
            const char *text = ((const char *const *)param->data)[i];
            r = put_item(encoded, text, text ? strlen(text) : 0);
        } else {
            const wjz_blob *blob = &((const wjz_blob *)param->data)[i];
            r = put_item(encoded, blob->data, blob->data ? blob->length : 0);
        }
    }
    return r;
}

/* --- all of them --- */

static int encode_value(wjz_encoded *encoded, const wjz_param *param) {
    switch (param->type) {
    case PG_JSONB:
        return encode_json(encoded, param);
    case PG_BOOL_ARRAY:
        return encode_fixed(encoded, param, PG_BOOL, 1);
    case PG_INT2_ARRAY:
        return encode_fixed(encoded, param, PG_INT2, 2);
    case PG_INT4_ARRAY:
        return encode_fixed(encoded, param, PG_INT4, 4);
    case PG_DATE_ARRAY:
        return encode_fixed(encoded, param, PG_DATE, 4);
    case PG_INT8_ARRAY:
        return encode_fixed(encoded, param, PG_INT8, 8);
    case PG_TIMESTAMPTZ_ARRAY:
        return encode_fixed(encoded, param, PG_TIMESTAMPTZ, 8);
    case PG_FLOAT8_ARRAY:
        return encode_fixed(encoded, param, PG_FLOAT8, 8);
    case PG_TEXT_ARRAY:
        return encode_varying(encoded, param, PG_TEXT);
    case PG_BYTEA_ARRAY:
        return encode_varying(encoded, param, PG_BYTEA);
    default:
        return encode_scalar(encoded, param);
    }
}

static bool is_borrowed(const wjz_param *param) {
    return param->type == PG_TEXT || param->type == PG_BYTEA;
}

static int make_room(wjz_encoded *encoded, int count) {
    if (count <= encoded->capacity) return 0;
    size_t n = (size_t)count;
    const char **values = realloc(encoded->values, n * sizeof(*values));
    if (values) encoded->values = values;
    int *lengths = realloc(encoded->lengths, n * sizeof(*lengths));
    if (lengths) encoded->lengths = lengths;
    int *formats = realloc(encoded->formats, n * sizeof(*formats));
    if (formats) encoded->formats = formats;
    Oid *types = realloc(encoded->types, n * sizeof(*types));
    if (types) encoded->types = types;
    size_t *offsets = realloc(encoded->offsets, n * sizeof(*offsets));
    if (offsets) encoded->offsets = offsets;
    if (!values || !lengths || !formats || !types || !offsets) return -ENOMEM;
    encoded->capacity = count;
    return 0;
}

int wjz_params_encode(wjz_encoded *encoded, const wjz_param *params, int count) {
    int r = make_room(encoded, count);
    if (r < 0) return r;
    encoded->used = 0;
    for (int i = 0; i < count; i++) {
        const wjz_param *param = &params[i];
        encoded->types[i] = param->type;
        encoded->formats[i] = 1;
        encoded->values[i] = param->data;
        encoded->lengths[i] = param->length;
        if (param->length < 0 || param->length > VALUE_MAX) return -ENOMEM;
        if (!param->data || is_borrowed(param)) continue;
        encoded->offsets[i] = encoded->used;
        r = encode_value(encoded, param);
        if (r < 0) return r;
        size_t length = encoded->used - encoded->offsets[i];
        if (length > VALUE_MAX) return -ENOMEM;
        encoded->lengths[i] = (int)length;
    }
    for (int i = 0; i < count; i++)
        if (params[i].data && !is_borrowed(&params[i])) encoded->values[i] = encoded->bytes + encoded->offsets[i];
    return 0;
}

void wjz_encoded_free(wjz_encoded *encoded) {
    free(encoded->bytes);
    free(encoded->values);
    free(encoded->lengths);
    free(encoded->formats);
    free(encoded->types);
    free(encoded->offsets);
    *encoded = (wjz_encoded){0};
}
