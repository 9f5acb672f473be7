/* Taking items in, the same way for all doors: limit the rate, check each item, store, and make the receipt. */
#ifndef INTAKE_TAKING_H
#define INTAKE_TAKING_H

#include "intake/intake.h"
#include "intake/submission.h"

typedef struct taking {
    feed *feed;
    Wjz__Intake__FeedItem **items;  /* NULL where the door could not read one; then refusals[i] says why */
    const submitted_item *refusals; /* by item, may be NULL when no item is NULL */
    size_t count;
    uint64_t sequence; /* 0: none */
    const char *key;   /* under which the receipt is kept; NULL: none */
    bool key_is_new;   /* nobody has used it before */
    bool any_version, drop_id_numbers, unlimited;
    submission_also_fn *also;
    void *also_arg;
    wjz_arena *arena;
} taking;

/* Waits until the items are durable. *ret_receipt lives in the arena. -EAGAIN (the store is away or
 * crowded) and -EDQUOT (the feed sends too much): nothing was kept, try again after *ret_retry_ms. -EEXIST: the key was
 * used for something else. -ENOMEM. */
WJZ_MUST_CHECK int taking_store(intake *it, const taking *what, Wjz__Intake__FeedReceipt **ret_receipt,
                                uint32_t *ret_retry_ms, wjz_err *err);

/* Whether the checks let the item in: what costs much more than they do may be left undone for one that they refuse. */
bool taking_would_take(const intake *it, const feed *of, const Wjz__Intake__FeedItem *item, wjz_arena *arena);

/* What the writer has to know of an item. */
void taking_prepare(submitted_item *to, const Wjz__Intake__FeedItem *item, const feed *of);

/* Counts outcomes of a receipt: out[ItemReceipt.Outcome]. */
void taking_count(const Wjz__Intake__FeedReceipt *receipt, uint64_t out[5]);

#endif
