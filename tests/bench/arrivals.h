/* When things arrive at a rate: a Poisson stream, the same on every run, so that what is compared has seen the same
 * traffic. And how long they then took. */
#ifndef BENCH_ARRIVALS_H
#define BENCH_ARRIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct arrivals {
    uint64_t seed;
    double rate;    /* per second; 0: all at once */
    double next_us; /* monotonic, of the next arrival */
} arrivals;

void arrivals_begin(arrivals *a, double rate);
/* Whether one is due at now; if so *ret_us is when it came, and the one after it is next. */
bool arrivals_take(arrivals *a, int64_t now_us, int64_t *ret_us);
/* Microseconds from now until the next; at least 0. */
int64_t arrivals_wait_us(const arrivals *a, int64_t now_us);

/* Monotonic, and since 1970. */
int64_t bench_now_us(void);
int64_t bench_clock_us(void);

/* Sorts. The value below which the share (0–1) of them lies; 0 of none. */
int64_t bench_quantile(int64_t *values, size_t count, double share);

#endif
