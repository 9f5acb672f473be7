/* A clue as scoring last told it: what routing and staffing decide on. Plain data; texts are borrowed. */
#ifndef WJZ_ASSIGNMENT_CLUE_H
#define WJZ_ASSIGNMENT_CLUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLUE_STARS_TO_ASSIGN = 3 }; /* from here on a prosecutor gets it; below, at most a station for mediation */

typedef struct clue {
    int32_t region; /* county that the clue belongs to in the store */
    int64_t id;
    int64_t revision; /* of scoring; only higher ones replace it */
    double index;     /* 0–100 */
    int stars;        /* 1–5 */
    const char *kind, *branch, *domain;
    int32_t town;    /* nine digits, 0 not known */
    int64_t village; /* twelve digits, 0 not known */
    const char *place;
    bool mediation, urgent, confidential, look_on_spot;
    int complaints;
    int64_t merged_into; /* not 0: part of that clue now */
    const char *feed;
    int32_t report_region;  /* county of the place as found, 0 not known */
    const char *agencies;   /* candidates, one a line */
    const char *subject;    /* unit complained of, "" when none */
    int64_t settled_by;     /* the assignment that ended with an outcome, 0: none */
    int settled_complaints; /* how many complaints it had then */
    const char *excluded;   /* people recused from it, one code a line */
} clue;

/* Whether somebody has to look after the clue at all. */
static inline bool clue_wanted(const clue *told) {
    return told->merged_into == 0 && (told->stars >= CLUE_STARS_TO_ASSIGN || told->mediation);
}

#endif
