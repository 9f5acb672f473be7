/* The places an operator knows: counties, towns with old names, villages, and which procuratorate regions there are
 * (deploy/gazetteer). Finds their names in a text in one pass. */
#ifndef SCORING_GAZETTEER_H
#define SCORING_GAZETTEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/normalise.h"
#include "wjz/err.h"

typedef struct gazetteer gazetteer;

typedef enum place_level { PLACE_COUNTY, PLACE_TOWN, PLACE_VILLAGE } place_level;

typedef struct place_entry {
    place_level level;
    uint64_t code;     /* six, nine or twelve digits */
    uint32_t region;   /* its county */
    const char *name;  /* official */
    bool has_position; /* of its middle, about */
    double longitude, latitude;
} place_entry;

/* Every .yaml of the folder. Errors name file and line: -EINVAL, or what opening gave. */
WJZ_MUST_CHECK int gazetteer_load(const char *dir, gazetteer **ret_gazetteer, wjz_err *err);
void gazetteer_destroy(gazetteer **places);
size_t gazetteer_count(const gazetteer *places);

/* Names may be shared (one town name in two counties): each meaning is reported, longest name first at a position,
 * names inside a longer name are not. The first `length` bytes are searched; from and to are bytes of text. */
typedef void gazetteer_hit_fn(const place_entry *place, size_t from, size_t to, void *arg);
void gazetteer_find(const gazetteer *places, const normal_text *text, uint32_t length, gazetteer_hit_fn *hit, void *arg);

/* A place by code, NULL when not known. */
const place_entry *gazetteer_by_code(const gazetteer *places, uint64_t code);

#endif
