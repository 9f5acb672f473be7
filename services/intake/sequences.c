/* See sequences.h. */
#include "intake/sequences.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void sequences_free(sequences *set) {
    free(set->ranges);
    *set = (sequences){0};
}

static void drop_range(sequences *set, size_t at) {
    memmove(&set->ranges[at], &set->ranges[at + 1], (set->count - at - 1) * sizeof *set->ranges);
    set->count--;
}

static int insert_range(sequences *set, size_t at, sequence_range range) {
    if (set->count == set->room) {
        size_t room = set->room == 0 ? 16 : set->room * 2;
        sequence_range *grown = realloc(set->ranges, room * sizeof *grown);
        if (grown == NULL) return -ENOMEM;
        set->ranges = grown;
        set->room = room;
    }
    memmove(&set->ranges[at + 1], &set->ranges[at], (set->count - at) * sizeof *set->ranges);
    set->ranges[at] = range;
    set->count++;
    return 0;
}

/* Lets the floor swallow what it touches, and the lowest range when there are too many. */
static void settle(sequences *set) {
    while (set->count > 0 && (set->ranges[0].first <= set->floor + 1 || set->count > SEQUENCE_RANGES)) {
        if (set->ranges[0].last > set->floor) set->floor = set->ranges[0].last;
        drop_range(set, 0);
    }
}

void sequences_raise(sequences *set, uint64_t floor) {
    if (floor > set->floor) set->floor = floor;
    settle(set);
}

/* The first range that ends at or behind number. */
static size_t position(const sequences *set, uint64_t number) {
    size_t low = 0;
    size_t high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->ranges[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool sequences_contain(const sequences *set, uint64_t number) {
    if (number <= set->floor) return true;
    size_t at = position(set, number);
    return at < set->count && set->ranges[at].first <= number;
}

int sequences_add_range(sequences *set, uint64_t first, uint64_t last) {
    if (last <= set->floor) return 0;
    size_t at = position(set, first > 0 ? first - 1 : 0); /* the first range that overlaps or touches, or lies behind */
    size_t end = at;
    sequence_range joined = {first, last};
    for (; end < set->count && set->ranges[end].first <= last + 1; end++) {
        if (set->ranges[end].first < joined.first) joined.first = set->ranges[end].first;
        if (set->ranges[end].last > joined.last) joined.last = set->ranges[end].last;
    }
    if (end == at) {
        int r = insert_range(set, at, joined);
        if (r < 0) return r;
    } else {
        set->ranges[at] = joined;
        memmove(&set->ranges[at + 1], &set->ranges[end], (set->count - end) * sizeof *set->ranges);
        set->count -= end - at - 1;
    }
    settle(set);
    return 0;
}

int sequences_add(sequences *set, uint64_t number) {
    return sequences_add_range(set, number, number);
}

int sequences_remove(sequences *set, uint64_t number) {
    if (number == 0 || !sequences_contain(set, number)) return 0;
    if (number <= set->floor) {
        uint64_t last = set->floor;
        if (number < last) {
            int r = insert_range(set, 0, (sequence_range){number + 1, last});
            if (r < 0) return r;
        }
        set->floor = number - 1;
        return 0;
    }
    size_t at = position(set, number);
    sequence_range range = set->ranges[at];
    if (range.first == number && range.last == number) {
        drop_range(set, at);
    } else if (range.first == number) {
        set->ranges[at].first++;
    } else {
        if (range.last > number) {
            int r = insert_range(set, at + 1, (sequence_range){number + 1, range.last});
            if (r < 0) return r;
        }
        set->ranges[at].last = number - 1;
    }
    return 0;
}

size_t sequences_missing(const sequences *set, sequence_range *out, size_t most) {
    uint64_t next = set->floor + 1;
    size_t found = 0;
    for (size_t i = 0; i < set->count && found < most; i++) {
        out[found++] = (sequence_range){next, set->ranges[i].first - 1};
        next = set->ranges[i].last + 1;
    }
    return found;
}
