/* When something is sent: backoff after a failure, and the hours in which people are left alone. Pure. */
#ifndef NOTIFICATION_DUE_H
#define NOTIFICATION_DUE_H

#include <stdint.h>

/* Milliseconds to wait after that many failed attempts (from 1): first, doubling, at most most. */
int64_t backoff_ms(int attempts, int64_t first_ms, int64_t most_ms);

enum { NO_QUIET_HOURS = -1 };

/* The first moment at or after now_us outside the quiet hours, which are minutes since midnight in Asia/Shanghai and
 * may span midnight; NO_QUIET_HOURS for either, or both the same: now_us. */
int64_t quiet_until(int64_t now_us, int from_minute, int to_minute);

#endif
