/* The rota: from weekly duty patterns to shifts, with substitutes, and with as little change as possible. Pure.
 *
 * A duty is held on its weekday unless the day is a holiday; a make-up day has the duties of its own weekday. Whose
 * turn it is comes; when that person is away or elsewhere, who came in so far stays, else the pattern's substitute
 * comes, else the best of the organ's prosecutors who are free: knows the station, no other shift that day, fewest
 * shifts in the period. What a person pinned, and what has begun, stays. The result depends on the input alone, not on
 * its order. */
#ifndef SCHEDULING_ROTA_H
#define SCHEDULING_ROTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/clean.h"

struct rota_duty {
    const char *station, *prosecutor, *substitute; /* substitute NULL: none */
    int weekday;                                   /* 1 = Monday */
    int from_minute, to_minute;                    /* of the day, Asia/Shanghai */
    int every_weeks;
    int32_t first_on;                     /* a day of a week that counts */
    int32_t effective_from, effective_to; /* days, inclusive */
};

struct rota_station {
    const char *code, *organ, *name;
};

struct rota_person {
    const char *code, *organ, *name;
    const char *stations; /* codes, each on its line */
};

struct rota_leave {
    const char *prosecutor;
    int64_t from_us, to_us;
};

struct rota_holiday {
    int32_t day;
    bool working;
};

enum rota_state { ROTA_PLANNED, ROTA_UNMET, ROTA_CANCELLED };

struct rota_shift {
    int64_t id;
    const char *station, *duty_of;
    int32_t duty_day;
    int duty_from; /* minute; with station, duty_day and duty_of the key */
    int64_t starts_us, ends_us;
    enum rota_state state;
    bool pinned;
    const char *prosecutor; /* NULL: nobody */
    const char *reason;     /* why not the one whose turn it is; "" else */
    int changes;            /* so far; the planner only carries it along */
};

struct rota_input {
    int32_t from_day, to_day; /* inclusive */
    const char *station;      /* NULL: all */
    int64_t now_us;
    const struct rota_duty *duties;
    size_t duty_count;
    const struct rota_station *stations; /* active ones */
    size_t station_count;
    const struct rota_person *people; /* active prosecutors */
    size_t person_count;
    const struct rota_leave *leaves;
    size_t leave_count;
    const struct rota_holiday *holidays;
    size_t holiday_count;
    const struct rota_shift *shifts; /* all that touch the days, of every station */
    size_t shift_count;
};

enum rota_change_kind { ROTA_MAKE, ROTA_ALTER, ROTA_REMOVE };

struct rota_change {
    enum rota_change_kind kind;
    const struct rota_shift *before; /* NULL for ROTA_MAKE */
    struct rota_shift after;         /* id 0 for ROTA_MAKE */
};

struct rota_plan {
    struct rota_change *changes; /* in order of start, station and duty_of */
    size_t change_count, kept;
};

/* -ENOMEM. */
WJZ_MUST_CHECK int rota_plan(const struct rota_input *input, wjz_arena *arena, struct rota_plan *ret_plan);

/* Whether the organs work that day. */
bool rota_is_working_day(int32_t day, const struct rota_holiday *holidays, size_t count);

#endif
