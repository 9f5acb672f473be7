/* Requests: lock the assignment, let casework decide, write, answer. */
#include "assignment/requests.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "assignment/assignment.h"
#include "assignment/casework.h"
#include "assignment/store.h"
#include "wjz/clock.h"

/* What one verb does with the locked assignment. message is the request's body. */
typedef int verb_fn(casework *work, wjz_tx *tx, const ProtobufCMessage *message, wjz_err *err);

static int refuse_not_found(wjz_call *call, const char *field, int64_t id) {
    char value[24];
    snprintf(value, sizeof(value), "%" PRId64, id);
    return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_NOT_FOUND,
                                                .field = field,
                                                .value = value,
                                                .message = "没有这个分派 / no such assignment in this region",
                                                .remedy = "wjz assignments list"});
}

static int refuse_busy(wjz_call *call) {
    return wjz_call_refuse(
        call, &(wjz_refusal){.code = WJZ_REFUSAL_RETRY_LATER,
                             .message = "数据库暂不可用，未作更改 / the store is away; nothing was changed",
                             .remedy = "请稍后再试 / try again",
                             .retry_after_ms = 1000});
}

static int answer(wjz_call *call, const casework *work) {
    Wjz__Assignment__AssignmentState present, next;
    Wjz__Assignment__AssignmentAnswer reply = WJZ__ASSIGNMENT__ASSIGNMENT_ANSWER__INIT;
    ledger_message(work->open, &present);
    reply.assignment = &present;
    if (work->successor != NULL) {
        ledger_message(work->successor, &next);
        reply.successor = &next;
    }
    return wjz_call_reply(call, &reply.base);
}

static bool store_is_away(int r) {
    return r == -EAGAIN || r == -ECONNRESET || r == -ETIMEDOUT || r == -ECANCELED;
}

/* Decides within the turn, commits, answers. */
static int carry_out(wjz_call *call, assignment_service *self, wjz_tx **tx, turn *now, casework *work, verb_fn *verb,
                     wjz_err *err) {
    int r = verb(work, *tx, wjz_call_message(call)->body, err);
    if (r == -EPERM && work->refusal->code != WJZ_REFUSAL_UNSPECIFIED) return wjz_call_refuse(call, work->refusal);
    if (r == 0) r = turn_write(self, now, *tx, err);
    if (r == 0) r = wjz_tx_commit(tx, err);
    if (store_is_away(r)) return refuse_busy(call);
    return r < 0 ? r : answer(call, work);
}

static int with_assignment(wjz_call *call, assignment_service *self, uint64_t assignment_id, const char *actor,
                           verb_fn *verb, wjz_err *err) {
    wjz_arena *arena = wjz_call_arena(call);
    int32_t region = wjz_call_message(call)->region;
    int64_t id = (int64_t)assignment_id;
    if (region <= 0)
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_INVALID,
                                                    .field = "region",
                                                    .value = "0",
                                                    .message = "信封须写明区划 / the envelope needs its region",
                                                    .remedy = "例如 / e.g. 510184"});
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    clue told;
    assignment open = {0};
    bool found = false;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_lock_assignment(tx, arena, region, id, &told, &open, &found, err);
    if (store_is_away(r)) return refuse_busy(call);
    if (r < 0) return r;
    if (!found) return refuse_not_found(call, "assignment", id);
    turn now;
    wjz_refusal refusal = {0};
    turn_begin(self, arena, &now);
    casework work = {.on = &now.on, .told = &told, .open = &open, .actor = actor, .refusal = &refusal};
    r = carry_out(call, self, &tx, &now, &work, verb, err);
    turn_end(&now);
    return r;
}

/* --- the verbs --- */

static int accept(casework *work, wjz_tx *tx, const ProtobufCMessage *message, wjz_err *err) {
    (void)tx, (void)message;
    return casework_accept(work, err);
}

static int verify(casework *work, wjz_tx *tx, const ProtobufCMessage *message, wjz_err *err) {
    (void)tx, (void)message;
    return casework_verify(work, err);
}

