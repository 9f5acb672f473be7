/* Requests: begin, let the verb decide, commit, answer with the clues as they are then. */
#include "scoring/requests.h"

#include <errno.h>

#include "scoring/decide.h"
#include "scoring/refuse.h"
#include "scoring/store_decisions.h"

typedef int verb_fn(decide *d, const ProtobufCMessage *asked, wjz_err *err);

static int reply_with(wjz_call *call, const decide *d, Wjz__Scoring__ClueState **states, size_t count) {
    Wjz__Scoring__CluesDecided reply = WJZ__SCORING__CLUES_DECIDED__INIT;
    reply.decision = (uint64_t)d->id;
    reply.clues = states;
    reply.n_clues = count;
    return wjz_call_reply(call, &reply.base);
}

static int carry_out(wjz_call *call, scoring_service *self, const char *person, const char *reason, verb_fn *verb,
                     wjz_err *err) {
    const wjz_message *message = wjz_call_message(call);
    if (message->region <= 0)
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_INVALID,
                                                    .field = "region",
                                                    .value = "0",
                                                    .message = "信封须写明区划 / the envelope needs its region",
                                                    .remedy = "例如 / e.g. 510184"});
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    Wjz__Scoring__ClueState **states = NULL;
    size_t count = 0;
    wjz_refusal refusal = {0};
    int r = wjz_tx_begin(self->db, &tx, err);
    decide d = {.self = self,
                .tx = tx,
                .arena = wjz_call_arena(call),
                .region = message->region,
                .person = person,
                .reason = reason,
                .refusal = &refusal};
    if (!r) r = decide_check(&d, err);
    if (!r) r = verb(&d, message->body, err);
    if (r == -EPERM && refusal.code) return wjz_call_refuse(call, &refusal);
    if (!r)
        r = store_clue_states(tx, d.region, d.clues, d.clue_count, d.complaints, d.complaint_count, d.arena, &states,
                              &count, err);
    if (!r) r = wjz_tx_commit(&tx, err);
    if (store_is_away(r)) return refuse_busy(call);
    return r ? r : reply_with(call, &d, states, count);
}

#define HANDLER(name, type, verb)                                                                                      \
    static int name##_verb(decide *d, const ProtobufCMessage *asked, wjz_err *err) {                                   \
        return verb(d, (const type *)asked, err);                                                                      \
    }                                                                                                                  \
    int name(wjz_call *call, void *state, wjz_err *err) {                                                              \
        const type *asked = (const type *)wjz_call_message(call)->body;                                                \
        return carry_out(call, state, asked->person, asked->reason, name##_verb, err);                                 \
    }

HANDLER(on_merge_clues, Wjz__Scoring__MergeClues, decide_merge)
HANDLER(on_split_clue, Wjz__Scoring__SplitClue, decide_split)
HANDLER(on_undo_decision, Wjz__Scoring__UndoDecision, decide_undo)
HANDLER(on_decide_repeat, Wjz__Scoring__DecideRepeat, decide_repeat)
HANDLER(on_confirm_score, Wjz__Scoring__ConfirmScore, decide_score)
