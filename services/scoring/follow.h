/* The index of repeats of each region this process has met, kept in step with the journal. Only what has been committed
 * counts: whatever a transaction that did not commit left in an index is recognised by its stamp and thrown away. */
#ifndef SCORING_FOLLOW_H
#define SCORING_FOLLOW_H

#include <stdint.h>

#include "scoring/repeats_index.h"
#include "scoring/store.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* One region's; the list is the process's. */
typedef struct followed followed;

/* Takes the region's lock for the rest of the transaction and brings its index up to date. The list grows by the
 * region when it is new. -EBADMSG when the journal cannot be read. */
WJZ_MUST_CHECK int follow_lock(followed **list, wjz_tx *tx, int32_t region, wjz_arena *arena, followed **ret_region,
                               wjz_err *err);
void follow_destroy(followed **list);

repeats_index *follow_index(followed *region);
/* As read with the lock. */
region_versions follow_versions(const followed *region);

/* What the transaction changed in the index becomes the next turn: queues it. The caller has applied it already. */
WJZ_MUST_CHECK int follow_turn(followed *region, wjz_tx *tx, const void *entries, size_t length);
/* Nothing was changed. A transaction that calls neither leaves an index that is built anew next time. */
void follow_unchanged(followed *region);

/* Complaints in all indexes. */
size_t follow_count(const followed *list);

#endif
