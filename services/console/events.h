/* Live events (server-sent): what has changed, so that a page reads it again. Never what it says: who may see that, the
 * reading decides. */
#ifndef CONSOLE_EVENTS_H
#define CONSOLE_EVENTS_H

#include <stdint.h>

#include "wjz/bus.h"
#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct events events;
struct exchange;

/* Also listens to what other services and other instances publish. */
WJZ_MUST_CHECK int events_new(wjz_loop *loop, wjz_bus *bus, events **ret_events, wjz_err *err);
void events_destroy(events **events);

/* The endpoint: answers with a stream. */
WJZ_MUST_CHECK int events_open_stream(struct exchange *x, wjz_err *err);

/* Tells everybody of the region (0: of all), here and at other instances. */
void events_tell(events *e, const char *type, int32_t region, int64_t subject);

#endif
