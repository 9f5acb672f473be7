/* The log: what a line holds, and that nothing from outside can break it. */
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

#include "wjz/log.h"

static char line[8192];

/* Runs write_it with standard error in a pipe and keeps what came out in line. */
static void capture(void (*write_it)(void)) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int before = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    write_it();
    dup2(before, STDERR_FILENO);
    close(before);
    ssize_t length = read(ends[0], line, sizeof(line) - 1);
    close(ends[0]);
    line[length > 0 ? length : 0] = '\0';
}

static void write_plain(void) {
    wjz_log_info("thing done", "id=%d name=\"%s\"", 5, "x");
}

static void write_debug(void) {
    wjz_log_debug("detail", "id=%d", 5);
}

static void write_nasty(void) {
    wjz_log_warn("thing refused", "name=\"%s\"", "a\nlevel=error\r\x1b[31m\x7f");
}

static void write_quotes(void) {
    wjz_log_warn("thing refused", "error=\"cannot use \"a b\" of \"c\": \"d\"\" id=%d name=\"\"", 5);
}

static void write_long(void) {
    char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    wjz_log_error("long", "text=\"%s\"", text);
}

static void lines_have_their_fields(WJZ_UNUSED void **state) {
    wjz_log_open("intake", "intake-1", WJZ_LOG_INFO);
    capture(write_plain);
    assert_non_null(
        strstr(line, " level=info service=intake instance=intake-1 event=\"thing done\" id=5 name=\"x\"\n"));
    assert_memory_equal(line, "time=2", 6);
}

static void lines_below_the_level_are_left_out(WJZ_UNUSED void **state) {
    capture(write_debug);
    assert_string_equal(line, "");
    wjz_log_open("intake", "intake-1", WJZ_LOG_DEBUG);
    capture(write_debug);
    assert_non_null(strstr(line, "level=debug"));
}

static void control_characters_cannot_forge_a_line(WJZ_UNUSED void **state) {
    capture(write_nasty);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_null(strpbrk(line, "\r\x1b\x7f"));
}

static void quotes_within_a_value_do_not_end_it(WJZ_UNUSED void **state) {
    capture(write_quotes);
    assert_non_null(strstr(line, " error=\"cannot use 'a b' of 'c': 'd'\" id=5 name=\"\"\n"));
}

static void long_lines_are_cut(WJZ_UNUSED void **state) {
    capture(write_long);
    assert_true(strlen(line) <= 2048);
    assert_int_equal(line[strlen(line) - 1], '\n');
}

static void levels_have_names(WJZ_UNUSED void **state) {
    wjz_log_level level = WJZ_LOG_DEBUG;
    assert_int_equal(wjz_log_level_parse("warn", &level), 0);
    assert_int_equal(level, WJZ_LOG_WARN);
    assert_int_equal(wjz_log_level_parse("loud", &level), -EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_their_fields),
        cmocka_unit_test(lines_below_the_level_are_left_out),
        cmocka_unit_test(control_characters_cannot_forge_a_line),
        cmocka_unit_test(quotes_within_a_value_do_not_end_it),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
