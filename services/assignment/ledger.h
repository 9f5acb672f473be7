/* The ledger: assignments, the states they go through, and what a turn changes of them.
 *
 * Every change of an assignment goes through ledger_enter (or begins with ledger_open): it checks the edge against
 * the table of allowed ones, counts the revision up, and notes a line of history. A turn collects its changes in
 * memory and the store writes them together. The drawing of the states stands in README.md. */
#ifndef WJZ_ASSIGNMENT_LEDGER_H
#define WJZ_ASSIGNMENT_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assignment/clue.h"
#include "proto/assignment.pb-c.h"
#include "proto/notification.pb-c.h"
#include "wjz/arena.h"
#include "wjz/err.h"

typedef enum assignment_state {
    STATE_NONE, /* before it is opened */
    STATE_ASSIGNED,
    STATE_ACCEPTED,
    STATE_VERIFYING,
    STATE_RETURNED,
    STATE_TRANSFERRED,
    STATE_ESCALATED,
    STATE_CLOSED,
    STATE_WITHDRAWN,
    STATE_COUNT
} assignment_state;

const char *state_name(assignment_state value);                    /* "assigned" */
assignment_state state_parse(const char *name);                    /* STATE_NONE for a name that is none */
bool state_ended(assignment_state value);                          /* nothing leads out of it */
bool state_may_follow(assignment_state from, assignment_state to); /* the table of edges */

typedef struct assignment {
    int32_t region;
    int64_t id, clue;
    assignment_state state;
    const char *organ;                /* never NULL; "" only when the region itself has none */
    const char *station, *prosecutor; /* "" when none */
    const char *consult;              /* special organ to be asked, "" when none */
    const char *branch, *domain;
    int stars;
    int32_t town;
    int64_t village;
    bool urgent, mediation, look_on_spot;
    int64_t accept_until_us; /* 0: no clock runs */
    int64_t revision;        /* from 1; one line of history each */
    int64_t predecessor;     /* the one it went on from, 0: first of its clue */
    bool sent_here;          /* by another organ: must be accepted, cannot be returned or passed on (domain.md 2.2) */
    int escalations;         /* times that somebody let it lie */
    const char *tried;       /* people who had it, one code a line */
    const char *trace;       /* why it went where it is */
    bool is_new;             /* not in the store yet */
    bool changed;            /* in this turn */
} assignment;

typedef struct history_line {
    const assignment *of;
    int64_t revision;
    assignment_state from, to;
    const char *prosecutor;  /* who had it after the change */
    const char *actor;       /* person code, or "system" */
    const char *reason_code; /* "" when none */
    const char *reason;
} history_line;

/* What a clue's record remembers of an end with an outcome. */
typedef struct settlement {
    int32_t region;
    int64_t clue, by;
    int complaints;
} settlement;

typedef struct ledger {
    wjz_arena *arena; /* everything of the turn */
    int64_t now_us;
    assignment **changed;
    size_t changed_count, changed_room;
    history_line *lines;
    size_t line_count, line_room;
    settlement *settlements;
    size_t settlement_count, settlement_room;
    Wjz__Notification__Notice **notices;
    int32_t *notice_regions;
    size_t notice_count, notice_room;
} ledger;

/* Why a change happens. actor NULL: the service itself. */
typedef struct cause {
    const char *actor, *reason_code, *reason;
} cause;

/* A fresh assignment of the clue, all else zero or "". It counts as changed. NULL when out of memory. */
assignment *ledger_open(ledger *book, const clue *told);
/* Notes that it entered the state, which may be the one it is in (a change in place). -EPERM when the table has no such
 * edge, -ENOMEM. */
WJZ_MUST_CHECK int ledger_enter(ledger *book, assignment *changed, assignment_state to, cause why, wjz_err *err);
/* The first line of an opened one, once it is filled. -ENOMEM. */
WJZ_MUST_CHECK int ledger_begin(ledger *book, assignment *opened, cause why, wjz_err *err);
WJZ_MUST_CHECK int ledger_settle(ledger *book, const settlement *entry, wjz_err *err);
WJZ_MUST_CHECK int ledger_tell(ledger *book, int32_t region, Wjz__Notification__Notice *told, wjz_err *err);

/* tried with one more code, in the arena; the list itself when the code is "" or in it. NULL when out of memory. */
const char *ledger_tried(ledger *book, const char *tried, const char *code);

/* The message that tells others about it. Texts are borrowed. */
void ledger_message(const assignment *of, Wjz__Assignment__AssignmentState *ret_message);

#endif
