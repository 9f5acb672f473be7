/* Envelopes and bodies as bytes: round trips, and what must not be believed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/bus.pb-c.h"
#include "proto/envelope.pb-c.h"
#include "proto/intake.pb-c.h"
#include "runtime/wire.h"
#include "wjz/bus.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

/* --- envelope --- */

static void test_envelope_round_trip(WJZ_UNUSED void **state) {
    Wjz__Bus__Join join = WJZ__BUS__JOIN__INIT;
    join.service = (char *)(uintptr_t) "scoring";
    join.instance = 7;
    uint8_t *data;
    size_t length;
    assert_int_equal(wjz_envelope_pack(0x8000000000000001, 510184, -5, &join.base, &data, &length), 0);
    wjz_envelope envelope;
    assert_int_equal(wjz_envelope_read(data, length, &envelope, NULL), 0);
    assert_true(envelope.id == 0x8000000000000001);
    assert_true(wjz_envelope_is(&envelope, &wjz__bus__join__descriptor));
    assert_false(wjz_envelope_is(&envelope, &wjz__bus__leave__descriptor));
    assert_int_equal(envelope.schema, 1);
    assert_int_equal(envelope.region, 510184);
    assert_int_equal(envelope.deadline_us, -5);
    assert_int_equal(envelope.attempt, 1);
    assert_true(envelope.created_at_us > 0);
    wjz_arena *arena = wjz_arena_new(0);
    const ProtobufCMessage *body;
    assert_int_equal(
        wjz_message_unpack(&wjz__bus__join__descriptor, envelope.body, envelope.body_length, arena, &body, NULL), 0);
    assert_string_equal(((const Wjz__Bus__Join *)body)->service, "scoring");
    wjz_arena_destroy(&arena);
    free(data);
}

/* protobuf-c reads the same, also with attempt and era appended once or again. */
static void test_envelope_as_protobuf_has_it(WJZ_UNUSED void **state) {
    Wjz__Bus__Leave leave = WJZ__BUS__LEAVE__INIT;
    uint8_t *data;
    size_t length;
    assert_int_equal(wjz_envelope_pack(3, 1, 0, &leave.base, &data, &length), 0);
    for (uint32_t attempt = 1; attempt < 300; attempt += 99) {
        int64_t era = attempt == 1 ? 0 : INT64_MAX - attempt;
        size_t whole = wjz_envelope_set_attempt(data, length, attempt, era);
        assert_in_range(whole, length + 2, length + WJZ_ATTEMPT_BYTES);
        Wjz__Envelope *known = wjz__envelope__unpack(NULL, whole, data);
        assert_non_null(known);
        assert_int_equal(known->attempt, attempt);
        assert_int_equal((int64_t)known->era, era);
        assert_int_equal(known->id, 3);
        assert_string_equal(known->type, "wjz.bus.Leave");
        wjz__envelope__free_unpacked(known, NULL);
        wjz_envelope envelope;
        assert_int_equal(wjz_envelope_read(data, whole, &envelope, NULL), 0);
        assert_int_equal(envelope.attempt, attempt);
        assert_int_equal(envelope.era, era);
    }
    free(data);
}

/* A fresh body stands behind the one that is stored, and the attempt behind that; the stored envelope stays as it was.
 */
