/* Staffing: which station and which person of the organ gets a clue. Pure: the same directory, clue and moment give
 * the same answer, ties broken by load and then by code. */
#ifndef WJZ_ASSIGNMENT_STAFFING_H
#define WJZ_ASSIGNMENT_STAFFING_H

#include <stdbool.h>
#include <stdint.h>

#include "assignment/clue.h"
#include "assignment/directory.h"
#include "assignment/trace.h"

typedef struct staffing_need {
    const clue *told;
    const char *organ, *station, *branch; /* station NULL or "": none */
    int64_t now_us, until_us;             /* who is on leave at either end is not available */
    const char *tried;                    /* people who had it or must not have it, one code a line */
    bool heads_only;                      /* enough prosecutors have let it lie: branch head, then chief */
} staffing_need;

/* Points of a choice; with as many open assignments more, a colleague overtakes. */
enum {
    POINTS_SPECIALITY = 20,
    POINTS_STATION = 10,
    POINTS_ON_DUTY = 15,
    POINTS_PER_OPEN = -2,
};

/* Who gets it: the best of the branch's prosecutors, else the branch's head, else the chief procurator, else (unless
 * heads_only) any prosecutor. NULL when the organ has nobody left. steps may be NULL. */
person *staffing_choose(const directory *dir, const staffing_need *need, trace *steps);

/* What keeps a person from this clue (domain.md 2.7): the relation that matches its subject, agencies or village; NULL
 * when there is none. */
const relation *staffing_recusal(const person *candidate, const clue *told);

/* Whether nothing keeps the person from the clue: not among those tried, no recusal, no leave. */
bool staffing_available(const person *candidate, const staffing_need *need);

/* Whether the person may keep a clue that changed: of the organ and branch (or its head, or the chief), not recused. */
bool staffing_fits(const person *holder, const staffing_need *need);

/* The organ's station for the clue: the village's own, one that serves its town or looks after its domain; for a
 * mediation any station rather than none. NULL when none fits. */
const station *staffing_station(const directory *dir, const char *organ_code, const clue *told, trace *steps);

#endif
