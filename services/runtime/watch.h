/* Counts what happens to the connections of a socket that is bound, and tells when one has ended. */
#ifndef WJZ_RUNTIME_WATCH_H
#define WJZ_RUNTIME_WATCH_H

#include "runtime/socket.h"

typedef struct wjz_watch wjz_watch;

/* watched: a ZeroMQ socket of that context, not bound yet. of: its options: the name is the label "door" of the
 * counters, ended is told with their arg. */
WJZ_MUST_CHECK int wjz_watch_open(wjz_loop *loop, void *zmq, void *watched, const wjz_socket_options *of,
                                  wjz_watch **ret_watch, wjz_err *err);
/* Before the watched socket is closed. Nulls *watch; accepts *watch == NULL. */
void wjz_watch_close(wjz_watch **watch);

#endif
