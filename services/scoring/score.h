/* The case-formation index and the stars of a matter (domain.md 3.3), with the card that says why. Pure: the card is a
 * function of the set of findings, the context and the pack, whatever order they come in. */
#ifndef SCORING_SCORE_H
#define SCORING_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "scoring/area.h"
#include "scoring/collide.h"
#include "scoring/rules.h"
#include "wjz/arena.h"
#include "wjz/err.h"

/* What is known of the matter beyond its own complaints. All zero: nothing. */
typedef struct matter_context {
    const warned_areas *warned; /* areas with a warning; its own counts. NULL: none */
    const near_fact *near;      /* records beside its complaints; in an order that does not depend on arrival */
    size_t near_count;
} matter_context;

/* findings[i] belongs to complaint ids[i]; at least one. The card lives in the arena. -EINVAL when count is 0, -ENOMEM.
 */
WJZ_MUST_CHECK int score_matter(const rule_pack *pack, const Wjz__Scoring__Finding *const *findings, const int64_t *ids,
                                size_t count, const matter_context *context, wjz_arena *arena,
                                Wjz__Scoring__ScoreCard **ret_card, wjz_err *err);

/* The index that the rules give a complaint for its words alone, as if the feed had said nothing of how it was handled
 * and nobody else had complained; before it is bounded. -ENOMEM. */
WJZ_MUST_CHECK int score_words(const rule_pack *pack, const Wjz__Scoring__Finding *finding, wjz_arena *arena,
                               double *ret_index);

#endif
