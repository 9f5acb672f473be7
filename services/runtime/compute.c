/* Computation beside the loop. What is short runs on libuv's own threads while a fiber waits. What is long gets a
 * thread of its own, for one that has once been made idle cannot be given its priority back. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/loop.h"

/* --- short --- */

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

/* --- long --- */

typedef struct idle_computation {
    wjz_loop *loop;
    wjz_call_fn *fn;
    void *arg;
    wjz_event *done;
    int ended_fd; /* an eventfd */
    wjz_poll *ended;
} idle_computation;

/* Neither uv_async_send nor a join would do: the loop would wait, in the one for its last store, in the other for its
 * end, of a thread that may not run for a long time. Here nothing is touched after the write. */
static void *compute_idle(void *arg) {
    idle_computation *c = arg;
    const struct sched_param none = {0};
    (void)sched_setscheduler(0, SCHED_IDLE, &none); /* the calling thread; where that is forbidden it has its share */
    c->fn(c->arg);
    (void)eventfd_write(c->ended_fd, 1); /* cannot fail: nobody else writes */
    return NULL;
}

static void free_idle(idle_computation *c) {
    wjz_poll_close(&c->ended);
    if (c->ended_fd >= 0) close(c->ended_fd);
    free(c);
}

static void on_idle_ended(void *arg, WJZ_UNUSED int events) {
    idle_computation *c = arg;
    eventfd_t ended;
    if (eventfd_read(c->ended_fd, &ended) < 0) return;
    wjz_event_set(c->loop, c->done);
    free_idle(c);
}

/* Signals are for the loop's thread: this one may not run for long. */
static int start_thread(idle_computation *c) {
    pthread_attr_t detached;
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    int e = pthread_attr_init(&detached);
    if (e) return -e;
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    e = pthread_create(&thread, &detached, compute_idle, c);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
    return -e;
}

int wjz_loop_compute_idle(wjz_loop *loop, wjz_call_fn *fn, void *arg, wjz_event *done) {
    idle_computation *c = malloc(sizeof *c);
    if (!c) return -ENOMEM;
    *c = (idle_computation){.loop = loop, .fn = fn, .arg = arg, .done = done};
    c->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int r = c->ended_fd < 0 ? -errno : 0;
    if (r == 0) r = wjz_poll_open(loop, c->ended_fd, on_idle_ended, c, &c->ended);
    if (r == 0) r = start_thread(c);
    if (r < 0) {
        free_idle(c);
        return r;
    }
    wjz_poll_watch(c->ended, WJZ_READABLE);
    return 0;
}
