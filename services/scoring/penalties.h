/* Penalties whose time to pay passes bring no message: every night what is overdue since the last one has the matters
 * of its subjects scored again, so that their cards name it. */
#ifndef SCORING_PENALTIES_H
#define SCORING_PENALTIES_H

#include "scoring/rounds.h"

/* round->seen: the last day whose penalties were looked at. */
WJZ_MUST_CHECK int penalties_round(round_lease *round, wjz_err *err);

#endif
