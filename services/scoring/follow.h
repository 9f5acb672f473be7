/* The index of repeats of each region this process has met, kept in step with the journal. Only what has been committed
 * counts: whatever a transaction that did not commit left in an index is recognised by its stamp and thrown away. */
#ifndef SCORING_FOLLOW_H
#define SCORING_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "scoring/repeats_index.h"
#include "scoring/store.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"
#include "wjz/loop.h"

/* One region's; the list is the process's. */
typedef struct followed followed;

/* Waits until no other transaction of this process works on the region's index; until follow_hand_over, or the end of the
 * transaction, it is this one's. To be called after the lock of packs is held and before the region's. The list grows by the
 * region when it is new. Again for the same transaction: nothing. -EAGAIN when it is still in use after some seconds. */
WJZ_MUST_CHECK int follow_enter(followed **list, wjz_loop *loop, wjz_tx *tx, int32_t region, followed **ret_region,
                                wjz_err *err);
/* The same without waiting, for a transaction that does not hold the lock of packs yet, and only where nobody of this
 * process has anything to do with the region and its index is at hand. Else false, and nothing was done. */
bool follow_enter_idle(followed **list, wjz_loop *loop, wjz_tx *tx, int32_t region, followed **ret_region);
/* For a turn that asks for other things in the same round trip: _ask queues what follow_lock would ask, _answer takes the
 * answer after the one wait that followed; follow_lock has it then. */
WJZ_MUST_CHECK int follow_ask(followed *region, wjz_tx *tx);
WJZ_MUST_CHECK int follow_answer(followed *region, wjz_tx *tx, wjz_arena *arena, wjz_err *err);
/* Whether the index may be worked on before the region's lock is held: a transaction of this process is committing what the
 * index has, and no other process has had a turn for long. If one has had one even so, follow_lock fails. */
bool follow_go_ahead(followed *region);
/* Takes the region's lock for the rest of the transaction and brings its index up to date. -EBADMSG when the journal cannot be
 * read; -EAGAIN when the transaction has gone ahead, in vain: the index must not be touched any more; or when what is being
 * committed takes some seconds. */
WJZ_MUST_CHECK int follow_lock(followed *region, wjz_tx *tx, wjz_arena *arena, wjz_err *err);
/* For a transaction that has gone ahead and wants to know nothing more: instead of follow_lock, queues the lock and the failure of
 * the transaction, with -EAGAIN from its commit, unless the region is then as its index has it and what stands for it is of
 * these versions. What must be behind the lock is queued after it, follow_turn too. */
WJZ_MUST_CHECK int follow_expect(followed *region, wjz_tx *tx, const region_versions *versions);
/* All that the transaction changes is queued: the next one may begin while it commits. */
void follow_hand_over(followed *region, const wjz_tx *tx);
void follow_destroy(followed **list);

repeats_index *follow_index(followed *region);
/* As read with the lock. */
region_versions follow_versions(const followed *region);

/* What the transaction changed in the index becomes the next turn: queues it. The caller has applied it already. */
WJZ_MUST_CHECK int follow_turn(followed *region, wjz_tx *tx, const void *entries, size_t length);
/* What is stored for the region is changed beside the index, with the lock held: whoever has gone ahead must not take it for as it was. */
WJZ_MUST_CHECK int follow_note(followed *region, wjz_tx *tx);
/* Nothing was changed. A transaction that calls neither leaves an index that is built anew next time. */
void follow_unchanged(followed *region);

/* Complaints in all indexes. */
size_t follow_count(const followed *list);

#endif
