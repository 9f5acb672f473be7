/* What arrives over the bus: decode, decide, store, reply. */
#include "notification/handlers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "notification/acknowledge.h"
#include "notification/notification.h"
#include "notification/tell.h"
#include "proto/bus.pb-c.h"

/* --- queues --- */

static int on_notices_requested(wjz_batch *batch, void *state, wjz_err *err) {
    wjz_arena *arena = wjz_batch_arena(batch);
    size_t messages = wjz_batch_count(batch), count = 0;
    for (size_t i = 0; i < messages; i++)
        count += ((const Wjz__Notification__NoticesRequested *)wjz_batch_message(batch, i)->body)->n_notices;
    struct ask *asks = wjz_arena_calloc(arena, count, sizeof *asks);
    if (asks == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    size_t at = 0;
    for (size_t i = 0; i < messages; i++) {
        const wjz_message *message = wjz_batch_message(batch, i);
        const Wjz__Notification__NoticesRequested *requested = (const void *)message->body;
        for (size_t j = 0; j < requested->n_notices; j++)
            asks[at++] = (struct ask){message->region, requested->notices[j]};
    }
    return tell(state, wjz_batch_tx(batch), arena, asks, count, wjz_batch_careful(batch), err);
}

/* A message that was given up is told to the operators. */
static int ask_about_death(wjz_arena *arena, const wjz_message *message, struct ask *ret_ask) {
    const Wjz__Bus__MessageDied *died = (const void *)message->body;
    const char *event =
        wjz_arena_printf(arena, "message:%s:%" PRIu64 ":%s", died->service, died->id, died->destination);
    Wjz__Notification__Notice *notice = ask_operators(arena, event, "message_died");
    if (notice == NULL || ask_value(arena, notice, "service", died->service) < 0 ||
        ask_value(arena, notice, "destination", died->destination) < 0 ||
        ask_value(arena, notice, "type", died->type) < 0 ||
        ask_value(arena, notice, "message", wjz_arena_printf(arena, "%" PRIu64, died->id)) < 0 ||
        ask_value(arena, notice, "attempts", wjz_arena_printf(arena, "%" PRIu32, died->attempts)) < 0 ||
        ask_value(arena, notice, "error", died->error) < 0)
        return -ENOMEM;
    static char queue[] = "queue";
    notice->subject_kind = queue;
    notice->subject = died->id;
    notice->urgency = WJZ__NOTIFICATION__URGENCY__URGENT;
    *ret_ask = (struct ask){message->region, notice};
    return 0;
}

static int on_message_died(wjz_batch *batch, void *state, wjz_err *err) {
    wjz_arena *arena = wjz_batch_arena(batch);
    size_t count = wjz_batch_count(batch);
    struct ask *asks = wjz_arena_calloc(arena, count, sizeof *asks);
    if (asks == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        if (ask_about_death(arena, wjz_batch_message(batch, i), &asks[i]) < 0)
            return wjz_err_set(err, -ENOMEM, "out of memory");
    return tell(state, wjz_batch_tx(batch), arena, asks, count, true, err);
}

/* --- requests --- */

static int refuse_failure(wjz_call *call, int r, const wjz_err *err, const char *field) {
    wjz_refusal refusal = {.code = WJZ_REFUSAL_RETRY_LATER, .message = err->text, .retry_after_ms = 1000};
    if (r == -EBADMSG || r == -ENOENT || r == -ESTALE) {
        refusal = (wjz_refusal){.code = r == -EBADMSG ? WJZ_REFUSAL_INVALID : WJZ_REFUSAL_NOT_FOUND,
                                .field = field,
                                .message = err->text,
                                .remedy = "look at the inbox"};
    }
    return wjz_call_refuse(call, &refusal);
}

static int on_acknowledge(wjz_call *call, void *state, wjz_err *err) {
    const wjz_message *message = wjz_call_message(call);
    const Wjz__Notification__AcknowledgeNotice *asked = (const void *)message->body;
    struct acknowledgement done = {0};
    int64_t notice = (int64_t)asked->notice;
    bool by_link = asked->token[0] != '\0';
    if (!by_link && (asked->notice == 0 || asked->actor[0] == '\0'))
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_INVALID,
                                                    .field = asked->notice == 0 ? "notice" : "actor",
                                                    .message = "neither a token nor a notice and its recipient",
                                                    .remedy = "give token, or notice and actor"});
    int r = by_link ? acknowledge_by_link(state, asked->token, &notice, &done, err)
                    : acknowledge_in_person(state, message->region, notice, asked->actor, &done, err);
    if (r < 0) return refuse_failure(call, r, err, by_link ? "token" : "notice");
    Wjz__Notification__NoticeAcknowledged answer = WJZ__NOTIFICATION__NOTICE_ACKNOWLEDGED__INIT;
    answer.notice = (uint64_t)notice;
    answer.at_us = done.at_us;
    answer.before = done.before;
    return wjz_call_reply(call, &answer.base);
}

static bool is_channel(const char *text) {
    for (int kind = 0; kind < CHANNELS; kind++)
        if (strcmp(text, channel_names[kind]) == 0) return true;
    return false;
}

static int on_set_preference(wjz_call *call, void *state, wjz_err *err) {
    struct notification *self = state;
    const wjz_message *message = wjz_call_message(call);
    const Wjz__Notification__SetPreference *asked = (const void *)message->body;
    if (!is_channel(asked->channel))
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_INVALID,
                                                    .field = "channel",
                                                    .value = asked->channel,
                                                    .message = "unknown channel",
                                                    .remedy = "give \"email\" or \"webhook\""});
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0)
        r = store_preference(tx, message->region, asked->person, asked->channel, asked->enabled, asked->actor, err);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r < 0) return refuse_failure(call, r, err, "person");
    Wjz__Notification__PreferenceSet answer = WJZ__NOTIFICATION__PREFERENCE_SET__INIT;
    answer.person = asked->person;
    answer.channel = asked->channel;
    answer.enabled = asked->enabled;
    return wjz_call_reply(call, &answer.base);
}

/* Below what a person notices. */
enum { REST_MS = 150 };

const wjz_queue_route notification_queues[] = {
    {.type = &wjz__notification__notices_requested__descriptor,
     .handler = on_notices_requested,
     .messages = 16,
     .rest_ms = REST_MS},
    {.type = &wjz__bus__message_died__descriptor, .handler = on_message_died, .messages = 64},
    {0},
};

const wjz_emit_route notification_emits[] = {{0}};

const wjz_request_route notification_requests[] = {
    {.type = &wjz__notification__acknowledge_notice__descriptor, .handler = on_acknowledge},
    {.type = &wjz__notification__set_preference__descriptor, .handler = on_set_preference},
    {0},
};
