/* Arbitrary text as items of the HTTP door, checked as they are there. */
#include <stddef.h>
#include <stdint.h>

#include "intake/check.h"
#include "intake/content_hash.h"
#include "intake/json_item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const check_rules RULES = {.now_us = INT64_C(1800000000000000), .region = 510184};
    wjz_err err;
    json_t *read = json_read((const char *)data, size, &err);
    if (read == NULL) return 0;
    wjz_arena *arena = wjz_arena_new(1 << 24);
    for (item_kind kind = ITEM_COMPLAINT; kind <= ITEM_FEEDBACK; kind++) {
        issue_list issues = {.count = 0};
        Wjz__Intake__FeedItem *item = json_to_item(read, kind, arena, &issues);
        if (item != NULL && check_item(item, &RULES, arena, &issues)) (void)content_hash(item);
    }
    wjz_arena_destroy(&arena);
    json_decref(read);
    return 0;
}
