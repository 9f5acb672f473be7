/* What is packed are the bytes that protobuf-c would have made, of every field that the messages have. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/card.pb-c.h"
#include "scoring/card_pack.h"

enum { ROUNDS = 300, DEPTH = 3, MOST = 5 };

typedef struct filler {
    wjz_arena *arena;
    uint64_t state;
} filler;

static uint64_t chance(filler *f, uint64_t below) {
    f->state = f->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (f->state >> 33) % below;
}

static ProtobufCMessage *filled(filler *f, const ProtobufCMessageDescriptor *type, int depth);

static char *some_text(filler *f) {
    size_t length = chance(f, 8) ? chance(f, 20) : chance(f, 3000);
    char *text = wjz_arena_alloc(f->arena, length + 1);
    memset(text, 'x', length);
    text[length] = '\0';
    return text;
}

/* Numbers of every length, also 0. */
static uint64_t some_number(filler *f) {
    return chance(f, 4) == 0 ? 0 : (chance(f, UINT32_MAX) << 32 | chance(f, UINT32_MAX)) >> chance(f, 64);
}

static void fill_value(filler *f, const ProtobufCFieldDescriptor *field, void *member, int depth) {
    uint64_t number = some_number(f);
    double real = (double)number / 3;
    float small = (float)real;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)member = some_text(f);
        break;
    case PROTOBUF_C_TYPE_BYTES: {
        char *text = some_text(f);
        *(ProtobufCBinaryData *)member = (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)member = filled(f, field->descriptor, depth + 1);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)member = (protobuf_c_boolean)chance(f, 2);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        memcpy(member, &real, sizeof real);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        memcpy(member, &small, sizeof small);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        memcpy(member, &number, sizeof number);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        *(int32_t *)member = (int32_t)(number & INT32_MAX);
        break;
    default:
        *(uint32_t *)member = (uint32_t)number;
        break;
    }
}

static size_t size_of(const ProtobufCFieldDescriptor *field) {
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return 8;
    default:
        return 4;
    }
}

static void fill_repeated(filler *f, const ProtobufCFieldDescriptor *field, uint8_t *message, int depth) {
    size_t count = chance(f, MOST), size = size_of(field);
    uint8_t *items = wjz_arena_calloc(f->arena, count + 1, size);
    for (size_t i = 0; i < count; i++)
        fill_value(f, field, items + i * size, depth);
    memcpy(message + field->quantifier_offset, &count, sizeof count);
    memcpy(message + field->offset, &items, sizeof items);
}

static ProtobufCMessage *filled(filler *f, const ProtobufCMessageDescriptor *type, int depth) {
    ProtobufCMessage *message = wjz_arena_calloc(f->arena, 1, type->sizeof_message);
    type->message_init(message);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        bool nested = field->type == PROTOBUF_C_TYPE_MESSAGE;
        if (chance(f, 3) == 0 || (nested && depth == DEPTH)) continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            fill_repeated(f, field, (uint8_t *)message, depth);
            continue;
        }
        fill_value(f, field, (uint8_t *)message + field->offset, depth);
        if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
            memcpy((uint8_t *)message + field->quantifier_offset, &field->id, sizeof field->id);
        else if (field->label == PROTOBUF_C_LABEL_OPTIONAL && !nested && field->type != PROTOBUF_C_TYPE_STRING)
            *(protobuf_c_boolean *)((uint8_t *)message + field->quantifier_offset) = (protobuf_c_boolean)chance(f, 2);
    }
    return message;
}

static int pack(const ProtobufCMessage *message, wjz_arena *arena, wjz_blob *ret_packed) {
    return message->descriptor == &wjz__scoring__finding__descriptor
               ? finding_pack((const Wjz__Scoring__Finding *)message, arena, ret_packed)
               : card_pack((const Wjz__Scoring__ScoreCard *)message, arena, ret_packed);
}

static void check(filler *f, const ProtobufCMessage *message) {
    wjz_blob packed = {0};
    size_t expected = protobuf_c_message_get_packed_size(message);
    uint8_t *same = malloc(expected + 1);
    assert_non_null(same);
    protobuf_c_message_pack(message, same);
    assert_int_equal(pack(message, f->arena, &packed), 0);
    assert_int_equal(packed.length, expected);
    assert_memory_equal(packed.data, same, expected);
    free(same);
}

static void check_many(const ProtobufCMessageDescriptor *type) {
    filler f = {.arena = wjz_arena_new(0), .state = 1};
    for (int round = 0; round < ROUNDS; round++) {
        check(&f, filled(&f, type, 0));
        wjz_arena_reset(f.arena);
    }
    wjz_arena_destroy(&f.arena);
}

static void findings_are_as_protobuf_c_packs_them(WJZ_UNUSED void **state) {
    check_many(&wjz__scoring__finding__descriptor);
}

static void cards_are_as_protobuf_c_packs_them(WJZ_UNUSED void **state) {
    check_many(&wjz__scoring__score_card__descriptor);
}

static void nothing_has_no_bytes(WJZ_UNUSED void **state) {
    filler f = {.arena = wjz_arena_new(0)};
    Wjz__Scoring__ScoreCard card = WJZ__SCORING__SCORE_CARD__INIT;
    Wjz__Scoring__Finding finding = WJZ__SCORING__FINDING__INIT;
    check(&f, &card.base);
    check(&f, &finding.base);
    wjz_arena_destroy(&f.arena);
}

static void what_does_not_fit_into_the_arena_is_refused(WJZ_UNUSED void **state) {
    filler f = {.arena = wjz_arena_new(0)};
    wjz_arena *small = wjz_arena_new(64);
    Wjz__Scoring__Finding finding = WJZ__SCORING__FINDING__INIT;
    char text[40000];
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    finding.subject = finding.model = text;
    check(&f, &finding.base);
    wjz_blob packed = {0};
    assert_int_equal(finding_pack(&finding, small, &packed), -ENOMEM);
    assert_null(packed.data);
    wjz_arena_destroy(&small);
    wjz_arena_destroy(&f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_as_protobuf_c_packs_them),
        cmocka_unit_test(cards_are_as_protobuf_c_packs_them),
        cmocka_unit_test(nothing_has_no_bytes),
        cmocka_unit_test(what_does_not_fit_into_the_arena_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
