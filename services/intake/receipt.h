/* Receipts of submissions, as they are sent and as they are stored. */
#ifndef INTAKE_RECEIPT_H
#define INTAKE_RECEIPT_H

#include "intake/submission.h"

/* A receipt of the items' outcomes, without external ids; it points into the submission. NULL when out of memory. */
Wjz__Intake__FeedReceipt *receipt_make(const submission *from, wjz_arena *arena);

#endif
