/* See feed_watch.h. A publication may be lost: upkeep reads the feeds all the same. */
#include "intake/feed_watch.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/intake.pb-c.h"
#include "wjz/log.h"

struct feed_watch {
    intake *it;
    wjz_event changed, ended;
    bool closing;
};

static void on_feed_changed(const wjz_message *message, void *arg) {
    feed_watch *w = arg;
    const Wjz__Intake__FeedChanged *told = (const Wjz__Intake__FeedChanged *)message->body;
    if (told->defined) wjz_event_set(w->it->loop, &w->changed);
}

/* What is told during a reading is read once more after it. */
static void run(void *arg) {
    feed_watch *w = arg;
    for (;;) {
        wjz_event_wait(w->it->loop, &w->changed);
        if (w->closing) break;
        wjz_event_clear(&w->changed);
        wjz_err err = {0};
        if (intake_refresh(w->it, &err) < 0)
            wjz_log_warn("could not read feeds that were changed", "error=\"%s\"", err.text);
    }
    wjz_event_set(w->it->loop, &w->ended);
}

int feed_watch_open(intake *it, feed_watch **ret_watch, wjz_err *err) {
    feed_watch *w = calloc(1, sizeof *w);
    if (w == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    w->it = it;
    int r = wjz_bus_subscribe(it->bus, &wjz__intake__feed_changed__descriptor, on_feed_changed, w, err);
    if (r == 0 && (r = wjz_fiber_spawn(it->loop, run, w)) < 0) {
        wjz_bus_unsubscribe(it->bus, w);
        (void)wjz_err_set(err, r, "could not watch the feeds");
    }
    if (r < 0) {
        free(w);
        return r;
    }
    *ret_watch = w;
    return 0;
}

void feed_watch_close(feed_watch **at) {
    if (at == NULL || *at == NULL) return;
    feed_watch *w = *at;
    wjz_bus_unsubscribe(w->it->bus, w);
    w->closing = true;
    wjz_event_set(w->it->loop, &w->changed);
    wjz_event_wait(w->it->loop, &w->ended);
    free(w);
    *at = NULL;
}
