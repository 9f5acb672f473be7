/* Where each key of a set that does not change stands in a table: one look into a table of bytes, no comparison, no
 * second place to look at. After Belazzougui, Botelho, Dietzfelbinger, "Hash, displace, and compress" (ESA 2009): the
 * keys of a bucket are hashed with a seed of their own, which was chosen so that each place is taken once. Before it
 * stands a filter of some bits a key, so that most keys that are not of the set are known as such. Both are small
 * enough for the near caches. */
#ifndef SCORING_KEY_PLACES_H
#define SCORING_KEY_PLACES_H

#include <stddef.h>
#include <stdint.h>

#include "wjz/clean.h"

typedef struct key_places {
    uint64_t *filter;     /* a bit for each key, by its low bits but the lowest */
    uint32_t filter_mask; /* of such bits */
    uint32_t bucket_count;
    uint8_t *seeds;       /* of the buckets */
    uint32_t place_count; /* a sixteenth more than keys, or some more */
} key_places;

/* For different keys, well mixed in all bits but the lowest. -ENOMEM; -EINVAL: there are no such places, because keys
 * are the same or badly mixed. */
WJZ_MUST_CHECK int key_places_make(const uint32_t *keys, uint32_t count, key_places *ret_places);
void key_places_free(key_places *places);

/* 1 when the key may be of the set, and always when it is; else 0. */
static inline uint32_t key_may_be(const key_places *places, uint32_t key) {
    uint32_t bit = key >> 1 & places->filter_mask;
    return places->filter[bit / 64] >> bit % 64 & 1;
}

static inline uint32_t key_bucket(uint32_t key, uint32_t bucket_count) {
    return (uint32_t)((uint64_t)key * bucket_count >> 32);
}

static inline uint32_t key_place_by(uint32_t key, uint32_t seed, uint32_t place_count) {
    uint32_t hash = (key ^ seed * 0x9E3779B1u) * 0x85EBCA6Bu;
    return (uint32_t)((uint64_t)hash * place_count >> 32);
}

/* Below place_count. Of no two keys of the set the same; of others any. */
static inline uint32_t key_place(const key_places *places, uint32_t key) {
    return key_place_by(key, places->seeds[key_bucket(key, places->bucket_count)], places->place_count);
}

#endif
