/* Numbers of rows that have none, or share one: every row survives, and the same file gives the same numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "intake/row_ids.h"

static const char DERIVING[] =
    "title: t\nrecord: complaint\nrequired: [content]\nmissing_id: derive\nrepeated_id: suffix\n"
    "columns:\n  external_id: [no]\n  content: [text]\n";
static const char PLAIN[] =
    "title: t\nrecord: complaint\nrequired: [content]\ncolumns:\n  external_id: [no]\n  content: [text]\n";

static profile *load(const char *text) {
    profile *made = NULL;
    wjz_err err = {0};
    if (profile_parse(&(profile_source){.folder = "."}, "test", text, strlen(text), &made, &err) < 0) fail_msg("%s", err.text);
    return made;
}

static const char *assign(row_ids *ids, wjz_arena *arena, const char *id, const char *content) {
    Wjz__Intake__FeedItem *item = item_new(ITEM_COMPLAINT, arena);
    item->complaint->external_id = wjz_arena_strdup(arena, id);
    item->complaint->content = wjz_arena_strdup(arena, content);
    assert_int_equal(row_ids_assign(ids, item, arena), 0);
    return item->complaint->external_id;
}

static void shared_numbers_are_told_apart(void **state) {
    profile *rules = load(DERIVING);
    row_ids *ids = row_ids_new(rules);
    wjz_arena *arena = wjz_arena_new(0);
    (void)state;
    assert_string_equal(assign(ids, arena, "7", "a"), "7");
    assert_string_equal(assign(ids, arena, "7", "b"), "7#2");
    assert_string_equal(assign(ids, arena, "7", "a"), "7");
    assert_string_equal(assign(ids, arena, "7", "c"), "7#3");
    assert_string_equal(assign(ids, arena, "7", "b"), "7#2");
    assert_string_equal(assign(ids, arena, "8", "a"), "8");
    row_ids_destroy(&ids);
    wjz_arena_destroy(&arena);
    profile_destroy(&rules);
}

static void missing_numbers_follow_from_the_content(void **state) {
    profile *rules = load(DERIVING);
    wjz_arena *arena = wjz_arena_new(0);
    const char *first[3];
    (void)state;
    for (int round = 0; round < 2; round++) {
        row_ids *ids = row_ids_new(rules);
        const char *now[3] = {assign(ids, arena, "", "a"), assign(ids, arena, "", "b"), assign(ids, arena, "", "a")};
        if (round == 0) memcpy(first, now, sizeof first);
        for (int i = 0; i < 3; i++)
            assert_string_equal(now[i], first[i]);
        row_ids_destroy(&ids);
    }
    assert_string_not_equal(first[0], first[1]);
    assert_string_not_equal(first[0], first[2]);
    wjz_arena_destroy(&arena);
    profile_destroy(&rules);
}

static void plain_profiles_leave_numbers_alone(void **state) {
    profile *rules = load(PLAIN);
    row_ids *ids = row_ids_new(rules);
    wjz_arena *arena = wjz_arena_new(0);
    (void)state;
    assert_string_equal(assign(ids, arena, "7", "a"), "7");
    assert_string_equal(assign(ids, arena, "7", "b"), "7");
    assert_string_equal(assign(ids, arena, "", "b"), "");
    row_ids_destroy(&ids);
    wjz_arena_destroy(&arena);
    profile_destroy(&rules);
}

static void many_rows(void **state) {
    profile *rules = load(DERIVING);
    row_ids *ids = row_ids_new(rules);
    wjz_arena *arena = wjz_arena_new(0);
    (void)state;
    for (int i = 0; i < 20000; i++) {
        char id[16];
        char wanted[24];
        (void)snprintf(id, sizeof id, "%d", i % 5000);
        (void)snprintf(wanted, sizeof wanted, i < 5000 ? "%s" : "%s#%d", id, i / 5000 + 1);
        char content[16];
        (void)snprintf(content, sizeof content, "%d", i);
        assert_string_equal(assign(ids, arena, id, content), wanted);
        if (i % 256 == 0) wjz_arena_reset(arena);
    }
    row_ids_destroy(&ids);
    wjz_arena_destroy(&arena);
    profile_destroy(&rules);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shared_numbers_are_told_apart),
        cmocka_unit_test(missing_numbers_follow_from_the_content),
        cmocka_unit_test(plain_profiles_leave_numbers_alone),
        cmocka_unit_test(many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
