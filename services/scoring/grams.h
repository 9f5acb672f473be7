/* The n-grams that a model sees: one to three characters that stand side by side. Digits count as one, marks end an
 * n-gram, Latin letters are kept. Training and prediction visit them here, each with its own visitor, which the
 * compiler puts into the loop. */
#ifndef SCORING_GRAMS_H
#define SCORING_GRAMS_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/normalise.h"

enum { GRAM_CHARACTERS_LIMIT = 1500 /* of a part that are read */ };

static inline uint64_t gram_product(uint64_t value) {
    return value * 0x9E3779B97F4A7C15ull;
}

static inline uint32_t gram_mixed(uint64_t product) {
    product ^= product >> 29;
    product *= 0xBF58476D1CE4E5B9ull;
    return (uint32_t)(product >> 32);
}

static inline uint32_t gram_mix(uint64_t value) {
    return gram_mixed(gram_product(value));
}

/* A character as n-grams see it: 0 for a mark, '0' for any digit. */
static inline uint16_t gram_letter(uint32_t code) {
    uint32_t kept = code - 0x3400 < 0x6C00 || code - 'a' < 26 || code == '?' || code == '!' ? code : 0;
    return (uint16_t)(code - '0' < 10 ? '0' : kept);
}

static inline uint32_t gram_part_end(const normal_text *text, size_t part) {
    uint32_t from = text->part_char[part], to = text->part_char[part + 1];
    return to - from < GRAM_CHARACTERS_LIMIT ? to : from + GRAM_CHARACTERS_LIMIT;
}

/* Most n-grams that a part can have. */
static inline size_t grams_most(const normal_text *text, size_t part) {
    return 3 * (size_t)(gram_part_end(text, part) - text->part_char[part]);
}

enum { GRAMS_LIMIT = 3 * GRAM_CHARACTERS_LIMIT /* of a part */ };

/* The characters of a part as n-grams see them, and the runs of those that stand side by side: from behind a mark up to
 * the next. */
typedef struct gram_letters {
    uint16_t list[GRAM_CHARACTERS_LIMIT + 1];
    uint16_t marks[GRAM_CHARACTERS_LIMIT + 1]; /* where in the list there is one; one more at its end */
    uint32_t mark_count;
    uint32_t first; /* character of the text that the first one is */
} gram_letters;

/* Returns how many n-grams the part has. */
static inline size_t gram_letters_of(const normal_text *text, size_t part, gram_letters *ret_letters) {
    const uint32_t first = text->part_char[part], count = gram_part_end(text, part) - first;
    uint32_t marks = 0;
    size_t grams = 0;
    for (uint32_t i = 0; i < count; i++) { /* where a mark stands is chance: nothing branches on it */
        uint16_t letter = gram_letter(text->codes[first + i]);
        ret_letters->list[i] = letter;
        ret_letters->marks[marks] = (uint16_t)i;
        marks += letter == 0;
    }
    ret_letters->list[count] = 0;
    ret_letters->marks[marks++] = (uint16_t)count;
    for (uint32_t i = 0, from = 0; i < marks; from = ret_letters->marks[i++] + 1) {
        uint32_t run = ret_letters->marks[i] - from;
        grams += run < 3 ? run * (run + 1) / 2 : 3 * run - 3;
    }
    ret_letters->mark_count = marks;
    ret_letters->first = first;
    return grams;
}

/* An n-gram's key, and its characters in the text: so many up to `to`. */
typedef void gram_visitor(void *arg, uint32_t key, uint32_t to, uint32_t length);

/* Visits each in the order of their ends, shorter ones first. Its key mixes the sort of feature, which keeps the
 * n-grams of one sort apart from those of others, and its characters, in bits of their own; so the product that mixing
 * begins with is the sum of theirs, and each is multiplied once. */
__attribute__((always_inline)) static inline void each_gram(const gram_letters *letters, unsigned block,
                                                            gram_visitor *visit, void *arg) {
    const uint64_t sort = gram_product((uint64_t)(block + 1) << 60);
    for (uint32_t i = 0, at = 0; i < letters->mark_count; i++, at++) {
        uint64_t before = 0, before2 = 0; /* products: of a character never 0 */
        for (const uint32_t end = letters->marks[i]; at < end; at++) {
            uint64_t letter = gram_product(letters->list[at]), key = sort + letter;
            uint32_t to = letters->first + at + 1;
            visit(arg, gram_mixed(key) | 1, to, 1);
            key += before << 20;
            if (before) visit(arg, gram_mixed(key) | 1, to, 2);
            key += before2 << 40;
            if (before2) visit(arg, gram_mixed(key) | 1, to, 3);
            before2 = before;
            before = letter;
        }
    }
}

/* The value of each of so many n-grams: a long text weighs as much as a short one. */
float gram_value(size_t count);

#endif
