/* What the matters of a turn are worth: their cards, the rows of their clues, and what others are told about them. */
#ifndef SCORING_WORTH_H
#define SCORING_WORTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "scoring/regroup.h"
#include "scoring/scoring.h"
#include "scoring/store.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

enum { WORTH_FINDINGS = 400 /* of one matter that are read; the first and the last ones of a larger one */ };

typedef struct worth worth;

/* What a turn brings; all of it is borrowed. */
typedef struct worth_turn {
    const rule_pack *pack;
    wjz_tx *tx;
    int32_t region;
    bool locked;           /* the region's lock is held */
    regroup_group *groups; /* not yet identified */
    size_t group_count;
    /* The finding of a complaint of the turn, or NULL. */
    const Wjz__Scoring__Finding *(*own)(int64_t complaint, void *arg);
    void *own_arg;
    const warned_areas *warned; /* areas with a warning */
} worth_turn;

/* Lives in the arena. Reads clues and findings that the groups need and what is near them: one round trip when they
 * need any, two when findings have to be read first, one more when a subject was punished. Without the region's lock
 * clues are taken as this process knows them, and only what can be told to be so is read: -EBUSY when that is not all,
 * and the lock is needed. */
WJZ_MUST_CHECK int worth_read(scoring_service *self, const worth_turn *turn, wjz_arena *arena, worth **ret_worth,
                              wjz_err *err);

/* The clues that members were in, for regroup_identify. */
old_clue *worth_old_clues(worth *w, size_t *ret_count);

/* Once the groups have their clues: scores those that changed, queues their rows and what is told about them. */
WJZ_MUST_CHECK int worth_write(worth *w, wjz_err *err);

#endif
