/* Which areas are worth a warning, by what clues, and how that compares with the time before. Pure: a function of the
 * set of clues, the rules and the moment, whatever order the clues come in. */
#ifndef SCORING_WARN_H
#define SCORING_WARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/area.h"
#include "scoring/warning_rules.h"
#include "wjz/arena.h"

enum { WARN_CLUES = 200 /* that a warning lists, the worthiest first */ };

typedef struct warn_place {
    uint32_t town; /* 0: not known, as for village */
    uint64_t village;
    bool has_position;
    double longitude, latitude;
} warn_place;

typedef struct warn_clue {
    int64_t id;
    warn_place place;
    const char *domain;
    int own_stars, repeat_count;
    double index;
    int64_t last_report_us; /* 0: not known: it is counted apart */
} warn_clue;

/* A closed recommendation. */
typedef struct warn_recommended {
    warn_place place;
    const char *domain;
    int64_t at_us;
} warn_recommended;

typedef struct warn_grid {
    const char *code, *name;
    bool warned; /* micro or dedicated: a unit of warnings; a general one only counts households */
    uint64_t village;
    int64_t households; /* 0: not known */
    area_outline outline;
} warn_grid;

/* What a person cleared is not warned of again by the same clues. */
typedef struct warn_cleared {
    area_kind kind;
    const char *unit, *domain;
    int64_t at_us;
} warn_cleared;

typedef struct warn_input {
    const warn_clue *clues;
    size_t clue_count;
    const warn_recommended *recommended;
    size_t recommended_count;
    const warn_grid *grids;
    size_t grid_count;
    const warn_cleared *cleared;
    size_t cleared_count;
    int64_t now_us;
} warn_input;

typedef struct warn_found {
    area_kind kind;
    const char *unit, *domain; /* unit: its code */
    int level;
    warning_reason reason;
    int least, days;        /* of the rule */
    size_t count, previous; /* clues in the window, and in the one before */
    size_t undated;
    double per_thousand; /* clues per 1,000 households, 0: their number is not known */
    int64_t *clues;
    size_t clue_count; /* at most WARN_CLUES */
    bool has_position; /* the middle of the clues that have one */
    double longitude, latitude;
} warn_found;

/* pause (may be NULL) is called now and then with arg, so that others can run. Found ones in the order of kind, unit
 * and domain, in the arena. -ENOMEM. */
WJZ_MUST_CHECK int warn_find(const warning_rules *rules, const warn_input *input, void (*pause)(void *), void *arg,
                             wjz_arena *arena, warn_found **ret_found, size_t *ret_count);

#endif
