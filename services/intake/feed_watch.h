/* A feed that another instance has changed is known here at once, not when the feeds are read again by time. */
#ifndef INTAKE_FEED_WATCH_H
#define INTAKE_FEED_WATCH_H

#include "intake/intake.h"

typedef struct feed_watch feed_watch;

WJZ_MUST_CHECK int feed_watch_open(intake *it, feed_watch **ret_watch, wjz_err *err);
/* Waits for a reading that is under way. Only from a fiber. */
void feed_watch_close(feed_watch **watch);

#endif
