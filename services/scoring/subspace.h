/* What words go together: the directions in which the texts of a corpus differ most (latent semantic analysis), from
 * all texts, labelled or not. A text's position along them says what it is about even in words that no rater met. */
#ifndef SCORING_SUBSPACE_H
#define SCORING_SUBSPACE_H

#include "scoring/corpus.h"

/* directions[k * gram_count + word], k < count, the strongest first, each of length 1; positions[text * count + k] of
 * the texts. The same corpus gives the same bytes. */
typedef struct subspace {
    size_t count;
    float *directions, *positions;
} subspace;

/* At most `count` directions, fewer when there are fewer texts. -ENOMEM. */
WJZ_MUST_CHECK int subspace_find(const corpus *corpus, size_t count, subspace *ret_subspace);
void subspace_close(subspace *subspace);

#endif
