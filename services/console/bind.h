/* Parameters of a statement from those of a request, by a table. The document has checked their form before. */
#ifndef CONSOLE_BIND_H
#define CONSOLE_BIND_H

#include "console/exchange.h"

typedef enum bind_kind {
    BIND_END,
    BIND_TEXT,        /* text; NULL when absent, as all that follow */
    BIND_ID,          /* int8 */
    BIND_NUMBER,      /* int8 */
    BIND_FLAG,        /* text "true" or "false" */
    BIND_LIST,        /* two: text, when it is a single value; text[], the values when there are several, else empty */
    BIND_NUMBERS,     /* int4[]; empty when absent */
    BIND_FROM,        /* timestamptz: begin of the day in China */
    BIND_TO,          /* timestamptz: end of the day */
    BIND_CURSOR,      /* two: int8 sort key, int8 id */
    BIND_TIME_CURSOR, /* two: timestamptz sort key, int8 id */
    BIND_LIMIT,       /* int8: rows of a page, one more than are shown */
    BIND_FILTERS,     /* jsonb: those of a list of clues that are there, each a text by its name */
    BIND_BOX,         /* four float8: west, south, east, north; the whole world when absent */
} bind_kind;

typedef struct bind {
    const char *name;
    bind_kind kind;
} bind;

enum { BIND_PARAMS = 48, PAGE_ROWS = 50 };

/* Rows that a page shows. */
int bind_limit(const exchange *x);
/* Fills params for binds, which BIND_END ends; *ret_count of them. -EINVAL when it has refused the request. */
WJZ_MUST_CHECK int bind_params(exchange *x, const bind *binds, wjz_param params[BIND_PARAMS], int *ret_count);

#endif
