/* Codec: protobuf-c checks neither UTF-8 nor NUL and takes a string's first NUL for its end, so that a text could
 * arrive shorter than it was sent, and PostgreSQL would refuse a whole batch for one bad byte. Therefore packed bytes
 * are walked along their descriptor before they are unpacked: one pass, nothing allocated, and an error that names the
 * field. */
#include "runtime/wire.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/bus.h"
#include "wjz/clock.h"
#include "wjz/trace.h"
#include "wjz/utf8.h"

enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };
enum { DEPTH_LIMIT = 32 };

/* --- reading the wire --- */

struct wire {
    const uint8_t *at, *end;
};

typedef struct wire_field {
    uint32_t number;
    int kind; /* VARINT ... FIXED32 */
    uint64_t value;
    const uint8_t *data; /* of LENGTH */
    size_t length;
} wire_field;

static bool read_varint(struct wire *wire, uint64_t *ret_value) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && wire->at < wire->end; shift += 7) {
        uint8_t byte = *wire->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool read_fixed(struct wire *wire, size_t bytes, uint64_t *ret_value) {
    if ((size_t)(wire->end - wire->at) < bytes) return false;
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)wire->at[i] << (8 * i);
    wire->at += bytes;
    *ret_value = value;
    return true;
}

static bool read_field(struct wire *wire, wire_field *ret) {
    uint64_t tag;
    if (!read_varint(wire, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff) return false;
    *ret = (wire_field){.number = (uint32_t)(tag >> 3), .kind = (int)(tag & 7)};
    switch (ret->kind) {
    case VARINT:
        return read_varint(wire, &ret->value);
    case FIXED64:
        return read_fixed(wire, 8, &ret->value);
    case FIXED32:
        return read_fixed(wire, 4, &ret->value);
    case LENGTH:
        if (!read_varint(wire, &ret->value) || ret->value > (size_t)(wire->end - wire->at)) return false;
        ret->data = wire->at;
        ret->length = (size_t)ret->value;
        wire->at += ret->length;
        return true;
    default:
        return false; /* groups, which proto3 does not have */
    }
}

/* --- envelope --- */

enum { E_ID = 1, E_TYPE, E_SCHEMA, E_REGION, E_CREATED, E_TRACE, E_ATTEMPT, E_BODY, E_DEADLINE, E_ERA, E_FRESH };
static const int ENVELOPE_KIND[] = {
    [E_ID] = FIXED64,      [E_TYPE] = LENGTH,  [E_SCHEMA] = VARINT,  [E_REGION] = VARINT,
    [E_CREATED] = VARINT,  [E_TRACE] = LENGTH, [E_ATTEMPT] = VARINT, [E_BODY] = LENGTH,
    [E_DEADLINE] = VARINT, [E_ERA] = FIXED64,  [E_FRESH] = LENGTH,
};

static void take_field(wjz_envelope *envelope, const wire_field *field) {
    switch (field->number) {
    case E_ID:
        envelope->id = field->value;
        break;
    case E_TYPE:
        envelope->type = (const char *)field->data;
        envelope->type_length = field->length;
        break;
    case E_SCHEMA:
        envelope->schema = (uint32_t)field->value;
        break;
    case E_REGION:
        envelope->region = (uint32_t)field->value;
        break;
    case E_CREATED:
        envelope->created_at_us = (int64_t)field->value;
        break;
    case E_TRACE:
        envelope->trace = (const char *)field->data;
        envelope->trace_length = field->length;
        break;
    case E_ATTEMPT:
        envelope->attempt = (uint32_t)field->value;
        break;
    case E_BODY:
        envelope->body = field->data;
        envelope->body_length = field->length;
        break;
    case E_DEADLINE:
        envelope->deadline_us = (int64_t)field->value;
        break;
    case E_ERA:
        envelope->era = (int64_t)field->value;
        break;
    case E_FRESH:
        envelope->fresh = field->data;
        envelope->fresh_length = field->length;
        break;
    default:
        break;
    }
}

int wjz_envelope_read(const void *data, size_t length, wjz_envelope *ret_envelope, wjz_err *err) {
    struct wire wire = {data, (const uint8_t *)data + length};
    wjz_envelope envelope = {.type = "", .trace = "", .body = (const uint8_t *)"", .fresh = (const uint8_t *)""};
    while (wire.at < wire.end) {
        wire_field field;
        if (!read_field(&wire, &field)) return wjz_err_set(err, -EBADMSG, "cannot read envelope of %zu bytes", length);
        if (field.number < WJZ_COUNT(ENVELOPE_KIND) && field.kind != ENVELOPE_KIND[field.number])
            return wjz_err_set(err, -EBADMSG, "cannot read envelope: field %" PRIu32 " has the wrong wire type",
                               field.number);
        take_field(&envelope, &field);
    }
    if (envelope.type_length == 0) return wjz_err_set(err, -EBADMSG, "cannot read envelope: it names no type");
    if (envelope.attempt == 0) envelope.attempt = 1;
    *ret_envelope = envelope;
    return 0;
}

bool wjz_envelope_is(const wjz_envelope *envelope, const ProtobufCMessageDescriptor *type) {
    return strlen(type->name) == envelope->type_length &&
           memcmp(type->name, envelope->type, envelope->type_length) == 0;
}

const char *wjz_envelope_trace(const wjz_envelope *envelope, char text[64]) {
    size_t length = envelope->trace_length < 64 ? envelope->trace_length : 0;
    memcpy(text, envelope->trace, length);
    text[length] = '\0';
    return text;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_tag(uint8_t *at, int number, int kind) {
    return put_varint(at, (uint64_t)number << 3 | (uint64_t)kind);
}

static uint8_t *put_number(uint8_t *at, int number, uint64_t value) {
    return value == 0 ? at : put_varint(put_tag(at, number, VARINT), value);
}

static uint8_t *put_fixed(uint8_t *at, int number, uint64_t value) {
    at = put_tag(at, number, FIXED64);
    for (int i = 0; i < 8; i++)
        *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

static uint8_t *put_text(uint8_t *at, int number, const char *text) {
    size_t length = strlen(text);
    if (length == 0) return at;
    at = put_varint(put_tag(at, number, LENGTH), length);
    memcpy(at, text, length);
    return at + length;
}

int wjz_envelope_pack(uint64_t id, int32_t region, int64_t deadline_us, const ProtobufCMessage *body,
                      uint8_t **ret_data, size_t *ret_length) {
    enum { NUMBERS = 96 }; /* tags, numbers and lengths together */
    const char *type = body->descriptor->name, *trace = wjz_trace();
    size_t body_length = protobuf_c_message_get_packed_size(body);
    uint8_t *data = malloc(NUMBERS + strlen(type) + strlen(trace) + body_length + WJZ_ATTEMPT_BYTES);
    if (!data) return -ENOMEM;
    uint8_t *at = put_fixed(data, E_ID, id);
    at = put_text(at, E_TYPE, type);
    at = put_number(at, E_SCHEMA, WJZ_SCHEMA);
    at = put_number(at, E_REGION, (uint32_t)region);
    at = put_number(at, E_CREATED, (uint64_t)wjz_clock_us());
    at = put_text(at, E_TRACE, trace);
    at = put_varint(put_tag(at, E_BODY, LENGTH), body_length);
    at += protobuf_c_message_pack(body, at);
    at = put_number(at, E_DEADLINE, (uint64_t)deadline_us);
    *ret_data = data;
    *ret_length = (size_t)(at - data);
    return 0;
}

int wjz_envelope_add_fresh(uint8_t **data, size_t length, const ProtobufCMessage *fresh, size_t size,
                           size_t *ret_length) {
    enum { NUMBERS = 16 }; /* tag and length */
    uint8_t *wider = realloc(*data, length + NUMBERS + size + WJZ_ATTEMPT_BYTES);
    if (!wider) return -ENOMEM;
    uint8_t *at = put_varint(put_tag(wider + length, E_FRESH, LENGTH), size);
    at += protobuf_c_message_pack(fresh, at);
    *data = wider;
    *ret_length = (size_t)(at - wider);
    return 0;
}

size_t wjz_envelope_set_attempt(uint8_t *data, size_t length, uint32_t attempt, int64_t era) {
    uint8_t *at = put_number(data + length, E_ATTEMPT, attempt);
    if (era != 0) at = put_fixed(at, E_ERA, (uint64_t)era);
    return (size_t)(at - data);
}

/* --- bodies --- */

struct check {
    bool lax; /* mark instead of refuse; the bytes are writable */
    const char *reason;
    char path[200];
};

static void path_prepend(struct check *check, const char *name, int64_t index) {
    char old[sizeof check->path], step[96];
    memcpy(old, check->path, sizeof old);
    if (index >= 0)
        snprintf(step, sizeof step, "%.60s[%" PRId64 "]", name, index);
    else
        snprintf(step, sizeof step, "%.60s", name);
    snprintf(check->path, sizeof check->path, "%s%s%.100s", step, old[0] ? "." : "", old);
}

/* How many times the field stood on this level before the place: its index in a repeated field. Only for errors. */
static int64_t count_before(struct wire level, const uint8_t *place, uint32_t number) {
    int64_t count = 0;
    wire_field field;
    while (level.at < level.end && read_field(&level, &field) && level.at <= place)
        count += field.number == number;
    return count;
}

static int kind_of(ProtobufCType type) {
    switch (type) {
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return FIXED32;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return LENGTH;
    default:
        return VARINT;
    }
}

/* A packed array of scalars must hold whole items. */
static bool packed_ok(int kind, const wire_field *field) {
    if (kind == FIXED32) return field->length % 4 == 0;
    if (kind == FIXED64) return field->length % 8 == 0;
    struct wire items = {field->data, field->data + field->length};
    uint64_t item;
    while (items.at < items.end)
        if (!read_varint(&items, &item)) return false;
    return true;
}

static bool string_ok(struct check *check, const wire_field *field) {
    if (!check->lax) return wjz_utf8_ok((const char *)field->data, field->length);
    uint8_t *text = (uint8_t *)(uintptr_t)field->data;
    for (size_t left = field->length; left > 0;) {
        uint8_t *nul = memchr(text, 0, left);
        if (!nul) break;
        *nul = 0xff;
        left -= (size_t)(nul + 1 - text);
        text = nul + 1;
    }
    return true;
}

static int check_message(struct check *check, const ProtobufCMessageDescriptor *type, struct wire level, int depth);

/* NULL when the field is well-formed, else the reason. A nested message adds its own path. */
static const char *check_field(struct check *check, const ProtobufCFieldDescriptor *expected, const wire_field *field,
                               int depth) {
    int kind = kind_of(expected->type);
    if (field->kind != kind) {
        if (expected->label != PROTOBUF_C_LABEL_REPEATED || field->kind != LENGTH || kind == LENGTH)
            return "has the wrong wire type";
        return packed_ok(kind, field) ? NULL : "is cut off";
    }
    if (expected->type == PROTOBUF_C_TYPE_STRING && !string_ok(check, field))
        return "is not well-formed UTF-8 without NUL";
    if (expected->type == PROTOBUF_C_TYPE_MESSAGE &&
        check_message(check, expected->descriptor, (struct wire){field->data, field->data + field->length}, depth + 1) <
            0)
        return check->reason;
    return NULL;
}

static int check_message(struct check *check, const ProtobufCMessageDescriptor *type, struct wire level, int depth) {
    if (depth > DEPTH_LIMIT) {
        check->reason = "is nested too deeply";
        return -EBADMSG;
    }
    struct wire all = level;
    while (level.at < level.end) {
        wire_field field;
        const uint8_t *place = level.at;
        if (!read_field(&level, &field)) {
            check->reason = "is cut off or no protobuf message";
            return -EBADMSG;
        }
        const ProtobufCFieldDescriptor *expected = protobuf_c_message_descriptor_get_field(type, field.number);
        if (!expected) continue; /* a newer sender's */
        check->reason = check_field(check, expected, &field, depth);
        if (check->reason) {
            bool repeated = expected->label == PROTOBUF_C_LABEL_REPEATED;
            path_prepend(check, expected->name, repeated ? count_before(all, place, field.number) : -1);
            return -EBADMSG;
        }
    }
    return 0;
}

static int run_check(struct check *check, const ProtobufCMessageDescriptor *type, const void *data, size_t length,
                     wjz_err *err) {
    if (check_message(check, type, (struct wire){data, (const uint8_t *)data + length}, 0) == 0) return 0;
    if (check->path[0]) return wjz_err_set(err, -EBADMSG, "%s \"%s\" %s", type->short_name, check->path, check->reason);
    return wjz_err_set(err, -EBADMSG, "%s %s", type->short_name, check->reason);
}

int wjz_wire_check(const ProtobufCMessageDescriptor *type, const void *data, size_t length, wjz_err *err) {
    return run_check(&(struct check){.lax = false}, type, data, length, err);
}

int wjz_wire_check_lax(const ProtobufCMessageDescriptor *type, void *data, size_t length, wjz_err *err) {
    return run_check(&(struct check){.lax = true}, type, data, length, err);
}

int wjz_wire_unpack(const ProtobufCMessageDescriptor *type, const void *data, size_t length, wjz_arena *arena,
                    const ProtobufCMessage **ret_body, wjz_err *err) {
    ProtobufCAllocator *allocator = wjz_arena_protobuf(arena);
    if (!allocator) return wjz_err_set(err, -ENOMEM, "could not unpack %s: out of memory", type->short_name);
    const ProtobufCMessage *body = protobuf_c_message_unpack(type, allocator, length, data);
    if (!body)
        return wjz_err_set(err, -EMSGSIZE, "%s of %zu bytes cannot be unpacked within the memory limit",
                           type->short_name, length);
    *ret_body = body;
    return 0;
}

int wjz_message_unpack(const ProtobufCMessageDescriptor *type, const void *data, size_t length, wjz_arena *arena,
                       const ProtobufCMessage **ret_body, wjz_err *err) {
    int r = wjz_wire_check(type, data, length, err);
    return r < 0 ? r : wjz_wire_unpack(type, data, length, arena, ret_body, err);
}

/* --- strings of an unpacked message --- */

static bool strings_ok(struct check *check, const ProtobufCMessage *body);

static bool value_ok(struct check *check, const ProtobufCFieldDescriptor *field, const void *value) {
    const void *pointer = *(const void *const *)value;
    if (!pointer) return true;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) return strings_ok(check, pointer);
    check->reason = "is not well-formed UTF-8 without NUL";
    return wjz_utf8_ok(pointer, strlen(pointer));
}

static bool field_ok(struct check *check, const ProtobufCMessage *body, const ProtobufCFieldDescriptor *field) {
    const char *base = (const char *)body;
    const void *value = base + field->offset;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        bool absent = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
                      *(const uint32_t *)(const void *)(base + field->quantifier_offset) != field->id;
        if (absent || value_ok(check, field, value)) return true;
        path_prepend(check, field->name, -1);
        return false;
    }
    size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    const char *const *items = *(const char *const *const *)value;
    for (size_t i = 0; i < count; i++) {
        if (value_ok(check, field, &items[i])) continue;
        path_prepend(check, field->name, (int64_t)i);
        return false;
    }
    return true;
}

static bool strings_ok(struct check *check, const ProtobufCMessage *body) {
    for (unsigned i = 0; i < body->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &body->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) continue;
        if (!field_ok(check, body, field)) return false;
    }
    return true;
}

int wjz_message_check_strings(const ProtobufCMessage *body, wjz_err *err) {
    struct check check = {.lax = false};
    if (strings_ok(&check, body)) return 0;
    return wjz_err_set(err, -EBADMSG, "%s \"%s\" %s", body->descriptor->short_name, check.path, check.reason);
}
