/* Which pairs of characters to keep: each is weighed by how rare it is in complaints and how often this one says it. */
#include "scoring/matter_parts.h"

static uint32_t weighed(const reader *in, const counted *gram) {
    const pair_sort *sort = wording_find(in->wording, gram->pair);
    return gram->hash << GRAM_HASH_SHIFT | gram->marks | (sort->rare ? GRAM_RARE : 0) |
           wording_weight(sort, gram->count);
}

/* The slots have the order of the hashes but for a few that were taken before. */
uint32_t matter_list_grams(const reader *in, uint32_t *grams) {
    uint32_t count = 0;
    for (uint32_t word = 0; word < in->slots / 64; word++)
        for (uint64_t left = in->taken[word]; left; left &= left - 1) {
            const counted *gram = &in->grams[in->table[word * 64 + (uint32_t)__builtin_ctzll(left)]];
            if (gram->count) put_sorted(grams, count++, weighed(in, gram));
        }
    return count;
}

void matter_order_by_weight(const uint32_t *grams, uint32_t count, uint32_t *ret_ordered) {
    uint32_t at[GRAM_WEIGHT + 1] = {0}, before = 0;
    for (uint32_t i = 0; i < count; i++)
        at[grams[i] & GRAM_WEIGHT]++;
    for (int weight = GRAM_WEIGHT; weight >= 0; weight--) {
        uint32_t same = at[weight];
        at[weight] = before;
        before += same;
    }
    for (uint32_t i = 0; i < count; i++)
        ret_ordered[at[grams[i] & GRAM_WEIGHT]++] = grams[i];
}

/* A gram's place in that order, as a number. */
static uint32_t rank_of(uint32_t gram) {
    return (GRAM_WEIGHT - (gram & GRAM_WEIGHT)) << 28 | gram >> 4;
}

uint16_t matter_choose_grams(const uint32_t *grams, const uint32_t *ordered, uint32_t count, uint32_t *ret_grams) {
    uint32_t named = 0, to = count ? rank_of(ordered[(count < MATTER_GRAMS ? count : MATTER_GRAMS) - 1]) : 0;
    uint32_t named_to = to;
    for (uint32_t i = MATTER_GRAMS; i < count && named < MATTER_NAMED_GRAMS; i++) {
        if (!(ordered[i] & (GRAM_TITLE | GRAM_PLACE))) continue;
        named_to = rank_of(ordered[i]);
        named++;
    }
    uint16_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool is_named = grams[i] & (GRAM_TITLE | GRAM_PLACE);
        ret_grams[kept] = grams[i];
        kept += rank_of(grams[i]) <= (is_named ? named_to : to);
    }
    return kept;
}
