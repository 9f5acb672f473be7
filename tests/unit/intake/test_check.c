/* What keeps an item out, whichever door it comes to. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake/check.h"
#include "wjz/clock.h"

static const int32_t REGIONS[] = {510183, 510184};
static const int64_t NOW = INT64_C(1790000000) * WJZ_SECOND_US;
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

static Wjz__Intake__FeedItem *good_complaint(void) {
    Wjz__Intake__FeedItem *item = item_new(ITEM_COMPLAINT, arena);
    item->complaint->external_id = wjz_arena_strdup(arena, "GD1");
    item->complaint->content = wjz_arena_strdup(arena, "路灯不亮");
    return item;
}

/* The code and field of the first fault, "" when there is none. */
static const char *verdict(const Wjz__Intake__FeedItem *item) {
    check_rules rules = {.now_us = NOW, .region = 510184, .regions = REGIONS, .region_count = 2};
    issue_list issues = {.count = 0};
    if (check_item(item, &rules, arena, &issues)) return "";
    const issue *first = issue_first_fatal(&issues);
    assert_true(first->message[0] != '\0' && first->remedy[0] != '\0');
    return wjz_arena_printf(arena, "%s %s", first->code, first->field);
}

static void texts(void **state) {
    (void)state;
    Wjz__Intake__FeedItem *item = good_complaint();
    assert_string_equal(verdict(item), "");
    item->complaint->external_id = (char[]){"  "};
    assert_string_equal(verdict(item), "missing external_id");
    item = good_complaint();
    item->complaint->content = (char[]){" \n"};
    assert_string_equal(verdict(item), "missing content");
    item->complaint->title = (char[]){"路灯"};
    assert_string_equal(verdict(item), "");
    item->complaint->title = (char[]){"\xC0\x80"};
    assert_string_equal(verdict(item), "not_utf8 title");
    item = good_complaint();
    char *longest = wjz_arena_calloc(arena, 1, 130);
    memset(longest, 'x', 128);
    item->complaint->external_id = longest;
    assert_string_equal(verdict(item), "");
    longest[128] = 'x';
    assert_string_equal(verdict(item), "too_long external_id");
    item = good_complaint();
    item->complaint->status = (char[]){"closed"};
    assert_string_equal(verdict(item), "");
    item->complaint->status = (char[]){"办结"};
    assert_string_equal(verdict(item), "invalid status");
}

static void times(void **state) {
    static const struct {
        int64_t received, due;
        const char *wanted;
    } CASES[] = {
        {0, 0, ""},
        {NOW + WJZ_DAY_US, NOW + 3000 * WJZ_DAY_US, ""},
        {NOW + WJZ_DAY_US + 1, 0, "invalid received_at"},
        {631152000 * WJZ_SECOND_US, 0, ""},
        {631151999 * WJZ_SECOND_US, 0, "invalid received_at"},
        {-1, 0, "invalid received_at"},
        {INT64_MIN, 0, "invalid received_at"},
        {INT64_MAX, 0, "invalid received_at"},
        {0, NOW + 4000 * WJZ_DAY_US, "invalid due_at"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        Wjz__Intake__FeedItem *item = good_complaint();
        item->complaint->received_at_us = CASES[i].received;
        item->complaint->due_at_us = CASES[i].due;
        assert_string_equal(verdict(item), CASES[i].wanted);
    }
}

static void numbers_and_places(void **state) {
    (void)state;
    Wjz__Intake__FeedItem *item = good_complaint();
    item->complaint->urge_count = 1000001;
    assert_string_equal(verdict(item), "invalid urge_count");
    item = good_complaint();
    item->complaint->satisfaction = (Wjz__Intake__Satisfaction)7;
    assert_string_equal(verdict(item), "invalid satisfaction");
    item->complaint->satisfaction = (Wjz__Intake__Satisfaction)-1;
    assert_string_equal(verdict(item), "invalid satisfaction");
    static const struct {
        double longitude, latitude;
        const char *wanted;
    } PLACES[] = {{103.67, 30.63, ""},
                  {0, 0, ""},
                  {30.63, 103.67, "invalid position"},
                  {NAN, 30, "invalid position"},
                  {103, INFINITY, "invalid position"}};
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        Wjz__Intake__Position position = WJZ__INTAKE__POSITION__INIT;
        position.longitude = PLACES[i].longitude;
        position.latitude = PLACES[i].latitude;
        item = good_complaint();
        item->complaint->position = &position;
        assert_string_equal(verdict(item), PLACES[i].wanted);
    }
    static const struct {
        uint32_t region;
        const char *wanted;
    } REGIONS_SENT[] = {
        {0, ""}, {510184, ""}, {510183, ""}, {510182, "unknown_region region"}, {4000000000u, "invalid region"}};
    for (size_t i = 0; i < sizeof REGIONS_SENT / sizeof *REGIONS_SENT; i++) {
        item = good_complaint();
        item->complaint->region = REGIONS_SENT[i].region;
        assert_string_equal(verdict(item), REGIONS_SENT[i].wanted);
    }
}

static void records_and_ratings(void **state) {
    (void)state;
    Wjz__Intake__FeedItem *item = item_new(ITEM_ENFORCEMENT, arena);
    assert_string_equal(verdict(item), "missing document_no");
    item->enforcement_record->document_no = (char[]){"崇罚1号"};
    assert_string_equal(verdict(item), "");
    item->enforcement_record->fine_fen = INT64_MAX;
    assert_string_equal(verdict(item), "invalid fine");
    item->enforcement_record->fine_fen = 0;
    item->enforcement_record->decided_on = 1;
    assert_string_equal(verdict(item), "invalid decided_on");
    item = item_new(ITEM_FEEDBACK, arena);
    assert_string_equal(verdict(item), "missing complaint_external_id");
    item->feedback->complaint_external_id = (char[]){"GD1"};
    assert_string_equal(verdict(item), "");
    Wjz__Intake__FeedItem nothing = WJZ__INTAKE__FEED_ITEM__INIT;
    assert_string_equal(verdict(&nothing), "missing item");
}

static void no_personal_text_in_a_fault(void **state) {
    check_rules rules = {.now_us = NOW, .region = 510184};
    issue_list issues = {.count = 0};
    (void)state;
    Wjz__Intake__FeedItem *item = good_complaint();
    item->complaint->title = wjz_arena_calloc(arena, 1, 3000);
    memset(item->complaint->title, 'x', 2999);
    assert_false(check_item(item, &rules, arena, &issues));
    assert_string_equal(issues.items[0].value, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(times),
        cmocka_unit_test(numbers_and_places),
        cmocka_unit_test(records_and_ratings),
        cmocka_unit_test(no_personal_text_in_a_fault),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
