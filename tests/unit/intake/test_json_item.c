/* Items as JSON. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake/json_item.h"
#include "wjz/clock.h"

static wjz_arena *arena;

static int setup(void **state) {
    (void)state;
    arena = wjz_arena_new(0);
    return arena == NULL;
}

static int teardown(void **state) {
    (void)state;
    wjz_arena_destroy(&arena);
    return 0;
}

static Wjz__Intake__FeedItem *read_item(const char *text, item_kind kind, issue_list *issues) {
    wjz_err err = {0};
    json_t *object = json_read(text, strlen(text), &err);
    if (object == NULL) fail_msg("%s", err.text);
    *issues = (issue_list){.count = 0};
    Wjz__Intake__FeedItem *item = json_to_item(object, kind, arena, issues);
    json_decref(object);
    return item;
}

static void a_complaint_with_everything(void **state) {
    issue_list issues;
    (void)state;
    Wjz__Intake__FeedItem *item = read_item("{\"external_id\":\"a\",\"title\":\"t\",\"categories\":[\"x\",\"y\"],"
                                            "\"reporter\":{\"name\":\"n\",\"phone\":\"p\",\"anonymous\":true},"
                                            "\"position\":{\"longitude\":103.5,\"latitude\":30},\"received_at\":\"2026-"
                                            "03-05T09:07:00+08:00\",\"satisfaction\":\"basic\","
                                            "\"solved\":\"no\",\"urge_count\":3,\"status\":null}",
                                            ITEM_COMPLAINT, &issues);
    assert_non_null(item);
    const Wjz__Intake__Complaint *it = item->complaint;
    assert_string_equal(it->external_id, "a");
    assert_int_equal(it->n_categories, 2);
    assert_string_equal(it->categories[1], "y");
    assert_string_equal(it->reporter->name, "n");
    assert_true(it->reporter->anonymous);
    assert_true(it->position->longitude == 103.5 && it->position->latitude == 30);
    assert_int_equal(it->satisfaction, WJZ__INTAKE__SATISFACTION__BASIC);
    assert_int_equal(it->solved, WJZ__INTAKE__ANSWER__NO);
    assert_int_equal(it->urge_count, 3);
    assert_string_equal(it->status, "");
    assert_int_equal(it->received_at_us / WJZ_SECOND_US, 1772672820);
}

static void a_record_and_a_rating(void **state) {
    issue_list issues;
    (void)state;
    Wjz__Intake__FeedItem *item =
        read_item("{\"document_no\":\"d\",\"fine\":15000.55,\"decided_on\":\"2026-01-05\",\"revoked\":true}",
                  ITEM_ENFORCEMENT, &issues);
    assert_non_null(item);
    assert_int_equal(item->enforcement_record->fine_fen, 1500055);
    assert_int_equal(item->enforcement_record->confiscated_fen, -1);
    assert_int_equal(item->enforcement_record->decided_on, 20458);
    item = read_item("{\"complaint_external_id\":\"a\",\"satisfaction\":\"unreachable\"}", ITEM_FEEDBACK, &issues);
    assert_non_null(item);
    assert_int_equal(item->feedback->satisfaction, WJZ__INTAKE__SATISFACTION__UNREACHABLE);
}

static void faults(void **state) {
    static const struct {
        const char *text, *code, *field;
    } CASES[] = {
        {"[]", "invalid", ""},
        {"5", "invalid", ""},
        {"{\"titel\":\"x\"}", "unknown_field", "titel"},
        {"{\"reporter\":{\"external_id\":\"x\"}}", "unknown_field", "external_id"},
        {"{\"reporter_name\":\"x\"}", "unknown_field", "reporter_name"},
        {"{\"longitude\":5}", "unknown_field", "longitude"},
        {"{\"title\":[]}", "invalid", "title"},
        {"{\"title\":\"a\\u0000b\"}", "not_utf8", "title"},
        {"{\"categories\":[1]}", "invalid", "categories"},
        {"{\"urge_count\":-1}", "invalid", "urge_count"},
        {"{\"urge_count\":5000000000}", "invalid", "urge_count"},
        {"{\"received_at\":\"yesterday\"}", "invalid", "received_at"},
        {"{\"solved\":\"maybe\"}", "invalid", "solved"},
        {"{\"position\":{\"longitude\":\"5\"}}", "invalid", "longitude"},
        {"{\"reporter\":{\"anonymous\":1}}", "invalid", "reporter_anonymous"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        issue_list issues;
        if (read_item(CASES[i].text, ITEM_COMPLAINT, &issues) != NULL) fail_msg("%s was taken", CASES[i].text);
        assert_string_equal(issue_first_fatal(&issues)->code, CASES[i].code);
        assert_string_equal(issue_first_fatal(&issues)->field, CASES[i].field);
    }
}

static void what_is_no_json(void **state) {
    static const char *const CASES[] = {"", "{", "{\"a\":1,\"a\":2}", "{'a':1}", "\xff", "nul", "{\"a\":1}x"};
    char deep[200];
    wjz_err err;
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++)
        assert_null(json_read(CASES[i], strlen(CASES[i]), &err));
    memset(deep, '[', sizeof deep);
    assert_null(json_read(deep, sizeof deep, &err));
    assert_non_null(strstr(err.text, "nested"));
    json_t *brackets_in_text = json_read("\"[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\"", 31, &err);
    assert_non_null(brackets_in_text);
    json_decref(brackets_in_text);
}

static void what_has_too_many_values(void **state) {
    static char empty[4 * 300000];
    wjz_err err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof empty; i++)
        empty[i] = "[],\n"[i % 4];
    empty[0] = '[';
    assert_null(json_read(empty, sizeof empty, &err));
    assert_int_equal(err.code, -E2BIG);
    assert_non_null(strstr(err.text, "262144 values"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_complaint_with_everything, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_and_a_rating, setup, teardown),
        cmocka_unit_test_setup_teardown(faults, setup, teardown),
        cmocka_unit_test(what_is_no_json),
        cmocka_unit_test(what_has_too_many_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