static void test_envelope_with_a_fresh_body(WJZ_UNUSED void **state) {
    Wjz__Bus__Join stored = WJZ__BUS__JOIN__INIT, fresh = WJZ__BUS__JOIN__INIT;
    fresh.service = (char *)(uintptr_t) "scoring";
    uint8_t *data, before[200];
    size_t length, whole;
    assert_int_equal(wjz_envelope_pack(3, 1, 0, &stored.base, &data, &length), 0);
    assert_in_range(length, 1, sizeof before);
    memcpy(before, data, length);
    size_t size = protobuf_c_message_get_packed_size(&fresh.base);
    assert_int_equal(wjz_envelope_add_fresh(&data, length, &fresh.base, size, &whole), 0);
    assert_memory_equal(data, before, length);
    wjz_envelope envelope;
    assert_int_equal(wjz_envelope_read(data, wjz_envelope_set_attempt(data, whole, 300, 5), &envelope, NULL), 0);
    assert_int_equal(envelope.attempt, 300);
    assert_int_equal(envelope.body_length, 0);
    assert_int_equal(envelope.fresh_length, size);
    Wjz__Bus__Join *read = wjz__bus__join__unpack(NULL, envelope.fresh_length, envelope.fresh);
    assert_string_equal(read->service, "scoring");
    wjz__bus__join__free_unpacked(read, NULL);
    assert_int_equal(wjz_envelope_read(data, wjz_envelope_set_attempt(data, length, 2, 5), &envelope, NULL), 0);
    assert_int_equal(envelope.fresh_length, 0);
    free(data);
}

static void test_envelope_refused(WJZ_UNUSED void **state) {
    static const struct {
        const uint8_t *data;
        size_t length;
    } CASES[] = {
        {BYTES("")},     /* names no type */
        {BYTES("\x12")}, /* tag without value */
        {BYTES("\x12\x05"
               "abc")},                                          /* length beyond the end */
        {BYTES("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")}, /* 2^64-1 bytes */
        {BYTES("\x10\x01")},                                     /* type as a number */
        {BYTES("\x12\x01"
               "a"
               "\x0d\x01\x02\x03\x04")}, /* id as fixed32 */
        {BYTES("\x12\x01"
               "a"
               "\x09\x01\x02")}, /* id cut off */
        {BYTES("\x12\x01"
               "a"
               "\x4b")}, /* a group */
        {BYTES("\x12\x01"
               "a"
               "\x02\x00")}, /* field 0 */
        {BYTES("\x12\x01"
               "a"
               "\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")}, /* a varint without end */
        {BYTES("GET / HTTP/1.1\r\n\r\n")},
    };
    for (size_t i = 0; i < WJZ_COUNT(CASES); i++) {
        wjz_envelope envelope = {.id = 99};
        wjz_err err = {0};
        assert_int_equal(wjz_envelope_read(CASES[i].data, CASES[i].length, &envelope, &err), -EBADMSG);
        assert_int_equal(envelope.id, 99);
        assert_int_equal(err.code, -EBADMSG);
        assert_true(err.text[0]);
    }
}

static void test_envelope_of_the_future(WJZ_UNUSED void **state) {
    static const uint8_t DATA[] = "\x12\x01"
                                  "a"
                                  "\xa2\x06\x03"
                                  "xyz"
                                  "\xa8\x06\x07";
    wjz_envelope envelope;
    assert_int_equal(wjz_envelope_read(DATA, sizeof DATA - 1, &envelope, NULL), 0);
    assert_int_equal(envelope.type_length, 1);
    char trace[64];
    assert_string_equal(wjz_envelope_trace(&envelope, trace), "");
}

/* --- bodies --- */

/* A batch of items whose complaint has this content; packed, to be freed. */
static uint8_t *pack_batch(const char *const *contents, size_t count, size_t *ret_length) {
    Wjz__Intake__FeedBatch batch = WJZ__INTAKE__FEED_BATCH__INIT;
    Wjz__Intake__FeedItem items[8], *places[8];
    Wjz__Intake__Complaint complaints[8];
    for (size_t i = 0; i < count; i++) {
        wjz__intake__feed_item__init(&items[i]);
        wjz__intake__complaint__init(&complaints[i]);
        complaints[i].content = (char *)(uintptr_t)contents[i];
        items[i].item_case = WJZ__INTAKE__FEED_ITEM__ITEM_COMPLAINT;
        items[i].complaint = &complaints[i];
        places[i] = &items[i];
    }
    batch.items = places;
    batch.n_items = count;
    batch.feed = (char *)(uintptr_t) "f";
    uint8_t *data = malloc(wjz__intake__feed_batch__get_packed_size(&batch));
    *ret_length = wjz__intake__feed_batch__pack(&batch, data);
    return data;
}

