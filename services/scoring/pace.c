/* A live turn waits for at most one portion. While live work comes, a run leaves it twice the time that it takes. */
#include "scoring/pace.h"

enum { LOOK_AGAIN_MS = 10, LIVE_FOR_US = 1000000, SHARE = 2 };

void pace_begin(pace *p) {
    *p = (pace){.portion = PACE_FIRST};
}

static bool live(const pace *p, int64_t now_us) {
    return p->live_seen_us && now_us - p->live_seen_us < LIVE_FOR_US;
}

int pace_hold(pace *p, int64_t waiting, int64_t oldest_us, int64_t now_us) {
    if (waiting == 0) return 0;
    bool quiet = !live(p, now_us);
    p->live_seen_us = now_us;
    if (quiet && p->portion > PACE_FIRST) p->portion = PACE_FIRST;
    return oldest_us > PACE_TOO_OLD_US ? LOOK_AGAIN_MS : 0;
}

int pace_took(pace *p, int complaints, int64_t took_us, int64_t now_us) {
    bool beside = live(p, now_us);
    int64_t target = beside ? PACE_LIVE_US : PACE_QUIET_US;
    int64_t fitting = took_us > 0 ? complaints * target / took_us : PACE_MOST;
    if (fitting > 2 * p->portion) fitting = 2 * p->portion; /* one quick portion says little */
    p->portion = (int)(fitting < PACE_LEAST ? PACE_LEAST : fitting > PACE_MOST ? PACE_MOST : fitting);
    return beside ? (int)((SHARE * took_us + 999) / 1000) : 0;
}
