/* What the matters of a turn are worth: their cards, the rows of their clues, and what others are told about them. */
#ifndef SCORING_WORTH_H
#define SCORING_WORTH_H

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

/* groups: of the turn, not yet identified; own gives the finding of a complaint of the turn, or NULL; warned: areas
 * with a warning. All are borrowed. Lives in the arena. Reads clues and findings that the groups need and what is near
 * them: one round trip when they need any, two when findings have to be read first, one more when a subject was
 * punished. */
WJZ_MUST_CHECK int worth_read(scoring_service *self, const rule_pack *pack, wjz_tx *tx, int32_t region,
                              regroup_group *groups, size_t count,
                              const Wjz__Scoring__Finding *(*own)(int64_t complaint, void *arg), void *arg,
                              const warned_areas *warned, wjz_arena *arena, worth **ret_worth, wjz_err *err);

/* The clues that members were in, for regroup_identify. */
old_clue *worth_old_clues(worth *w, size_t *ret_count);

/* Once the groups have their clues: scores those that changed, queues their rows and what is told about them. */
WJZ_MUST_CHECK int worth_write(worth *w, wjz_err *err);

#endif
