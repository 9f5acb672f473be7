/* Service requests in the store: complaints that came through Open311. */
#ifndef INTAKE_STORE_OPEN311_H
#define INTAKE_STORE_OPEN311_H

#include "intake/store.h"

enum { OPEN311_MOST = 1000 }; /* requests in one answer */

/* External id of a service request: fixed width, so that the unique index orders requests by time. */
enum { OPEN311_ID = 32 };
void open311_external_id(int64_t number, char out[OPEN311_ID]);

typedef struct open311_query {
    const int64_t *ids; /* NULL: by time */
    size_t id_count;
    int64_t from_us, to_us;
    const char *const *categories; /* as the store keeps them */
    size_t category_count;         /* 0: all */
    bool open, closed;             /* wanted */
    int64_t first, count;          /* of a page */
} open311_query;

/* Columns: id, closed, result, categories, content, unit, requested at, updated at, due at, address, latitude,
 * longitude, confidential. Newest first. Waits. */
WJZ_MUST_CHECK int store_find_requests(wjz_tx *tx, const feed *of, const open311_query *query, wjz_rows **ret_rows,
                                       wjz_err *err);

#endif
