/* The nightly scan for clusters in space and time, domain by domain. */
#ifndef SCORING_SCANS_H
#define SCORING_SCANS_H

#include "scoring/rounds.h"

WJZ_MUST_CHECK int scans_round(round_lease *round, wjz_err *err);

#endif
