/* The option table. To add an option: a field in assignment_conf and a row here. */
#include "assignment/conf.h"

#include <stddef.h>

#define FIELD(name) offsetof(assignment_conf, name)

enum { SECOND = 1000, HOUR = 3600 * SECOND };

const wjz_option assignment_options[] = {
    {"routing", WJZ_CONF_TEXT, FIELD(routing), "deploy/config/routing.yaml", 0, 0, "file of routing rules"},
    {"accept_within", WJZ_CONF_DURATION, FIELD(accept_within), "8h", SECOND, 1000LL * HOUR,
     "office time to accept an assignment in; then the next person has it"},
    {"accept_within_urgent", WJZ_CONF_DURATION, FIELD(accept_within_urgent), "2h", SECOND, 1000LL * HOUR,
     "the same for urgent clues"},
    {"office_from", WJZ_CONF_INT, FIELD(office_from), "9", 0, 23, "hour at which office time begins"},
    {"office_to", WJZ_CONF_INT, FIELD(office_to), "17", 1, 24, "hour at which office time ends"},
    {"prosecutors_tried", WJZ_CONF_INT, FIELD(prosecutors_tried), "2", 1, 20,
     "prosecutors who may let an assignment lie before the branch head has it"},
    {"recusal_days", WJZ_CONF_INT, FIELD(recusal_days), "3", 1, 30, "days to decide a recusal in"},
    {"clock_every", WJZ_CONF_DURATION, FIELD(clock_every), "30s", 100, HOUR,
     "longest pause between looks for overdue acceptances"},
    {"directory_every", WJZ_CONF_DURATION, FIELD(directory_every), "10s", 100, HOUR,
     "pause between readings of directory, leave, duty and load"},
    {0},
};
