/* How loud each column is in the problem of one output, before regularisation makes all that is rare equally quiet:
 * by what a column's entries are multiplied, and after fitting its weight. Pure. */
#ifndef SCORING_LEARN_LOUDNESS_H
#define SCORING_LEARN_LOUDNESS_H

#include <linear.h>
#include <stddef.h>

#include "wjz/err.h"

/* Multiplies the first `count` columns, which are n-grams, by the root of their t statistic with the outcome (at least
 * a small part of it), so that those which tell much are shrunk less; together they keep their length. A soft choice of
 * words as log-count ratios are one (Wang & Manning 2012, "Baselines and Bigrams"). -ENOMEM. */
WJZ_MUST_CHECK int loudness_of_telling(const struct problem *rows, size_t count, double *factors);

/* Gives a column the spread `part`; one without any keeps its factor. */
void loudness_to_spread(const struct problem *rows, size_t column, double part, double *factors);

/* Rows multiplied by the factors, in one block that the caller frees; x of ret_rows is a block of its own. -ENOMEM. */
WJZ_MUST_CHECK int loudness_apply(const struct problem *rows, const double *factors, struct problem *ret_rows,
                                  struct feature_node **ret_nodes);

#endif
