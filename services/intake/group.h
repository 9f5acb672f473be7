/* One transaction of the writer: items of several submissions, their receipts, and the messages about them. */
#ifndef INTAKE_GROUP_H
#define INTAKE_GROUP_H

#include "intake/submission.h"
#include "wjz/bus.h"

typedef struct group_context {
    wjz_db *db;
    wjz_bus *bus;
    const wjz_seal *seal;
    bool look_first; /* for receipts that are stored already */
    bool all_new;    /* no complaint is expected to be stored already; -EEXIST when one is */
    bool rehearsal;  /* only shows whether the store takes the items; nothing is kept */
} group_context;

/* Tries once. 0: committed, outcomes and results are set. -EEXIST: somebody stored the same at the same time, try again
 * and look first. Otherwise as wjz_tx_wait. */
WJZ_MUST_CHECK int group_store(const group_context *context, submission *const *submissions, size_t count,
                               wjz_err *err);

/* Adopts feedback: see writer_adopt_feedback. */
WJZ_MUST_CHECK int group_adopt(const group_context *context, size_t *ret_count, wjz_err *err);

#endif