static int give_back(casework *work, wjz_tx *tx, const ProtobufCMessage *message, wjz_err *err) {
    (void)tx;
    const Wjz__Assignment__ReturnAssignment *asked = (const Wjz__Assignment__ReturnAssignment *)message;
    return casework_return(work, asked->reason_code, asked->reason, err);
}

static int transfer(casework *work, wjz_tx *tx, const ProtobufCMessage *message, wjz_err *err) {
    (void)tx;
    const Wjz__Assignment__TransferAssignment *asked = (const Wjz__Assignment__TransferAssignment *)message;
    return casework_transfer(work, asked->organ, asked->prosecutor, asked->reason, err);
}

static int close_with(casework *work, wjz_tx *tx, const ProtobufCMessage *message, wjz_err *err) {
    const Wjz__Assignment__RecordOutcome *asked = (const Wjz__Assignment__RecordOutcome *)message;
    int r = casework_close(work, asked->outcome, err);
    return r < 0 ? r : store_add_outcome(tx, work->open, asked->outcome, asked->note, work->actor);
}

/* The end of the day on which a recusal declared now must be decided. */
static int64_t recusal_due(const dispatch *on) {
    int32_t today = wjz_day_number(wjz_clock_day(on->book->now_us));
    int32_t last = calendar_after_days(on->people->calendar, today, on->policy->recusal_days);
    return wjz_clock_from_day(wjz_day_from_number(last + 1), 0);
}

static int declare_recusal(casework *work, wjz_tx *tx, const ProtobufCMessage *message, wjz_err *err) {
    const Wjz__Assignment__DeclareRecusal *asked = (const Wjz__Assignment__DeclareRecusal *)message;
    const char *declarer = work->open->prosecutor;
    store_recusal entry = {.assignment = work->open->id,
                           .person = declarer,
                           .procedure = asked->procedure,
                           .ground = asked->ground,
                           .due_us = recusal_due(work->on)};
    int r = casework_declare_recusal(work, asked->ground, asked->procedure, &entry.suspended, err);
    if (r == 0) r = store_add_recusal(tx, work->open->region, work->open->clue, &entry);
    if (r < 0 || !entry.suspended) return r;
    const char *excluded = ledger_tried(work->on->book, work->told->excluded, declarer);
    return excluded == NULL ? -ENOMEM : store_exclude(tx, work->open->region, work->open->clue, excluded);
}

static int refuse_no_recusal(casework *work) {
    *work->refusal = (wjz_refusal){.code = WJZ_REFUSAL_NOT_FOUND,
                                   .field = "assignment",
                                   .message = "没有待决定的回避申请 / no recusal waits for a decision",
                                   .remedy = "DeclareRecusal"};
    return -EPERM;
}

static int decide_recusal(casework *work, wjz_tx *tx, const ProtobufCMessage *message, wjz_err *err) {
    const Wjz__Assignment__DecideRecusal *asked = (const Wjz__Assignment__DecideRecusal *)message;
    store_recusal entry = {0};
    bool found = false;
    wjz_arena *arena = work->on->book->arena;
    int32_t region = work->open->region;
    int r = store_find_recusal(tx, arena, region, work->open->id, &entry, &found, err);
    if (r < 0) return r;
    if (!found) return refuse_no_recusal(work);
    r = casework_decide_recusal(work, entry.person, asked->granted, err);
    if (r == 0) r = store_decide_recusal(tx, region, entry.id, asked->granted, work->actor, asked->note);
    if (r < 0) return r;
    const char *excluded = asked->granted ? ledger_tried(work->on->book, work->told->excluded, entry.person)
                                          : lines_without(arena, work->told->excluded, entry.person);
    return excluded == NULL ? -ENOMEM : store_exclude(tx, region, work->open->clue, excluded);
}

/* --- the doors to them --- */

int on_accept_assignment(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Assignment__AcceptAssignment *asked = (const void *)wjz_call_message(call)->body;
    return with_assignment(call, state, asked->assignment, asked->actor, accept, err);
}

int on_begin_verification(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Assignment__BeginVerification *asked = (const void *)wjz_call_message(call)->body;
    return with_assignment(call, state, asked->assignment, asked->actor, verify, err);
}

