/* Options of the scoring service. */
#ifndef SCORING_CONF_H
#define SCORING_CONF_H

#include "wjz/service.h"

typedef struct scoring_conf {
    wjz_service_conf common; /* first, see wjz/service.h */
    char *rules_dir, *gazetteer_dir, *repeats_dir, *warnings_file;
    int64_t rounds_every, alarms_every, warnings_every, warnings_at_least, digests_at, penalties_at, scan_at; /* milliseconds */
    int64_t scan_days, scan_window, scan_permutations;
} scoring_conf;

extern const wjz_option scoring_options[];

#endif
