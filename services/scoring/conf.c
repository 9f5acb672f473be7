/* The option table. To add an option: a field in scoring_conf and a row here. */
#include "scoring/conf.h"

#include <stddef.h>

#define FIELD(name) offsetof(scoring_conf, name)

const wjz_option scoring_options[] = {
    {"rules_dir", WJZ_CONF_TEXT, FIELD(rules_dir), "deploy/rules", 0, 0, "folder of the rule pack"},
    {"gazetteer_dir", WJZ_CONF_TEXT, FIELD(gazetteer_dir), "deploy/gazetteer", 0, 0, "folder of known places"},
    {"repeats_dir", WJZ_CONF_TEXT, FIELD(repeats_dir), "deploy/repeats", 0, 0,
     "folder of what decides whether complaints are one matter"},
    {0},
};
