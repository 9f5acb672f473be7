/* Fibers: handlers as sequential C that waits without blocking the thread. Each has a stack of its own, mapped but
 * not committed, with a guard page below. ucontext enters a new stack; from then on sigsetjmp and siglongjmp switch (as
 * in QEMU's coroutines), because swapcontext asks the kernel for the signal mask twice a switch. A fiber is entered
 * from the loop's ready queue only, and leaves to the loop only, so there is never more than one level. */
#undef _FORTIFY_SOURCE /* its longjmp takes a switch to a deeper stack for a mistake */
#include "runtime/fiber.h"

#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "wjz/trace.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#endif

#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
enum { STACK = 4 * 1024 * 1024 }; /* its frames are several times as large */
#else
/* Deep enough for the deepest JSON that jansson takes from a stranger: 2,048 levels, about 600 KiB. */
enum { STACK = 1024 * 1024 };
#endif

enum { LIVE_MAX = 4096, FREE_MAX = 64 };

struct wjz_fiber {
    wjz_loop *loop;
    wjz_fiber *next, **at; /* in live_fibers, or (next alone) in free_fibers */
    wjz_call_fn *fn;
    void *arg;
    ucontext_t beginning; /* of a stack that has not been entered */
    sigjmp_buf inside, outside;
    char *mapping; /* guard page, then the stack */
    bool entered, ended;
    wjz_ready ready;
    uv_timer_t timer;
    wjz_event *event; /* that it waits for; neighbours in the event's ring of waiters */
    wjz_fiber *before, *after;
    bool timed_out;
    char trace[WJZ_TRACE_TEXT];
#ifdef WITH_ASAN
    void *inside_fake, *outside_fake;
    const void *outside_bottom;
    size_t outside_size;
#endif
};

static _Thread_local wjz_fiber *running;

bool wjz_in_fiber(void) {
    return running != NULL;
}

char *wjz_fiber_trace(void) {
    return running ? running->trace : NULL;
}

