/* The fields of complaints, enforcement records and feedback by name: one table for the mapping profiles, the JSON door
 * and the checks, so that a field has the same name, shape and limit wherever an item comes in. */
#ifndef INTAKE_ITEM_H
#define INTAKE_ITEM_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/intake.pb-c.h"
#include "wjz/arena.h"

typedef enum item_kind { ITEM_COMPLAINT, ITEM_ENFORCEMENT, ITEM_FEEDBACK } item_kind;

typedef enum field_shape {
    FIELD_TEXT,   /* char * */
    FIELD_TIME,   /* int64_t, microseconds */
    FIELD_DAY,    /* int32_t, days since 1970-01-01 */
    FIELD_MONEY,  /* int64_t fen, -1 not said */
    FIELD_COUNT,  /* uint32_t */
    FIELD_REAL,   /* double */
    FIELD_FLAG,   /* protobuf_c_boolean */
    FIELD_CHOICE, /* an enum; words in the table */
    FIELD_LIST,   /* categories */
} field_shape;

typedef enum field_home { IN_ITEM, IN_REPORTER, IN_POSITION } field_home;

typedef struct item_field {
    const char *name; /* as in profiles and JSON; NULL ends a table */
    field_shape shape;
    field_home home;
    size_t offset; /* in its home's struct */
    size_t limit;  /* bytes of a text, largest count */
    bool required;
    bool personal;            /* never shown in errors */
    const char *const *words; /* of a choice, by number, NULL-terminated */
} item_field;

const item_field *item_fields(item_kind kind);
/* NULL when the kind has no such field. */
const item_field *item_field_find(item_kind kind, const char *name);

/* Allocates an empty item of that kind. NULL when out of memory. */
Wjz__Intake__FeedItem *item_new(item_kind kind, wjz_arena *arena);
/* The kind and the message inside; false when the item holds nothing. */
bool item_open(const Wjz__Intake__FeedItem *item, item_kind *ret_kind, const ProtobufCMessage **ret_body);
/* Where the field is; makes the reporter or position when absent. NULL when out of memory. */
void *item_field_make(ProtobufCMessage *body, const item_field *field, wjz_arena *arena);
/* The same for reading: NULL when the home is absent. */
const void *item_field_get(const ProtobufCMessage *body, const item_field *field);

/* "" for an item without one. */
const char *item_external_id(const Wjz__Intake__FeedItem *item);

/* The words of a complaint's status, NULL-terminated. */
extern const char *const ITEM_STATUSES[];

#endif
