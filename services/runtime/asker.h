/* Asker: questions to other services, one line (DEALER) to each instance that was ever asked. */
#ifndef WJZ_RUNTIME_ASKER_H
#define WJZ_RUNTIME_ASKER_H

#include "runtime/bus.h"

typedef struct wjz_asker wjz_asker;

/* What wjz_bus_request is asked for. */
typedef struct wjz_question {
    const char *service;
    int32_t region;
    const ProtobufCMessage *body;
    int64_t timeout_ms;
    const ProtobufCMessageDescriptor *reply_type;
    wjz_arena *arena;
} wjz_question;

WJZ_MUST_CHECK int wjz_asker_open(const wjz_ground *ground, wjz_asker **ret_asker, wjz_err *err);
/* As wjz_bus_request. */
WJZ_MUST_CHECK int wjz_asker_ask(wjz_asker *asker, const wjz_question *question, const ProtobufCMessage **ret_reply,
                                 wjz_refusal *ret_refusal, wjz_err *err);
void wjz_asker_peers_changed(wjz_asker *asker);
/* Questions under way end with -ECANCELED; waits for them. Only from a fiber. */
void wjz_asker_close(wjz_asker **asker);

#endif
