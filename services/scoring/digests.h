/* Saved searches as digests: what came that fits, once a day or a week, to the person who saved it. */
#ifndef SCORING_DIGESTS_H
#define SCORING_DIGESTS_H

#include "scoring/rounds.h"

WJZ_MUST_CHECK int digests_round(round_lease *round, wjz_err *err);

#endif
