/* Tells whom it concerns that a watch has reached its threshold, once each time. */
#ifndef SCORING_ALARMS_H
#define SCORING_ALARMS_H

#include "scoring/rounds.h"

WJZ_MUST_CHECK int alarms_round(round_lease *round, wjz_err *err);

#endif
