/* Which batches of a feed have come: finds gaps without keeping a list of everything. */
#ifndef INTAKE_SEQUENCES_H
#define INTAKE_SEQUENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/clean.h"

typedef struct sequence_range {
    uint64_t first, last;
} sequence_range;

enum { SEQUENCE_RANGES = 1024 }; /* kept apart; beyond, the lowest gap is no longer told */

/* A plain value: zero has nothing. */
typedef struct sequences {
    uint64_t floor;         /* everything up to it has come */
    sequence_range *ranges; /* above floor + 1, ascending, never touching */
    size_t count, room;
} sequences;

void sequences_free(sequences *set);
/* Everything up to floor has come. */
void sequences_raise(sequences *set, uint64_t floor);
/* -ENOMEM. */
WJZ_MUST_CHECK int sequences_add(sequences *set, uint64_t number);
WJZ_MUST_CHECK int sequences_add_range(sequences *set, uint64_t first, uint64_t last);
/* For a batch that came and could not be kept. -ENOMEM. */
WJZ_MUST_CHECK int sequences_remove(sequences *set, uint64_t number);
bool sequences_contain(const sequences *set, uint64_t number);
/* The oldest gaps, at most most of them; returns how many. */
size_t sequences_missing(const sequences *set, sequence_range *out, size_t most);

#endif
