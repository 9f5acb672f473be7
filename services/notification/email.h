/* E-mail: a notice as a message with a neutral subject, sent by SMTP. */
#ifndef NOTIFICATION_EMAIL_H
#define NOTIFICATION_EMAIL_H

#include "notification/channel.h"

void email_send(struct notification *self, const struct sending *sending, wjz_arena *arena,
                struct outcome *ret_outcome);
const char *email_address(struct notification *self, const struct sending *sending, wjz_arena *arena);

/* The link to acknowledge, "" when none is wanted; NULL when out of memory. */
const char *acknowledge_link(struct notification *self, const struct sending *sending, wjz_arena *arena);

#endif
