/* What a turn leaves for people to say: pairs of complaints that may be one matter, clues whose class is not sure,
 * clues near a cut between stars. Each question stands open until it is answered or does not arise any more. */
#ifndef SCORING_QUESTIONS_H
#define SCORING_QUESTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/regroup.h"
#include "scoring/repeats_rules.h"
#include "scoring/rules.h"
#include "scoring/store.h"
#include "wjz/arena.h"
#include "wjz/db.h"

/* When a process starts: what the signs of questions are called. Only from a fiber. */
WJZ_MUST_CHECK int questions_name_signs(const repeat_rules *rules, wjz_db *db, wjz_err *err);

/* Once the groups have their clues: queues the questions about the neighbourhoods of the turn. -ENOMEM, or what sending
 * gave. */
WJZ_MUST_CHECK int questions_about_pairs(const repeat_rules *rules, wjz_tx *tx, int32_t region, const regroup *regroup,
                                         const repeats_index *index, const regroup_group *groups, size_t count,
                                         wjz_arena *arena);

/* The same about clues scored in the turn; notes at each whether there is a question about it. before: clues that
 * people may have been asked about, among these and those that were merged away. */
WJZ_MUST_CHECK int questions_about_clues(const repeat_rules *rules, const rule_pack *pack, wjz_tx *tx, int32_t region,
                                         clue_row *scored, size_t scored_count, const int64_t *before,
                                         size_t before_count, wjz_arena *arena);

#endif
