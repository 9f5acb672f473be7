/* One pass over the two sorted lists of grams gives all sums that the signs are made of. */
#include "scoring/repeats.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct shared {
    double all, common;      /* dot products */
    double a_common, a_rare; /* mass of a's title found in b */
    double b_common, b_rare;
    unsigned rare, title_rare, place;
    unsigned a_found, b_found; /* rare grams of a title */
} shared;

static void share(shared *sum, uint32_t a, uint32_t b) {
    double x = a & GRAM_WEIGHT, y = b & GRAM_WEIGHT;
    sum->all += x * y;
    if (!((a | b) & (GRAM_RARE | GRAM_PLACE))) {
        sum->common += x * y;
        if (a & GRAM_TITLE) sum->a_common += x * x;
        if (b & GRAM_TITLE) sum->b_common += y * y;
    } else if (!(a & GRAM_RARE)) {
        sum->place++; /* a place of common words */
    } else {
        if ((a | b) & GRAM_PLACE)
            sum->place++;
        else
            sum->rare++;
        if (((a | b) & GRAM_TITLE) && !((a | b) & GRAM_PLACE)) sum->title_rare++;
        if (a & GRAM_TITLE) sum->a_found++;
        if (b & GRAM_TITLE) sum->b_found++;
        if (a & GRAM_TITLE) sum->a_rare += x * x;
        if (b & GRAM_TITLE) sum->b_rare += y * y;
    }
}

static shared share_all(const matter *a, const matter *b) {
    shared sum = {0};
    for (uint16_t i = 0, j = 0; i < a->grams.count && j < b->grams.count;) {
        uint32_t x = a->grams.items[i] >> GRAM_HASH_SHIFT, y = b->grams.items[j] >> GRAM_HASH_SHIFT;
        if (x == y) share(&sum, a->grams.items[i], b->grams.items[j]);
        i = (uint16_t)(i + (x <= y));
        j = (uint16_t)(j + (y <= x));
    }
    return sum;
}

/* Whether two sorted lists have a word in common. */
static bool share_word(const word_list *a, const word_list *b) {
    for (uint16_t i = 0, j = 0; i < a->count && j < b->count;) {
        if (a->items[i] == b->items[j]) return true;
        if (a->items[i] < b->items[j])
            i++;
        else
            j++;
    }
    return false;
}

static bool has_gram(const matter *m, uint32_t hash) {
    uint16_t low = 0, high = m->grams.count;
    while (low < high) {
        uint16_t middle = (uint16_t)((low + high) / 2);
        if (m->grams.items[middle] >> GRAM_HASH_SHIFT < hash)
            low = (uint16_t)(middle + 1);
        else
            high = middle;
    }
    return low < m->grams.count && m->grams.items[low] >> GRAM_HASH_SHIFT == hash;
}

/* A name's pairs are not among the others where they belong to a district as well. */
static bool names_gram(const matter *m, uint32_t hash) {
    for (uint16_t i = 0; i < m->names.count; i++) {
        if (m->names.items[i] >> 1 == hash) return true;
    }
    return false;
}

/* Whether the first names of both are the same: the most that such pairs need. */
static bool same_first_name(const matter *a, const matter *b) {
    for (uint16_t i = 0; i < a->names.count && i < b->names.count; i++) {
        if (a->names.items[i] != b->names.items[i]) return false;
        if (a->names.items[i] & 1) return true;
    }
    return false;
}

/* Whether one of a's names, of the first `most` ones, stands in b, all of it. */
static bool names_place(const matter *a, const matter *b, unsigned most) {
    bool whole = true;
    for (uint16_t i = 0; i < a->names.count && most; i++) {
        uint32_t hash = a->names.items[i] >> 1;
        whole = whole && (names_gram(b, hash) || has_gram(b, hash));
        if (!(a->names.items[i] & 1)) continue;
        if (whole) return true;
        whole = true;
        most--;
    }
    return false;
}

static double part(double of, double whole) {
    return whole > 0 ? of / whole : 0;
}

static bool other_address(const matter *a, const matter *b) {
    return a->has_address && b->has_address && !same_first_name(a, b) && !names_place(a, b, 1) && !names_place(b, a, 1);
}

