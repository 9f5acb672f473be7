/* A score card in words that a prosecutor understands who was never shown the system: what it is, how many stars and
 * why, what is missing for the next star, what limits it, law and agencies. Chinese or English. */
#ifndef CTL_WORDING_H
#define CTL_WORDING_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/rules.pb-c.h"
#include "wjz/arena.h"

typedef enum wording_language { WORDING_ZH, WORDING_EN, WORDING_LANGUAGES } wording_language;

/* One thing in both languages. */
typedef struct wording_text {
    const char *in[WORDING_LANGUAGES];
} wording_text;

/* What is said of a factor. */
typedef struct wording_factor {
    const char *id;
    char group;                           /* A source, B harm, C agency, D checkability */
    wording_text title, none, some, full; /* … without points, with some, with all of them */
    wording_text hint;                    /* what would raise it */
    wording_text basic;                   /* … with the least that it gives for nothing in particular */
} wording_factor;

typedef struct wording_named {
    const char *id;
    wording_text text, more;
} wording_named;

extern const wording_factor wording_factors[];    /* these tables end with id NULL */
extern const wording_named wording_adjustments[]; /* text; more: what would take it away, for what lowers */
extern const wording_named wording_gates[];       /* text: what it says; more: what it needs */
extern const wording_named wording_kinds[];
extern const wording_named wording_branches[];
extern const wording_named wording_notes[];   /* before and after the number */
extern const wording_named wording_records[]; /* of collisions: kinds and notes of records */
extern const wording_text wording_stars[6];   /* what 1 to 5 stars mean */
extern const wording_text wording_groups[4];
extern const wording_text wording_fields[8]; /* of a complaint, by number of Field */

typedef struct wording {
    FILE *out;
    wording_language language;
    const Wjz__Scoring__PackOutline *outline; /* of the card's version; NULL: not known, then names stay ids */
    int32_t today;                            /* day number, for law in force */
    const char *organ;                        /* the procuratorate of its place; NULL: not known */
    /* The words that the evidence stands on, around: with a few before and after; for those who may see them. NULL, or
     * returning NULL: where it stands. The text lives until the next call. */
    const char *(*quote)(const Wjz__Scoring__Evidence *evidence, bool around, void *arg);
    void *arg;
    bool rules; /* name the rules */
} wording;

void wording_card(const wording *w, const Wjz__Scoring__ScoreCard *card);

/* The entry of a table, NULL when there is none. */
const wording_named *wording_find(const wording_named *table, const char *id);
const wording_factor *wording_find_factor(const char *id);
/* What a factor or an adjustment is called; the id itself when the tables do not have it. */
const char *wording_title(wording_language language, const char *id);
/* A class that is told as kind/branch/domain, in words, in the arena; ids that nobody has words for stay, as those of
 * domains do without an outline. NULL when out of memory. */
const char *wording_class(wording_language language, const Wjz__Scoring__PackOutline *outline, const char *class,
                          wjz_arena *arena);

#endif
