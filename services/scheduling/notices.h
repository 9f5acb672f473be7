/* What people are told by scheduling: collected within a transaction, emitted at its end. */
#ifndef SCHEDULING_NOTICES_H
#define SCHEDULING_NOTICES_H

#include "proto/notification.pb-c.h"
#include "wjz/bus.h"
#include "wjz/db.h"

struct notices {
    wjz_arena *arena;
    Wjz__Notification__Notice **items;
    size_t count, room;
    bool out_of_memory; /* sticky; reported by notices_emit */
};

/* What a notice is about. */
struct about {
    const char *kind; /* shift, appointment, visit */
    int64_t id;
};

/* Adds a notice to a person, by code, or with code "" to the operators; the texts must live as long as the arena. NULL
 * when out of memory, which the functions below accept. */
Wjz__Notification__Notice *notices_add(struct notices *notices, const char *event, const char *template,
                                       const char *code, struct about about);
/* The same to a guest. */
Wjz__Notification__Notice *notices_add_guest(struct notices *notices, const char *event, const char *template,
                                             const char *email, struct about about);
void notices_value(struct notices *notices, Wjz__Notification__Notice *notice, const char *name, const char *text);
void notices_time(struct notices *notices, Wjz__Notification__Notice *notice, const char *name, int64_t us);
void notices_number(struct notices *notices, Wjz__Notification__Notice *notice, const char *name, int64_t number);

/* Emits all, in messages of at most 256. */
WJZ_MUST_CHECK int notices_emit(const struct notices *notices, wjz_bus *bus, wjz_tx *tx, int32_t region, wjz_err *err);

#endif
