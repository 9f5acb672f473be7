#include "console/message_json.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"

const char *field_text_none(WJZ_UNUSED const char *name, WJZ_UNUSED void *arg) {
    return NULL;
}

static const char *json_name(const field_name *names, const char *field) {
    for (; names && names->message; names++)
        if (strcmp(names->message, field) == 0) return names->json;
    return field;
}

static bool ends_in(const char *name, const char *end) {
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* --- from JSON --- */

static int64_t number_of(const ProtobufCFieldDescriptor *field, const json_t *value) {
    const char *text = json_string_value(value);
    int64_t us = 0;
    wjz_day day = {0};
    if (!text) return json_is_integer(value) ? json_integer_value(value) : json_is_true(value);
    if (ends_in(field->name, "_us")) return wjz_clock_parse(text, &us) == 0 ? us : 0;
    if (ends_in(field->name, "_day") && sscanf(text, "%4d-%2d-%2d", &day.year, &day.month, &day.day) == 3)
        return wjz_day_number(day);
    return strtoll(text, NULL, 10);
}

static size_t size_of(const ProtobufCFieldDescriptor *field) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return sizeof(char *);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_SINT64:
        return sizeof(int64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return sizeof(int32_t);
    }
}

/* Only the types that requests have: texts, whole numbers, flags, enumerations by number. */
static bool put_one(const ProtobufCFieldDescriptor *field, const json_t *value, void *at, wjz_arena *arena) {
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = json_string_value(value);
        char *copy = wjz_arena_strdup(arena, text ? text : "");
        *(char **)at = copy;
        return copy != NULL;
    }
    int64_t number = number_of(field, value);
    if (size_of(field) == sizeof(int64_t))
        *(int64_t *)at = number;
    else if (field->type == PROTOBUF_C_TYPE_BOOL)
        *(protobuf_c_boolean *)at = number != 0;
    else
        *(int32_t *)at = (int32_t)number;
    return true;
}

static bool put_list(const ProtobufCFieldDescriptor *field, const json_t *list, char *message, wjz_arena *arena) {
    size_t count = json_array_size(list), size = size_of(field), i;
    const json_t *item;
    char *items = wjz_arena_calloc(arena, count, size);
    bool ok = items != NULL;
    json_array_foreach(list, i, item) {
        ok = ok && put_one(field, item, items + i * size, arena);
    }
    *(size_t *)(void *)(message + field->quantifier_offset) = count;
    *(void **)(void *)(message + field->offset) = items;
    return ok;
}

ProtobufCMessage *message_from_json(const ProtobufCMessageDescriptor *type, const field_name *names, const json_t *body,
                                    field_text_fn *others, void *arg, wjz_arena *arena) {
    char *message = wjz_arena_calloc(arena, 1, type->sizeof_message);
    if (!message) return NULL;
    protobuf_c_message_init(type, message);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const char *name = json_name(names, field->name);
        const json_t *value = json_object_get(body, name);
        const char *text = value ? NULL : others(name, arg);
        json_t *made = text ? json_string(text) : NULL;
        bool ok = true;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            ok = !value || put_list(field, value, message, arena);
        else if ((value && !json_is_null(value)) || made)
            ok = put_one(field, made ? made : value, message + field->offset, arena);
        json_decref(made);
        if (!ok) return NULL;
    }
    return (ProtobufCMessage *)(void *)message;
}

/* --- to JSON --- */

/* "CLUE_STATE_OPEN" of an enumeration whose values all begin so → "open". */
static json_t *enum_text(const ProtobufCEnumDescriptor *type, int number) {
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);
    char text[64];
    size_t skip = 0;
    if (!value) return json_null();
    const char *underscore = strchr(type->values[0].name, '_');
    if (underscore) {
        skip = (size_t)(underscore - type->values[0].name) + 1;
        for (unsigned i = 0; i < type->n_values; i++)
            if (strncmp(type->values[i].name, type->values[0].name, skip) != 0) skip = 0;
    }
    snprintf(text, sizeof text, "%s", value->name + skip);
    for (char *at = text; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return json_string(text);
}

static json_t *number_json(const ProtobufCFieldDescriptor *field, int64_t number) {
    char text[WJZ_CLOCK_TEXT];
    if (ends_in(field->name, "_us")) return number ? json_string(wjz_clock_format(number, text)) : json_null();
    if (ends_in(field->name, "_day")) {
        wjz_day day = wjz_day_from_number((int32_t)number);
        snprintf(text, sizeof text, "%04d-%02d-%02d", day.year, day.month, day.day);
        return number ? json_string(text) : json_null();
    }
    if (size_of(field) == sizeof(int64_t)) {
        snprintf(text, sizeof text, "%lld", (long long)number);
        return json_string(text);
    }
    return json_integer(number);
}

static json_t *value_json(const ProtobufCFieldDescriptor *field, const void *at, const field_name *names) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)at;
        return text && *text ? json_string(text) : json_null();
    }
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(*(const double *)at);
    case PROTOBUF_C_TYPE_ENUM:
        return enum_text(field->descriptor, *(const int *)at);
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *inner = *(ProtobufCMessage *const *)at;
        return inner ? message_to_json(inner, names) : json_null();
    }
    case PROTOBUF_C_TYPE_BYTES:
        return json_null();
    default:
        return number_json(field, size_of(field) == sizeof(int64_t) ? *(const int64_t *)at : *(const int32_t *)at);
    }
}

static size_t stride_of(const ProtobufCFieldDescriptor *field) {
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) return sizeof(void *);
    return field->type == PROTOBUF_C_TYPE_DOUBLE ? sizeof(double) : size_of(field);
}

json_t *message_to_json(const ProtobufCMessage *message, const field_name *names) {
    json_t *object = json_object();
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const char *at = (const char *)message + field->offset;
        json_t *value;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            size_t count = *(const size_t *)(const void *)((const char *)message + field->quantifier_offset);
            const char *items = *(const char *const *)(const void *)at;
            value = json_array();
            for (size_t j = 0; j < count; j++)
                (void)json_array_append_new(value, value_json(field, items + j * stride_of(field), names));
        } else {
            value = value_json(field, at, names);
        }
        (void)json_object_set_new(object, json_name(names, field->name), value);
    }
    return object;
}