static void test_path_of_a_bad_string(WJZ_UNUSED void **state) {
    static const char *const CONTENTS[] = {"好", "污水", "\xe5\xa5", "ok"};
    wjz_arena *arena = wjz_arena_new(0);
    wjz_err err = {0};
    const ProtobufCMessage *body = NULL;
    size_t length;
    uint8_t *data = pack_batch(CONTENTS, 4, &length);
    assert_int_equal(wjz_message_unpack(&wjz__intake__feed_batch__descriptor, data, length, arena, &body, &err),
                     -EBADMSG);
    assert_string_equal(err.text, "FeedBatch \"items[2].complaint.content\" is not well-formed UTF-8 without NUL");
    assert_null(body);
    /* The same on the unpacked message, which a lax route gives its handler. */
    assert_int_equal(wjz_wire_check_lax(&wjz__intake__feed_batch__descriptor, data, length, &err), 0);
    assert_int_equal(wjz_wire_unpack(&wjz__intake__feed_batch__descriptor, data, length, arena, &body, &err), 0);
    err = (wjz_err){0};
    assert_int_equal(wjz_message_check_strings(body, &err), -EBADMSG);
    assert_string_equal(err.text, "FeedBatch \"items[2].complaint.content\" is not well-formed UTF-8 without NUL");
    const Wjz__Intake__FeedBatch *batch = (const Wjz__Intake__FeedBatch *)body;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(wjz_message_check_strings(&batch->items[i]->base, NULL), i == 2 ? -EBADMSG : 0);
    free(data);
    wjz_arena_destroy(&arena);
}

/* A NUL must neither end a text early nor get through. */
static void test_nul(WJZ_UNUSED void **state) {
    static const char *const CONTENTS[] = {"a#b", "good"};
    wjz_arena *arena = wjz_arena_new(0);
    const ProtobufCMessage *body;
    size_t length;
    uint8_t *data = pack_batch(CONTENTS, 2, &length);
    *(uint8_t *)memchr(data, '#', length) = 0;
    assert_int_equal(wjz_wire_check(&wjz__intake__feed_batch__descriptor, data, length, NULL), -EBADMSG);
    assert_int_equal(wjz_wire_check_lax(&wjz__intake__feed_batch__descriptor, data, length, NULL), 0);
    assert_int_equal(wjz_wire_unpack(&wjz__intake__feed_batch__descriptor, data, length, arena, &body, NULL), 0);
    const Wjz__Intake__FeedBatch *batch = (const Wjz__Intake__FeedBatch *)body;
    assert_int_equal(wjz_message_check_strings(&batch->items[0]->base, NULL), -EBADMSG);
    assert_int_equal(wjz_message_check_strings(&batch->items[1]->base, NULL), 0);
    free(data);
    wjz_arena_destroy(&arena);
}

static void test_repeated_strings(WJZ_UNUSED void **state) {
    Wjz__Intake__Complaint complaint = WJZ__INTAKE__COMPLAINT__INIT;
    char *categories[] = {(char *)(uintptr_t) "a", (char *)(uintptr_t) "\xff"};
    complaint.categories = categories;
    complaint.n_categories = 2;
    wjz_err err = {0};
    assert_int_equal(wjz_message_check_strings(&complaint.base, &err), -EBADMSG);
    assert_string_equal(err.text, "Complaint \"categories[1]\" is not well-formed UTF-8 without NUL");
    uint8_t data[100];
    size_t length = wjz__intake__complaint__pack(&complaint, data);
    err = (wjz_err){0};
    assert_int_equal(wjz_wire_check(&wjz__intake__complaint__descriptor, data, length, &err), -EBADMSG);
    assert_string_equal(err.text, "Complaint \"categories[1]\" is not well-formed UTF-8 without NUL");
}

