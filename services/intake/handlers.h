/* Requests from operators, over the bus. */
#ifndef INTAKE_HANDLERS_H
#define INTAKE_HANDLERS_H

#include "wjz/bus.h"

extern const wjz_request_route INTAKE_REQUESTS[];

#endif
