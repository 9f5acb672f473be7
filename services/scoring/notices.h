/* What people are told by scoring: gathered, then emitted with the transaction that gave the reason. */
#ifndef SCORING_NOTICES_H
#define SCORING_NOTICES_H

#include <stddef.h>
#include <stdint.h>

#include "proto/notification.pb-c.h"
#include "wjz/arena.h"
#include "wjz/bus.h"
#include "wjz/err.h"

typedef struct notices {
    wjz_arena *arena;
    Wjz__Notification__Notice **items;
    size_t count, room;
    bool failed; /* out of memory */
} notices;

/* to: a person's code; "" or "operator": the operators. Texts are borrowed until they are sent. NULL when out of
 * memory, which notices_send tells. */
Wjz__Notification__Notice *notices_add(notices *n, const char *event, const char *template, const char *to,
                                       const char *subject_kind, int64_t subject);
/* notice NULL: nothing. An empty value is left out, and the template shows its dash. */
void notices_value(notices *n, Wjz__Notification__Notice *notice, const char *name, const char *value);
void notices_number(notices *n, Wjz__Notification__Notice *notice, const char *name, int64_t value);
WJZ_MUST_CHECK int notices_send(notices *n, wjz_bus *bus, wjz_tx *tx, int32_t region, wjz_err *err);

#endif