static size_t page(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* --- switching --- */

static void enter(wjz_fiber *fiber) {
    assert(!running && "a fiber is entered from the loop only");
    running = fiber;
#ifdef WITH_ASAN
    __sanitizer_start_switch_fiber(&fiber->outside_fake, fiber->mapping + page(), STACK);
#endif
    if (sigsetjmp(fiber->outside, 0) == 0) {
        if (fiber->entered) siglongjmp(fiber->inside, 1);
        fiber->entered = true;
        setcontext(&fiber->beginning);
    }
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(fiber->outside_fake, NULL, NULL);
#endif
    running = NULL;
}

static void leave(wjz_fiber *fiber) {
#ifdef WITH_ASAN
    __sanitizer_start_switch_fiber(&fiber->inside_fake, fiber->outside_bottom, fiber->outside_size);
#endif
    if (sigsetjmp(fiber->inside, 0) == 0) siglongjmp(fiber->outside, 1);
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(fiber->inside_fake, &fiber->outside_bottom, &fiber->outside_size);
#endif
}

/* What runs on a fiber's stack: one function after the other, for as long as the fiber is reused. */
static void fiber_main(void) {
    wjz_fiber *fiber = running;
#ifdef WITH_ASAN
    __sanitizer_finish_switch_fiber(NULL, &fiber->outside_bottom, &fiber->outside_size);
#endif
    for (;;) {
        fiber->fn(fiber->arg);
        fiber->ended = true;
        leave(fiber);
    }
}

/* --- making, reusing, ending --- */

static void link_live(wjz_fiber *fiber) {
    wjz_loop *loop = fiber->loop;
    fiber->next = loop->live_fibers;
    fiber->at = &loop->live_fibers;
    if (fiber->next) fiber->next->at = &fiber->next;
    loop->live_fibers = fiber;
    loop->live_count++;
}

static void unlink_live(wjz_fiber *fiber) {
    *fiber->at = fiber->next;
    if (fiber->next) fiber->next->at = fiber->at;
    fiber->loop->live_count--;
}

static void free_fiber(uv_handle_t *timer) {
    wjz_fiber *fiber = timer->data;
    munmap(fiber->mapping, page() + STACK);
    free(fiber);
}

static void close_fiber(wjz_fiber *fiber) {
    uv_close((uv_handle_t *)&fiber->timer, free_fiber);
}

static void resume(void *arg) {
    wjz_fiber *fiber = arg;
    wjz_loop *loop = fiber->loop;
    enter(fiber);
    if (!fiber->ended) return;
    unlink_live(fiber);
    if (loop->free_count == FREE_MAX) {
        close_fiber(fiber);
        return;
    }
    fiber->next = loop->free_fibers;
    loop->free_fibers = fiber;
    loop->free_count++;
}

static bool make_context(wjz_fiber *fiber) {
    if (getcontext(&fiber->beginning) < 0) return false;
    fiber->beginning.uc_stack = (stack_t){.ss_sp = fiber->mapping + page(), .ss_size = STACK};
    makecontext(&fiber->beginning, fiber_main, 0);
    return true;
}

static wjz_fiber *make_fiber(wjz_loop *loop) {
    wjz_fiber *fiber = calloc(1, sizeof(*fiber));
    if (!fiber) return NULL;
    fiber->mapping = mmap(NULL, page() + STACK, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (fiber->mapping == MAP_FAILED) {
        free(fiber);
        return NULL;
    }
    if (mprotect(fiber->mapping, page(), PROT_NONE) < 0 || !make_context(fiber)) {
        munmap(fiber->mapping, page() + STACK);
        free(fiber);
        return NULL;
    }
    fiber->loop = loop;
    fiber->ready = (wjz_ready){.fn = resume, .arg = fiber};
    uv_timer_init(&loop->uv, &fiber->timer);
    fiber->timer.data = fiber;
    return fiber;
}

static wjz_fiber *take_free(wjz_loop *loop) {
    wjz_fiber *fiber = loop->free_fibers;
    if (!fiber) return NULL;
    loop->free_fibers = fiber->next;
    loop->free_count--;
    return fiber;
}

int wjz_fiber_spawn(wjz_loop *loop, wjz_call_fn *fn, void *arg) {
    if (loop->live_count >= LIVE_MAX) return -EAGAIN;
    wjz_fiber *fiber = take_free(loop);
    if (!fiber) fiber = make_fiber(loop);
    if (!fiber) return -ENOMEM;
    fiber->fn = fn;
    fiber->arg = arg;
    fiber->ended = false;
    fiber->trace[0] = '\0';
    link_live(fiber);
    wjz_loop_ready(loop, &fiber->ready);
    return 0;
}

void wjz_fibers_close(wjz_loop *loop) {
    for (wjz_fiber *fiber = take_free(loop); fiber; fiber = take_free(loop))
        close_fiber(fiber);
    while (loop->live_fibers) {
        wjz_fiber *fiber = loop->live_fibers;
        unlink_live(fiber);
        close_fiber(fiber);
    }
}

/* --- waiting --- */

static void join_waiters(wjz_fiber *fiber, wjz_event *event) {
    wjz_fiber *first = event->waiters;
    fiber->event = event;
    if (!first) {
        fiber->before = fiber->after = fiber;
        event->waiters = fiber;
        return;
    }
    fiber->after = first;
    fiber->before = first->before;
    first->before->after = fiber;
    first->before = fiber;
}

static void leave_waiters(wjz_fiber *fiber) {
    wjz_event *event = WJZ_STEAL(fiber->event);
    if (fiber->after == fiber) {
        event->waiters = NULL;
        return;
    }
    fiber->before->after = fiber->after;
    fiber->after->before = fiber->before;
    if (event->waiters == fiber) event->waiters = fiber->after;
}

static void on_time_out(uv_timer_t *timer) {
    wjz_fiber *fiber = timer->data;
    fiber->timed_out = true;
    if (fiber->event) leave_waiters(fiber);
    wjz_loop_ready(fiber->loop, &fiber->ready);
}

static void start_timer(wjz_fiber *fiber, uint64_t ms) {
    uv_update_time(&fiber->loop->uv);
    uv_timer_start(&fiber->timer, on_time_out, ms, 0);
}

static wjz_fiber *myself(wjz_loop *loop) {
    assert(running && running->loop == loop && "only a fiber may wait");
    (void)loop;
    return running;
}

void wjz_fiber_yield(wjz_loop *loop) {
    wjz_fiber *fiber = myself(loop);
    wjz_loop_ready_later(loop, &fiber->ready);
    leave(fiber);
}

void wjz_fiber_let_pass(wjz_loop *loop) {
    wjz_fiber *fiber = myself(loop);
    wjz_loop_ready(loop, &fiber->ready);
    leave(fiber);
}

void wjz_fiber_sleep(wjz_loop *loop, uint64_t ms) {
    wjz_fiber *fiber = myself(loop);
    start_timer(fiber, ms);
    leave(fiber);
}

void wjz_event_wait(wjz_loop *loop, wjz_event *event) {
    wjz_fiber *fiber = myself(loop);
    if (event->set) return;
    join_waiters(fiber, event);
    leave(fiber);
}

int wjz_event_wait_ms(wjz_loop *loop, wjz_event *event, uint64_t ms) {
    wjz_fiber *fiber = myself(loop);
    if (event->set) return 0;
    join_waiters(fiber, event);
    fiber->timed_out = false;
    start_timer(fiber, ms);
    leave(fiber);
    return fiber->timed_out ? -ETIMEDOUT : 0;
}

void wjz_event_set(wjz_loop *loop, wjz_event *event) {
    event->set = true;
    while (event->waiters) {
        wjz_fiber *fiber = event->waiters;
        leave_waiters(fiber);
        uv_timer_stop(&fiber->timer);
        wjz_loop_ready(loop, &fiber->ready);
    }
}

void wjz_event_clear(wjz_event *event) {
    event->set = false;
}
