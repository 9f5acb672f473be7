/* A rule pack: what operators and prosecutors teach the scorer, as data in deploy/rules, checked when loaded, compiled
 * once, matched in one pass. */
#ifndef SCORING_RULES_H
#define SCORING_RULES_H

#include "wjz/err.h"

typedef struct rule_pack rule_pack;

/* Every .yaml of the folder makes one pack. Errors name file and line: -EINVAL, or what opening gave. */
WJZ_MUST_CHECK int rule_pack_load(const char *dir, rule_pack **ret_pack, wjz_err *err);
void rule_pack_destroy(rule_pack **pack);
const char *rule_pack_version(const rule_pack *pack);

/* `check-rules DIR`: prints a summary to stdout and returns 0, or prints the error to stderr and returns 1. */
int rules_check_command(const char *dir);

#endif
