/* FindSimilar → SimilarClues. */
#ifndef SCORING_SIMILAR_REQUEST_H
#define SCORING_SIMILAR_REQUEST_H

#include "wjz/bus.h"

int on_find_similar(wjz_call *call, void *state, wjz_err *err);

#endif
