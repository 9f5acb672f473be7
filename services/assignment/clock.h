/* The clocks of the service: overdue acceptances and recusals, and the directory's renewal. */
#ifndef WJZ_ASSIGNMENT_CLOCK_H
#define WJZ_ASSIGNMENT_CLOCK_H

#include "assignment/assignment.h"

/* Start the fibers; they end, counted by fibers, once stopping is set and they are woken. */
WJZ_MUST_CHECK int clock_start(assignment_service *self, wjz_err *err);
void clock_stop(assignment_service *self);

#endif
