/* Computation beside the loop: libuv's own threads run it, the fiber waits. */
#include <errno.h>

#include "runtime/loop.h"

typedef struct computation {
    uv_work_t work; /* first: libuv gives it back */
    wjz_loop *loop;
    wjz_call_fn *fn;
    void *arg;
    wjz_event done;
} computation;

static void compute(uv_work_t *work) {
    computation *c = (computation *)work;
    c->fn(c->arg);
}

static void on_computed(uv_work_t *work, WJZ_UNUSED int status) {
    computation *c = (computation *)work;
    wjz_event_set(c->loop, &c->done);
}

int wjz_fiber_compute(wjz_loop *loop, wjz_call_fn *fn, void *arg) {
    computation c = {.loop = loop, .fn = fn, .arg = arg};
    if (uv_queue_work(&loop->uv, &c.work, compute, on_computed) < 0) return -ENOMEM;
    wjz_event_wait(loop, &c.done);
    return 0;
}
