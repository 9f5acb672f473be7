/* How common each pair of adjacent Chinese characters is in complaints, as data in deploy/repeats/wording.txt: what is
 * common says little about which matter a complaint is, what is rare names it. */
#ifndef SCORING_WORDING_H
#define SCORING_WORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "wjz/err.h"

typedef struct wording wording;

enum { WORDING_MOST_WEIGHT = 15, WORDING_COUNTS = 5 };

/* What pairs that are about as common have in common. */
typedef struct pair_sort {
    double rarity;                   /* log(messages / messages that use the pair) */
    bool rare;                       /* a name rather than a common word */
    uint8_t weights[WORDING_COUNTS]; /* of a pair that is said so often; see wording_weight */
} pair_sort;

/* Pairs that fewer than rare_below messages use are rare. Errors name file and line: -EINVAL, or what opening gave. */
WJZ_MUST_CHECK int wording_load(const char *path, int64_t rare_below, wording **ret_wording, wjz_err *err);
void wording_destroy(wording **words);

/* A pair as wording_find wants it: 0 unless both are Chinese characters. Asks for what is known of it, which the near
 * caches seldom have: find it later. */
uint32_t wording_pair(const wording *words, uint32_t first, uint32_t second);
/* The sort of a pair; of 0 and of one that is not known the rarest. Never NULL. */
const pair_sort *wording_find(const wording *words, uint32_t pair);

/* What a complaint says by using such a pair so often: from 1 to WORDING_MOST_WEIGHT, in steps of 1.5 of its rarity. */
uint32_t wording_weight(const pair_sort *sort, uint32_t count);

#endif
