/* Rules in memory: between the reader (routing_rules.c) and the one who applies them (routing.c). */
#ifndef WJZ_ASSIGNMENT_ROUTING_RULES_H
#define WJZ_ASSIGNMENT_ROUTING_RULES_H

#include "assignment/routing.h"

typedef struct texts {
    const char **items;
    size_t count;
} texts;

typedef struct numbers {
    int64_t *items;
    size_t count;
} numbers;

typedef enum tristate { ANY, NO, YES } tristate;

/* Empty conditions hold for every clue; a list holds when one of its items does. */
typedef struct rule {
    int number, line;
    const char *name;
    numbers region, report_region, town, village;
    texts place, subject; /* any of them is part of the clue's text */
    texts branch, domain, feed;
    int stars_from, stars_to;
    tristate mediation, place_known; /* place_known: report_region is not 0 */
    const char *organ, *consult, *station, *set_branch;
} rule;

typedef struct county {
    int32_t region;
    const char *organ;
} county;

typedef struct expectation {
    int line;
    clue told;
    const char *organ, *consult, *station,
        *branch; /* NULL: not asked for; "none" for consult and station: must be absent */
} expectation;

struct routing {
    wjz_arena *arena; /* owns all */
    rule *rules;
    size_t rule_count;
    county *counties;
    size_t county_count;
    expectation *expectations;
    size_t expectation_count;
};

/* Results of an organ that are looked up instead of named. */
#define ORGAN_BY_PLACE "by_place"   /* counties[report_region] */
#define ORGAN_BY_FEED "by_feed"     /* the feed's own organ, from the directory */
#define ORGAN_BY_REGION "by_region" /* counties[region] */

#endif
