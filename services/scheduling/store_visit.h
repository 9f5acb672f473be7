/* SQL about visits. Every function works within the caller's transaction, in a fiber. */
#ifndef SCHEDULING_STORE_VISIT_H
#define SCHEDULING_STORE_VISIT_H

#include "scheduling/slots.h"
#include "wjz/db.h"

/* Queues the lock that whoever gives slots to visits in a region holds until the end of the transaction. */
WJZ_MUST_CHECK int store_lock_visits(wjz_tx *tx, int32_t region);

struct visit {
    int64_t id, assignment, clue;
    const char *organ, *station, *prosecutor; /* the assignment's; "" when there is none */
    int stars;
    bool urgent;
    const char *state; /* "" until it is placed */
    int64_t shift;     /* 0: none */
    int64_t starts_us, ends_us;
    int proposals;
    int64_t *declined;
    size_t declined_count;
    const char *reason;
    int64_t revision; /* of the assignment, the newest that was heard */
    bool is_new;      /* has no row yet */
};

/* What is there of some assignments. */
struct known {
    struct visit *visits; /* locked */
    size_t visit_count;
    int64_t *revisions; /* the i-th is the newest heard of the i-th assignment without a visit, 0: none that matters */
};

WJZ_MUST_CHECK int store_known(wjz_tx *tx, int32_t region, const int64_t *assignments, size_t count, wjz_arena *arena,
                               struct known *ret_known, wjz_err *err);
/* Queues: the newest revisions heard of assignments, when they change nothing else. */
WJZ_MUST_CHECK int store_note(wjz_tx *tx, int32_t region, const int64_t *assignments, const int64_t *revisions,
                              size_t count);
/* By id, locked; -ENOENT. */
WJZ_MUST_CHECK int store_visit(wjz_tx *tx, int32_t region, int64_t id, wjz_arena *arena, struct visit *ret_visit,
                               wjz_err *err);
/* Up to limit that wait, most pressing first. */
WJZ_MUST_CHECK int store_waiting_visits(wjz_tx *tx, int32_t region, int limit, wjz_arena *arena,
                                        struct visit **ret_visits, size_t *ret_count, wjz_err *err);

/* Takes the time that visits have in their shifts; ret_taken[i] false: somebody else has it. */
WJZ_MUST_CHECK int store_book_visits(wjz_tx *tx, int32_t region, const struct visit *visits, size_t count,
                                     wjz_arena *arena, bool *ret_taken, wjz_err *err);
/* Queues the visits as they are, new ones too. */
WJZ_MUST_CHECK int store_write_visits(wjz_tx *tx, int32_t region, const struct visit *visits, size_t count,
                                      wjz_arena *arena);
/* Queues: frees the time of visits. */
WJZ_MUST_CHECK int store_free_visits(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count);
/* Queues: proposals whose time passed without an answer wait again. */
WJZ_MUST_CHECK int store_renew_visits(wjz_tx *tx);
/* Queues: adds a shift to those whose slots were declined. */
WJZ_MUST_CHECK int store_decline_visit(wjz_tx *tx, int32_t region, int64_t id, int64_t shift);
/* The regions in which visits wait. */
WJZ_MUST_CHECK int store_waiting_regions(wjz_tx *tx, wjz_arena *arena, int64_t **ret_regions, size_t *ret_count,
                                         wjz_err *err);
/* Days that differ from the ordinary week, in a list for rota_is_working_day. */
struct rota_holiday;
WJZ_MUST_CHECK int store_holidays(wjz_tx *tx, int32_t from_day, int32_t to_day, wjz_arena *arena,
                                  struct rota_holiday **ret_holidays, size_t *ret_count, wjz_err *err);

#endif
