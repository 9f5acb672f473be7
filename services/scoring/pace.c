/* See pace.h. */
#include "scoring/pace.h"

void pace_begin(pace *p) {
    *p = (pace){.portion = PACE_FIRST};
}

int pace_hold(pace *p, int64_t waiting, int64_t oldest_us, int64_t now_us) {
    if (waiting == 0) return 0;
    p->live_seen_us = now_us;
    return oldest_us > PACE_TOO_OLD_US ? PACE_LOOK_AGAIN_MS : 0;
}

int pace_took(pace *p, int items, int64_t took_us, int64_t now_us) {
    bool live = p->live_seen_us && now_us - p->live_seen_us < PACE_LIVE_FOR_US;
    int64_t fitting = took_us > 0 ? items * (int64_t)PACE_PORTION_US / took_us : PACE_MOST;
    if (fitting > 2 * p->portion) fitting = 2 * p->portion; /* one quick portion says little */
    p->portion = (int)(fitting < PACE_LEAST ? PACE_LEAST : fitting > PACE_MOST ? PACE_MOST : fitting);
    return live ? (int)((PACE_SHARE * took_us + 999) / 1000) : 0;
}
