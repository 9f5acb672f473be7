/* How much a feed may send: a token bucket over items. */
#ifndef INTAKE_BUCKET_H
#define INTAKE_BUCKET_H

#include <stdint.h>

typedef struct bucket {
    double tokens;
    int64_t at_us; /* of the last look; 0: never, then it is full */
} bucket;

/* Takes count items at now, from a bucket that gains rate a second and holds burst. 0 when they may come in; otherwise
 * nothing is taken and the result is how many milliseconds to wait. More than a burst at once has to wait for a full
 * bucket, which it then overdraws. */
uint32_t bucket_take(bucket *bucket, int64_t now_us, double rate, double burst, double count);

#endif
