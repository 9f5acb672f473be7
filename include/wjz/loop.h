/* The event loop of a process, and the fibers that run on it.
 *
 * A service is one loop on one thread. Work that has to wait — for the database, a peer, a timer — runs in a
 * fiber: ordinary sequential C that is suspended where it waits while the loop serves others. Nothing may
 * block the thread; whatever runs for more than a few milliseconds calls wjz_fiber_yield between portions, or computes
 * beside the loop. Everything here belongs to the loop's thread. */
#ifndef WJZ_LOOP_H
#define WJZ_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "wjz/err.h"

typedef struct wjz_loop wjz_loop;
typedef struct wjz_timer wjz_timer;
typedef struct wjz_poll wjz_poll;
typedef void wjz_call_fn(void *arg);

WJZ_MUST_CHECK int wjz_loop_new(wjz_loop **ret_loop, wjz_err *err);
/* Only after wjz_loop_run came back; every handle must have been closed. */
void wjz_loop_destroy(wjz_loop **loop);

/* Runs until nothing is open any more, or until wjz_loop_stop. */
void wjz_loop_run(wjz_loop *loop);
void wjz_loop_stop(wjz_loop *loop);

/* Calls fn once, soon, from the loop (never from inside this call). Costs no system call. */
WJZ_MUST_CHECK int wjz_loop_defer(wjz_loop *loop, wjz_call_fn *fn, void *arg);

/* Calls fn(arg) on every arrival of the signal, until wjz_loop_ignore_signals. */
WJZ_MUST_CHECK int wjz_loop_on_signal(wjz_loop *loop, int signum, wjz_call_fn *fn, void *arg);
void wjz_loop_ignore_signals(wjz_loop *loop);

/* Calls fn(arg) after after_ms, and every repeat_ms from then on (0: once). The timer stays the caller's
 * until wjz_timer_close, also when it has fired. */
WJZ_MUST_CHECK int wjz_timer_open(wjz_loop *loop, uint64_t after_ms, uint64_t repeat_ms, wjz_call_fn *fn, void *arg, wjz_timer **ret_timer);
void wjz_timer_again(wjz_timer *timer, uint64_t after_ms);
/* Nulls *timer; fn is not called any more. Accepts NULL and *timer == NULL. */
void wjz_timer_close(wjz_timer **timer);

enum { WJZ_READABLE = 1, WJZ_WRITABLE = 2 };
typedef void wjz_poll_fn(void *arg, int events); /* events: WJZ_READABLE | WJZ_WRITABLE, also on an error of the descriptor */

/* Watches a descriptor; it stays the caller's, and may be closed once wjz_poll_close has returned. */
WJZ_MUST_CHECK int wjz_poll_open(wjz_loop *loop, int fd, wjz_poll_fn *fn, void *arg, wjz_poll **ret_poll);
/* events 0 pauses. */
void wjz_poll_watch(wjz_poll *poll, int events);
void wjz_poll_close(wjz_poll **poll);

/* --- fibers --- */

/* Runs fn(arg) in a fiber, soon, from the loop. stack is 1 MiB, reserved, not committed. -ENOMEM, or
 * -EAGAIN above 4096 fibers. */
WJZ_MUST_CHECK int wjz_fiber_spawn(wjz_loop *loop, wjz_call_fn *fn, void *arg);
/* Whether the caller runs in a fiber: only there may it wait. */
bool wjz_in_fiber(void);
/* Lets everything else that is ready run first. */
void wjz_fiber_yield(wjz_loop *loop);
/* Lets only those pass that are ready now: neither input nor timers are asked for in between. */
void wjz_fiber_let_pass(wjz_loop *loop);
void wjz_fiber_sleep(wjz_loop *loop, uint64_t ms);
/* Something that one or more fibers wait for and anybody sets. A plain value: zero is "not set", no
 * destructor; it must outlive its waiters. Stays set until wjz_event_clear. */
typedef struct wjz_event {
    bool set;
    void *waiters; /* private */
} wjz_event;

/* Returns at once when set. Only in a fiber. */
void wjz_event_wait(wjz_loop *loop, wjz_event *event);
/* 0, or -ETIMEDOUT after ms without it. */
WJZ_MUST_CHECK int wjz_event_wait_ms(wjz_loop *loop, wjz_event *event, uint64_t ms);
/* Wakes all waiters, in the order they came; they run from the loop, never from inside this call. */
void wjz_event_set(wjz_loop *loop, wjz_event *event);
void wjz_event_clear(wjz_event *event);

/* --- computation beside the loop --- */

/* Runs fn(arg) on another thread and waits for its end: for a computation that would hold up everybody else for tens of
 * milliseconds, like the hash of a password. fn touches nothing but arg. -ENOMEM, then fn has not run. Only in a fiber. */
WJZ_MUST_CHECK int wjz_fiber_compute(wjz_loop *loop, wjz_call_fn *fn, void *arg);
/* Has fn(arg) run on a thread of its own that gets what time the processors have left (SCHED_IDLE), and sets *done from the
 * loop when it has ended: for a computation of seconds that nobody waits for. fn touches nothing but arg until then; it
 * should look there whether it shall end, for the loop does not end before it. An error: fn will not run. */
WJZ_MUST_CHECK int wjz_loop_compute_idle(wjz_loop *loop, wjz_call_fn *fn, void *arg, wjz_event *done);

#endif
