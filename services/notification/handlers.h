/* What arrives over the bus. */
#ifndef NOTIFICATION_HANDLERS_H
#define NOTIFICATION_HANDLERS_H

#include "wjz/bus.h"

extern const wjz_queue_route notification_queues[];
extern const wjz_emit_route notification_emits[];
extern const wjz_request_route notification_requests[];

#endif
