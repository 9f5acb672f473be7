/* What this process knows of the clues that it read or wrote last, among them those of transactions that are being
 * committed. For turns that are worked out without the region's lock: whoever changes a clue as it stands here is
 * refused by the store where it is not so any more (store_put_clues), so it may hold what is out of date, and need hold
 * nothing. */
#ifndef SCORING_CLUE_MEMO_H
#define SCORING_CLUE_MEMO_H

#include <stdint.h>

#include "scoring/store.h"
#include "wjz/clean.h"

enum { CLUE_MEMO_PLACES = 1 << 15 };

typedef struct clue_memo clue_memo;

WJZ_MUST_CHECK int clue_memo_new(clue_memo **ret_memo);
void clue_memo_destroy(clue_memo **memo);

/* Copied; whoever of a few was used longest ago makes room for it. */
void clue_memo_put(clue_memo *memo, const store_clue *clue);
/* NULL: not known. Lives until the next put. */
const store_clue *clue_memo_get(clue_memo *memo, int64_t clue);
/* When a transaction has not been committed, what it put is not so. */
void clue_memo_forget(clue_memo *memo);

#endif
