/* Areas that a warning stands for, and whether a matter lies in one: towns and villages by their codes, grids by their
 * outlines. Pure. */
#ifndef SCORING_AREA_H
#define SCORING_AREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "wjz/arena.h"

/* The smaller one first. */
typedef enum area_kind { AREA_GRID, AREA_VILLAGE, AREA_TOWN, AREA_KINDS } area_kind;
extern const char *const area_kind_names[AREA_KINDS];
/* AREA_TOWN for an unknown name. */
area_kind area_kind_of(const char *name);

typedef struct area_point {
    double longitude, latitude;
} area_point;

/* A closed line; its last point is joined to its first. */
typedef struct area_outline {
    const area_point *points;
    size_t count;
    double west, south, east, north;
} area_outline;

/* PostgreSQL's text of a polygon, "((x,y),…)", into the arena. NULL or "" gives an outline that holds nothing. -EINVAL,
 * -ENOMEM. */
WJZ_MUST_CHECK int area_outline_parse(const char *text, wjz_arena *arena, area_outline *ret_outline);
/* A point on the line itself may count as in or out, but always as the same. */
bool area_outline_holds(const area_outline *outline, double longitude, double latitude);

typedef struct warned_area {
    area_kind kind;
    uint64_t code; /* of a town or village */
    area_outline outline;
    const char *domain;
    int level;
} warned_area;

typedef struct warned_areas {
    const warned_area *list;
    size_t count;
} warned_areas;

/* The one that counts for a matter: the highest level, of the smallest unit. NULL when there is none; areas may be
 * NULL, place too. */
const warned_area *area_warned(const warned_areas *areas, const char *domain, const Wjz__Scoring__Place *place);

#endif
