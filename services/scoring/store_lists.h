/* SQL of watch lists and saved searches as people change them. */
#ifndef SCORING_STORE_LISTS_H
#define SCORING_STORE_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/watches.h"
#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"

typedef struct watch_row {
    int64_t id;
    const char *title;
    watch_texts words, branches, domains, tell;
    const int32_t *towns;
    size_t town_count;
    int32_t from_day, to_day; /* to_day 0: open */
    int32_t alert_count, alert_days;
    bool alert_clues;
    const char *actor;
} watch_row;

/* Adds it, or with `replace` changes one that has not been ended; *ret_found false when there is no such one. It is to
 * be swept from the beginning. */
WJZ_MUST_CHECK int store_put_watch(wjz_tx *tx, int32_t region, const watch_row *row, bool replace, bool *ret_found,
                                   wjz_err *err);
WJZ_MUST_CHECK int store_end_watch(wjz_tx *tx, int32_t region, int64_t id, const char *actor, bool *ret_found,
                                   wjz_err *err);
/* With the region's lock: batches from now on see the watches as they are. Queued. */
WJZ_MUST_CHECK int store_raise_watch_version(wjz_tx *tx, int32_t region);
/* Looks at the next complaints for a watch that has not seen them all: those whose matter was reported in its period;
 * *ret_more false when there was nothing left to look at. */
WJZ_MUST_CHECK int store_sweep_watch(wjz_tx *tx, int32_t region, wjz_arena *arena, int64_t **ret_complaints,
                                     size_t *ret_count, bool *ret_more, wjz_err *err);

/* The first of the codes that is neither "operator" nor an active person of the region; NULL: all are known. */
WJZ_MUST_CHECK int store_unknown_person(wjz_tx *tx, int32_t region, const char *const *codes, size_t count,
                                        wjz_arena *arena, const char **ret_unknown, wjz_err *err);

typedef struct search_row {
    int64_t id;
    const char *owner, *title, *digest;
    int16_t least_stars;
    watch_texts kinds, branches, domains;
    const int32_t *towns;
    size_t town_count;
    const int64_t *villages;
    size_t village_count;
    const char *feed, *subject;
    bool focus, urgent, mediation;
    int64_t watch;
} search_row;

/* Adds it, or with `replace` changes the owner's own. */
WJZ_MUST_CHECK int store_put_search(wjz_tx *tx, int32_t region, const search_row *row, bool replace, bool *ret_found,
                                    wjz_err *err);
WJZ_MUST_CHECK int store_drop_search(wjz_tx *tx, int32_t region, int64_t search, const char *owner, bool *ret_found,
                                     wjz_err *err);

#endif
