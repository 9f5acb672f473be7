/* Ledger: the table of states, revisions and history, lists of people. */
#include <errno.h>
#include <stdio.h>

#include "unit/assignment/fixture.h"

static void only_the_drawn_edges_exist(void **state) {
    (void)state;
    static const char *const edges[][2] = {
        {"none", "assigned"},         {"assigned", "assigned"},    {"assigned", "accepted"},
        {"assigned", "returned"},     {"assigned", "transferred"}, {"assigned", "escalated"},
        {"assigned", "withdrawn"},    {"accepted", "accepted"},    {"accepted", "verifying"},
        {"accepted", "returned"},     {"accepted", "transferred"}, {"accepted", "closed"},
        {"accepted", "withdrawn"},    {"verifying", "verifying"},  {"verifying", "returned"},
        {"verifying", "transferred"}, {"verifying", "closed"},     {"verifying", "withdrawn"},
    };
    int found = 0;
    for (int from = 0; from < STATE_COUNT; from++)
        for (int to = 0; to < STATE_COUNT; to++) {
            bool drawn = false;
            for (size_t i = 0; i < WJZ_COUNT(edges); i++)
                drawn |= state_parse(edges[i][0]) == (assignment_state)from &&
                         state_parse(edges[i][1]) == (assignment_state)to;
            found += drawn;
            if (state_may_follow((assignment_state)from, (assignment_state)to) != drawn)
                fail_msg("%s → %s", state_name((assignment_state)from), state_name((assignment_state)to));
        }
    assert_int_equal(found, WJZ_COUNT(edges));
    assert_int_equal(state_parse("no such state"), STATE_NONE);
    assert_int_equal(state_parse(NULL), STATE_NONE);
    assert_true(state_ended(STATE_ESCALATED));
    assert_false(state_ended(STATE_VERIFYING));
}

static void records_every_change(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    ledger book = {.arena = arena, .now_us = 1};
    clue told = fixture_clue();
    wjz_err err = {0};
    assignment *opened = ledger_open(&book, &told);
    opened->prosecutor = "P-one";
    opened->accept_until_us = 5;
    assert_int_equal(ledger_begin(&book, opened, (cause){.reason_code = "clue_told"}, &err), 0);
    assert_int_equal(opened->accept_until_us, 5);
    assert_int_equal(ledger_enter(&book, opened, STATE_ACCEPTED, (cause){.actor = "P-one"}, &err), 0);
    assert_int_equal(opened->accept_until_us, 0);
    assert_int_equal(ledger_enter(&book, opened, STATE_ESCALATED, (cause){0}, &err), -EPERM);
    assert_non_null(strstr(err.text, "cannot become escalated from accepted"));
    assert_int_equal(opened->revision, 2);
    assert_int_equal(book.changed_count, 1);
    assert_int_equal(book.line_count, 2);
    assert_string_equal(book.lines[0].actor, "system");
    assert_string_equal(book.lines[0].reason_code, "clue_told");
    assert_int_equal(book.lines[0].from, STATE_NONE);
    assert_string_equal(book.lines[1].actor, "P-one");
    assert_int_equal(book.lines[1].revision, 2);

    Wjz__Assignment__AssignmentState message;
    ledger_message(opened, &message);
    assert_int_equal(message.state, WJZ__ASSIGNMENT__STATE__ACCEPTED);
    assert_int_equal(message.clue, 77);
    assert_string_equal(message.prosecutor, "P-one");
}

static void grows_with_the_batch(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    ledger book = {.arena = arena, .now_us = 1};
    clue told = fixture_clue();
    wjz_err err = {0};
    for (int i = 0; i < 1000; i++) {
        told.id = i + 1;
        assignment *opened = ledger_open(&book, &told);
        assert_int_equal(ledger_begin(&book, opened, (cause){0}, &err), 0);
        assert_int_equal(ledger_settle(&book, &(settlement){.clue = i}, &err), 0);
    }
    assert_int_equal(book.changed_count, 1000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(book.changed[i]->clue, i + 1);
        assert_ptr_equal(book.lines[i].of, book.changed[i]);
        assert_int_equal(book.settlements[i].clue, i);
    }
    ledger tight = {.arena = wjz_arena_new(64), .now_us = 1};
    assert_null(ledger_open(&tight, &told));
    wjz_arena_destroy(&tight.arena);
}

static void keeps_lists_of_people(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    ledger book = {.arena = arena};
    assert_string_equal(ledger_tried(&book, "", ""), "");
    assert_string_equal(ledger_tried(&book, "", "P-1"), "P-1");
    const char *two = ledger_tried(&book, "P-1", "P-12");
    assert_string_equal(two, "P-1\nP-12");
    assert_string_equal(ledger_tried(&book, two, "P-1"), two);
    assert_true(lines_have(two, "P-12"));
    assert_false(lines_have(two, "P-"));
    assert_false(lines_have(two, ""));
    assert_false(lines_have(NULL, "P-1"));
    assert_string_equal(lines_without(arena, two, "P-1"), "P-12");
    assert_string_equal(lines_without(arena, two, "P-12"), "P-1");
    assert_string_equal(lines_without(arena, two, "P-3"), two);
    assert_string_equal(lines_without(arena, "P-1", "P-1"), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_drawn_edges_exist),
        cmocka_unit_test(records_every_change),
        cmocka_unit_test(grows_with_the_batch),
        cmocka_unit_test(keeps_lists_of_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
