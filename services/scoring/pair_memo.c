/* See pair_memo.h. */
#include "scoring/pair_memo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "scoring/large.h"
#include "scoring/repeats.h"

enum { PLACE_BITS = 18 };

typedef struct place {
    uint64_t low, high; /* selves, in this order; 0: empty */
    uint32_t low_digest, high_digest;
    double weight;
} place;

struct pair_memo {
    place *places;
};

int pair_memo_new(pair_memo **ret_memo) {
    pair_memo *memo = calloc(1, sizeof *memo);
    if (memo) memo->places = table_calloc(sizeof *memo->places << PLACE_BITS);
    if (!memo || !memo->places) {
        pair_memo_destroy(&memo);
        return -ENOMEM;
    }
    *ret_memo = memo;
    return 0;
}

void pair_memo_destroy(pair_memo **memo) {
    if (!memo || !*memo) return;
    free((*memo)->places);
    free(*memo);
    *memo = NULL;
}

/* Selves are hashes already. */
static place *place_of(const pair_memo *memo, const matter *low, const matter *high) {
    return &memo->places[(low->self * 0x9E3779B97F4A7C15U + high->self) >> (64 - PLACE_BITS)];
}

static bool is_lower(const matter *a, const matter *b) {
    return a->self < b->self;
}

void pair_memo_fetch(const pair_memo *memo, const matter *a, const matter *b) {
    if (memo) __builtin_prefetch(is_lower(a, b) ? place_of(memo, a, b) : place_of(memo, b, a), 1);
}

double pair_memo_weigh(pair_memo *memo, const repeat_rules *rules, const matter *a, const matter *b) {
    if (!memo) return repeats_weigh(rules, a, b);
    const matter *low = is_lower(a, b) ? a : b, *high = low == a ? b : a;
    place *at = place_of(memo, low, high);
    if (at->low != low->self || at->high != high->self || at->low_digest != low->digest ||
        at->high_digest != high->digest)
        *at = (place){low->self, high->self, low->digest, high->digest, repeats_weigh(rules, low, high)};
    return at->weight;
}
