/* How fast a run goes beside live work: portions that hold a region's lock for a few milliseconds only, with pauses
 * between them while live work comes, and none at all while live work waits. Pure. */
#ifndef SCORING_PACE_H
#define SCORING_PACE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct pace {
    int portion;          /* items of the next one */
    int64_t live_seen_us; /* when live work was last seen, on the monotonic clock; 0: never */
} pace;

enum {
    PACE_LEAST = 8, /* items: below that a portion is little but its round trips and its commit */
    PACE_FIRST = 32,
    PACE_MOST = 512,
    PACE_PORTION_US = 4000, /* that a portion is to take: what a live turn waits for at most */
    PACE_SHARE = 2,         /* of that time others have after it while live work comes */
    PACE_LIVE_FOR_US = 1000000,
    PACE_TOO_OLD_US = 60000, /* live work that has waited longer goes first */
    PACE_LOOK_AGAIN_MS = 10
};

void pace_begin(pace *p);
/* Milliseconds to wait before looking again, 0: take a portion now. waiting and oldest_us: what live work waits. */
int pace_hold(pace *p, int64_t waiting, int64_t oldest_us, int64_t now_us);
/* After a portion of `items` that took so long: sets the next one's size; milliseconds to leave to others. */
int pace_took(pace *p, int items, int64_t took_us, int64_t now_us);

#endif
