/* Every field of an item changes its hash, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "intake/content_hash.h"

static void set(void *at, field_shape shape) {
    switch (shape) {
    case FIELD_TEXT:
        *(const char **)at = "x";
        break;
    case FIELD_TIME:
    case FIELD_MONEY:
        *(int64_t *)at = 7;
        break;
    case FIELD_DAY:
    case FIELD_CHOICE:
        *(int32_t *)at = 1;
        break;
    case FIELD_COUNT:
        *(uint32_t *)at = 1;
        break;
    case FIELD_REAL:
        *(double *)at = 1.5;
        break;
    case FIELD_FLAG:
        *(protobuf_c_boolean *)at = 1;
        break;
    case FIELD_LIST:
        break;
    }
}

static bool is_identity(const char *name) {
    return strcmp(name, "external_id") == 0 || strcmp(name, "document_no") == 0 ||
           strcmp(name, "complaint_external_id") == 0 || strcmp(name, "region") == 0;
}

static void every_field_counts(void **state) {
    static const item_kind KINDS[] = {ITEM_COMPLAINT, ITEM_ENFORCEMENT, ITEM_FEEDBACK};
    wjz_arena *arena = wjz_arena_new(0);
    (void)state;
    for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
        uint64_t plain = content_hash(item_new(KINDS[k], arena));
        uint64_t seen[64];
        size_t count = 0;
        for (const item_field *field = item_fields(KINDS[k]); field->name != NULL; field++) {
            if (field->shape == FIELD_LIST) continue;
            Wjz__Intake__FeedItem *item = item_new(KINDS[k], arena);
            const ProtobufCMessage *body = NULL;
            item_kind kind;
            assert_true(item_open(item, &kind, &body));
            set(item_field_make((ProtobufCMessage *)(uintptr_t)body, field, arena), field->shape);
            uint64_t hash = content_hash(item);
            if (is_identity(field->name)) {
                if (hash != plain) fail_msg("%s changes the hash", field->name);
                continue;
            }
            if (hash == plain) fail_msg("%s does not change the hash", field->name);
            for (size_t i = 0; i < count; i++) {
                if (seen[i] == hash) fail_msg("%s hashes like another field", field->name);
            }
            seen[count++] = hash;
        }
    }
    wjz_arena_destroy(&arena);
}

static void categories_count_in_their_order(void **state) {
    wjz_arena *arena = wjz_arena_new(0);
    char *one[] = {(char[]){"a"}, (char[]){"b"}};
    char *two[] = {(char[]){"b"}, (char[]){"a"}};
    char *joined[] = {(char[]){"ab"}};
    Wjz__Intake__FeedItem *item = item_new(ITEM_COMPLAINT, arena);
    (void)state;
    item->complaint->categories = one;
    item->complaint->n_categories = 2;
    uint64_t first = content_hash(item);
    item->complaint->categories = two;
    uint64_t second = content_hash(item);
    item->complaint->categories = joined;
    item->complaint->n_categories = 1;
    assert_true(first != second && content_hash(item) != first);
    wjz_arena_destroy(&arena);
}

/* The hashes are stored: another value would make revisions of all that is sent again. */
static void the_hash_stays_what_it_is(void **state) {
    wjz_arena *arena = wjz_arena_new(0);
    Wjz__Intake__FeedItem *item = item_new(ITEM_COMPLAINT, arena);
    (void)state;
    item->complaint->title = wjz_arena_strdup(arena, "路灯");
    item->complaint->content = wjz_arena_strdup(arena, "路灯不亮");
    item->complaint->received_at_us = 1772672820000000;
    assert_int_equal(content_hash(item), UINT64_C(0x424265ff888dd11a));
    wjz_arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_counts),
        cmocka_unit_test(categories_count_in_their_order),
        cmocka_unit_test(the_hash_stays_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
