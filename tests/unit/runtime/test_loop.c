/* The loop and its fibers. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/fiber.h"
#include "wjz/clock.h"
#include "wjz/loop.h"

static wjz_loop *loop;
static char seen[4096]; /* what happened, in order */

static void note(const char *what) {
    strncat(seen, what, sizeof(seen) - strlen(seen) - 1);
}

/* A constant as the void * of a callback that only reads it. */
static void *text(const char *constant) {
    return (void *)(uintptr_t)constant;
}

static int set_up(WJZ_UNUSED void **state) {
    seen[0] = '\0';
    return wjz_loop_new(&loop, NULL);
}

static int tear_down(WJZ_UNUSED void **state) {
    wjz_loop_destroy(&loop);
    return loop ? -1 : 0;
}

/* --- loop --- */

static void note_arg(void *arg) {
    note(arg);
}

static void defer_two(WJZ_UNUSED void *arg) {
    assert_int_equal(wjz_loop_defer(loop, note_arg, text("c")), 0);
    note("a");
}

static void deferred_calls_run_in_order(WJZ_UNUSED void **state) {
    assert_int_equal(wjz_loop_defer(loop, defer_two, NULL), 0);
    assert_int_equal(wjz_loop_defer(loop, note_arg, text("b")), 0);
    assert_string_equal(seen, "");
    wjz_loop_run(loop);
    assert_string_equal(seen, "abc");
}

static void deferred_calls_are_dropped_with_the_loop(WJZ_UNUSED void **state) {
    assert_int_equal(wjz_loop_defer(loop, note_arg, text("never")), 0);
}

static void an_empty_loop_ends(WJZ_UNUSED void **state) {
    wjz_loop_run(loop);
}

typedef struct ticking {
    wjz_timer *timer;
    int left;
} ticking;

static void on_tick(void *arg) {
    ticking *ticks = arg;
    note("t");
    if (--ticks->left == 0) wjz_timer_close(&ticks->timer);
}

static void a_timer_repeats_until_closed(WJZ_UNUSED void **state) {
    ticking ticks = {.left = 3};
    int64_t start = wjz_clock_monotonic_us();
    assert_int_equal(wjz_timer_open(loop, 5, 5, on_tick, &ticks, &ticks.timer), 0);
    wjz_loop_run(loop);
    assert_string_equal(seen, "ttt");
    assert_null(ticks.timer);
    assert_true(wjz_clock_monotonic_us() - start >= 13000);
    wjz_timer_close(&ticks.timer);
    wjz_timer_close(NULL);
}

static void again(void *arg) {
    ticking *ticks = arg;
    note("x");
    if (--ticks->left > 0)
        wjz_timer_again(ticks->timer, 1);
    else
        wjz_timer_close(&ticks->timer);
}

static void a_timer_that_fired_can_be_set_again(WJZ_UNUSED void **state) {
    ticking ticks = {.left = 4};
    assert_int_equal(wjz_timer_open(loop, 1, 0, again, &ticks, &ticks.timer), 0);
    wjz_loop_run(loop);
    assert_string_equal(seen, "xxxx");
}

static void on_user_signal(WJZ_UNUSED void *arg) {
    note("s");
    wjz_loop_ignore_signals(loop);
}

static void raise_signal(WJZ_UNUSED void *arg) {
    raise(SIGUSR1);
}

static void signals_arrive_on_the_loop(WJZ_UNUSED void **state) {
    assert_int_equal(wjz_loop_on_signal(loop, SIGUSR1, on_user_signal, NULL), 0);
    assert_int_equal(wjz_loop_on_signal(loop, -3, on_user_signal, NULL), -EINVAL);
    assert_int_equal(wjz_loop_defer(loop, raise_signal, NULL), 0);
    wjz_loop_run(loop);
    assert_string_equal(seen, "s");
}

typedef struct watching {
    int ends[2];
    wjz_poll *poll;
} watching;

static void on_readable(void *arg, int events) {
    watching *watch = arg;
    assert_int_equal(events, WJZ_READABLE);
    char byte[2] = {0};
    assert_int_equal(read(watch->ends[0], byte, 1), 1);
    note(byte);
    if (*byte != '3') return;
    wjz_poll_watch(watch->poll, 0);
    wjz_poll_close(&watch->poll);
    close(watch->ends[0]);
}

