/* Envelope and body as bytes: what is written, and what is believed of what comes in. */
#ifndef WJZ_RUNTIME_WIRE_H
#define WJZ_RUNTIME_WIRE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/err.h"

enum {
    WJZ_SCHEMA = 1,           /* version of all message schemas so far */
    WJZ_ATTEMPT_BYTES = 16,   /* room that wjz_envelope_set_attempt needs behind an envelope */
    WJZ_BUS_FRAME = 16 << 20, /* largest frame between services */
};

/* A view of a received frame: texts and body point into it, texts have no NUL at their end. */
typedef struct wjz_envelope {
    uint64_t id;
    const char *type;
    size_t type_length;
    uint32_t schema, region, attempt; /* attempt: at least 1 */
    int64_t created_at_us, deadline_us, era;
    const char *trace;
    size_t trace_length;
    const uint8_t *body, *fresh; /* fresh: the body with more in it, in its place */
    size_t body_length, fresh_length;
} wjz_envelope;

/* Reads the cover only; -EBADMSG for bytes that are no envelope. Later fields override earlier ones, and fields that it
 * does not know are passed over. */
WJZ_MUST_CHECK int wjz_envelope_read(const void *data, size_t length, wjz_envelope *ret_envelope, wjz_err *err);
/* Whether the envelope's body is of this type. */
bool wjz_envelope_is(const wjz_envelope *envelope, const ProtobufCMessageDescriptor *type);
/* The envelope's trace parent as a text for wjz_trace_continue. */
const char *wjz_envelope_trace(const wjz_envelope *envelope, char text[64]);

/* Packs body into an envelope of schema 1 that carries the running fiber's trace; attempt is left out (0). The caller
 * frees; WJZ_ATTEMPT_BYTES are free behind ret_length. -ENOMEM. */
WJZ_MUST_CHECK int wjz_envelope_pack(uint64_t id, int32_t region, int64_t deadline_us, const ProtobufCMessage *body,
                                     uint8_t **ret_data, size_t *ret_length);
/* Appends a fresh body of `size` packed bytes behind a packed envelope, which may move, with WJZ_ATTEMPT_BYTES behind
 * it. -ENOMEM. */
WJZ_MUST_CHECK int wjz_envelope_add_fresh(uint8_t **data, size_t length, const ProtobufCMessage *fresh, size_t size,
                                          size_t *ret_length);
/* Appends the attempt and the era behind a packed envelope (in protobuf the last value of a field counts); returns the
 * length with them. The envelope's own length stays what it was, so that the next attempt overwrites this one. */
size_t wjz_envelope_set_attempt(uint8_t *data, size_t length, uint32_t attempt, int64_t era);

/* Checks packed bytes against the type's descriptor, before anything is allocated for them: structure, wire types,
 * nesting, and every string for UTF-8 and NUL. */
WJZ_MUST_CHECK int wjz_wire_check(const ProtobufCMessageDescriptor *type, const void *data, size_t length,
                                  wjz_err *err);
/* The same for a route with lax strings: strings are let pass, but a NUL inside one, which unpacking would silently
 * take for its end, is overwritten with 0xFF, so that wjz_message_check_strings finds it. */
WJZ_MUST_CHECK int wjz_wire_check_lax(const ProtobufCMessageDescriptor *type, void *data, size_t length, wjz_err *err);
/* Unpacks what wjz_wire_check or wjz_wire_check_lax let pass; -EMSGSIZE when the arena's limit does not hold it. */
WJZ_MUST_CHECK int wjz_wire_unpack(const ProtobufCMessageDescriptor *type, const void *data, size_t length,
                                   wjz_arena *arena, const ProtobufCMessage **ret_body, wjz_err *err);

#endif
