/* Ids without a server: time, instance, sequence. State is one number per process, on the loop's thread. */
#include "wjz/id.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "wjz/clock.h"

enum { SEQUENCE_BITS = 10, INSTANCE_BITS = 12, TIME_SHIFT = SEQUENCE_BITS + INSTANCE_BITS };
static const int64_t EPOCH_MS = INT64_C(1704067200000); /* 2024-01-01T00:00:00Z */

static struct {
    bool known; /* instance is set */
    uint32_t instance;
    int64_t ms; /* of the last id, since EPOCH_MS; runs ahead of the clock when ids were borrowed */
    uint32_t sequence;
} last;

void wjz_id_set_instance(uint32_t number) {
    last.instance = number & ((1u << INSTANCE_BITS) - 1);
    last.known = true;
}

int64_t wjz_id_next(void) {
    if (!last.known) { /* a tool that never registers: a random number instead of one that all tools share */
        uint32_t number;
        if (getrandom(&number, sizeof number, 0) != sizeof number) number = (uint32_t)getpid();
        wjz_id_set_instance(number);
    }
    int64_t now = wjz_clock_us() / 1000 - EPOCH_MS;
    if (now > last.ms) {
        last.ms = now;
        last.sequence = 0;
    } else if (++last.sequence >> SEQUENCE_BITS) {
        last.ms++;
        last.sequence = 0;
    }
    return last.ms << TIME_SHIFT | (int64_t)last.instance << SEQUENCE_BITS | last.sequence;
}

int64_t wjz_id_time_us(int64_t id) {
    return ((id >> TIME_SHIFT) + EPOCH_MS) * 1000;
}

int64_t wjz_id_floor(int64_t us) {
    int64_t ms = us / 1000 - EPOCH_MS;
    return ms <= 0 ? 0 : ms << TIME_SHIFT;
}

int wjz_id_order(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

bool wjz_id_among(const int64_t *sorted, size_t count, int64_t id) {
    return count > 0 && bsearch(&id, sorted, count, sizeof id, wjz_id_order) != NULL;
}
