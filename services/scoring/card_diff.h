/* What differs between two score cards of one matter, in the words of the cards. Pure. */
#ifndef SCORING_CARD_DIFF_H
#define SCORING_CARD_DIFF_H

#include "proto/rules.pb-c.h"
#include "wjz/arena.h"

/* In the arena, sharing the cards' texts. NULL when out of memory. */
Wjz__Scoring__ChangeReasons *card_diff(const Wjz__Scoring__ScoreCard *before, const Wjz__Scoring__ScoreCard *after,
                                       wjz_arena *arena);

#endif
