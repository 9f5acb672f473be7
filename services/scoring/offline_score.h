/* Scoring without a store: each complaint of a file alone, for those who tune rules and models, and for measurements.
 */
#ifndef SCORING_OFFLINE_SCORE_H
#define SCORING_OFFLINE_SCORE_H

#include <stdbool.h>

#include "proto/card.pb-c.h"
#include "scoring/complaint.h"
#include "scoring/gazetteer.h"
#include "scoring/rules.h"
#include "wjz/arena.h"
#include "wjz/err.h"

/* Prints external_id, index, stars, kind, branch, domain, mediation and every factor's points, one line a complaint of
 * the file (table.h). rounds > 1 does it so often and prints the time a complaint takes to stderr. An exit status. */
int offline_score(const char *file, const char *rules_dir, const char *gazetteer_dir, int rounds);

/* The card of a complaint alone; turn is reset and keeps it. */
WJZ_MUST_CHECK int offline_card(const rule_pack *pack, const gazetteer *places, const complaint *complaint,
                                wjz_arena *turn, Wjz__Scoring__ScoreCard **ret_card, wjz_err *err);
/* One such line; headed: the columns' names before it. */
void offline_print(const complaint *complaint, const Wjz__Scoring__ScoreCard *card, bool headed);

#endif
