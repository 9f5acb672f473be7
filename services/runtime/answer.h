/* The answer to a question: the message that was hoped for, or a refusal. */
#ifndef WJZ_RUNTIME_ANSWER_H
#define WJZ_RUNTIME_ANSWER_H

#include "wjz/bus.h"

/* Reads a frame as wjz_bus_request gives its answer; who: whom the error's text blames. */
WJZ_MUST_CHECK int wjz_answer_read(const void *data, size_t length, const char *who,
                                   const ProtobufCMessageDescriptor *type, wjz_arena *arena,
                                   const ProtobufCMessage **ret_reply, wjz_refusal *ret_refusal, wjz_err *err);

#endif
