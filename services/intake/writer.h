/* Group commit: what the doors hand in is stored together with what else has queued meanwhile, in one transaction with
 * the messages that announce it. Nothing waits for company: a transaction takes what has queued while the one before
 * was being committed. */
#ifndef INTAKE_WRITER_H
#define INTAKE_WRITER_H

#include "intake/submission.h"
#include "wjz/bus.h"
#include "wjz/seal.h"

typedef struct writer writer;

typedef struct writer_options {
    wjz_loop *loop;
    wjz_db *db;
    wjz_bus *bus;
    const wjz_seal *seal;
    size_t queue_items; /* waiting at most; one feed gets half of them */
    int writers;        /* transactions at once */
} writer_options;

WJZ_MUST_CHECK int writer_open(const writer_options *options, writer **ret_writer, wjz_err *err);
/* Refuses what comes from now on, stores what waits, ends. Only from a fiber. */
void writer_close(writer **writer);

/* Stores the items that are not rejected and fills in their outcomes; returns when they are durable. -EAGAIN: nothing
 * is known to be kept, because the queue is full or the store away; the sender tries again. Waits; the submission may
 * live on the stack. */
WJZ_MUST_CHECK int writer_submit(writer *writer, submission *it);

/* Brings feedback that came before its complaint to it, when that has come since. Waits. */
WJZ_MUST_CHECK int writer_adopt_feedback(writer *writer, wjz_err *err);

#endif
