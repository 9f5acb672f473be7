/* A channel: takes what is due from the store, sends it, and records how it ended.
 *
 * A sending is leased before it is sent and its attempt is written down first; how it ended is written after. Only a
 * process that dies between the other side's answer and that record lets a notice be sent again, when its lease is
 * over, and then with the same message id. Fresh notices wake the channel when they are durable; the table is swept
 * only for retries that are due and for what a dead process left. */
#ifndef NOTIFICATION_CHANNEL_H
#define NOTIFICATION_CHANNEL_H

#include "notification/store.h"
#include "wjz/arena.h"
#include "wjz/err.h"

struct notification;
struct channel;

enum attempt_result {
    ATTEMPT_SENT,
    ATTEMPT_DEFERRED,    /* this one may work later; counts */
    ATTEMPT_UNREACHABLE, /* nothing can go over the channel at present; does not count */
    ATTEMPT_FAILED,      /* never will */
};

struct outcome {
    enum attempt_result result;
    int status;         /* of the other side, 0: none */
    const char *answer; /* its words, or what prevented them; in the arena, or static */
    bool silent;        /* nobody answered at this recipient's own address: no use to try its other notices now */
};

struct channel_spec {
    enum channel_kind kind;
    int64_t parallel; /* transfers at once */
    /* Sends; the outcome says how it ended. In a fiber. */
    void (*send)(struct notification *self, const struct sending *sending, wjz_arena *arena,
                 struct outcome *ret_outcome);
    /* The address, shortened for the delivery log. */
    const char *(*address)(struct notification *self, const struct sending *sending, wjz_arena *arena);
};

WJZ_MUST_CHECK int channel_open(struct notification *self, const struct channel_spec *spec,
                                struct channel **ret_channel, wjz_err *err);
/* Takes no more, waits until what is under way has ended and is recorded. Only in a fiber. Accepts NULL. */
void channel_close(struct channel **channel);
/* Something is due. Accepts NULL. */
void channel_wake(struct channel *channel);

#endif
