/* The n-grams that a model sees: one to three characters that stand side by side. Digits count as one, marks end an
 * n-gram, Latin letters are kept. Training and prediction walk over them here, each with its own visitor, which the
 * compiler puts into the loop. */
#ifndef SCORING_GRAMS_H
#define SCORING_GRAMS_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/normalise.h"

enum { GRAM_CHARACTERS_LIMIT = 1500 /* of a part that are read */ };

/* An n-gram's key, and its characters in the text. */
typedef void gram_visitor(void *arg, uint32_t key, uint32_t from, uint32_t to);

static inline uint32_t gram_mix(uint64_t value) {
    value *= 0x9E3779B97F4A7C15ull;
    value ^= value >> 29;
    value *= 0xBF58476D1CE4E5B9ull;
    return (uint32_t)(value >> 32);
}

/* A character as n-grams see it: 0 for a mark, '0' for any digit. */
static inline uint64_t gram_letter(uint32_t code) {
    if (code - 0x3400 < 0x6C00) return code;
    if (code - '0' < 10) return '0';
    return code - 'a' < 26 || code == '?' || code == '!' ? code : 0;
}

static inline uint32_t gram_part_end(const normal_text *text, size_t part) {
    uint32_t from = text->part_char[part], to = text->part_char[part + 1];
    return to - from < GRAM_CHARACTERS_LIMIT ? to : from + GRAM_CHARACTERS_LIMIT;
}

/* Most n-grams that a part can have. */
static inline size_t grams_most(const normal_text *text, size_t part) {
    return 3 * (size_t)(gram_part_end(text, part) - text->part_char[part]);
}

/* A walk over the n-grams of a part, some characters at a time. */
typedef struct gram_walk {
    uint64_t sort; /* keeps the n-grams of one sort of features apart from others */
    uint64_t before, before2;
    uint32_t at, to;
} gram_walk;

static inline gram_walk walk_of(const normal_text *text, size_t part, unsigned block) {
    return (gram_walk){
        .sort = (uint64_t)(block + 1) << 60, .at = text->part_char[part], .to = gram_part_end(text, part)};
}

/* Visits the n-grams that end in the next so many characters, at most three a character. */
__attribute__((always_inline)) static inline void walk_on(gram_walk *walk, const normal_text *text, uint32_t characters,
                                                          gram_visitor *visit, void *arg) {
    const uint64_t sort = walk->sort;
    uint64_t before = walk->before, before2 = walk->before2;
    uint32_t at = walk->at, to = walk->to - at < characters ? walk->to : at + characters;
    for (; at < to; at++) {
        uint64_t code = gram_letter(text->codes[at]);
        if (code == 0) {
            before = before2 = 0;
            continue;
        }
        visit(arg, gram_mix(sort | code) | 1, at, at + 1);
        if (before) visit(arg, gram_mix(sort | before << 20 | code) | 1, at - 1, at + 1);
        if (before2) visit(arg, gram_mix(sort | before2 << 40 | before << 20 | code) | 1, at - 2, at + 1);
        before2 = before;
        before = code;
    }
    walk->before = before;
    walk->before2 = before2;
    walk->at = to;
}

__attribute__((always_inline)) static inline void each_gram(const normal_text *text, size_t part, unsigned block,
                                                            gram_visitor *visit, void *arg) {
    gram_walk walk = walk_of(text, part, block);
    walk_on(&walk, text, GRAM_CHARACTERS_LIMIT, visit, arg);
}

/* How many n-grams a part has. */
static inline size_t grams_in(const normal_text *text, size_t part) {
    size_t count = 0, run = 0; /* characters side by side, up to three: as many n-grams end in the last one */
    for (uint32_t at = text->part_char[part], to = gram_part_end(text, part); at < to; at++) {
        run = gram_letter(text->codes[at]) == 0 ? 0 : run < 3 ? run + 1 : 3;
        count += run;
    }
    return count;
}

/* The value of each of so many n-grams: a long text weighs as much as a short one. */
float gram_value(size_t count);

#endif
