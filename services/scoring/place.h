/* Where a complaint's matter is: gazetteer places, position, and the names that the gazetteer does not know. Pure. */
#ifndef SCORING_PLACE_H
#define SCORING_PLACE_H

#include "proto/card.pb-c.h"
#include "scoring/complaint.h"
#include "scoring/extract.h"
#include "scoring/gazetteer.h"
#include "scoring/normalise.h"
#include "wjz/arena.h"

/* Fills ret_place, whose texts lie in the arena; what only the search needs lies in scratch. What the spots are of is
 * searched (not the agency's reply). names are those found there. A name shared by several places means the one in the
 * complaint's county, then one in a county that the text names. -ENOMEM. */
WJZ_MUST_CHECK int place_find(const gazetteer *places, const complaint *report, const normal_text *text,
                              const text_spots *spots, const text_name *names, size_t name_count, wjz_arena *arena,
                              wjz_arena *scratch, Wjz__Scoring__Place *ret_place);

/* The original characters of a span of the normalised text. */
char *place_original(const normal_text *text, uint32_t from, uint32_t to, wjz_arena *arena);

#endif
