/* A complaint that came with the message about it, as intake's memory had it: what scoring would read from the store.
 */
#ifndef SCORING_RECEIVED_H
#define SCORING_RECEIVED_H

#include "proto/intake.pb-c.h"
#include "scoring/complaint.h"
#include "wjz/arena.h"
#include "wjz/err.h"

/* What the message brought of one of its complaints, NULL for nothing. */
const Wjz__Intake__AsReceived *received_of(const Wjz__Intake__ComplaintsAccepted *message, int64_t id);

/* All but region, feed, source and revision, which the store tells. Texts are the message's, or the arena's. -ENOMEM.
 */
WJZ_MUST_CHECK int received_read(const Wjz__Intake__AsReceived *received, wjz_arena *arena, complaint *ret_complaint);

#endif
