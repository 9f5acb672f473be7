/* The loop: libuv, with a queue of ready work in front of it, so that waking a fiber or deferring a call costs no
 * system call. The queue is drained before and after each poll; while it holds anything an idle handle keeps the
 * poll from waiting. A turn of the queue ends with what was in it at its beginning: input and output get their
 * share however busy the fibers are. */
#include "runtime/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "runtime/fiber.h"

typedef struct wjz_signal {
    uv_signal_t handle;
    struct wjz_signal *next;
    wjz_call_fn *fn;
    void *arg;
} wjz_signal;

struct wjz_timer {
    uv_timer_t handle;
    wjz_call_fn *fn;
    void *arg;
    uint64_t repeat_ms;
};

struct wjz_poll {
    uv_poll_t handle;
    wjz_poll_fn *fn;
    void *arg;
    int watched;
};

/* A deferred call: the node is the loop's and goes back to its spares. */
typedef struct deferred {
    wjz_ready node;
    wjz_loop *loop;
    wjz_call_fn *fn;
    void *arg;
} deferred;

uv_loop_t *wjz_loop_uv(wjz_loop *loop) {
    return &loop->uv;
}

/* --- the ready queue --- */

enum { ROUNDS = 4 };

static void keep_polling(WJZ_UNUSED uv_idle_t *handle) {}

void wjz_loop_ready(wjz_loop *loop, wjz_ready *node) {
    if (!loop->first) uv_idle_start(&loop->busy, keep_polling);
    node->next = NULL;
    *loop->last = node;
    loop->last = &node->next;
}

void wjz_loop_ready_later(wjz_loop *loop, wjz_ready *node) {
    uv_idle_start(&loop->busy, keep_polling);
    node->next = NULL;
    *loop->later_last = node;
    loop->later_last = &node->next;
}

static wjz_ready *take_ready(wjz_loop *loop) {
    wjz_ready *node = loop->first;
    loop->first = node->next;
    if (!loop->first) loop->last = &loop->first;
    return node;
}

static void run_round(wjz_loop *loop) {
    wjz_ready end = {0};
    wjz_loop_ready(loop, &end);
    for (wjz_ready *node = take_ready(loop); node != &end; node = take_ready(loop))
        node->fn(node->arg);
}

/* One thing makes another ready, and asking the kernel in between costs more than most of them do. */
static void run_ready(wjz_loop *loop) {
    for (int round = 0; round < ROUNDS && loop->first; round++)
        run_round(loop);
    if (!loop->first && !loop->later) uv_idle_stop(&loop->busy);
}

static void take_later(wjz_loop *loop) {
    if (!loop->later) return;
    *loop->last = loop->later;
    loop->last = loop->later_last;
    loop->later = NULL;
    loop->later_last = &loop->later;
}

static void on_before_poll(uv_prepare_t *handle) {
    run_ready(handle->data);
}

static void on_after_poll(uv_check_t *handle) {
    take_later(handle->data);
    run_ready(handle->data);
}

static void run_deferred(void *arg) {
    deferred *call = arg;
    wjz_call_fn *fn = call->fn;
    void *fn_arg = call->arg;
    call->node.next = call->loop->spare;
    call->loop->spare = &call->node;
    fn(fn_arg);
}

int wjz_loop_defer(wjz_loop *loop, wjz_call_fn *fn, void *arg) {
    deferred *call = (deferred *)loop->spare;
    if (call)
        loop->spare = call->node.next;
    else if (!(call = malloc(sizeof(*call))))
        return -ENOMEM;
    *call = (deferred){.node = {.fn = run_deferred, .arg = call}, .loop = loop, .fn = fn, .arg = arg};
    wjz_loop_ready(loop, &call->node);
    return 0;
}

/* --- lifetime --- */

int wjz_loop_new(wjz_loop **ret_loop, wjz_err *err) {
    wjz_loop *loop = calloc(1, sizeof(*loop));
    if (!loop) return wjz_err_set(err, -ENOMEM, "could not make the event loop: out of memory");
    int r = uv_loop_init(&loop->uv);
    if (r < 0) {
        free(loop);
        return wjz_err_set(err, r, "could not make the event loop: %s", uv_strerror(r));
    }
    loop->last = &loop->first;
    loop->later_last = &loop->later;
    uv_prepare_init(&loop->uv, &loop->before_poll);
    uv_check_init(&loop->uv, &loop->after_poll);
    uv_idle_init(&loop->uv, &loop->busy);
    loop->before_poll.data = loop->after_poll.data = loop;
    uv_prepare_start(&loop->before_poll, on_before_poll);
    uv_check_start(&loop->after_poll, on_after_poll);
    uv_unref((uv_handle_t *)&loop->before_poll);
    uv_unref((uv_handle_t *)&loop->after_poll);
    *ret_loop = loop;
    return 0;
}

static void free_deferred(wjz_ready *node) {
    while (node) {
        wjz_ready *next = node->next;
        if (node->fn == run_deferred) free(node);
        node = next;
    }
}

