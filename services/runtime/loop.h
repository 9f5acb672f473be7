/* The loop's inside, for the other files of the runtime: its libuv loop and its queue of what is ready. */
#ifndef RUNTIME_LOOP_H
#define RUNTIME_LOOP_H

#include <stdbool.h>
#include <uv.h>

#include "wjz/loop.h"

/* Something to call from the loop as soon as its turn comes. Embedded in what is woken, so that waking cannot fail. */
typedef struct wjz_ready {
    struct wjz_ready *next;
    wjz_call_fn *fn;
    void *arg;
} wjz_ready;

typedef struct wjz_fiber wjz_fiber;

struct wjz_loop {
    uv_loop_t uv;
    uv_prepare_t before_poll;
    uv_check_t after_poll;
    uv_idle_t busy;           /* active while something is ready: polls without waiting */
    wjz_ready *first, **last; /* what is ready, in the order it became so */
    wjz_ready *later, **later_last; /* what is ready once descriptors and timers had their turn */
    wjz_ready *spare;         /* nodes of wjz_loop_defer for reuse */
    struct wjz_signal *signals;
    wjz_fiber *free_fibers; /* with their stacks, for reuse */
    wjz_fiber *live_fibers;
    int live_count, free_count;
};

uv_loop_t *wjz_loop_uv(wjz_loop *loop);

/* Puts node, which must not be queued already, at the end of the queue. */
void wjz_loop_ready(wjz_loop *loop, wjz_ready *node);
/* The same for what has had its turn and gives way to everybody. */
void wjz_loop_ready_later(wjz_loop *loop, wjz_ready *node);

#endif
