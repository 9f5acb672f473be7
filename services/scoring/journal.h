/* What a batch changed in the matters of a region, as bytes: keys of complaints, links between neighbourhoods, and the
 * clues complaints are in. Replaying all of it in order gives the index that the batch left behind. Pure. */
#ifndef SCORING_JOURNAL_H
#define SCORING_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/matter.h"
#include "scoring/regroup.h"
#include "scoring/repeats_index.h"
#include "wjz/arena.h"
#include "wjz/err.h"

typedef struct journal_change {
    const regroup_group *groups; /* with their clues */
    size_t group_count;
    const joined_pair *joined;
    size_t joined_count;
    const int64_t *asked; /* as regroup_asked tells them */
    size_t asked_count;
    decision_change decided;
} journal_change;

/* What was put says its keys, and every member that is now in another clue says that. Length 0 when nothing changed.
 * -ENOMEM. */
WJZ_MUST_CHECK int journal_write(const journal_change *change, wjz_arena *arena, const void **ret_data,
                                 size_t *ret_length);

/* A turn in which nothing changed. Static. */
const void *journal_nothing(size_t *ret_length);

/* -EBADMSG for bytes that are no journal, or that name complaints the index does not have; -ENOMEM. After an error the
 * index is to be thrown away. */
WJZ_MUST_CHECK int journal_replay(const void *data, size_t length, repeats_index *index);

#endif
