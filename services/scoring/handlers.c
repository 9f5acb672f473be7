/* A batch may bring messages of several regions, and one complaint in several of them: each region is one turn, each
 * complaint once in it. */
#include "scoring/handlers.h"

#include <errno.h>
#include <stdlib.h>

#include "proto/intake.pb-c.h"
#include "proto/scoring.pb-c.h"
#include "scoring/enforcement.h"
#include "scoring/matters.h"
#include "scoring/received.h"
#include "scoring/scoring.h"

typedef struct wanted {
    int32_t region;
    int64_t id;
    const Wjz__Intake__AsReceived *received; /* a complaint that its message brought; NULL for most others */
} wanted;

/* The ids a message's body has. */
typedef void ids_fn(const ProtobufCMessage *body, const uint64_t **ret_ids, size_t *ret_count);
/* Handles the ids of one region; as matters_take. */
typedef int region_fn(scoring_service *self, wjz_tx *tx, int32_t region, const int64_t *ids,
                      const Wjz__Intake__AsReceived *const *received, size_t count, wjz_arena *arena, wjz_err *err);

static int by_region_and_id(const void *a, const void *b) {
    const wanted *x = a, *y = b;
    if (x->region != y->region) return x->region < y->region ? -1 : 1;
    if (x->id != y->id) return x->id < y->id ? -1 : 1;
    return (y->received != NULL) - (x->received != NULL); /* the first one counts */
}

static const Wjz__Intake__AsReceived *brought(const ProtobufCMessage *body, int64_t id) {
    if (body->descriptor != &wjz__intake__complaints_accepted__descriptor) return NULL;
    return received_of((const Wjz__Intake__ComplaintsAccepted *)body, id);
}

static int gather(wjz_batch *batch, ids_fn *ids_of, wanted **ret_all, size_t *ret_count) {
    size_t room = 0, count = 0, more = 0;
    const uint64_t *ids = NULL;
    for (size_t i = 0; i < wjz_batch_count(batch); i++) {
        ids_of(wjz_batch_message(batch, i)->body, &ids, &more);
        room += more;
    }
    wanted *all = wjz_arena_alloc(wjz_batch_arena(batch), room * sizeof *all);
    if (!all) return -ENOMEM;
    for (size_t i = 0; i < wjz_batch_count(batch); i++) {
        const wjz_message *message = wjz_batch_message(batch, i);
        ids_of(message->body, &ids, &more);
        for (size_t j = 0; j < more; j++)
            all[count++] = (wanted){message->region, (int64_t)ids[j], brought(message->body, (int64_t)ids[j])};
    }
    qsort(all, count, sizeof *all, by_region_and_id);
    *ret_all = all;
    *ret_count = count;
    return 0;
}

/* Regions in ascending order, so that two batches never wait for each other's locks. */
static int for_each_region(wjz_batch *batch, scoring_service *self, ids_fn *ids_of, region_fn *fn, wjz_err *err) {
    wjz_arena *arena = wjz_batch_arena(batch);
    wanted *all = NULL;
    size_t count = 0;
    int r = gather(batch, ids_of, &all, &count);
    int64_t *ids = r ? NULL : wjz_arena_alloc(arena, count * sizeof *ids);
    const Wjz__Intake__AsReceived **received = ids ? wjz_arena_alloc(arena, count * sizeof *received) : NULL;
    if (!received) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t from = 0, to = 0; !r && from < count; from = to) {
        size_t unique = 0;
        for (to = from; to < count && all[to].region == all[from].region; to++) {
            if (unique && ids[unique - 1] == all[to].id) continue;
            ids[unique] = all[to].id;
            received[unique++] = all[to].received;
        }
        r = fn(self, wjz_batch_tx(batch), all[from].region, ids, received, unique, arena, err);
    }
    return r;
}

#define IDS_OF(name, type, field)                                                                                      \
    static void name(const ProtobufCMessage *body, const uint64_t **ret_ids, size_t *ret_count) {                      \
        const type *message = (const type *)body;                                                                      \
        *ret_ids = message->field;                                                                                     \
        *ret_count = message->n_##field;                                                                               \
    }

IDS_OF(ids_accepted, Wjz__Intake__ComplaintsAccepted, complaint)
IDS_OF(ids_rated, Wjz__Intake__FeedbackAccepted, complaint)
IDS_OF(ids_enforced, Wjz__Intake__EnforcementAccepted, record)
IDS_OF(ids_again, Wjz__Scoring__Rescore, complaint)

static int take_records(scoring_service *self, wjz_tx *tx, int32_t region, const int64_t *ids,
                        WJZ_UNUSED const Wjz__Intake__AsReceived *const *received, size_t count, wjz_arena *arena,
                        wjz_err *err) {
    return enforcement_take(self, tx, region, ids, count, arena, err);
}

int on_complaints_accepted(wjz_batch *batch, void *state, wjz_err *err) {
    return for_each_region(batch, state, ids_accepted, matters_take, err);
}

int on_feedback_accepted(wjz_batch *batch, void *state, wjz_err *err) {
    return for_each_region(batch, state, ids_rated, matters_take, err);
}

int on_enforcement_accepted(wjz_batch *batch, void *state, wjz_err *err) {
    return for_each_region(batch, state, ids_enforced, take_records, err);
}

int on_rescore_portion(wjz_batch *batch, void *state, wjz_err *err) {
    return for_each_region(batch, state, ids_again, matters_take, err);
}
