/* What comes in on a socket: the envelope, read without a copy and by protobuf-c, must say the same; its body, taken
 * for a message of a type that the last byte chooses, is refused or has only strings that PostgreSQL takes. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bus.pb-c.h"
#include "proto/envelope.pb-c.h"
#include "proto/intake.pb-c.h"
#include "proto/scoring.pb-c.h"
#include "runtime/wire.h"
#include "wjz/bus.h"

enum { ARENA = 4 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const wjz_envelope *ours, const uint8_t *data, size_t size) {
    Wjz__Envelope *known = wjz__envelope__unpack(NULL, size, data);
    if (!known) return;
    assert(known->id == ours->id && known->schema == ours->schema && known->region == ours->region);
    assert(known->created_at_us == ours->created_at_us && known->deadline_us == ours->deadline_us);
    assert(known->attempt == ours->attempt || (known->attempt == 0 && ours->attempt == 1));
    assert(known->body.len == ours->body_length);
    assert(ours->body_length == 0 || memcmp(known->body.data, ours->body, ours->body_length) == 0);
    assert(known->fresh.len == ours->fresh_length);
    assert(ours->fresh_length == 0 || memcmp(known->fresh.data, ours->fresh, ours->fresh_length) == 0);
    assert(strncmp(known->type, ours->type, ours->type_length) == 0);
    wjz__envelope__free_unpacked(known, NULL);
}

static void check_strict(const ProtobufCMessageDescriptor *type, const wjz_envelope *envelope) {
    wjz_arena *arena = wjz_arena_new(ARENA);
    const ProtobufCMessage *body = NULL;
    wjz_err err = {0};
    int r = wjz_message_unpack(type, envelope->body, envelope->body_length, arena, &body, &err);
    assert((r == 0) == (body != NULL));
    assert(r == 0 || ((r == -EBADMSG || r == -EMSGSIZE) && err.text[0]));
    if (r == 0) assert(wjz_message_check_strings(body, &err) == 0);
    assert(wjz_arena_used(arena) <= ARENA);
    wjz_arena_destroy(&arena);
}

static void check_lax(const ProtobufCMessageDescriptor *type, const wjz_envelope *envelope) {
    uint8_t *copy = malloc(envelope->body_length + 1);
    memcpy(copy, envelope->body, envelope->body_length);
    int strict = wjz_wire_check(type, copy, envelope->body_length, NULL);
    int lax = wjz_wire_check_lax(type, copy, envelope->body_length, NULL);
    assert(strict == 0 ? lax == 0 : true);
    wjz_arena *arena = wjz_arena_new(ARENA);
    const ProtobufCMessage *body;
    if (lax == 0 && wjz_wire_unpack(type, copy, envelope->body_length, arena, &body, NULL) == 0 && strict == 0)
        assert(wjz_message_check_strings(body, NULL) == 0);
    wjz_arena_destroy(&arena);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const ProtobufCMessageDescriptor *const TYPES[] = {&wjz__intake__feed_batch__descriptor,
                                                              &wjz__bus__acknowledge__descriptor,
                                                              &wjz__bus__join__descriptor,
                                                              &wjz__scoring__clues_scored__descriptor,
                                                              &wjz__refusal__descriptor,
                                                              &wjz__intake__complaints_accepted__descriptor};
    wjz_envelope envelope;
    if (size == 0 || wjz_envelope_read(data, size, &envelope, NULL) < 0) return 0;
    compare(&envelope, data, size);
    const ProtobufCMessageDescriptor *type = TYPES[data[size - 1] % WJZ_COUNT(TYPES)];
    check_strict(type, &envelope);
    check_lax(type, &envelope);
    return 0;
}
