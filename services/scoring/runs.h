/* The fiber in which a worker takes on runs: it looks for one that nobody has, works it off in portions, and lets live
 * work go first. It also keeps the active rule pack loaded. */
#ifndef SCORING_RUNS_H
#define SCORING_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

struct scoring_service;
typedef struct runs runs;

enum { RUN_LEASE_MS = 10000 };

typedef struct run_portion {
    struct scoring_service *self;
    wjz_tx *tx;
    wjz_arena *arena; /* of the portion */
    wjz_arena *keep;  /* of the run while this worker has it */
    int64_t instance;
    int limit;  /* items to take */
    bool skip;  /* pass over them: they failed one by one */
    int done;   /* items that were taken: set by the kind */
    bool ended; /* there are no more: set by the kind */
} run_portion;

/* A kind of run. State lives in run_portion.keep. */
typedef struct run_kind {
    const char *name;
    /* Takes a run that nobody has; *ret_run NULL when there is none. */
    int (*take)(run_portion *portion, void **ret_run, wjz_err *err);
    /* One portion within the transaction, cursor included. -ESTALE: the run is another's now, nothing is to be
     * committed. */
    int (*work)(run_portion *portion, void *run, wjz_err *err);
    /* Frees what a run holds beside memory; may be NULL. */
    void (*leave)(void *run);
} run_kind;

/* Kinds: ended by NULL; the first one that has a run is worked on. */
WJZ_MUST_CHECK int runs_start(struct scoring_service *self, const run_kind *const *kinds, runs **ret_runs,
                              wjz_err *err);
/* There may be something to do. Any context; NULL is fine. */
void runs_wake(runs *r);
/* Ends after the present portion. Only from a fiber. */
void runs_stop(runs **r);

#endif
