/* Helper processes: this program itself, told what to do by its first argument. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "wjz/child.h"
#include "wjz/loop.h"

static struct {
    const char *word;
    size_t input, output_limit;
    uint64_t timeout_ms;
    int result, status;
    uint8_t *output;
    size_t length;
    wjz_err err;
} told;
static wjz_loop *loop;
static wjz_arena *arena;

/* --- what the child does --- */

static int echo(void) {
    char block[4096];
    for (ssize_t got; (got = read(STDIN_FILENO, block, sizeof block)) > 0;) {
        if (write(STDOUT_FILENO, block, (size_t)got) != got) return 1;
    }
    return 0;
}

static int write_for_ever(void) {
    char block[4096] = {0};
    while (write(STDOUT_FILENO, block, sizeof block) > 0) {
    }
    return 0;
}

static _Noreturn void confined(void) {
    wjz_child_confine((size_t)1 << 40, 5);
    bool opened = open("/dev/null", O_RDONLY) >= 0;
    _exit(opened ? 1 : 42); /* whose leaks a sanitizer would look for in files that it may not open */
}

static int spin(void) {
    wjz_child_confine((size_t)1 << 40, 1);
    for (volatile unsigned long n = 0; n != 1; n += 2) {
    }
    return 0;
}

static int run_without_file(void);

static int behave(const char *word) {
    if (strcmp(word, "replaced") == 0) return run_without_file();
    if (strcmp(word, "echo") == 0) return echo();
    if (strcmp(word, "endless") == 0) return write_for_ever();
    if (strcmp(word, "confined") == 0) confined();
    if (strcmp(word, "spin") == 0) return spin();
    if (strcmp(word, "crash") == 0) kill(getpid(), SIGKILL); /* the one that a sanitizer does not turn into a report */
    if (strcmp(word, "hang") == 0) return pause();
    return strcmp(word, "deaf") == 0 ? 7 : 99;
}

/* --- tests --- */

static void body(void *arg) {
    (void)arg;
    uint8_t *input = calloc(1, told.input + 1);
    memset(input, 'x', told.input);
    const char *const arguments[] = {told.word, NULL};
    wjz_child_work work = {arguments, input, told.input, told.output_limit, told.timeout_ms};
    told.result = wjz_child_run(loop, &work, arena, &told.output, &told.length, &told.status, &told.err);
    free(input);
}

static void run(const char *word, size_t input, size_t output_limit, uint64_t timeout_ms) {
    memset(&told, 0, sizeof told);
    told.word = word;
    told.input = input;
    told.output_limit = output_limit;
    told.timeout_ms = timeout_ms;
    assert_int_equal(wjz_fiber_spawn(loop, body, NULL), 0);
    wjz_loop_run(loop);
}

static int set_up(void **state);
static int tear_down(void **state);

static int run_without_file(void) {
    char path[PATH_MAX] = "";
    if (readlink("/proc/self/exe", path, sizeof path - 1) < 0 || unlink(path) < 0 || set_up(NULL) < 0) return 1;
    run("deaf", 0, 100, 120000);
    tear_down(NULL);
    return told.result == 0 && told.status == 7 ? 0 : 1;
}

static void a_program_whose_file_was_replaced_goes_on(void **state) {
    (void)state;
    char path[] = "/tmp/wjz-child-XXXXXX", command[200];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    snprintf(command, sizeof command, "install -m 700 /proc/%d/exe %s && %s replaced", (int)getpid(), path, path);
    assert_int_equal(system(command), 0);
    assert_int_equal(access(path, F_OK), -1);
}

static void what_goes_in_comes_out(void **state) {
    (void)state;
    run("echo", 3 << 20, 4 << 20, 120000);
    assert_int_equal(told.result, 0);
    assert_int_equal(told.status, 0);
    assert_int_equal(told.length, 3 << 20);
    assert_true(told.output[0] == 'x' && told.output[told.length - 1] == 'x');
}

static void a_status_is_told_though_the_input_was_not_read(void **state) {
    (void)state;
    run("deaf", 3 << 20, 100, 120000);
    assert_int_equal(told.result, 0);
    assert_int_equal(told.status, 7);
    assert_int_equal(told.length, 0);
}

static void a_crash_is_a_status(void **state) {
    (void)state;
    run("crash", 10, 100, 120000);
    assert_int_equal(told.result, 0);
    assert_int_equal(told.status, 128 + SIGKILL);
}

static void too_much_output_is_refused(void **state) {
    (void)state;
    run("endless", 0, 1 << 20, 120000);
    assert_int_equal(told.result, -EMSGSIZE);
}

static void what_never_ends_is_ended(void **state) {
    (void)state;
    run("hang", 0, 100, 200);
    assert_int_equal(told.result, -ETIMEDOUT);
}

static void what_is_confined_opens_nothing(void **state) {
    (void)state;
    run("confined", 0, 100, 120000);
    assert_int_equal(told.status, 42);
}

static void what_is_confined_has_little_time(void **state) {
    (void)state;
    run("spin", 0, 100, 120000);
    assert_int_equal(told.result, 0);
    assert_in_range(told.status, 128, 255);
}

static int set_up(void **state) {
    (void)state;
    arena = wjz_arena_new(0);
    return arena && wjz_loop_new(&loop, NULL) == 0 ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    wjz_loop_destroy(&loop);
    wjz_arena_destroy(&arena);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1) return behave(argv[1]);
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_goes_in_comes_out, set_up, tear_down),
        cmocka_unit_test(a_program_whose_file_was_replaced_goes_on),
        cmocka_unit_test_setup_teardown(a_status_is_told_though_the_input_was_not_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_is_a_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_much_output_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_never_ends_is_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_confined_opens_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_confined_has_little_time, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
