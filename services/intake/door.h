/* The ZeroMQ door: platforms push FeedBatch and get FeedReceipt. */
#ifndef INTAKE_DOOR_H
#define INTAKE_DOOR_H

#include "intake/intake.h"

extern const wjz_request_route DOOR_ROUTES[];

WJZ_MUST_CHECK int door_open(intake *it, wjz_err *err);

#endif
