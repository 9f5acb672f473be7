/* Matters from arbitrary bytes: as the text of a complaint, and as what a store might hold. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/matter.h"
#include "scoring/repeats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static repeat_rules *rules;
static wjz_arena *arena;

static void set_up(void) {
    wjz_err err = {0};
    if (repeat_rules_load(WJZ_SOURCE_DIR "/deploy/repeats", &rules, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    arena = wjz_arena_new(64 << 20);
    assert(arena);
}

static void as_text(const uint8_t *data, size_t size) {
    char *text = wjz_arena_strndup(arena, (const char *)data, size);
    size_t title = size ? data[0] % (size + 1) : 0;
    char *head = wjz_arena_strndup(arena, (const char *)data, title);
    assert(text && head);
    complaint c = {.feed = "f",
                   .external_id = text,
                   .title = head,
                   .content = text,
                   .order_type = "",
                   .categories = "",
                   .incident_address = text + strlen(text) / 2,
                   .town = "",
                   .village = "",
                   .handler_unit = "",
                   .handle_result = "",
                   .status = "",
                   .visit_note = "",
                   .parent_id = head};
    matter *m = NULL, *same = NULL;
    const void *packed = NULL;
    size_t length = 0;
    if (matter_of(rules, &c, NULL, arena, &m)) return;
    assert(matter_pack(m, arena, &packed, &length) == 0 && matter_unpack(packed, length, arena, &same) == 0);
    assert(repeats_weigh(rules, m, same) == repeats_weigh(rules, same, m));
    assert(m->digest == same->digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!rules) set_up();
    matter *m = NULL;
    as_text(data, size);
    if (matter_unpack(data, size, arena, &m) == 0) repeats_weigh(rules, m, m);
    wjz_arena_reset(arena);
    return 0;
}