static void a_descriptor_is_watched(WJZ_UNUSED void **state) {
    watching watch;
    assert_int_equal(pipe(watch.ends), 0);
    assert_int_equal(wjz_poll_open(loop, watch.ends[0], on_readable, &watch, &watch.poll), 0);
    wjz_poll_watch(watch.poll, WJZ_READABLE);
    assert_int_equal(write(watch.ends[1], "123", 3), 3);
    wjz_loop_run(loop);
    assert_string_equal(seen, "123");
    close(watch.ends[1]);
    wjz_poll_close(&watch.poll);
}

static void on_broken(void *arg, int events) {
    watching *watch = arg;
    assert_int_equal(events, WJZ_READABLE | WJZ_WRITABLE);
    note("e");
    wjz_poll_close(&watch->poll);
}

static void an_error_of_the_descriptor_is_told(WJZ_UNUSED void **state) {
    watching watch;
    assert_int_equal(pipe(watch.ends), 0);
    assert_int_equal(wjz_poll_open(loop, watch.ends[1], on_broken, &watch, &watch.poll), 0);
    close(watch.ends[0]);
    wjz_poll_watch(watch.poll, WJZ_READABLE);
    wjz_loop_run(loop);
    assert_string_equal(seen, "e");
    close(watch.ends[1]);
}

static void a_file_cannot_be_watched(WJZ_UNUSED void **state) {
    FILE *file = tmpfile();
    assert_non_null(file);
    wjz_poll *poll = NULL;
    assert_int_equal(wjz_poll_open(loop, fileno(file), on_broken, NULL, &poll), -EPERM);
    assert_null(poll);
    fclose(file);
}

static void wait_idly(WJZ_UNUSED void *arg) {
    wjz_fiber_sleep(loop, 60);
    wjz_loop_stop(loop);
}