static void test_body_refused(WJZ_UNUSED void **state) {
    static const struct {
        const ProtobufCMessageDescriptor *type;
        const uint8_t *data;
        size_t length;
        const char *error;
    } CASES[] = {
        {&wjz__bus__join__descriptor, BYTES("\x0a"), "Join is cut off or no protobuf message"},
        {&wjz__bus__join__descriptor, BYTES("\x08\x01"), "Join \"service\" has the wrong wire type"},
        {&wjz__bus__join__descriptor,
         BYTES("\x12\x01"
               "a"),
         "Join \"instance\" has the wrong wire type"},
        {&wjz__bus__acknowledge__descriptor,
         BYTES("\x0a\x07"
               "1234567"),
         "Acknowledge \"id[0]\" is cut off"},
        {&wjz__bus__acknowledge__descriptor, BYTES("\x08\x01"), "Acknowledge \"id[0]\" has the wrong wire type"},
        {&wjz__intake__feed_batch__descriptor, BYTES("\x1a\x00\x1a\x02\x0a\x01"),
         "FeedBatch \"items[1]\" is cut off or no protobuf message"},
        {&wjz__intake__feed_batch__descriptor, BYTES("\x1a\x04\x0a\x02\x0a\x09"),
         "FeedBatch \"items[0].complaint\" is cut off or no protobuf message"},
    };
    for (size_t i = 0; i < WJZ_COUNT(CASES); i++) {
        wjz_arena *arena = wjz_arena_new(0);
        const ProtobufCMessage *body = NULL;
        wjz_err err = {0};
        assert_int_equal(wjz_message_unpack(CASES[i].type, CASES[i].data, CASES[i].length, arena, &body, &err),
                         -EBADMSG);
        assert_string_equal(err.text, CASES[i].error);
        assert_null(body);
        wjz_arena_destroy(&arena);
    }
}

static void test_both_forms_of_repeated_numbers(WJZ_UNUSED void **state) {
    static const uint8_t DATA[] = "\x0a\x08"
                                  "12345678"
                                  "\x09"
                                  "abcdefgh";
    wjz_arena *arena = wjz_arena_new(0);
    const ProtobufCMessage *body;
    assert_int_equal(wjz_message_unpack(&wjz__bus__acknowledge__descriptor, DATA, sizeof DATA - 1, arena, &body, NULL),
                     0);
    assert_int_equal(((const Wjz__Bus__Acknowledge *)body)->n_id, 2);
    wjz_arena_destroy(&arena);
}

/* Two bytes per item on the wire, many more in memory. */
static void test_expansion_is_bounded(WJZ_UNUSED void **state) {
    enum { ITEMS = 500000 };
    uint8_t *data = malloc(2 * ITEMS);
    for (int i = 0; i < ITEMS; i++)
        memcpy(data + 2 * i, "\x1a\x00", 2);
    wjz_arena *arena = wjz_arena_new(1 << 20);
    const ProtobufCMessage *body = NULL;
    wjz_err err = {0};
    assert_int_equal(wjz_message_unpack(&wjz__intake__feed_batch__descriptor, data, 2 * ITEMS, arena, &body, &err),
                     -EMSGSIZE);
    assert_null(body);
    assert_true(wjz_arena_used(arena) <= 1 << 20);
    wjz_arena_destroy(&arena);
    free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_envelope_round_trip),
        cmocka_unit_test(test_envelope_as_protobuf_has_it),
        cmocka_unit_test(test_envelope_with_a_fresh_body),
        cmocka_unit_test(test_envelope_refused),
        cmocka_unit_test(test_envelope_of_the_future),
        cmocka_unit_test(test_path_of_a_bad_string),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_repeated_strings),
        cmocka_unit_test(test_body_refused),
        cmocka_unit_test(test_both_forms_of_repeated_numbers),
        cmocka_unit_test(test_expansion_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
