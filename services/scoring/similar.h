/* Earlier clues like a given one: of the same domain, found by the same rules, told in the same words. Where it
 * happened counts little: what is asked is how such matters went. Pure. */
#ifndef SCORING_SIMILAR_H
#define SCORING_SIMILAR_H

#include <stddef.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "scoring/matter.h"

/* A clue as its first complaint tells it. */
typedef struct similar_profile {
    int64_t clue;
    const char *domain, *branch, *subject; /* subject "": not known */
    uint32_t town;                         /* 0: not known */
    const Wjz__Scoring__Finding *finding;
    const matter *matter;
} similar_profile;

typedef enum similar_part {
    SIMILAR_DOMAIN, /* the branch where neither has a domain */
    SIMILAR_RULES,
    SIMILAR_WORDS,
    SIMILAR_SUBJECT,
    SIMILAR_TOWN,
    SIMILAR_PARTS
} similar_part;

enum { SIMILAR_RULES_TOLD = 3 };

typedef struct similar_verdict {
    int64_t clue;
    double similarity; /* 0–1, the sum of the parts */
    double parts[SIMILAR_PARTS];
    size_t shared_words;                   /* pairs of characters */
    const char *rules[SIMILAR_RULES_TOLD]; /* shared ones, NULL after the last; the profile's */
} similar_verdict;

similar_verdict similar_compare(const similar_profile *asked, const similar_profile *other);
/* Most similar first, equal ones by number: for qsort. */
int similar_order(const void *a, const void *b);

#endif