void wjz_loop_destroy(wjz_loop **loop_at) {
    wjz_loop *loop = loop_at ? WJZ_STEAL(*loop_at) : NULL;
    if (!loop) return;
    wjz_loop_ignore_signals(loop);
    uv_close((uv_handle_t *)&loop->before_poll, NULL);
    uv_close((uv_handle_t *)&loop->after_poll, NULL);
    uv_close((uv_handle_t *)&loop->busy, NULL);
    free_deferred(loop->first);
    free_deferred(loop->spare);
    wjz_fibers_close(loop);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    int r = uv_loop_close(&loop->uv);
    assert(r == 0 && "a handle is still open");
    (void)r;
    free(loop);
}

void wjz_loop_run(wjz_loop *loop) {
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void wjz_loop_stop(wjz_loop *loop) {
    uv_stop(&loop->uv);
}

static void free_handle(uv_handle_t *handle) {
    free(handle->data);
}

/* --- signals --- */

static void on_signal(uv_signal_t *handle, WJZ_UNUSED int signum) {
    wjz_signal *watch = handle->data;
    watch->fn(watch->arg);
}

int wjz_loop_on_signal(wjz_loop *loop, int signum, wjz_call_fn *fn, void *arg) {
    wjz_signal *watch = calloc(1, sizeof(*watch));
    if (!watch) return -ENOMEM;
    int r = uv_signal_init(&loop->uv, &watch->handle);
    if (r < 0) {
        free(watch);
        return r;
    }
    watch->handle.data = watch;
    watch->fn = fn;
    watch->arg = arg;
    r = uv_signal_start(&watch->handle, on_signal, signum);
    if (r < 0) {
        uv_close((uv_handle_t *)&watch->handle, free_handle);
        return r;
    }
    watch->next = loop->signals;
    loop->signals = watch;
    return 0;
}

void wjz_loop_ignore_signals(wjz_loop *loop) {
    wjz_signal *watch = WJZ_STEAL(loop->signals);
    while (watch) {
        wjz_signal *next = watch->next;
        uv_close((uv_handle_t *)&watch->handle, free_handle);
        watch = next;
    }
}

/* --- timers --- */

static void on_timer(uv_timer_t *handle) {
    wjz_timer *timer = handle->data;
    timer->fn(timer->arg);
}

int wjz_timer_open(wjz_loop *loop, uint64_t after_ms, uint64_t repeat_ms, wjz_call_fn *fn, void *arg,
                   wjz_timer **ret_timer) {
    wjz_timer *timer = calloc(1, sizeof(*timer));
    if (!timer) return -ENOMEM;
    uv_timer_init(&loop->uv, &timer->handle);
    timer->handle.data = timer;
    timer->fn = fn;
    timer->arg = arg;
    timer->repeat_ms = repeat_ms;
    wjz_timer_again(timer, after_ms);
    *ret_timer = timer;
    return 0;
}

void wjz_timer_again(wjz_timer *timer, uint64_t after_ms) {
    /* The loop's idea of now is from the beginning of its turn, which may have been a long one. */
    uv_update_time(timer->handle.loop);
    uv_timer_start(&timer->handle, on_timer, after_ms, timer->repeat_ms);
}

void wjz_timer_close(wjz_timer **timer_at) {
    wjz_timer *timer = timer_at ? WJZ_STEAL(*timer_at) : NULL;
    if (timer) uv_close((uv_handle_t *)&timer->handle, free_handle);
}

/* --- descriptors --- */

static void on_poll(uv_poll_t *handle, int status, int events) {
    wjz_poll *poll = handle->data;
    int seen = (events & UV_READABLE ? WJZ_READABLE : 0) | (events & UV_WRITABLE ? WJZ_WRITABLE : 0);
    if (status < 0) {
        poll->watched = 0; /* libuv has stopped watching */
        seen = WJZ_READABLE | WJZ_WRITABLE;
    }
    if (seen) poll->fn(poll->arg, seen);
}

int wjz_poll_open(wjz_loop *loop, int fd, wjz_poll_fn *fn, void *arg, wjz_poll **ret_poll) {
    wjz_poll *poll = calloc(1, sizeof(*poll));
    if (!poll) return -ENOMEM;
    int r = uv_poll_init(&loop->uv, &poll->handle, fd);
    if (r < 0) {
        free(poll);
        return r;
    }
    poll->handle.data = poll;
    poll->fn = fn;
    poll->arg = arg;
    *ret_poll = poll;
    return 0;
}

void wjz_poll_watch(wjz_poll *poll, int events) {
    if (events == poll->watched) return;
    poll->watched = events;
    if (events)
        uv_poll_start(&poll->handle,
                      (events & WJZ_READABLE ? UV_READABLE : 0) | (events & WJZ_WRITABLE ? UV_WRITABLE : 0), on_poll);
    else
        uv_poll_stop(&poll->handle);
}

void wjz_poll_close(wjz_poll **poll_at) {
    wjz_poll *poll = poll_at ? WJZ_STEAL(*poll_at) : NULL;
    if (poll) uv_close((uv_handle_t *)&poll->handle, free_handle);
}
