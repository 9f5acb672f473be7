/* Endpoints that are one statement: the store makes the JSON, in the round trip that finds out who is asking. */
#ifndef CONSOLE_READ_H
#define CONSOLE_READ_H

#include "console/bind.h"
#include "console/endpoint.h"

enum { READ_PARAMS = 36 };

typedef struct read_spec {
    wjz_stmt stmt; /* one: a column of json text in at most one row. page: json text, sort key as int8, id as int8 */
    bind params[READ_PARAMS];
} read_spec;

/* For endpoint.prepare and endpoint.run, with a read_spec as what. */
WJZ_MUST_CHECK int read_prepare(exchange *x, wjz_err *err);
/* The object; 404 without a row. */
WJZ_MUST_CHECK int read_one(exchange *x, wjz_err *err);
/* {"items": […], "next": …} */
WJZ_MUST_CHECK int read_page(exchange *x, wjz_err *err);
/* The same from rows at hand. */
WJZ_MUST_CHECK int read_answer_one(exchange *x, const wjz_rows *rows);
WJZ_MUST_CHECK int read_answer_page(exchange *x, const wjz_rows *rows);

#define READ_ONE(operation, roles, spec)                                                                               \
    { operation, (roles) | AT_ONCE, read_prepare, read_one, spec, NULL, NULL }
#define READ_PAGE(operation, roles, spec)                                                                              \
    { operation, (roles) | AT_ONCE, read_prepare, read_page, spec, NULL, NULL }

#endif
