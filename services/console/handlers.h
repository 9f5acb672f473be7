/* What arrives over the bus: operators manage accounts. */
#ifndef CONSOLE_HANDLERS_H
#define CONSOLE_HANDLERS_H

#include "wjz/bus.h"

extern const wjz_request_route CONSOLE_REQUESTS[];

#endif
