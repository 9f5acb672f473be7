/* Levels and addressees of warnings from operators, and outlines of grids: whatever the bytes, something that can be
 * used or an error that says what to mend. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "scoring/warn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_rules(const warning_rules *rules, wjz_arena *arena) {
    const warn_clue clue = {.id = 1,
                            .place = {.town = 510184107},
                            .domain = "eco_env",
                            .own_stars = 5,
                            .repeat_count = 9,
                            .index = 80,
                            .last_report_us = INT64_C(1790000000000000)};
    const warn_input input = {.clues = &clue, .clue_count = 1, .now_us = INT64_C(1790000000000001)};
    warn_found *found = NULL;
    size_t count = 0;
    assert(warn_find(rules, &input, NULL, NULL, arena, &found, &count) == 0);
    assert(count <= 1 && (count == 0 || (found->level >= 1 && found->level <= WARNING_LEVELS)));
    warning_addressee_of(rules, 510184, "eco_env", 20700);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(64 << 20);
    WJZ_CLEANUP(warning_rules_destroy) warning_rules *rules = NULL;
    wjz_err err = {0};
    char *text = wjz_arena_strndup(arena, (const char *)data, size);
    area_outline outline;
    if (text && area_outline_parse(text, arena, &outline) == 0) area_outline_holds(&outline, 103.5, 30.7);
    int r = warning_rules_parse("fuzz", (const char *)data, size, &rules, &err);
    assert((r == 0) == (rules != NULL));
    assert(r == 0 || err.text[0] != '\0');
    if (r == 0) use_rules(rules, arena);
    return 0;
}
