/* See key_places.h. The fullest buckets choose first, while most places are free. */
#include "scoring/key_places.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEYS_A_BUCKET = 2, /* on average: with more, a byte is too small for a seed that fits the last buckets */
    BITS_A_KEY = 6,    /* of the filter, at least: one other key in six, or fewer, seems to be of the set */
    FULLEST = 64,      /* keys of a bucket */
    SEEDS = 256,
    TRIES = 8, /* each with some more places */
};

/* Keys by bucket, as they are placed. */
typedef struct placing {
    key_places *to;
    uint32_t *keys;  /* those of a bucket side by side */
    uint32_t *first; /* of each bucket; one more for the end */
    uint64_t *taken; /* a bit for each place */
} placing;

/* Sorts the keys by bucket. Returns how many keys the fullest has. */
static uint32_t fill_buckets(placing *p, const uint32_t *keys, uint32_t count) {
    uint32_t buckets = p->to->bucket_count, most = 0;
    for (uint32_t i = 0; i < count; i++)
        p->first[key_bucket(keys[i], buckets)]++;
    for (uint32_t b = 0, before = 0; b <= buckets; b++) {
        most = p->first[b] > most ? p->first[b] : most;
        before += p->first[b];
        p->first[b] = before; /* its end; its beginning when its keys are there */
    }
    for (uint32_t i = count; i > 0; i--)
        p->keys[--p->first[key_bucket(keys[i - 1], buckets)]] = keys[i - 1];
    return most;
}

/* Takes the places of so many keys with a seed, unless one of them is taken. */
static bool take(placing *p, const uint32_t *keys, uint32_t count, uint32_t seed) {
    uint32_t places[FULLEST], taken = 0;
    for (; taken < count; taken++) {
        places[taken] = key_place_by(keys[taken], seed, p->to->place_count);
        uint64_t bit = UINT64_C(1) << places[taken] % 64, *word = &p->taken[places[taken] / 64];
        if (*word & bit) break;
        *word |= bit;
    }
    if (taken == count) return true;
    while (taken-- > 0)
        p->taken[places[taken] / 64] &= ~(UINT64_C(1) << places[taken] % 64);
    return false;
}

/* Chooses the seeds of the buckets with so many keys. */
static bool choose_seeds(placing *p, uint32_t size) {
    for (uint32_t b = 0; b < p->to->bucket_count; b++) {
        uint32_t seed = 0;
        if (p->first[b + 1] - p->first[b] != size) continue;
        while (seed < SEEDS && !take(p, p->keys + p->first[b], size, seed))
            seed++;
        if (seed == SEEDS) return false;
        p->to->seeds[b] = (uint8_t)seed;
    }
    return true;
}

static int choose_places(placing *p, uint32_t count, uint32_t fullest) {
    p->to->place_count = count + count / 16 + 1;
    for (int i = 0; i < TRIES; i++) {
        free(p->taken);
        p->taken = calloc(p->to->place_count / 64 + 1, sizeof *p->taken);
        if (!p->taken) return -ENOMEM;
        uint32_t size = fullest;
        while (size > 0 && choose_seeds(p, size))
            size--;
        if (size == 0) return 0;
        p->to->place_count += p->to->place_count / 32 + 1;
    }
    return -EINVAL;
}

static int place_keys(key_places *places, const uint32_t *keys, uint32_t count) {
    placing p = {.to = places,
                 .keys = malloc((count + 1) * sizeof *p.keys),
                 .first = calloc(places->bucket_count + 2, sizeof *p.first)};
    int r = p.keys && p.first ? 0 : -ENOMEM;
    if (r == 0) {
        uint32_t fullest = fill_buckets(&p, keys, count);
        r = fullest > FULLEST ? -EINVAL : choose_places(&p, count, fullest);
    }
    free(p.keys);
    free(p.first);
    free(p.taken);
    return r;
}

static void fill_filter(key_places *places, const uint32_t *keys, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bit = keys[i] >> 1 & places->filter_mask;
        places->filter[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

int key_places_make(const uint32_t *keys, uint32_t count, key_places *ret_places) {
    uint64_t bits = 64;
    while (bits < (uint64_t)count * BITS_A_KEY && bits < UINT64_C(1) << 31)
        bits *= 2;
    key_places places = {.filter_mask = (uint32_t)(bits - 1), .bucket_count = count / KEYS_A_BUCKET + 1};
    places.filter = calloc(bits / 64, sizeof *places.filter);
    places.seeds = calloc(places.bucket_count, sizeof *places.seeds);
    int r = places.filter && places.seeds ? place_keys(&places, keys, count) : -ENOMEM;
    if (r < 0) {
        key_places_free(&places);
        return r;
    }
    fill_filter(&places, keys, count);
    *ret_places = places;
    return 0;
}

void key_places_free(key_places *places) {
    free(places->filter);
    free(places->seeds);
    *places = (key_places){0};
}
