/* Free time within shifts, for appointments and for visits. Pure. */
#ifndef SCHEDULING_SLOTS_H
#define SCHEDULING_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/clean.h"

#define SLOT_GRID_US (INT64_C(15) * 60 * 1000000) /* bookings begin on quarters of an hour after the shift's start */

struct span {
    int64_t from_us, to_us;
};

/* A shift with what is taken of it, in any order. */
struct open_shift {
    int64_t id;
    const char *station, *station_name, *prosecutor;
    struct span time;
    struct span *taken;
    size_t taken_count, taken_room;
};

/* The first free span of that length on the grid that begins at or after earliest_us. */
bool slots_first(const struct open_shift *shift, int64_t length_us, int64_t earliest_us, struct span *ret_slot);

/* All spans of that length, one behind the other from the shift's start, that are free and begin at or after
 * earliest_us: their number, at most room. */
size_t slots_list(const struct open_shift *shift, int64_t length_us, int64_t earliest_us, struct span *slots,
                  size_t room);

/* --- visits --- */

/* An assignment whose place should be looked at. */
struct visit_need {
    int64_t assignment;
    const char *station, *prosecutor; /* "": none */
    int stars;
    bool urgent;
    const int64_t *declined; /* shifts */
    size_t declined_count;
};

struct visit_slot {
    bool found;
    size_t shift; /* index */
    struct span time;
};

/* Gives each need a slot: urgent ones first, then by stars, then by assignment; each in the earliest free duty of its
 * own prosecutor, else of its station. shifts in order of start and id; what is given away is added to their taken
 * spans, for which there must be room. ret_slots: one per need, in the order of needs. -ENOMEM. */
WJZ_MUST_CHECK int visits_place(const struct visit_need *needs, size_t need_count, struct open_shift *shifts,
                                size_t shift_count, int64_t length_us, int64_t earliest_us, wjz_arena *arena,
                                struct visit_slot *ret_slots);

#endif
