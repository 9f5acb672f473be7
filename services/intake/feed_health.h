/* Whether a feed is well: a platform that falls silent, or whose items are refused, loses complaints without knowing. */
#ifndef INTAKE_FEED_HEALTH_H
#define INTAKE_FEED_HEALTH_H

#include "intake/intake.h"
#include "intake/store.h"

typedef struct ailment {
    bool silent;      /* no batch for longer than the feed may be silent */
    bool rejecting;   /* too large a share of today's items was refused */
    int share;        /* of today's items that were refused, percent */
    int64_t silent_s; /* since the last batch */
} ailment;

/* Pure. share: percent of a day's items from which on operators are told; a day of fewer than 20 refused items tells
 * nothing. A feed of which nothing ever came is not silent: it has not begun. */
ailment feed_ailment(const feed_health *health, int64_t silent_after_us, int share, int64_t now_us);

/* Looks at all feeds; a silence, and a day's rejections, become one notice each to the role operator. Waits. */
WJZ_MUST_CHECK int feed_health_tell(intake *it, wjz_err *err);

#endif
