/* One request on its way through: who asks, in which transaction, and how it is answered. */
#ifndef CONSOLE_EXCHANGE_H
#define CONSOLE_EXCHANGE_H

#include <jansson.h>
#include <stdbool.h>

#include "console/token.h"
#include "wjz/bus.h"
#include "wjz/db.h"
#include "wjz/http.h"

struct console;
struct endpoint;
struct operation;

typedef struct who {
    const char *login, *stage, *person, *name, *organ, *organ_name, *roles, *branches, *stations, *locale;
    int32_t region;
    bool totp;
    int64_t idle_until_us, ends_at_us;
    unsigned mask; /* roles as in endpoint.h; 0 while the session is not open */
} who;

typedef struct exchange {
    struct console *console;
    wjz_request *request;
    const struct endpoint *endpoint;
    const struct operation *operation;
    wjz_arena *arena;
    wjz_tx *tx;
    wjz_tx *note;               /* the audit's own, under way beside the reading; NULL: none */
    json_t *body;               /* NULL: none */
    char token[TOKEN_TEXT + 1]; /* "" without a session */
    const char *address;        /* of who asks */
    who who;                    /* login NULL: nobody */
    int names_at;               /* rows of names that prepare asked for besides; 0: none */
    json_t *detail;             /* for the audit; NULL: nothing to add */
    const char *object;         /* for the audit, when it is not the path's */
    const char *key;            /* Idempotency-Key that the answer is kept under; NULL: none */
    bool answered, refused;     /* refused: the answer is on its way, and nothing is committed any more */
    bool streaming;             /* the answer goes on (events.h) */
    struct kept_answer {
        int status;
        const char *content_type; /* NULL: no body */
        const char *data;         /* in the arena */
        size_t length;
    } answer;
} exchange;

/* --- transaction --- */

/* Queues finding out who the token says it is, within the open transaction. */
WJZ_MUST_CHECK int exchange_enter(exchange *x);
/* Begins a transaction as who the token says; waits for nothing yet. */
WJZ_MUST_CHECK int exchange_begin(exchange *x, wjz_err *err);
/* Waits for what was queued since; who is known from then on, rows of the statements behind it from index 1. */
WJZ_MUST_CHECK int exchange_wait(exchange *x, wjz_err *err);
WJZ_MUST_CHECK int exchange_commit(exchange *x, wjz_err *err);
/* Queues an entry of the audit within the open transaction. detail may be NULL. */
WJZ_MUST_CHECK int exchange_note(exchange *x, const char *event, const char *kind, const char *object,
                                 const char *result, const json_t *detail);
/* The same before it is known who asks, for a reading that ends in that round trip: of who may not, nothing is written.
 * The answer waits for it as for the reading. */
WJZ_MUST_CHECK int exchange_note_ahead(exchange *x, const char *event, const char *kind, const json_t *detail);

/* --- reading --- */

const char *exchange_path(const exchange *x, const char *name);
/* A member of the body that the document says is a text; "" when it is absent. */
const char *exchange_text(const exchange *x, const char *name);
/* The same, for a message's field: it lives in the arena. NULL when out of memory. */
char *exchange_copy(const exchange *x, const char *name);
/* An id, of the path or the body; 0 when absent. */
int64_t exchange_id(const exchange *x, const char *name);

/* --- answering --- */

/* What was answered first counts. An answer is sent once the transaction is committed; a refusal at once, and nothing
 * of the transaction stays. All return 0, or -ENOMEM. */
int answer_json(exchange *x, int status, json_t *value); /* takes the reference */
int answer_text(exchange *x, int status, const char *json);
int answer_nothing(exchange *x);
/* For what a page shows within itself: a picture. */
int answer_picture(exchange *x, const char *content_type, const void *data, size_t length);
int answer_file(exchange *x, const char *content_type, const char *name, const void *data, size_t length);
int refuse(exchange *x, int status, const char *code, const char *detail);
int refuse_field(exchange *x, int status, const char *code, const char *field, const char *detail);
int refuse_later(exchange *x, int seconds, const char *detail);
/* What another service refused, or that it did not answer. */
int refuse_as_asked(exchange *x, int r, const wjz_refusal *refusal, const wjz_err *err);

/* Headers that every answer has. */
void exchange_headers(exchange *x, bool of_page);

/* Serves one of the interface's requests. For wjz_route. */
void exchange_serve(wjz_request *request, void *arg);

#endif
