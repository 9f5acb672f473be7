/* All SQL of notification. Every function works within the caller's transaction, in a fiber. */
#ifndef NOTIFICATION_STORE_H
#define NOTIFICATION_STORE_H

#include "notification/notice.h"
#include "wjz/db.h"

/* People by code, in whatever county, and the operators of the regions (region 0 among them: of all); and what the
 * codes named of people, stations and organs are called. One round trip. */
WJZ_MUST_CHECK int store_people(wjz_tx *tx, const char *const *codes, size_t code_count, const int32_t *regions,
                                size_t region_count, const char *const *named, size_t named_count, wjz_arena *arena,
                                struct person **ret_people, size_t *ret_count, struct name **ret_names,
                                size_t *ret_name_count, wjz_err *err);

/* For each (region, station) who has the shift that runs, or the next one within 14 days. */
WJZ_MUST_CHECK int store_duties(wjz_tx *tx, const int32_t *regions, const char *const *stations, size_t count,
                                wjz_arena *arena, struct duty **ret_duties, size_t *ret_count, wjz_err *err);

/* Queues the insertion of notices, their sendings and the hashes of their links. What was told before stays as it is; a
 * fresh one that was, fails the transaction with -EEXIST unless careful. */
WJZ_MUST_CHECK int store_notices(wjz_tx *tx, const struct notice *notices, size_t count, bool careful,
                                 wjz_arena *arena);

/* --- sending --- */

/* One notice on its way over one channel. */
struct sending {
    int32_t region;
    int64_t notice;
    int attempt, round;
    const char *recipient, *locale, *urgency, *event, *title, *body, *subject_kind;
    int64_t subject, made_at_us, token_expires_us; /* 0: no link */
    const uint8_t *guest;
    size_t guest_length;
    const char *email, *webhook, *webhook_secret; /* "" when there is none */
};

/* Leases up to limit sendings of the channel that are due, for lease_ms. */
WJZ_MUST_CHECK int store_claim(wjz_tx *tx, const char *channel, int limit, int64_t lease_ms, int owner,
                               wjz_arena *arena, struct sending **ret_sendings, size_t *ret_count, wjz_err *err);

/* A line of the delivery log. */
struct delivery {
    int32_t region;
    int64_t notice;
    const char *channel, *result, *address, *answer, *instance;
    int round, attempt, status;
};
WJZ_MUST_CHECK int store_log(wjz_tx *tx, const struct delivery *deliveries, size_t count, wjz_arena *arena);

/* Queues the end of an attempt: sent, failed, or waiting until due_us. Only when it is still this attempt's turn. */
WJZ_MUST_CHECK int store_finish(wjz_tx *tx, const struct sending *sending, const char *channel, const char *state,
                                int64_t due_us);

/* What else waits for the recipient over the channel is not due before that moment. */
WJZ_MUST_CHECK int store_postpone(wjz_tx *tx, const struct sending *sending, const char *channel, int64_t due_us);

/* --- acknowledging --- */

struct acknowledgement {
    bool found, before; /* before: had been acknowledged already */
    int64_t at_us;
};
/* By a link: the token's hash must be the one kept. */
WJZ_MUST_CHECK int store_acknowledge_link(wjz_tx *tx, const struct token *token, const uint8_t hash[TOKEN_HASH],
                                          struct acknowledgement *ret_done, wjz_err *err);
/* By the recipient in person. */
WJZ_MUST_CHECK int store_acknowledge(wjz_tx *tx, int32_t region, int64_t notice, const char *actor,
                                     struct acknowledgement *ret_done, wjz_err *err);
/* Whether the link's notice is there, and when it was acknowledged (0: not yet). */
WJZ_MUST_CHECK int store_look_link(wjz_tx *tx, const struct token *token, const uint8_t hash[TOKEN_HASH],
                                   struct acknowledgement *ret_state, wjz_err *err);

/* --- chasing what nobody acknowledged --- */

struct unseen {
    int32_t region;
    int64_t notice;
    const char *recipient, *recipient_name, *event, *title, *body, *escalate_to, *subject_kind;
    int64_t subject;
    int repeats;
    bool urgent;
    int quiet_from, quiet_to; /* the recipient's, as in struct person */
};
/* Takes up to limit notices whose time to be looked at has come. */
WJZ_MUST_CHECK int store_unseen(wjz_tx *tx, int limit, wjz_arena *arena, struct unseen **ret_unseen, size_t *ret_count,
                                wjz_err *err);
/* Queues: send the notices again from due_us on, look at them again after wait_ms. */
WJZ_MUST_CHECK int store_repeat(wjz_tx *tx, const int32_t *regions, const int64_t *notices, const int64_t *due_us,
                                size_t count, int64_t wait_ms);
/* Queues: they are escalated and not looked at any more. */
WJZ_MUST_CHECK int store_escalated(wjz_tx *tx, const int32_t *regions, const int64_t *notices, size_t count);

/* --- preferences --- */

/* -ENOENT when the directory does not know the person. */
WJZ_MUST_CHECK int store_preference(wjz_tx *tx, int32_t region, const char *person, const char *channel, bool enabled,
                                    const char *actor, wjz_err *err);

#endif
