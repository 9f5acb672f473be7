/* See rescore.h. */
#include "scoring/rescore.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/scoring.pb-c.h"
#include "scoring/matters.h"
#include "scoring/refuse.h"
#include "scoring/store_packs.h"
#include "scoring/store_runs.h"
#include "wjz/clock.h"
#include "wjz/id.h"

enum { PORTION = 256 /* complaints of a queue message */ };

/* --- the run --- */

static int take(run_portion *portion, void **ret_run, wjz_err *err) {
    rescore_row *row = wjz_arena_calloc(portion->keep, 1, sizeof *row);
    bool found = false;
    if (!row) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = store_take_rescore(portion->tx, portion->instance, RUN_LEASE_MS, portion->keep, row, &found, err);
    if (!r && found && !row->counted) r = store_count_rescore(portion->tx, row, err);
    if (!r && found) *ret_run = row;
    return r;
}

/* The row's cursor moves only when the transaction commits, and so in memory only at the end. */
static int work(run_portion *portion, void *run, wjz_err *err) {
    rescore_row *row = run, next = *row;
    int64_t *ids = NULL, began = wjz_clock_monotonic_us();
    size_t count = 0;
    bool ours = false;
    int r = store_next_to_rescore(portion->tx, row, portion->limit, portion->arena, &ids, &count, &next.cursor, err);
    if (r) return r;
    qsort(ids, count, sizeof *ids, wjz_id_order);
    if (count && !portion->skip)
        r = matters_take(portion->self, portion->tx, row->region, ids, NULL, count, portion->arena, err);
    if (r) return r;
    next.done += (int64_t)count;
    next.busy_us += wjz_clock_monotonic_us() - began;
    r = store_advance_rescore(portion->tx, portion->instance, RUN_LEASE_MS, &next, count == 0, &ours, err);
    if (r) return r;
    if (!ours) return wjz_err_set(err, -ESTALE, "another worker has the run, or a newer one takes its place");
    *row = next;
    portion->done = (int)count;
    portion->ended = count == 0;
    return 0;
}

const run_kind rescore_kind = {.name = "rescore", .take = take, .work = work};

/* --- the request --- */

int rescore_emit(wjz_bus *bus, wjz_tx *tx, int32_t region, int64_t *ids, size_t count, wjz_err *err) {
    for (size_t from = 0; from < count; from += PORTION) {
        Wjz__Scoring__Rescore portion = WJZ__SCORING__RESCORE__INIT;
        portion.n_complaint = count - from < PORTION ? count - from : PORTION;
        portion.complaint = (uint64_t *)(ids + from);
        int r = wjz_bus_emit(bus, tx, region, &portion.base, err);
        if (r) return r;
    }
    return 0;
}

static int begin_run(wjz_tx *tx, int32_t region, wjz_arena *arena, uint64_t *ret_count, wjz_err *err) {
    rescore_row row = {.region = region, .id = wjz_id_next()};
    const char *version = NULL;
    int r = store_read_active(tx, arena, &version, err);
    if (!r) r = store_begin_rescore(tx, region, row.id, version);
    if (!r) r = store_count_rescore(tx, &row, err);
    *ret_count = (uint64_t)row.total;
    return r;
}

int on_rescore(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const wjz_message *message = wjz_call_message(call);
    const Wjz__Scoring__Rescore *body = (const Wjz__Scoring__Rescore *)message->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    Wjz__Scoring__RescoreBegun begun = WJZ__SCORING__RESCORE_BEGUN__INIT;
    begun.complaints = body->n_complaint;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r)
        r = body->n_complaint
                ? rescore_emit(self->bus, tx, message->region, (int64_t *)body->complaint, body->n_complaint, err)
                : begin_run(tx, message->region, wjz_call_arena(call), &begun.complaints, err);
    if (!r) r = wjz_tx_commit(&tx, err);
    if (store_is_away(r)) return refuse_busy(call);
    if (r) return r;
    runs_wake(self->runs);
    return wjz_call_reply(call, &begun.base);
}
