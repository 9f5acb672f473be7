/* Organs, stations and people as they are now: one immutable picture, shared by all that decide, replaced as a
 * whole when it has been read anew. Only the people's open counts move in between. */
#ifndef WJZ_ASSIGNMENT_DIRECTORY_H
#define WJZ_ASSIGNMENT_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assignment/calendar.h"
#include "wjz/arena.h"

typedef struct organ {
    const char *code, *name;
    int32_t region; /* 0 for special organs */
} organ;

typedef struct station {
    const char *code, *organ, *kind;
    int32_t town;             /* 0: none */
    int64_t village;          /* 0: none */
    const char *specialities; /* domains, one a line */
    const int64_t *serves;    /* towns; none: the whole county */
    size_t serves_count;
} station;

typedef enum person_role {
    ROLE_PROSECUTOR = 1,
    ROLE_BRANCH_HEAD = 2,
    ROLE_CHIEF = 4,
    ROLE_STATION_STAFF = 8,
    ROLE_OPERATOR = 16,
    ROLE_HOLDERS = ROLE_PROSECUTOR | ROLE_BRANCH_HEAD | ROLE_CHIEF, /* any of whom may have a clue */
} person_role;

typedef struct relation {
    const char *kind, *name; /* as in directory.relation */
} relation;

/* When somebody is away, or (with a station) on duty there. Half open. */
typedef struct span {
    const char *station;
    int64_t from_us, to_us;
} span;

typedef struct person {
    const char *code, *organ;
    unsigned roles;                                 /* of person_role */
    const char *branches, *specialities, *stations; /* one a line */
    relation *relations;
    size_t relation_count;
    span *leaves;
    size_t leave_count;
    span *duties;
    size_t duty_count;
    int open; /* assignments in hand; counted on while the picture is in use */
} person;

typedef struct feed_organ {
    int32_t region;
    const char *feed, *organ;
} feed_organ;

typedef struct directory {
    wjz_arena *arena; /* owns everything below */
    calendar *calendar;
    organ *organs; /* by code */
    size_t organ_count;
    station *stations; /* by organ, then code */
    size_t station_count;
    person *people; /* by organ, then code */
    size_t person_count;
    person **by_code;
    feed_organ *feeds;
    size_t feed_count;
    const char **staffed; /* codes of the organs that have somebody who may have a clue */
    size_t staffed_count;
    const char **absent; /* who has assignments in hand, and is not among the people */
    size_t absent_count;
    int users; /* private: directory_hold, directory_drop */
} directory;

/* An empty directory held once by the caller; NULL when out of memory. Its filler allocates in the arena and calls
 * directory_finish when all is in. */
directory *directory_new(void);
/* Sorts and indexes. -ENOMEM. */
WJZ_MUST_CHECK int directory_finish(directory *dir);
directory *directory_hold(directory *dir);
/* Gives up one hold; the last one frees. Nulls *dir; accepts NULL and *dir == NULL. */
void directory_drop(directory **dir);

const organ *directory_organ(const directory *dir, const char *code);
/* The county organ of a region: who answers when no rule has an answer; NULL when the region has none. */
const organ *directory_organ_of_region(const directory *dir, int32_t region);
/* Not only of one region: the code alone names a person. */
person *directory_person(const directory *dir, const char *code);
const station *directory_station(const directory *dir, const char *code);
/* The organ that takes what the gazetteer does not know of a feed; NULL when none is named. */
const char *directory_feed_organ(const directory *dir, int32_t region, const char *feed);

/* The stations and the people of an organ are neighbours: the first one, and how many. */
station *directory_stations_of(const directory *dir, const char *organ_code, size_t *ret_count);
person *directory_people_of(const directory *dir, const char *organ_code, size_t *ret_count);
/* First of the organ's people who has the role (of person_role), or one of them; NULL when nobody has. */
person *directory_with_role(const directory *dir, const char *organ_code, unsigned role);

unsigned directory_role(const char *name); /* 0 for roles that do not matter here */

/* Whether a list of one item a line has the item. NULL and "" are empty lists, and hold nothing. */
bool lines_have(const char *lines, const char *item);
/* The list without the item, in the arena; NULL when out of memory. */
const char *lines_without(wjz_arena *arena, const char *lines, const char *item);

#endif
