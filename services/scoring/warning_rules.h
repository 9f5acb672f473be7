/* When an area is worth a warning, and to whom it goes: data with days from and to which it holds
 * (deploy/config/warnings.yaml; domain.md 3.4). */
#ifndef SCORING_WARNING_RULES_H
#define SCORING_WARNING_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/area.h"
#include "wjz/err.h"

enum { WARNING_LEVELS = 3 };

typedef enum warning_reason {
    REASON_CLUES,      /* so many clues in the area and domain */
    REASON_REPEATED,   /* one that was reported so often */
    REASON_RECURRENCE, /* it is back after a closed recommendation */
    REASON_COUNT
} warning_reason;
extern const char *const warning_reason_names[REASON_COUNT];

typedef struct warning_rule {
    int level;
    warning_reason reason;
    int least;      /* clues; repeats of one clue */
    int stars;      /* the least a clue must have, without the points of a warning */
    int days;       /* reported within */
    int after_days; /* recurrence: within so many days after the recommendation was closed */
    bool units[AREA_KINDS];
    int32_t from_day, to_day; /* the rule holds */
} warning_rule;

typedef struct warning_addressee {
    int32_t region;     /* 0: any */
    const char *domain; /* NULL: any */
    const char *department, *superior;
    int32_t from_day, to_day;
} warning_addressee;

typedef struct warning_rules {
    const warning_rule *rules;
    size_t rule_count;
    const warning_addressee *addressees;
    size_t addressee_count;
    int most_days; /* the longest window */
} warning_rules;

/* Errors name file and line: -EINVAL, or what opening gave. */
WJZ_MUST_CHECK int warning_rules_load(const char *path, warning_rules **ret_rules, wjz_err *err);
WJZ_MUST_CHECK int warning_rules_parse(const char *name, const char *text, size_t length, warning_rules **ret_rules,
                                       wjz_err *err);
void warning_rules_destroy(warning_rules **rules);

/* The first that fits on that day; NULL: nobody is named. */
const warning_addressee *warning_addressee_of(const warning_rules *rules, int32_t region, const char *domain,
                                              int32_t day);

/* `check-warnings FILE`: prints a summary to stdout and returns 0, or prints the error to stderr and returns 1. */
int warning_rules_check(const char *path);

#endif
