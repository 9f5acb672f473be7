/* The OpenAPI document, which is part of the program: what requests there are and what they may hold. */
#ifndef CONSOLE_DOCUMENT_H
#define CONSOLE_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>

#include "console/schema.h"
#include "wjz/err.h"

extern const unsigned char CONSOLE_OPENAPI[];
extern const unsigned long CONSOLE_OPENAPI_LENGTH;

typedef struct document document;

typedef struct operation {
    const char *id;           /* operationId */
    const char *method;       /* "GET" */
    char *path;               /* "/api/v1/clues/{clue}" */
    const json_t *body;       /* schema of a JSON body; NULL: no body, or one that is no JSON */
    bool raw_body;            /* a body that is no JSON */
    bool open;                /* without a login */
    bool conditional;         /* If-Match is required */
    bool repeatable;          /* takes an Idempotency-Key */
    const json_t *parameters; /* as in the document */
} operation;

WJZ_MUST_CHECK int document_new(document **ret_document, wjz_err *err);
void document_destroy(document **document);

size_t document_count(const document *d);
const operation *document_operation(const document *d, size_t index);
/* NULL when the document has none of this name. */
const operation *document_find(const document *d, const char *id);

/* A parsed body; or the texts of the query and the path, asked for by get(name, place "query" or "path"). */
WJZ_MUST_CHECK int document_check_body(const document *d, const operation *o, const json_t *body,
                                       schema_fault *ret_fault);
typedef const char *document_get_fn(const char *name, const char *place, void *arg);
WJZ_MUST_CHECK int document_check_parameters(const document *d, const operation *o, document_get_fn *get, void *arg,
                                             schema_fault *ret_fault);

#endif
