/* Whether two complaints are one matter: signs that speak for it and against it are measured, weighed and added up, so
 * that the decision can be shown line by line. Pure and symmetric. */
#ifndef SCORING_REPEATS_H
#define SCORING_REPEATS_H

#include <stdbool.h>

#include "scoring/matter.h"
#include "scoring/repeats_rules.h"

/* What was measured on a pair; SIGN_BASE is always 1. */
typedef struct repeat_signs {
    double value[SIGN_COUNT];
} repeat_signs;

void repeats_measure(const matter *a, const matter *b, repeat_signs *ret_signs);
/* Above 0: one matter; its size says how sure. -INFINITY when they are too far apart in time. */
double repeats_weigh(const repeat_rules *rules, const matter *a, const matter *b);

/* Whether two complaints that are known to be in different towns or at different addresses are no matter, unless the platform
 * says so: then they need not be compared. */
bool repeats_where_decides(const repeat_rules *rules);

#endif
