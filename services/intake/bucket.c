/* See bucket.h. */
#include "intake/bucket.h"

uint32_t bucket_take(bucket *it, int64_t now_us, double rate, double burst, double count) {
    double gained = it->at_us == 0 ? burst : (double)(now_us - it->at_us) / 1e6 * rate;
    if (now_us > it->at_us) {
        it->tokens = it->tokens + gained > burst ? burst : it->tokens + gained;
        it->at_us = now_us;
    }
    double needed = count > burst ? burst : count;
    if (it->tokens < needed) {
        double wait_ms = (needed - it->tokens) / rate * 1000;
        return wait_ms < 1 ? 1 : wait_ms > 60000 ? 60000 : (uint32_t)wait_ms + 1;
    }
    it->tokens -= count;
    return 0;
}
