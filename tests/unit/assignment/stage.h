/* Everything a decision needs, on one stage; a new turn is a fresh ledger over the same directory. */
#ifndef TESTS_UNIT_ASSIGNMENT_STAGE_H
#define TESTS_UNIT_ASSIGNMENT_STAGE_H

#include "unit/assignment/fixture.h"

typedef struct stage {
    wjz_arena *arena;
    directory *people;
    routing *rules;
    policy policy;
    ledger book;
    dispatch on;
} stage;

static inline void stage_turn(stage *at) {
    at->book = (ledger){.arena = at->arena, .now_us = fixture_moment(FIXTURE_NOW_TEXT)};
    at->on = dispatch_at(at->rules, at->people, &at->policy, &at->book);
}

static inline void stage_set(stage *at) {
    static const char text[] = "counties: {510181: JCY-510181, 510184: JCY-510184}\n"
                               "rules:\n"
                               "  - {name: park, when: {town: 510184110}, consult: JCY-51DQ2}\n"
                               "  - {name: place, when: {place_known: true}, organ: by_place}\n"
                               "  - {name: rest, when: {region: 510184}, organ: by_region}\n";
    WJZ_CLEANUP(wjz_yaml_destroy) wjz_yaml *yaml = NULL;
    wjz_err err = {0};
    *at = (stage){.arena = wjz_arena_new(0), .people = fixture_directory()};
    assert_int_equal(wjz_yaml_parse("rules", text, sizeof(text) - 1, &yaml, &err), 0);
    assert_int_equal(routing_parse(wjz_yaml_root(yaml), &at->rules, &err), 0);
    at->policy = (policy){.accept_within_us = 8 * 3600 * WJZ_SECOND_US,
                          .accept_within_urgent_us = 2 * 3600 * WJZ_SECOND_US,
                          .hours = {9, 17},
                          .prosecutors_tried = 2,
                          .recusal_days = 3};
    stage_turn(at);
}

static inline void stage_clear(stage *at) {
    routing_destroy(&at->rules);
    directory_drop(&at->people);
    wjz_arena_destroy(&at->arena);
}

/* Tells the clue in a turn of its own; the assignment that is open afterwards, NULL when none is. */
static inline assignment *stage_tell(stage *at, const clue *told, assignment *open) {
    wjz_err err = {0};
    stage_turn(at);
    if (dispatch_told(&at->on, told, open, NULL, &err) < 0) fail_msg("%s", err.text);
    if (open == NULL && at->book.changed_count == 1) open = at->book.changed[0];
    if (open != NULL) open->is_new = open->changed = false; /* as if it had been stored and read again */
    return open != NULL && !state_ended(open->state) ? open : NULL;
}

/* The first notice of the turn of that template, or NULL. */
static inline const Wjz__Notification__Notice *stage_notice(const stage *at, const char *template) {
    for (size_t i = 0; i < at->book.notice_count; i++)
        if (strcmp(at->book.notices[i]->template_, template) == 0) return at->book.notices[i];
    return NULL;
}

static inline const char *stage_value(const Wjz__Notification__Notice *notice, const char *key) {
    for (size_t i = 0; i < notice->n_values; i++)
        if (strcmp(notice->values[i]->key, key) == 0) return notice->values[i]->value;
    return NULL;
}

#endif
