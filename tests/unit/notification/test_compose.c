/* From what was asked to what is stored: who, in which words, over which channels, when. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "notification/compose.h"
#include "notification/due.h"
#include "wjz/clock.h"

static const struct person people[] = {
    {1, "P1", "张三", "zh-CN", false, {true, false}, NO_QUIET_HOURS, NO_QUIET_HOURS},
    {1, "P2", "Li Si", "en", true, {true, true}, 22 * 60, 7 * 60},
    {2, "P1", "同号", "zh-CN", false, {false, false}, NO_QUIET_HOURS, NO_QUIET_HOURS},
    {2, "P3", "王五", "zh-CN", true, {false, true}, NO_QUIET_HOURS, NO_QUIET_HOURS},
};
static const struct duty duties[] = {{1, "S1", "P1"}};
static const struct name names[] = {{"P1", "张三"}, {"S1", "小罗村"}};

static struct composer composer;
static struct templates *templates;
static wjz_seal *seal;
static wjz_arena *arena;

static int set_up(void **state) {
    (void)state;
    wjz_err err = {0};
    char path[] = "/tmp/test_compose_XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0) return -1;
    close(fd);
    unlink(path);
    arena = wjz_arena_new(0);
    int r = wjz_seal_open(path, &seal, &err);
    unlink(path);
    if (r == 0) r = templates_load(WJZ_SOURCE_DIR "/deploy/templates", compose_templates, &templates, &err);
    composer = (struct composer){
        .templates = templates,
        .seal = seal,
        .open = {true, true},
        .link_ms = 3600 * 1000,
        .now_us = wjz_clock_from_day((wjz_day){2026, 11, 23}, 23 * 3600),
        .people = people,
        .person_count = WJZ_COUNT(people),
        .duties = duties,
        .duty_count = WJZ_COUNT(duties),
        .names = names,
        .name_count = WJZ_COUNT(names),
    };
    return r;
}

static int tear_down(void **state) {
    (void)state;
    templates_destroy(&templates);
    wjz_seal_destroy(&seal);
    wjz_arena_destroy(&arena);
    return 0;
}

static Wjz__Notification__Notice *asked(const char *template) {
    return ask_operators(arena, "event", template);
}

static Wjz__Notification__Notice *asked_of(const char *template, const char *person) {
    Wjz__Notification__Notice *notice = asked(template);
    notice->to_case = WJZ__NOTIFICATION__NOTICE__TO_PERSON;
    notice->person = wjz_arena_strdup(arena, person);
    return notice;
}

static struct notice *composed(int32_t region, const Wjz__Notification__Notice *notice, size_t count) {
    struct notice *notices = NULL;
    size_t found = 0;
    const struct ask ask = {region, notice};
    assert_int_equal(compose(&composer, &ask, 1, arena, &notices, &found, NULL), 0);
    assert_int_equal(found, count);
    return notices;
}

static void finds_who_is_meant(void **state) {
    (void)state;
    const struct {
        int32_t region;
        const char *person, *role;
        const char *who;
    } cases[] = {
        {1, "P1", NULL, "1:P1 "},
        {2, "P1", NULL, "2:P1 "},
        {1, "P3", NULL, "2:P3 "},
        {1, "P9", NULL, "1:P9 1:P2 "},
        {1, NULL, "operator", "1:P2 "},
        {0, NULL, "operator", "1:P2 2:P3 "},
        {3, NULL, "operator", "3:role:operator "},
        {1, NULL, "duty:S1", "1:P1 "},
        {1, NULL, "duty:S2", "1:P2 "},
        {2, NULL, "duty:S1", "2:P3 "},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        Wjz__Notification__Notice *notice =
            cases[i].person != NULL ? asked_of("message_died", cases[i].person) : asked("message_died");
        if (cases[i].role != NULL) notice->role = wjz_arena_strdup(arena, cases[i].role);
        struct notice *notices = NULL;
        size_t count = 0;
        const struct ask ask = {cases[i].region, notice};
        assert_int_equal(compose(&composer, &ask, 1, arena, &notices, &count, NULL), 0);
        char who[200] = "";
        for (size_t j = 0; j < count; j++)
            snprintf(who + strlen(who), sizeof who - strlen(who), "%d:%s ", notices[j].region, notices[j].recipient);
        assert_string_equal(who, cases[i].who);
    }
}

static void chooses_channels_and_times(void **state) {
    (void)state;
    int64_t now = composer.now_us, morning = now + 8 * 3600 * WJZ_SECOND_US;
    const struct {
        const char *person;
        Wjz__Notification__Urgency urgency;
        int64_t email, webhook;
    } cases[] = {
        {"P1", WJZ__NOTIFICATION__URGENCY__NORMAL, now, 0},
        {"P2", WJZ__NOTIFICATION__URGENCY__NORMAL, morning, morning},
        {"P2", WJZ__NOTIFICATION__URGENCY__URGENT, now, now},
        {"P2", WJZ__NOTIFICATION__URGENCY__LOW, 0, 0},
        {"P3", WJZ__NOTIFICATION__URGENCY__NORMAL, 0, now},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        Wjz__Notification__Notice *notice = asked_of("message_died", cases[i].person);
        notice->urgency = cases[i].urgency;
        struct notice *found = composed(1, notice, 1);
        assert_int_equal(found->due_us[CHANNEL_EMAIL], cases[i].email);
        assert_int_equal(found->due_us[CHANNEL_WEBHOOK], cases[i].webhook);
    }
    composer.open[CHANNEL_EMAIL] = false;
    assert_int_equal(composed(1, asked_of("message_died", "P1"), 1)->due_us[CHANNEL_EMAIL], 0);
}

static void speaks_the_recipient_s_language_and_names(void **state) {
    (void)state;
    Wjz__Notification__Notice *notice = asked_of("shift_substituted", "P2");
    assert_int_equal(ask_value(arena, notice, "station", "S1"), 0);
    assert_int_equal(ask_value(arena, notice, "from", "P1"), 0);
    assert_int_equal(ask_value(arena, notice, "to", "P7"), 0);
    assert_int_equal(ask_value(arena, notice, "starts_at", "2026-11-24T09:00:00+08:00"), 0);
    struct notice *found = composed(1, notice, 1);
    assert_string_equal(found->locale, "en");
    assert_string_equal(found->title, "Shift changed: 2026-11-24 09:00 小罗村");
    assert_non_null(strstr(found->body, "went from 张三 to P7"));
}

static void a_missing_template_is_told(void **state) {
    (void)state;
    struct notice *found = composed(1, asked_of("nonsense", "P1"), 2);
    assert_string_equal(found[0].title, "您有一条工作通知");
    assert_string_equal(found[1].recipient, "P2");
    assert_string_equal(found[1].event, "template_missing:nonsense");
}

static void links_outlast_the_time_to_acknowledge(void **state) {
    (void)state;
    Wjz__Notification__Notice *notice = asked_of("message_died", "P1");
    assert_int_equal(composed(1, notice, 1)->token_expires_us, 0);
    notice->acknowledge_until_us = composer.now_us + 60 * WJZ_SECOND_US;
    assert_int_equal(composed(1, notice, 1)->token_expires_us, composer.now_us + 3600 * WJZ_SECOND_US);
    notice->acknowledge_until_us = composer.now_us + 7200 * WJZ_SECOND_US;
    assert_int_equal(composed(1, notice, 1)->token_expires_us, notice->acknowledge_until_us);
}

static void a_guest_is_the_same_guest_without_being_named(void **state) {
    (void)state;
    char email[] = "guest@example.org", other[] = "other@example.org";
    Wjz__Notification__Guest guest = WJZ__NOTIFICATION__GUEST__INIT;
    Wjz__Notification__Notice *notice = asked("message_died");
    notice->to_case = WJZ__NOTIFICATION__NOTICE__TO_GUEST;
    notice->guest = &guest;
    guest.email = email;
    struct notice *first = composed(1, notice, 1), *again = composed(1, notice, 1);
    guest.email = other;
    struct notice *second = composed(1, notice, 1);
    assert_string_equal(first->recipient, again->recipient);
    assert_string_not_equal(first->recipient, second->recipient);
    assert_null(strstr(first->recipient, "example"));
    assert_non_null(first->guest);
    assert_int_not_equal(first->due_us[CHANNEL_EMAIL], 0);
}

static void names_the_field_that_is_wrong(void **state) {
    (void)state;
    char long_event[202], empty[] = "", nobody[] = "nobody", duty_of_none[] = "duty:";
    memset(long_event, 'x', sizeof long_event - 1);
    long_event[sizeof long_event - 1] = '\0';
    Wjz__Notification__Guest guest = WJZ__NOTIFICATION__GUEST__INIT;
    Wjz__Notification__Notice *good = asked("message_died");
    assert_int_equal(ask_check(good, 0, NULL), 0);
    struct {
        Wjz__Notification__Notice notice;
        const char *says;
    } cases[] = {{*good, "event"}, {*good, "event"},  {*good, "template"}, {*good, "values"}, {*good, "urgency"},
                 {*good, ".to "},  {*good, "person"}, {*good, "role"},     {*good, "role"},   {*good, "guest"}};
    cases[0].notice.event = empty;
    cases[1].notice.event = long_event;
    cases[2].notice.template_ = empty;
    cases[3].notice.n_values = 41;
    cases[4].notice.urgency = (Wjz__Notification__Urgency)3;
    cases[5].notice.to_case = WJZ__NOTIFICATION__NOTICE__TO__NOT_SET;
    cases[6].notice.to_case = WJZ__NOTIFICATION__NOTICE__TO_PERSON;
    cases[6].notice.person = empty;
    cases[7].notice.role = nobody;
    cases[8].notice.role = duty_of_none;
    cases[9].notice.to_case = WJZ__NOTIFICATION__NOTICE__TO_GUEST;
    cases[9].notice.guest = &guest;
    for (size_t i = 0; i < WJZ_COUNT(cases); i++) {
        wjz_err err = {0};
        assert_int_equal(ask_check(&cases[i].notice, 7, &err), -EINVAL);
        assert_non_null(strstr(err.text, "notices[7]"));
        assert_non_null(strstr(err.text, cases[i].says));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(finds_who_is_meant),
        TEST(chooses_channels_and_times),
        TEST(speaks_the_recipient_s_language_and_names),
        TEST(a_missing_template_is_told),
        TEST(links_outlast_the_time_to_acknowledge),
        TEST(a_guest_is_the_same_guest_without_being_named),
        TEST(names_the_field_that_is_wrong),
    };
    return cmocka_run_group_tests_name("notification/compose", tests, NULL, NULL);
}
