/* Options of the scoring service. */
#ifndef SCORING_CONF_H
#define SCORING_CONF_H

#include "wjz/service.h"

typedef struct scoring_conf {
    wjz_service_conf common; /* first, see wjz/service.h */
    char *rules_dir, *gazetteer_dir, *repeats_dir;
} scoring_conf;

extern const wjz_option scoring_options[];

#endif
