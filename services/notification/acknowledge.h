/* Acknowledging: the same, whether by a link or in the console. */
#ifndef NOTIFICATION_ACKNOWLEDGE_H
#define NOTIFICATION_ACKNOWLEDGE_H

#include "notification/store.h"
#include "wjz/err.h"

struct notification;

/* -EBADMSG or -ENOENT: no such link; -ESTALE: it has expired; else the database's errors. ret_notice may be NULL. */
WJZ_MUST_CHECK int acknowledge_look(struct notification *self, const char *token, struct acknowledgement *ret_state,
                                    wjz_err *err);
WJZ_MUST_CHECK int acknowledge_by_link(struct notification *self, const char *token, int64_t *ret_notice,
                                       struct acknowledgement *ret_done, wjz_err *err);
/* -ENOENT: actor has no such notice. */
WJZ_MUST_CHECK int acknowledge_in_person(struct notification *self, int32_t region, int64_t notice, const char *actor,
                                         struct acknowledgement *ret_done, wjz_err *err);

#endif
