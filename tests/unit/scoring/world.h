/* The deployed rules and gazetteer without a model, a complaint with no texts, and an arena: what the tests of this
 * folder share. */
#ifndef TESTS_UNIT_SCORING_WORLD_H
#define TESTS_UNIT_SCORING_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scoring/analysis.h"
#include "scoring/model.h"
#include "scoring/rules_data.h"

typedef struct world {
    rule_pack *pack;
    gazetteer *places;
    wjz_arena *arena;
} world;

static inline int world_open(void **state) {
    world *w = calloc(1, sizeof *w);
    wjz_err err = {0};
    assert_non_null(w);
    if (rules_load(WJZ_SOURCE_DIR "/deploy/rules", false, &w->pack, &err) < 0) fail_msg("%s", err.text);
    if (gazetteer_load(WJZ_SOURCE_DIR "/deploy/gazetteer", &w->places, &err) < 0) fail_msg("%s", err.text);
    w->arena = wjz_arena_new(0);
    assert_non_null(w->arena);
    *state = w;
    return 0;
}

static inline int world_close(void **state) {
    world *w = *state;
    rule_pack_destroy(&w->pack);
    gazetteer_destroy(&w->places);
    wjz_arena_destroy(&w->arena);
    free(w);
    return 0;
}

/* The text of a complaint's content, normalised; it lives in the arena. */
static inline normal_text *normal_of(wjz_arena *arena, const char *content) {
    text_part *part = wjz_arena_alloc(arena, sizeof *part);
    normal_text *text = NULL;
    assert_non_null(part);
    *part = (text_part){WJZ__SCORING__FIELD__FIELD_CONTENT, content, strlen(content)};
    assert_int_equal(normalise(part, 1, arena, &text), 0);
    return text;
}

static inline complaint blank_complaint(void) {
    return (complaint){.id = 1,
                       .region = 510184,
                       .feed = "test",
                       .external_id = "1",
                       .order_type = "",
                       .title = "",
                       .content = "",
                       .categories = "",
                       .incident_address = "",
                       .town = "",
                       .village = "",
                       .handler_unit = "",
                       .handle_result = "",
                       .status = "",
                       .visit_note = "",
                       .parent_id = ""};
}

static inline Wjz__Scoring__Finding *analysed(world *w, const complaint *c) {
    Wjz__Scoring__Finding *finding = NULL;
    wjz_err err = {0};
    if (analyse(w->pack, w->places, c, w->arena, &finding, &err) < 0) fail_msg("%s", err.text);
    return finding;
}

#endif
