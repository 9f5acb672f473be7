/* Webhooks: a notice as signed JSON, posted to the recipient's own system. */
#ifndef NOTIFICATION_WEBHOOK_H
#define NOTIFICATION_WEBHOOK_H

#include "notification/channel.h"

void webhook_send(struct notification *self, const struct sending *sending, wjz_arena *arena,
                  struct outcome *ret_outcome);
const char *webhook_address(struct notification *self, const struct sending *sending, wjz_arena *arena);

#endif