static int64_t cpu_us(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * WJZ_SECOND_US + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

static void waiting_costs_no_processor_time(WJZ_UNUSED void **state) {
    assert_int_equal(wjz_fiber_spawn(loop, wait_idly, NULL), 0);
    int64_t before = cpu_us();
    wjz_loop_run(loop);
    assert_true(cpu_us() - before < 30000);
}

/* --- fibers --- */

static wjz_event gate;
static int through, late;

static void pass_gate(void *arg) {
    assert_true(wjz_in_fiber());
    wjz_event_wait(loop, &gate);
    int *place = arg;
    *place = through++;
}

static void go_deep(WJZ_UNUSED void *arg) {
    volatile char deep[900 * 1024];
    deep[0] = deep[sizeof(deep) - 1] = 1;
    wjz_fiber_yield(loop);
    assert_int_equal(deep[0] + deep[sizeof(deep) - 1], 2);
    note("deep");
}

static void stacks_are_as_deep_as_promised(WJZ_UNUSED void **state) {
    assert_int_equal(wjz_fiber_spawn(loop, go_deep, NULL), 0);
    wjz_loop_run(loop);
    assert_string_equal(seen, "deep");
}

static void open_gate(WJZ_UNUSED void *arg) {
    wjz_fiber_yield(loop);
    assert_int_equal(through, 0);
    wjz_event_set(loop, &gate);
    assert_int_equal(through, 0);
}

static void many_fibers_wait_and_wake_in_order(WJZ_UNUSED void **state) {
    enum { MANY = 4095 };
    static int places[MANY];
    gate = (wjz_event){0};
    through = 0;
    assert_false(wjz_in_fiber());
    for (int round = 0; round < 2; round++, wjz_event_clear(&gate), through = 0) {
        for (int i = 0; i < MANY; i++)
            assert_int_equal(wjz_fiber_spawn(loop, pass_gate, &places[i]), 0);
        assert_int_equal(wjz_fiber_spawn(loop, open_gate, NULL), 0);
        assert_int_equal(wjz_fiber_spawn(loop, open_gate, NULL), -EAGAIN);
        wjz_loop_run(loop);
        assert_int_equal(through, MANY);
        for (int i = 0; i < MANY; i++)
            assert_int_equal(places[i], i);
    }
}

static void wait_at_most(void *arg) {
    int r = wjz_event_wait_ms(loop, &gate, (uintptr_t)arg);
    assert_true(r == 0 || r == -ETIMEDOUT);
    if (r < 0) late++;
    if (r == 0) through++;
}

static void open_later(WJZ_UNUSED void *arg) {
    wjz_fiber_sleep(loop, 20);
    wjz_event_set(loop, &gate);
    assert_int_equal(wjz_event_wait_ms(loop, &gate, 0), 0);
}

static void waits_time_out(WJZ_UNUSED void **state) {
    gate = (wjz_event){0};
    through = late = 0;
    const uintptr_t limits[] = {5, 10000, 0, 10000, 3, 10000};
    for (size_t i = 0; i < WJZ_COUNT(limits); i++)
        assert_int_equal(wjz_fiber_spawn(loop, wait_at_most, (void *)limits[i]), 0);
    assert_int_equal(wjz_fiber_spawn(loop, open_later, NULL), 0);
    wjz_loop_run(loop);
    assert_int_equal(late, 3);
    assert_int_equal(through, 3);
    assert_null(gate.waiters);
}

static void take_turns(void *arg) {
    for (int i = 0; i < 3; i++) {
        note(arg);
        wjz_fiber_yield(loop);
    }
}

static void yield_lets_others_run(WJZ_UNUSED void **state) {
    assert_int_equal(wjz_fiber_spawn(loop, take_turns, text("a")), 0);
    assert_int_equal(wjz_fiber_spawn(loop, take_turns, text("b")), 0);
    wjz_loop_run(loop);
    assert_string_equal(seen, "ababab");
}

static void yield_once(void *arg) {
    wjz_fiber_yield(loop);
    note(arg);
}

static void let_pass_once(void *arg) {
    wjz_fiber_let_pass(loop);
    note(arg);
}

static void note_now(void *arg) {
    note(arg);
}

static void who_lets_pass_comes_before_who_yields(WJZ_UNUSED void **state) {
    assert_int_equal(wjz_fiber_spawn(loop, yield_once, text("y")), 0);
    assert_int_equal(wjz_fiber_spawn(loop, let_pass_once, text("p")), 0);
    assert_int_equal(wjz_fiber_spawn(loop, note_now, text("n")), 0);
    wjz_loop_run(loop);
    assert_string_equal(seen, "npy");
}

static void yield_until_noted(WJZ_UNUSED void *arg) {
    while (!strchr(seen, 't'))
        wjz_fiber_yield(loop);
}

static void a_yielding_fiber_does_not_starve_timers(WJZ_UNUSED void **state) {
    ticking ticks = {.left = 1};
    assert_int_equal(wjz_fiber_spawn(loop, yield_until_noted, NULL), 0);
    assert_int_equal(wjz_timer_open(loop, 2, 0, on_tick, &ticks, &ticks.timer), 0);
    wjz_loop_run(loop);
    assert_string_equal(seen, "t");
}

static void clear_gate(WJZ_UNUSED void *arg) {
    wjz_event_clear(&gate);
}

static void set_then_clear(WJZ_UNUSED void *arg) {
    wjz_event_set(loop, &gate);
    assert_int_equal(wjz_loop_defer(loop, clear_gate, NULL), 0);
    wjz_event_clear(&gate);
}

static void a_woken_waiter_stays_woken(WJZ_UNUSED void **state) {
    gate = (wjz_event){0};
    through = late = 0;
    assert_int_equal(wjz_fiber_spawn(loop, wait_at_most, (void *)(uintptr_t)5000), 0);
    assert_int_equal(wjz_fiber_spawn(loop, set_then_clear, NULL), 0);
    wjz_loop_run(loop);
    assert_int_equal(through, 1);
    assert_false(gate.set);
}

static void use_trace(void *arg) {
    char *trace = wjz_fiber_trace();
    assert_string_equal(trace, "");
    strcpy(trace, arg);
    wjz_fiber_yield(loop);
    assert_ptr_equal(trace, wjz_fiber_trace());
    assert_string_equal(trace, arg);
}

static void each_fiber_has_its_trace(WJZ_UNUSED void **state) {
    assert_null(wjz_fiber_trace());
    for (int round = 0; round < 2; round++) {
        assert_int_equal(wjz_fiber_spawn(loop, use_trace, text("one")), 0);
        assert_int_equal(wjz_fiber_spawn(loop, use_trace, text("two")), 0);
        wjz_loop_run(loop);
    }
    assert_null(wjz_fiber_trace());
}

static void wait_for_ever(WJZ_UNUSED void *arg) {
    wjz_event_wait(loop, &gate);
}

static void the_loop_ends_though_a_fiber_waits_for_nothing(WJZ_UNUSED void **state) {
    gate = (wjz_event){0};
    assert_int_equal(wjz_fiber_spawn(loop, wait_for_ever, NULL), 0);
    wjz_loop_run(loop);
}

static void square(void *arg) {
    int *number = arg;
    *number *= *number;
}

static void compute_beside(WJZ_UNUSED void *arg) {
    int number = 12;
    assert_int_equal(wjz_fiber_compute(loop, square, &number), 0);
    assert_int_equal(number, 144);
}

static void computes_beside_the_loop(WJZ_UNUSED void **state) {
    assert_int_equal(wjz_fiber_spawn(loop, compute_beside, NULL), 0);
    wjz_loop_run(loop);
}

/* A computation that ends only when the loop has turned meanwhile. */
typedef struct idle_work {
    atomic_int turns;
    int policy;
    bool may_be_idle; /* sandboxes may forbid it */
    bool hears_signals;
    wjz_event done;
    wjz_timer *timer;
} idle_work;

static void compute_until_turned(void *arg) {
    idle_work *w = arg;
    sigset_t blocked;
    const struct sched_param none = {0};
    w->policy = sched_getscheduler(0);
    w->may_be_idle = sched_setscheduler(0, SCHED_IDLE, &none) == 0;
    w->hears_signals = pthread_sigmask(SIG_SETMASK, NULL, &blocked) != 0 || !sigismember(&blocked, SIGTERM);
    while (atomic_load(&w->turns) < 3)
        sched_yield();
}

static void count_turn(void *arg) {
    idle_work *w = arg;
    assert_false(w->done.set);
    if (atomic_fetch_add(&w->turns, 1) + 1 == 3) wjz_timer_close(&w->timer);
}

static void the_loop_turns_while_a_thread_computes(WJZ_UNUSED void **state) {
    idle_work w = {0};
    assert_int_equal(wjz_loop_compute_idle(loop, compute_until_turned, &w, &w.done), 0);
    assert_int_equal(wjz_timer_open(loop, 1, 1, count_turn, &w, &w.timer), 0);
    wjz_loop_run(loop); /* which a computation under way keeps from ending */
    assert_true(w.done.set);
    if (w.may_be_idle) assert_int_equal(w.policy, SCHED_IDLE);
    assert_false(w.hears_signals);
}

static void a_computation_without_descriptors_is_refused(WJZ_UNUSED void **state) {
    int number = 12;
    wjz_event done = {0};
    struct rlimit usual, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    none = (struct rlimit){0, usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int r = wjz_loop_compute_idle(loop, square, &number, &done);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(r, -EMFILE);
    wjz_loop_run(loop);
    assert_int_equal(number, 12);
    assert_false(done.set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(deferred_calls_run_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deferred_calls_are_dropped_with_the_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_loop_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(computes_beside_the_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_loop_turns_while_a_thread_computes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_computation_without_descriptors_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_repeats_until_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_that_fired_can_be_set_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(signals_arrive_on_the_loop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_descriptor_is_watched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_of_the_descriptor_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_cannot_be_watched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_costs_no_processor_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stacks_are_as_deep_as_promised, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_fibers_wait_and_wake_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waits_time_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(yield_lets_others_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_lets_pass_comes_before_who_yields, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_yielding_fiber_does_not_starve_timers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_woken_waiter_stays_woken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_fiber_has_its_trace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_loop_ends_though_a_fiber_waits_for_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
