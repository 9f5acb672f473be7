/* From a corpus to a model: one logistic model for each class against the rest, one regression for the value, both on
 * words and on what words go together; what was learned of the latter is handed back to the words, so that prediction
 * adds up one row a word and every point can be shown in words. */
#ifndef SCORING_LEARN_H
#define SCORING_LEARN_H

#include "scoring/corpus.h"

typedef struct learner learner;

/* The corpus is weighed, has labels, and is borrowed. */
WJZ_MUST_CHECK int learner_new(const corpus *corpus, learner **ret_learner, wjz_err *err);
void learner_destroy(learner **learner);

/* Folds are by a text's name, so that they stay when texts are added. */
int learner_fold(const complaint *text, int folds);

/* A model file (model.h) from the labels of all texts but those of fold `without` of `folds` (-1: of all texts). The
 * caller frees it. The same corpus gives the same bytes. */
WJZ_MUST_CHECK int learner_make(const learner *learner, int folds, int without, char **ret_bytes, size_t *ret_length,
                                wjz_err *err);

#endif
