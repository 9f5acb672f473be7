/* Mail messages: what every mail server and reader on the way relies on. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "notification/mime.h"
#include "wjz/clock.h"

static void knows_addresses(void **state) {
    (void)state;
    const struct {
        const char *address;
        bool ok;
    } cases[] = {
        {"a@example.org", true},
        {"first.last+tag@sub.example.org", true},
        {NULL, false},
        {"", false},
        {"a", false},
        {"@example.org", false},
        {"a@", false},
        {"a@b@c", false},
        {"a b@example.org", false},
        {"a@example.org\r\nBcc: x@y", false},
        {"<a@example.org>", false},
        {"a@example.org,b@example.org", false},
        {"\"a\"@example.org", false},
        {"a@.example.org", false},
        {"-a@example.org", false},
        {"a@example.org.", false},
        {"张@example.org", false},
    };
    for (size_t i = 0; i < WJZ_COUNT(cases); i++)
        assert_int_equal(mail_address_ok(cases[i].address), cases[i].ok);
    char longish[300];
    memset(longish, 'a', sizeof longish);
    memcpy(longish + 250, "@example.org", 13);
    assert_false(mail_address_ok(longish));
}

static void shortens_addresses(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    assert_string_equal(mail_address_shortened("zhang@example.org", arena), "z***@example.org");
    assert_string_equal(mail_address_shortened("nothing", arena), "");
    assert_string_equal(mail_address_shortened(NULL, arena), "");
}

static const struct mail sample = {
    .from_name = "微检治",
    .from = "wjz@example.org",
    .to = "zhang@example.org",
    .subject = "hello",
    .body = "一\n二\r\n",
    .message_id = "1.2.email.1@example.org",
    .at_us = 1795395600 * WJZ_SECOND_US, /* 2026-11-23 09:00 in Shanghai */
};

static void builds_a_message(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    const char *text = NULL;
    size_t length = 0;
    assert_int_equal(mail_build(&sample, arena, &text, &length, NULL), 0);
    static const char expected[] = "Date: Mon, 23 Nov 2026 09:00:00 +0800\r\n"
                                   "From: =?UTF-8?B?5b6u5qOA5rK7?=\r\n <wjz@example.org>\r\n"
                                   "To: <zhang@example.org>\r\n"
                                   "Subject: hello\r\n"
                                   "Message-ID: <1.2.email.1@example.org>\r\n"
                                   "MIME-Version: 1.0\r\n"
                                   "Content-Type: text/plain; charset=UTF-8\r\n"
                                   "Content-Transfer-Encoding: base64\r\n"
                                   "Auto-Submitted: auto-generated\r\n"
                                   "\r\n"
                                   "5LiADQrkuowNCg==\r\n";
    assert_string_equal(text, expected);
    assert_int_equal(length, sizeof expected - 1);
}

static void folds_long_subjects_between_characters(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    struct mail mail = sample;
    mail.subject = "a再次提醒，您有工作通知尚未确认再次提醒，您有工作通知尚未确认";
    mail.in_reply_to = "1.2.email.0@example.org";
    const char *text = NULL;
    size_t length = 0;
    assert_int_equal(mail_build(&mail, arena, &text, &length, NULL), 0);
    assert_non_null(strstr(text, "In-Reply-To: <1.2.email.0@example.org>\r\n"));
    size_t words = 0;
    for (const char *at = text; (at = strstr(at, "=?UTF-8?B?")) != NULL; at++)
        words++;
    assert_int_equal(words, 1 + 3);
    for (const char *line = text; *line != '\0';) {
        const char *end = strstr(line, "\r\n");
        assert_non_null(end);
        assert_true(end - line <= 78);
        line = end + 2;
    }
}

static void refuses_bad_addresses(void **state) {
    (void)state;
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    struct mail mail = sample;
    const char *text = NULL;
    size_t length = 0;
    wjz_err err = {0};
    mail.to = "a@b\nBcc: c@d";
    assert_int_equal(mail_build(&mail, arena, &text, &length, &err), -EINVAL);
    assert_non_null(strstr(err.text, "recipient"));
    mail = sample;
    mail.from = "";
    assert_int_equal(mail_build(&mail, arena, &text, &length, &err), -EINVAL);
    assert_non_null(strstr(err.text, "sender"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_addresses),       cmocka_unit_test(shortens_addresses),
        cmocka_unit_test(builds_a_message),      cmocka_unit_test(folds_long_subjects_between_characters),
        cmocka_unit_test(refuses_bad_addresses),
    };
    return cmocka_run_group_tests_name("notification/mime", tests, NULL, NULL);
}
