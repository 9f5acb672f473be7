/* What arrives over the bus, and what leaves. */
#ifndef SCHEDULING_HANDLERS_H
#define SCHEDULING_HANDLERS_H

#include "wjz/bus.h"

extern const wjz_queue_route scheduling_queues[];
extern const wjz_emit_route scheduling_emits[];
extern const wjz_request_route scheduling_requests[];

#endif
