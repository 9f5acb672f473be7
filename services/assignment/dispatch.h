/* Dispatch: what becomes of the assignments of a clue when it is told, when the directory changes, and when nobody
 * accepts in time.
 *
 * Pure: from the clue's present state and the assignment that is open, or was the last, it makes changes in the turn's
 * ledger. What it decides follows from the latest state of the clue alone, so messages may come in any order. */
#ifndef WJZ_ASSIGNMENT_DISPATCH_H
#define WJZ_ASSIGNMENT_DISPATCH_H

#include "assignment/calendar.h"
#include "assignment/clue.h"
#include "assignment/directory.h"
#include "assignment/ledger.h"
#include "assignment/routing.h"

typedef struct policy {
    int64_t accept_within_us, accept_within_urgent_us; /* of office time */
    calendar_hours hours;
    int prosecutors_tried; /* so many may let it lie; then branch head and chief */
    int recusal_days;      /* to decide one, domain.md 2.7 */
} policy;

typedef struct dispatch {
    const routing *rules;
    directory *people;
    const policy *policy;
    ledger *book;
    int64_t until_us, until_urgent_us; /* when an acceptance that begins to run now ends */
} dispatch;

/* What a turn decides with, at the moment of its ledger; all of it is borrowed. */
dispatch dispatch_at(const routing *rules, directory *people, const policy *limits, ledger *book);

/* A clue was told: open is its open assignment; last, where none is, the one that ended with an outcome or was
 * withdrawn because the clue was merged away; NULL where there is none. */
WJZ_MUST_CHECK int dispatch_told(const dispatch *on, const clue *told, assignment *open, const assignment *last,
                                 wjz_err *err);

/* Its acceptance is overdue. */
WJZ_MUST_CHECK int dispatch_overdue(const dispatch *on, const clue *told, assignment *open, wjz_err *err);

/* Nobody has it: there was no organ for it or nobody there, or who had it has left. It is placed anew;
 * nothing changes where nobody had it and that finds nobody either. */
WJZ_MUST_CHECK int dispatch_unplaced(const dispatch *on, const clue *told, assignment *open, wjz_err *err);

/* Where a new assignment of a clue goes. */
typedef struct placement {
    const char *organ, *consult, *station, *branch;
    person *holder;  /* NULL: a station alone, or nobody could be found */
    bool unroutable; /* no rule has an organ: the region's own chief has it */
    bool unstaffed;  /* a person is needed and the organ has none left */
    const char *trace;
} placement;

typedef struct placing {
    const clue *told;
    const char *organ; /* fixed; NULL: by the rules */
    const char *tried;
    bool heads_only, person_needed; /* person_needed: also where a station alone would do */
} placing;

/* Decides without changing anything. steps may be NULL. */
void dispatch_place(const dispatch *on, const placing *asked, trace *steps, placement *ret_placement);

/* Ends open in the state and opens its successor as placed; tells the new holder by kind (of notice_kind).
 * *ret_successor may be asked for. */
WJZ_MUST_CHECK int dispatch_succeed(const dispatch *on, const clue *told, assignment *open, assignment_state end,
                                    cause why, const placement *placed, int kind, assignment **ret_successor,
                                    wjz_err *err);

#endif
