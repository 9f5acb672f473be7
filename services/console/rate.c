#include "console/rate.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>

/* Sets of eight slots: a flood of keys only ever pushes out those of its set, chosen by a hash that nobody outside
 * knows. */
enum { SETS = 1024, WAYS = 8 };

typedef struct bucket {
    uint64_t key; /* 0: free */
    int64_t at_us;
    double tokens;
} bucket;

struct rate {
    double per_us, burst;
    uint8_t secret[crypto_shorthash_KEYBYTES];
    bucket buckets[SETS][WAYS];
};

rate *rate_new(double per_minute, double burst) {
    rate *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->per_us = per_minute / 60e6;
    r->burst = burst;
    crypto_shorthash_keygen(r->secret);
    return r;
}

void rate_destroy(rate **at) {
    free(WJZ_STEAL(*at));
}

static bucket *find(rate *r, uint64_t key) {
    bucket *set = r->buckets[key % SETS], *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == key) return &set[i];
        if (set[i].at_us < oldest->at_us) oldest = &set[i];
    }
    *oldest = (bucket){.key = key, .tokens = r->burst};
    return oldest;
}

int rate_take(rate *r, const void *key, size_t length, int64_t now_us) {
    union {
        uint8_t bytes[crypto_shorthash_BYTES];
        uint64_t number;
    } hash;
    crypto_shorthash(hash.bytes, key, length, r->secret);
    bucket *b = find(r, hash.number | 1);
    if (b->at_us && now_us > b->at_us) b->tokens = fmin(r->burst, b->tokens + (double)(now_us - b->at_us) * r->per_us);
    b->at_us = now_us;
    if (b->tokens < 1) return (int)ceil((1 - b->tokens) / r->per_us / 1e6);
    b->tokens -= 1;
    return 0;
}
