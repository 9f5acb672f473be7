/* Counts what happens to the connections of a socket that is bound. */
#ifndef WJZ_RUNTIME_WATCH_H
#define WJZ_RUNTIME_WATCH_H

#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_watch wjz_watch;

/* watched: a ZeroMQ socket of that context, not bound yet. name: the label "door" of the counters. */
WJZ_MUST_CHECK int wjz_watch_open(wjz_loop *loop, void *zmq, void *watched, const char *name, wjz_watch **ret_watch,
                                  wjz_err *err);
/* Before the watched socket is closed. Nulls *watch; accepts *watch == NULL. */
void wjz_watch_close(wjz_watch **watch);

#endif