static bool other_town(const matter *a, const matter *b) {
    return a->town && b->town && a->town != b->town;
}

static bool platform_says(const matter *a, const matter *b) {
    return (a->parent && a->parent == b->self) || (b->parent && b->parent == a->self);
}

/* From 0 to 1, the less the two say in common words: alike in so little, they are different troubles of one place. */
static double other_problem(double problem, double title_problem) {
    static const double enough = 0.4, cosine_to_part = 2.5; /* as seen on judged pairs */
    return fmax(0, 1 - fmax(title_problem, cosine_to_part * problem) / enough);
}

void repeats_measure(const matter *a, const matter *b, repeat_signs *ret_signs) {
    shared sum = share_all(a, b);
    double common_a = part(sum.a_common, a->title_common), common_b = part(sum.b_common, b->title_common);
    double rare_a = part(sum.a_rare, a->title_rare), rare_b = part(sum.b_rare, b->title_rare);
    double problem = part(sum.common, (double)a->common_norm * b->common_norm);
    bool district = share_word(&a->districts, &b->districts), places = a->names.count && b->names.count;
    bool place = places && (same_first_name(a, b) || names_place(a, b, UINT_MAX) || names_place(b, a, UINT_MAX));
    *ret_signs = (repeat_signs){
        .value = {
            [SIGN_BASE] = 1,
            [SIGN_WORDING] = part(sum.all, (double)a->all_norm * b->all_norm),
            [SIGN_PROBLEM] = problem,
            [SIGN_TITLE_NAMES] = log1p(sum.title_rare),
            [SIGN_NAMES] = log1p(sum.rare),
            [SIGN_PLACE_NAMES] = log1p(sum.place),
            [SIGN_UNMATCHED] = log1p(fmin(a->title_rare_count - sum.a_found, b->title_rare_count - sum.b_found)),
            [SIGN_TITLE_PROBLEM] = fmax(common_a, common_b),
            [SIGN_BOTH_TITLES] = fmin(common_a, common_b),
            [SIGN_TITLE_SUBJECT] = fmax(rare_a, rare_b),
            [SIGN_OTHER_PROBLEM] = other_problem(problem, fmax(common_a, common_b)),
            [SIGN_OTHER_DISTRICT] = a->districts.count && b->districts.count && !district,
            [SIGN_SAME_DISTRICT] = district,
            [SIGN_OTHER_TOWN] = other_town(a, b),
            [SIGN_OTHER_PLACE] = places && !place,
            [SIGN_OTHER_ADDRESS] = other_address(a, b),
            [SIGN_OTHER_UNIT] = a->units.count && b->units.count && !share_word(&a->units, &b->units),
            [SIGN_SAME_PLACE] = place,
            [SIGN_SAME_WRITER] = a->reporter && a->reporter == b->reporter,
            [SIGN_PLATFORM_SAYS] = platform_says(a, b),
        }};
}

/* Such a weight decides alone; no need to measure the rest. */
static const double decisive = -20;

bool repeats_where_decides(const repeat_rules *rules) {
    const double *weights = repeat_rules_weights(rules);
    return weights[SIGN_OTHER_TOWN] <= decisive && weights[SIGN_OTHER_ADDRESS] <= decisive;
}

double repeats_weigh(const repeat_rules *rules, const matter *a, const matter *b) {
    const double *weights = repeat_rules_weights(rules);
    if (a->received_at_us && b->received_at_us &&
        llabs(a->received_at_us - b->received_at_us) > repeat_rules_window_us(rules))
        return -INFINITY;
    if (!platform_says(a, b)) {
        if (weights[SIGN_OTHER_TOWN] <= decisive && other_town(a, b)) return weights[SIGN_OTHER_TOWN];
        if (weights[SIGN_OTHER_ADDRESS] <= decisive && other_address(a, b)) return weights[SIGN_OTHER_ADDRESS];
    }
    repeat_signs signs;
    repeats_measure(a, b, &signs);
    double sum = 0;
    for (int i = 0; i < SIGN_COUNT; i++)
        sum += weights[i] * signs.value[i];
    return sum;
}
