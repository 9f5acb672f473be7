/* Endpoints that ask the service that owns the table: what they are about is found as far as the asker sees it, the
 * question is made from the request, the answer becomes JSON, and all of it is written to the audit. */
#ifndef CONSOLE_ASK_H
#define CONSOLE_ASK_H

#include "console/endpoint.h"
#include "console/message_json.h"

typedef struct target {
    int32_t region;
    int64_t clue; /* 0: about no clue */
    const char *version;
} target;

typedef struct question {
    const char *service;
    const ProtobufCMessageDescriptor *asks, *answers;
    const char *about; /* parameter of the path that names what it is about; NULL: nothing, the asker's own region */
    const wjz_stmt *target; /* by that id: region, version, clue */
    const char *actor;      /* field of the message for who asks */
    const field_name *names, *answer_names;
    /* Makes the answer's JSON; NULL: message_to_json. A new reference. */
    json_t *(*show)(exchange *x, const target *t, const ProtobufCMessage *answer);
    int status; /* 0: 200 */
} question;

/* For endpoint.prepare and run, with a question as what. */
WJZ_MUST_CHECK int ask_prepare(exchange *x, wjz_err *err);
WJZ_MUST_CHECK int ask_run(exchange *x, wjz_err *err);

/* For message_from_json, with the exchange as arg: who asks for the question's actor, else what the path says. */
const char *ask_text(const char *name, void *arg);

/* Its parts, for endpoints that make the message themselves. */
/* What the path names; 1 when the request was refused: it is not seen, or has changed since. */
WJZ_MUST_CHECK int ask_target(exchange *x, target *ret_target);
/* Ends the transaction, asks, begins another one as the same person. 1 when the request was refused. */
WJZ_MUST_CHECK int ask_send(exchange *x, const question *q, const target *t, const ProtobufCMessage *message,
                            const ProtobufCMessage **ret_answer, wjz_err *err);
/* Copies the clues, writes the audit, and answers with the JSON, whose reference it takes. */
WJZ_MUST_CHECK int ask_done(exchange *x, const target *t, const int64_t *clues, size_t count, json_t *answer,
                            wjz_err *err);

#define ASK(operation, roles, question, event, object)                                                                 \
    { operation, roles, ask_prepare, ask_run, question, event, object }

#endif
