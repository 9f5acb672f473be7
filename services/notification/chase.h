/* Chasing: a notice that nobody acknowledged in time is sent once more, then told to the next person. */
#ifndef NOTIFICATION_CHASE_H
#define NOTIFICATION_CHASE_H

#include "wjz/err.h"

struct notification;
struct chase;

WJZ_MUST_CHECK int chase_open(struct notification *self, struct chase **ret_chase, wjz_err *err);
/* Waits for a round that runs. Only in a fiber. Accepts NULL. */
void chase_close(struct chase **chase);

#endif
