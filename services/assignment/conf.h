/* Options of the assignment service. */
#ifndef WJZ_ASSIGNMENT_CONF_H
#define WJZ_ASSIGNMENT_CONF_H

#include "wjz/service.h"

typedef struct assignment_conf {
    wjz_service_conf common; /* first, see wjz/service.h */
    char *routing;
    int64_t accept_within, accept_within_urgent; /* milliseconds of office time */
    int64_t office_from, office_to;
    int64_t prosecutors_tried;
    int64_t recusal_days;
    int64_t clock_every, directory_every; /* milliseconds */
} assignment_conf;

extern const wjz_option assignment_options[];

#endif
