/* Who gets the processor sooner, and who is left alone: strangers, and everybody on a kernel that knows no slices. */
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/haste.h"
#include "support/test_db.h"
#include "wjz/db.h"
#include "wjz/err.h"

static test_db *server;
static wjz_loop *loop;
static wjz_db *db;
static bool hasty;

/* Nanoseconds; 0 where the kernel knows none. */
static uint64_t slice_of(pid_t thread) {
    struct sched_attr attr = {.size = sizeof attr};
    assert_int_equal(syscall(SYS_sched_getattr, thread, &attr, sizeof attr, 0), 0);
    return attr.sched_runtime;
}

/* Sandboxes may forbid what the kernel can do. */
static void skip_unless_possible(void) {
    struct sched_attr attr = {.size = sizeof attr};
    if (syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0) == 0 && attr.sched_policy == SCHED_NORMAL &&
        syscall(SYS_sched_setattr, 0, &attr, 0) == 0)
        return;
    print_message("not looked at: the scheduler cannot be asked for anything here\n");
    skip();
}

/* A process that waits until it is killed; its slice is what it was made with. */
static pid_t make_child(void) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        for (;;)
            pause();
    }
    return pid;
}

static void end_child(pid_t pid) {
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void the_listeners_child_is_hastened(WJZ_UNUSED void **state) {
    skip_unless_possible();
    int ends[2];
    pid_t child = make_child();
    uint64_t before = slice_of(child);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_true(wjz_haste_server(ends[0], child)); /* both ends are ours, and so is the child */
    if (before != 0) assert_true(slice_of(child) < before);
    close(ends[0]);
    close(ends[1]);
    end_child(child);
}

static void strangers_are_left_alone(WJZ_UNUSED void **state) {
    skip_unless_possible();
    int ends[2];
    pid_t child = make_child();
    uint64_t before = slice_of(child);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_false(wjz_haste_server(ends[0], getpid())); /* no child of the listener */
    assert_false(wjz_haste_server(ends[0], 0));
    assert_false(wjz_haste_server(ends[0], -1));
    assert_false(wjz_haste_server(-1, child));
    close(ends[0]);
    close(ends[1]);
    int far = socket(AF_INET, SOCK_STREAM, 0); /* who is behind it runs elsewhere, whatever its number */
    assert_false(wjz_haste_server(far, child));
    close(far);
    assert_int_equal(slice_of(child), before);
    end_child(child);
}

static void what_is_made_later_inherits_it(WJZ_UNUSED void **state) {
    skip_unless_possible();
    uint64_t before = slice_of(0);
    assert_true(wjz_haste_own());
    if (before != 0) assert_true(slice_of(0) < before);
    pid_t child = make_child(); /* as a thread does; pthread.h does not go with the kernel's header */
    assert_int_equal(slice_of(child), slice_of(0));
    end_child(child);
}

/* --- a pool --- */

static void ask(void *arg) {
    static const wjz_stmt BACKEND = {"backend", "SELECT pg_backend_pid()", 1};
    wjz_err err = {0};
    wjz_tx *tx = NULL;
    wjz_rows *rows;
    assert_int_equal(wjz_tx_begin(db, &tx, &err), 0);
    assert_int_equal(wjz_tx_query(tx, &BACKEND, NULL, 0, &rows, &err), 0);
    *(uint64_t *)arg = slice_of((pid_t)wjz_row_int(rows, 0, 0));
    assert_int_equal(wjz_tx_commit(&tx, &err), 0);
    wjz_db_close(&db, NULL, NULL);
}

static uint64_t slice_of_backend(void) {
    wjz_err err = {0};
    uint64_t slice = 0;
    const wjz_db_options options = {
        .url = test_db_url(server), .application = "test", .connections = 1, .hasty = hasty};
    assert_int_equal(wjz_loop_new(&loop, &err), 0);
    assert_int_equal(wjz_db_open(loop, &options, &db, &err), 0);
    assert_int_equal(wjz_fiber_spawn(loop, ask, &slice), 0);
    wjz_loop_run(loop);
    wjz_loop_destroy(&loop);
    return slice;
}

static void a_hasty_pool_hastens_its_servers(WJZ_UNUSED void **state) {
    skip_unless_possible();
    server = test_db_new();
    uint64_t plain = slice_of_backend();
    hasty = true;
    uint64_t hastened = slice_of_backend();
    test_db_destroy(&server);
    /* Another user's process is changed by who may; without that right, and without slices, all works as before. */
    if (plain == 0 || hastened == plain) {
        print_message("not looked at: this kernel, or this user, does not shorten slices of the server\n");
        skip();
    }
    assert_true(hastened < plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_listeners_child_is_hastened), cmocka_unit_test(strangers_are_left_alone),
        cmocka_unit_test(a_hasty_pool_hastens_its_servers),
        cmocka_unit_test(what_is_made_later_inherits_it), /* last: it cannot be undone */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
