/* Work that time brings — alarms of watches, area warnings, scans, digests — done for a region by one instance at a
 * time, however many there are: whoever finds a round due takes a lease on it, and what it does counts only if it still
 * has the lease when it commits. */
#ifndef SCORING_ROUNDS_H
#define SCORING_ROUNDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "scoring/pace.h"
#include "scoring/scoring.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

/* A round in hand. */
typedef struct round_lease {
    scoring_service *self;
    const scoring_conf *conf;
    wjz_arena *arena; /* lives as long as the round */
    int32_t region;
    const char *name;
    int64_t era;                /* of the store, when the round was taken */
    int64_t seen;               /* turn of the journal that the last one had seen; the work sets it */
    int64_t done_us;            /* when the last one had work to do, 0: never */
    bool idle;                  /* set by the work: there was nothing to do */
    int64_t renewed_us;         /* monotonic */
    pace pace;                  /* beside live work */
    int64_t went_on_us;         /* monotonic: since when it has worked without giving way */
    int64_t held_ms;            /* that it has waited for live work */
    const atomic_bool *closing; /* also for computations beside the loop */
} round_lease;

/* Does the round's work. Its last transaction must call round_finish; an error has the round tried again in a minute.
 */
typedef int round_fn(round_lease *round, wjz_err *err);

/* Within the work's last transaction: gives the round back, next due at due_us. -ECANCELED when another instance has it
 * by now; -EAGAIN when the store has crashed meanwhile, and what the work has read may be gone. The transaction must
 * then be given up. */
WJZ_MUST_CHECK int round_finish(round_lease *round, wjz_tx *tx, int64_t due_us, wjz_err *err);
/* Between portions of long work (arg is the round_lease): lets others run, and keeps the lease. */
void round_pause(void *arg);
/* The same, and lets live work of all instances go first (pace.h), for ten minutes in a round at most. No transaction
 * may be open. */
void round_give_way(void *arg);
/* Runs fn(arg) beside the loop with what time the processors have left, and keeps the lease meanwhile. fn touches
 * nothing but arg, and ends soon after *round->closing has become true. An error: fn has not run. */
WJZ_MUST_CHECK int round_compute(round_lease *round, wjz_call_fn *fn, void *arg);
/* The next time of day, seconds since midnight in Asia/Shanghai, after now. */
int64_t round_next_time(int64_t now_us, int64_t seconds);

typedef struct rounds rounds;
WJZ_MUST_CHECK int rounds_open(scoring_service *self, const scoring_conf *conf, rounds **ret_rounds, wjz_err *err);
/* Waits for the round under way. Only from a fiber. Accepts NULL and *r == NULL. */
void rounds_close(rounds **r);

#endif
