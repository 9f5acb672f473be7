/* Dead letters, the requests: only the service that keeps them may change them, so an operator's tool asks. */
#include "runtime/dead_letters.h"

#include <errno.h>
#include <inttypes.h>

#include "proto/bus.pb-c.h"
#include "wjz/log.h"

/* Ids as the database has them. */
static int64_t *signed_ids(wjz_call *call, const uint64_t *ids, size_t count) {
    int64_t *copy = wjz_arena_calloc(wjz_call_arena(call), count, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = (int64_t)ids[i];
    return copy;
}

static int reply_count(wjz_call *call, int64_t count) {
    Wjz__Bus__DeadLettersChanged reply = WJZ__BUS__DEAD_LETTERS_CHANGED__INIT;
    reply.count = (uint32_t)count;
    return wjz_call_reply(call, &reply.base);
}

static int on_retry(wjz_call *call, void *state, wjz_err *err) {
    wjz_dead_letters *self = state;
    const Wjz__Bus__RetryDeadLetters *request = (const Wjz__Bus__RetryDeadLetters *)wjz_call_message(call)->body;
    int64_t *ids = signed_ids(call, request->id, request->n_id);
    if (!ids) return wjz_err_set(err, -ENOMEM, "could not retry dead letters: out of memory");
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows;
    int r = wjz_tx_begin(self->ground->housekeeping, &tx, err);
    if (r == 0)
        r = wjz_tx_query_v(tx, &self->ground->sql->stmts[WJZ_DEAD_RETRY], &rows, err, wjz_i64s(ids, request->n_id));
    if (r < 0) return r;
    int64_t count = wjz_rows_affected(rows);
    r = wjz_tx_commit(&tx, err);
    if (r < 0) return r;
    wjz_log_info("dead letters retried", "count=%" PRId64 " by=%s", count, wjz_call_sender(call));
    wjz_relay_look(self->relay);
    return reply_count(call, count);
}

static int on_drop(wjz_call *call, void *state, wjz_err *err) {
    wjz_dead_letters *self = state;
    const Wjz__Bus__DropDeadLetters *request = (const Wjz__Bus__DropDeadLetters *)wjz_call_message(call)->body;
    if (request->n_id == 0)
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_INVALID,
                                                    .field = "id",
                                                    .message = "no dead letter is named",
                                                    .remedy = "name the ids to drop"});
    int64_t *ids = signed_ids(call, request->id, request->n_id);
    if (!ids) return wjz_err_set(err, -ENOMEM, "could not drop dead letters: out of memory");
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows;
    int r = wjz_tx_begin(self->ground->housekeeping, &tx, err);
    if (r == 0)
        r = wjz_tx_query_v(tx, &self->ground->sql->stmts[WJZ_DEAD_DROP], &rows, err, wjz_i64s(ids, request->n_id));
    if (r < 0) return r;
    int count = wjz_rows_count(rows);
    for (int row = 0; row < count; row++)
        wjz_log_info("dead letter dropped", "id=%" PRId64 " destination=%s type=%s by=%s reason=\"%s\"",
                     wjz_row_int(rows, row, 0), wjz_row_text(rows, row, 1), wjz_row_text(rows, row, 2),
                     wjz_call_sender(call), request->reason);
    r = wjz_tx_commit(&tx, err);
    return r < 0 ? r : reply_count(call, count);
}

const wjz_request_route WJZ_DEAD_LETTER_ROUTES[] = {
    {.type = &wjz__bus__retry_dead_letters__descriptor, .handler = on_retry},
    {.type = &wjz__bus__drop_dead_letters__descriptor, .handler = on_drop},
    {.type = NULL},
};
