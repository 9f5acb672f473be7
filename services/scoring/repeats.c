/* One pass over the two sorted lists of grams gives all sums that the signs are made of: four grams against four at a
 * time, with the vectors of any processor. Most of what is compared has little in common. */
#include "scoring/repeats.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clean.h"

/* Whole numbers, so that it does not matter in which order they are added up. */
typedef struct shared {
    uint32_t all, common;      /* dot products */
    uint32_t a_common, a_rare; /* mass of a's title found in b */
    uint32_t b_common, b_rare;
    uint32_t rare, title_rare, place;
    uint32_t a_found, b_found; /* rare grams of a title */
} shared;

/* Without branches: what a gram is, is hard to foresee. */
static inline void share(shared *sum, uint32_t a, uint32_t b) {
    uint32_t x = a & GRAM_WEIGHT, y = b & GRAM_WEIGHT;
    uint32_t rare = !!((a | b) & GRAM_RARE), place = !!((a | b) & GRAM_PLACE);
    uint32_t title_a = !!(a & GRAM_TITLE), title_b = !!(b & GRAM_TITLE);
    uint32_t common = !((a | b) & (GRAM_RARE | GRAM_PLACE));
    sum->all += x * y;
    sum->common += x * y & -common;
    sum->a_common += x * x & -(common & title_a);
    sum->b_common += y * y & -(common & title_b);
    sum->a_rare += x * x & -(rare & title_a);
    sum->b_rare += y * y & -(rare & title_b);
    sum->a_found += rare & title_a;
    sum->b_found += rare & title_b;
    sum->rare += rare & !place;
    sum->title_rare += rare & !place & (title_a | title_b);
    sum->place += place;
}

enum { LANES = 4 };
typedef uint32_t grams __attribute__((vector_size(LANES * sizeof(uint32_t))));
typedef uint8_t lanes __attribute__((vector_size(LANES)));

static inline grams load(const uint32_t *items) {
    grams g;
    memcpy(&g, items, sizeof g);
    return g;
}

static inline grams turned(grams g, int by) {
    return by == 1   ? __builtin_shufflevector(g, g, 1, 2, 3, 0)
           : by == 2 ? __builtin_shufflevector(g, g, 2, 3, 0, 1)
                     : __builtin_shufflevector(g, g, 3, 0, 1, 2);
}

/* Where the two are equal, as the bytes of a number. */
static inline uint32_t equal_lanes(grams x, grams y) {
    lanes narrow = __builtin_convertvector(x == y, lanes);
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    return bits;
}

static inline void share_lanes(shared *sum, const uint32_t *a, const uint32_t *b, uint32_t equal, unsigned turn) {
    while (equal) {
        unsigned lane = (unsigned)__builtin_ctz(equal) / 8;
        share(sum, a[lane], b[(lane + turn) % LANES]);
        equal &= ~(0xFFU << lane * 8);
    }
}

static inline void share_block(shared *sum, const uint32_t *a, const uint32_t *b) {
    grams x = load(a) >> GRAM_HASH_SHIFT, y = load(b) >> GRAM_HASH_SHIFT;
    grams any = (grams)(x == y) | (grams)(x == turned(y, 1)) | (grams)(x == turned(y, 2)) | (grams)(x == turned(y, 3));
    uint64_t halves[2];
    memcpy(halves, &any, sizeof halves);
    if (!(halves[0] | halves[1])) return;
    share_lanes(sum, a, b, equal_lanes(x, y), 0);
    share_lanes(sum, a, b, equal_lanes(x, turned(y, 1)), 1);
    share_lanes(sum, a, b, equal_lanes(x, turned(y, 2)), 2);
    share_lanes(sum, a, b, equal_lanes(x, turned(y, 3)), 3);
}

static shared share_all(const matter *a, const matter *b) {
    shared sum = {0};
    const uint32_t *x = a->grams.items, *y = b->grams.items, *x_end = x + a->grams.count, *y_end = y + b->grams.count;
    while (x_end - x >= LANES && y_end - y >= LANES) {
        share_block(&sum, x, y);
        uint32_t x_last = x[LANES - 1] >> GRAM_HASH_SHIFT, y_last = y[LANES - 1] >> GRAM_HASH_SHIFT;
        x += (x_last <= y_last) * LANES;
        y += (y_last <= x_last) * LANES;
    }
    while (x < x_end && y < y_end) {
        uint32_t x_hash = *x >> GRAM_HASH_SHIFT, y_hash = *y >> GRAM_HASH_SHIFT;
        if (x_hash == y_hash) share(&sum, *x, *y);
        x += x_hash <= y_hash;
        y += y_hash <= x_hash;
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

/* log(1 + count), for the counts that nearly all pairs have from a table. */
static double log_of(uint32_t count) {
    static const double small[] = {
        0.0,
        0.6931471805599453,
        1.0986122886681096,
        1.3862943611198906,
        1.6094379124341003,
        1.791759469228055,
        1.9459101490553132,
        2.0794415416798357,
        2.1972245773362196,
        2.302585092994046,
        2.3978952727983707,
        2.4849066497880004,
        2.5649493574615367,
        2.639057329615259,
        2.70805020110221,
        2.772588722239781,
    };
    return count < WJZ_COUNT(small) ? small[count] : log1p(count);
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
    uint32_t unmatched_a = a->title_rare_count - sum.a_found, unmatched_b = b->title_rare_count - sum.b_found;
    double problem = part(sum.common, (double)a->common_norm * b->common_norm);
    bool district = share_word(&a->districts, &b->districts), places = a->names.count && b->names.count;
    bool place = places && (same_first_name(a, b) || names_place(a, b, UINT_MAX) || names_place(b, a, UINT_MAX));
    *ret_signs =
        (repeat_signs){.value = {
                           [SIGN_BASE] = 1,
                           [SIGN_WORDING] = part(sum.all, (double)a->all_norm * b->all_norm),
                           [SIGN_PROBLEM] = problem,
                           [SIGN_TITLE_NAMES] = log_of(sum.title_rare),
                           [SIGN_NAMES] = log_of(sum.rare),
                           [SIGN_PLACE_NAMES] = log_of(sum.place),
                           [SIGN_UNMATCHED] = log_of(unmatched_a < unmatched_b ? unmatched_a : unmatched_b),
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
