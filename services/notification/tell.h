/* Telling: the one way by which notices come into being, whoever asks for them. */
#ifndef NOTIFICATION_TELL_H
#define NOTIFICATION_TELL_H

#include "notification/compose.h"
#include "wjz/db.h"

struct notification;

/* Stores notices for what was asked, within tx; once it is committed the inboxes are published and sending begins. The
 * number of statements does not depend on count. What was told before is passed over; what was not by the sender's word
 * (fresh) but was, fails the transaction with -EEXIST unless careful. -EINVAL names the first ask that cannot be
 * carried out. */
WJZ_MUST_CHECK int tell(struct notification *self, wjz_tx *tx, wjz_arena *arena, const struct ask *asks, size_t count,
                        bool careful, wjz_err *err);

#endif
