/* See arrivals.h. */
#include "bench/arrivals.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

static double unit(arrivals *a) {
    a->seed = a->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(a->seed >> 11) + 1) / 9007199254740993.0; /* (0, 1] */
}

static void advance(arrivals *a) {
    if (a->rate > 0) a->next_us -= log(unit(a)) * 1e6 / a->rate;
}

void arrivals_begin(arrivals *a, double rate) {
    *a = (arrivals){.seed = 1, .rate = rate, .next_us = (double)bench_now_us()};
    advance(a);
}

bool arrivals_take(arrivals *a, int64_t now_us, int64_t *ret_us) {
    if (a->rate <= 0) {
        *ret_us = now_us;
        return true;
    }
    if (a->next_us > (double)now_us) return false;
    *ret_us = (int64_t)a->next_us;
    advance(a);
    return true;
}

int64_t arrivals_wait_us(const arrivals *a, int64_t now_us) {
    double wait = a->next_us - (double)now_us;
    return a->rate > 0 && wait > 0 ? (int64_t)wait : 0;
}

static int64_t read_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t bench_now_us(void) {
    return read_clock(CLOCK_MONOTONIC);
}

int64_t bench_clock_us(void) {
    return read_clock(CLOCK_REALTIME);
}

static int by_value(const void *a, const void *b) {
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int64_t bench_quantile(int64_t *values, size_t count, double share) {
    if (count == 0) return 0;
    qsort(values, count, sizeof *values, by_value);
    size_t at = (size_t)(share * (double)count);
    return values[at < count ? at : count - 1];
}
