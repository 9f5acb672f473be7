/* Watch lists (重点舆情): which complaints an administrator wants to hear of. All watches of a region are matched in
 * one pass over the text as it was normalised for the rules. Pure: a hit is a function of the complaint and the watch.
 */
#ifndef SCORING_WATCHES_H
#define SCORING_WATCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "scoring/normalise.h"
#include "wjz/arena.h"
#include "wjz/err.h"

enum { WATCH_WORDS = 200, WATCH_WORD_BYTES = 200 };

typedef struct watch_texts {
    const char *const *items;
    size_t count;
} watch_texts;

/* A complaint hits it when it has one of the words, branches, domains and towns; an empty list admits everything. */
typedef struct watch {
    int64_t id;
    int32_t from_day, to_day; /* of the report, both included; INT32_MAX: open */
    watch_texts words, branches, domains;
    const int64_t *towns;
    size_t town_count;
} watch;

typedef struct watch_set watch_set;

/* Copies the watches. Words are brought into the form of texts; one that has nothing left then is never found.
 * -ENOMEM, -EINVAL when the words cannot be compiled. */
WJZ_MUST_CHECK int watch_set_new(const watch *watches, size_t count, watch_set **ret_set, wjz_err *err);
void watch_set_destroy(watch_set **set);
size_t watch_set_count(const watch_set *set); /* 0 for NULL */
/* Their numbers, in the order they were given. */
const int64_t *watch_set_ids(const watch_set *set);

typedef struct watch_hit {
    int64_t complaint, watch, at_us;
    bool dated;              /* at_us is the time of report; else the time it came */
    Wjz__Scoring__Span span; /* of the first of the words; field 0 when the watch has none */
    const char *word;        /* as the watch has it; "" */
} watch_hit;

/* The text, whose last part is the agency's reply (not looked at), and what was found in it. Hits live in the arena, in
 * the order of the watches; their words are the set's. */
WJZ_MUST_CHECK int watch_set_match(watch_set *set, int64_t complaint, const normal_text *text,
                                   const Wjz__Scoring__Finding *finding, wjz_arena *arena, watch_hit **ret_hits,
                                   size_t *ret_count);

#endif
