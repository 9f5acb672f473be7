/* Messages from the JSON of a request, and JSON from messages, by their descriptors: a field is called the same in
 * both. 64-bit numbers are texts in JSON, *_us times, *_day dates, names of enumerations small letters without their
 * common prefix. */
#ifndef CONSOLE_MESSAGE_JSON_H
#define CONSOLE_MESSAGE_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "wjz/arena.h"

/* Where a field's name differs. Ended by message NULL. */
typedef struct field_name {
    const char *message; /* field of the message */
    const char *json;
} field_name;

/* A text for the field that the JSON does not have, or NULL: what the path says, or who asks. */
typedef const char *field_text_fn(const char *name, void *arg);
/* Always NULL: the JSON is all there is. */
const char *field_text_none(const char *name, void *arg);

/* A message of the type in the arena, filled from body (may be NULL) and others. names may be NULL. NULL when out of
 * memory. */
ProtobufCMessage *message_from_json(const ProtobufCMessageDescriptor *type, const field_name *names, const json_t *body,
                                    field_text_fn *others, void *arg, wjz_arena *arena);
/* A new reference. Empty texts and times that are 0 become null. */
json_t *message_to_json(const ProtobufCMessage *message, const field_name *names);

#endif