int on_return_assignment(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Assignment__ReturnAssignment *asked = (const void *)wjz_call_message(call)->body;
    return with_assignment(call, state, asked->assignment, asked->actor, give_back, err);
}

int on_transfer_assignment(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Assignment__TransferAssignment *asked = (const void *)wjz_call_message(call)->body;
    return with_assignment(call, state, asked->assignment, asked->actor, transfer, err);
}

int on_record_outcome(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Assignment__RecordOutcome *asked = (const void *)wjz_call_message(call)->body;
    return with_assignment(call, state, asked->assignment, asked->actor, close_with, err);
}

int on_declare_recusal(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Assignment__DeclareRecusal *asked = (const void *)wjz_call_message(call)->body;
    return with_assignment(call, state, asked->assignment, asked->actor, declare_recusal, err);
}

int on_decide_recusal(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Assignment__DecideRecusal *asked = (const void *)wjz_call_message(call)->body;
    return with_assignment(call, state, asked->assignment, asked->actor, decide_recusal, err);
}

/* --- the directory --- */

/* Whoever waits for somebody whom it has by now is looked after beside the answer. */
int on_renew_directory(wjz_call *call, void *state, wjz_err *err) {
    assignment_service *self = state;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = assignment_renew_directory(self, tx, err);
    if (store_is_away(r)) return refuse_busy(call);
    if (r < 0) return r;
    wjz_event_set(self->loop, &self->directory_wake);
    Wjz__Assignment__DirectoryRenewed reply = WJZ__ASSIGNMENT__DIRECTORY_RENEWED__INIT;
    reply.organs = (uint32_t)self->people->organ_count;
    reply.people = (uint32_t)self->people->person_count;
    return wjz_call_reply(call, &reply.base);
}

/* --- what the rules would do --- */

static const char *or_none(const char *text) {
    return text[0] != '\0' ? text : "none";
}

static char *or_empty(const char *text) {
    return (char *)(uintptr_t)(text != NULL ? text : "");
}

int on_trace_routing(wjz_call *call, void *state, wjz_err *err) {
    (void)err;
    assignment_service *self = state;
    const Wjz__Assignment__TraceRouting *asked = (const void *)wjz_call_message(call)->body;
    clue told = {.region = asked->region != 0 ? (int32_t)asked->region : wjz_call_message(call)->region,
                 .stars = asked->stars != 0 ? (int)asked->stars : CLUE_STARS_TO_ASSIGN,
                 .branch = or_none(asked->branch),
                 .domain = or_none(asked->domain),
                 .town = (int32_t)asked->town,
                 .village = (int64_t)asked->village,
                 .place = asked->place,
                 .mediation = asked->mediation,
                 .feed = asked->feed,
                 .report_region = (int32_t)asked->report_region,
                 .agencies = "",
                 .subject = asked->subject,
                 .excluded = ""};
    turn now;
    turn_begin(self, wjz_call_arena(call), &now);
    placing wanted = {.told = &told, .tried = ""};
    placement place;
    trace steps = {.arena = wjz_call_arena(call)};
    dispatch_place(&now.on, &wanted, &steps, &place);
    route alone;
    routing_decide(now.on.rules, NULL, &told, NULL, &alone);
    Wjz__Assignment__RuledRoute rules = WJZ__ASSIGNMENT__RULED_ROUTE__INIT;
    rules.organ = or_empty(alone.organ);
    rules.consult = or_empty(alone.consult);
    rules.station = or_empty(alone.station);
    rules.branch = or_empty(alone.branch);
    Wjz__Assignment__RoutingTrace reply = WJZ__ASSIGNMENT__ROUTING_TRACE__INIT;
    reply.rules = &rules;
    reply.organ = (char *)(uintptr_t)place.organ;
    reply.station = (char *)(uintptr_t)place.station;
    reply.prosecutor = (char *)(uintptr_t)(place.holder != NULL ? place.holder->code : "");
    reply.n_steps = steps.count;
    reply.steps = steps.lines;
    int r = wjz_call_reply(call, &reply.base);
    turn_end(&now);
    return r;
}
