/* How often somebody may ask: a bucket for each key, in a table of fixed size. Pure but for its memory. */
#ifndef CONSOLE_RATE_H
#define CONSOLE_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "wjz/clean.h"

typedef struct rate rate;

/* per_minute tokens come back in a minute, burst is the most a key can have. NULL when out of memory. */
rate *rate_new(double per_minute, double burst);
void rate_destroy(rate **rate);
/* Takes a token of the key: 0, or the seconds until there is one. When more keys are active than there is room for, the
 * one that was silent longest is forgotten. */
int rate_take(rate *r, const void *key, size_t length, int64_t now_us);

#endif
