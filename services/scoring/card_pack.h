/* Findings and score cards as the bytes that are stored: what protobuf-c makes of them, byte for byte, in a quarter of
 * its time. A complaint costs two of these, and each is written anew whenever its matter grows. Pure. */
#ifndef SCORING_CARD_PACK_H
#define SCORING_CARD_PACK_H

#include "proto/card.pb-c.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* The bytes live in the arena. Fields that are unknown here are left out. -ENOMEM. */
WJZ_MUST_CHECK int finding_pack(const Wjz__Scoring__Finding *finding, wjz_arena *arena, wjz_blob *ret_packed);
WJZ_MUST_CHECK int card_pack(const Wjz__Scoring__ScoreCard *card, wjz_arena *arena, wjz_blob *ret_packed);

#endif
