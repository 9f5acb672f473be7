/* What pairs of complaints weighed when they were last compared: a neighbourhood is partitioned anew whenever one joins
 * it, and most of its pairs are the same as before. A bounded table where a newcomer displaces whoever has its place.
 * It changes no result, because a weight is kept for the very states of the two that it was measured on. */
#ifndef SCORING_PAIR_MEMO_H
#define SCORING_PAIR_MEMO_H

#include "scoring/matter.h"
#include "scoring/repeats_rules.h"
#include "wjz/clean.h"

typedef struct pair_memo pair_memo;

/* For pairs that are weighed by one set of rules. -ENOMEM. */
WJZ_MUST_CHECK int pair_memo_new(pair_memo **ret_memo);
void pair_memo_destroy(pair_memo **memo);

/* As repeats_weigh. The digests of both say their state (matter.h). memo may be NULL. */
double pair_memo_weigh(pair_memo *memo, const repeat_rules *rules, const matter *a, const matter *b);

/* Starts to fetch what remembers the pair. */
void pair_memo_fetch(const pair_memo *memo, const matter *a, const matter *b);

#endif
