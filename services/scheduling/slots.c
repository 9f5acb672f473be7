/* Free time within shifts. */
#include "scheduling/slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_free(const struct open_shift *shift, struct span span) {
    for (size_t i = 0; i < shift->taken_count; i++)
        if (shift->taken[i].from_us < span.to_us && shift->taken[i].to_us > span.from_us) return false;
    return true;
}

bool slots_first(const struct open_shift *shift, int64_t length_us, int64_t earliest_us, struct span *ret_slot) {
    for (int64_t at = shift->time.from_us; at + length_us <= shift->time.to_us; at += SLOT_GRID_US) {
        struct span span = {at, at + length_us};
        if (at < earliest_us || !is_free(shift, span)) continue;
        *ret_slot = span;
        return true;
    }
    return false;
}

size_t slots_list(const struct open_shift *shift, int64_t length_us, int64_t earliest_us, struct span *slots,
                  size_t room) {
    size_t count = 0;
    for (int64_t at = shift->time.from_us; count < room && at + length_us <= shift->time.to_us; at += length_us) {
        struct span span = {at, at + length_us};
        if (at >= earliest_us && is_free(shift, span)) slots[count++] = span;
    }
    return count;
}

/* --- visits --- */

static int by_rank(const void *left, const void *right) {
    const struct visit_need *a = *(const struct visit_need *const *)left;
    const struct visit_need *b = *(const struct visit_need *const *)right;
    if (a->urgent != b->urgent) return a->urgent ? -1 : 1;
    if (a->stars != b->stars) return a->stars > b->stars ? -1 : 1;
    return a->assignment < b->assignment ? -1 : a->assignment > b->assignment;
}

static bool was_declined(const struct visit_need *need, int64_t shift) {
    for (size_t i = 0; i < need->declined_count; i++)
        if (need->declined[i] == shift) return true;
    return false;
}

static bool serves(const struct open_shift *shift, const struct visit_need *need, bool own) {
    if (was_declined(need, shift->id)) return false;
    const char *wanted = own ? need->prosecutor : need->station;
    return wanted[0] != '\0' && strcmp(own ? shift->prosecutor : shift->station, wanted) == 0;
}

static bool place(const struct visit_need *need, bool own, struct open_shift *shifts, size_t shift_count,
                  int64_t length_us, int64_t earliest_us, struct visit_slot *slot) {
    for (size_t i = 0; i < shift_count; i++) {
        struct open_shift *shift = &shifts[i];
        if (shift->taken_count == shift->taken_room || !serves(shift, need, own)) continue;
        if (!slots_first(shift, length_us, earliest_us, &slot->time)) continue;
        shift->taken[shift->taken_count++] = slot->time;
        slot->shift = i;
        slot->found = true;
        return true;
    }
    return false;
}

int visits_place(const struct visit_need *needs, size_t need_count, struct open_shift *shifts, size_t shift_count,
                 int64_t length_us, int64_t earliest_us, wjz_arena *arena, struct visit_slot *ret_slots) {
    const struct visit_need **ranked = wjz_arena_alloc(arena, need_count * sizeof *ranked);
    if (ranked == NULL) return -ENOMEM;
    for (size_t i = 0; i < need_count; i++)
        ranked[i] = &needs[i];
    qsort(ranked, need_count, sizeof *ranked, by_rank);
    for (size_t i = 0; i < need_count; i++) {
        struct visit_slot slot = {0};
        if (!place(ranked[i], true, shifts, shift_count, length_us, earliest_us, &slot))
            place(ranked[i], false, shifts, shift_count, length_us, earliest_us, &slot);
        ret_slots[ranked[i] - needs] = slot;
    }
    return 0;
}
