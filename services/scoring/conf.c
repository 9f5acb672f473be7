/* The option table. To add an option: a field in scoring_conf and a row here. */
#include "scoring/conf.h"

#include <stddef.h>

enum { HOUR = 3600 * 1000, DAY = 24 * HOUR }; /* milliseconds */

#define FIELD(name) offsetof(scoring_conf, name)

const wjz_option scoring_options[] = {
    {"rules_dir", WJZ_CONF_TEXT, FIELD(rules_dir), "deploy/rules", 0, 0, "folder of the rule pack"},
    {"gazetteer_dir", WJZ_CONF_TEXT, FIELD(gazetteer_dir), "deploy/gazetteer", 0, 0, "folder of known places"},
    {"repeats_dir", WJZ_CONF_TEXT, FIELD(repeats_dir), "deploy/repeats", 0, 0,
     "folder of what decides whether complaints are one matter"},
    {"warnings_file", WJZ_CONF_TEXT, FIELD(warnings_file), "deploy/config/warnings.yaml", 0, 0,
     "when an area is worth a warning, and to whom it goes"},
    {"rounds_every", WJZ_CONF_DURATION, FIELD(rounds_every), "2s", 100, HOUR,
     "how often to look for rounds that are due"},
    {"alarms_every", WJZ_CONF_DURATION, FIELD(alarms_every), "5s", 100, HOUR,
     "how often watches are looked at for alarms"},
    {"warnings_every", WJZ_CONF_DURATION, FIELD(warnings_every), "1m", 100, DAY,
     "how often area warnings are worked out when complaints have come"},
    {"warnings_at_least", WJZ_CONF_DURATION, FIELD(warnings_at_least), "1h", 100, DAY,
     "how often area warnings are worked out even so: time passes, too"},
    {"digests_at", WJZ_CONF_DURATION, FIELD(digests_at), "450m", 0, DAY - 1, "time of day of digests, since midnight"},
    {"penalties_at", WJZ_CONF_DURATION, FIELD(penalties_at), "60m", 0, DAY - 1,
     "time of day at which penalties that have become overdue are looked for, since midnight"},
    {"scan_at", WJZ_CONF_DURATION, FIELD(scan_at), "150m", 0, DAY - 1,
     "time of day of the space-time scan, since midnight"},
    {"scan_days", WJZ_CONF_INT, FIELD(scan_days), "180", 2, 3660, "days of clues that a scan looks at"},
    {"scan_window", WJZ_CONF_INT, FIELD(scan_window), "60", 1, 90,
     "longest window of a cluster in days, at most half of scan_days"},
    {"scan_permutations", WJZ_CONF_INT, FIELD(scan_permutations), "999", 19, 99999,
     "shuffles that a cluster's p-value comes from"},
    {0},
};
