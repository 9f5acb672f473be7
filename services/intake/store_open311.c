/* See store_open311.h. */
#include "intake/store_open311.h"

#include <stdio.h>

#include "wjz/clock.h"
#include "wjz/id.h"

#define REQUEST_COLUMNS                                                                                                \
    "SELECT c.id, coalesce(s.status, c.status) IN ('closed', 'cancelled') AS closed, coalesce(s.handle_result, "       \
    "c.handle_result),"                                                                                                \
    " c.categories, c.content, c.handler_unit, coalesce(c.received_at, c.stored_at), coalesce(s.changed_at, "          \
    "c.stored_at), c.due_at,"                                                                                          \
    " c.incident_address, c.latitude, c.longitude, c.confidential FROM intake.complaint c"                             \
    " LEFT JOIN intake.standing s ON s.region = c.region AND s.complaint = c.id"
enum { REQUEST_COLUMN_COUNT = 13 };

#define REQUEST_FILTERS                                                                                                \
    " AND (cardinality($3::text[]) = 0 OR c.categories = ANY($3))"                                                     \
    " AND CASE WHEN coalesce(s.status, c.status) IN ('closed', 'cancelled') THEN $5 ELSE $4 END"

static const wjz_stmt BY_ID = {
    "intake_requests_by_id",
    REQUEST_COLUMNS
    " WHERE c.region = $1 AND c.feed = $2 AND c.id = ANY($6) AND c.external_id LIKE 'o311-%'" REQUEST_FILTERS
    " ORDER BY c.id DESC LIMIT $7 OFFSET $8",
    REQUEST_COLUMN_COUNT};
static const wjz_stmt BY_TIME = {
    "intake_requests_by_time",
    REQUEST_COLUMNS " WHERE c.region = $1 AND c.feed = $2 AND c.external_id BETWEEN $6 AND $9" REQUEST_FILTERS
                    " ORDER BY c.external_id DESC LIMIT $7 OFFSET $8",
    REQUEST_COLUMN_COUNT};

void open311_external_id(int64_t number, char out[OPEN311_ID]) {
    (void)snprintf(out, OPEN311_ID, "o311-%019lld", (long long)number);
}

/* The first number that can have been made at that time; ids are milliseconds, shifted. */
static int64_t first_id_at(int64_t us) {
    int64_t low = 0;
    int64_t high = INT64_MAX;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (wjz_id_time_us(middle) < us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int store_find_requests(wjz_tx *tx, const feed *of, const open311_query *query, wjz_rows **ret_rows, wjz_err *err) {
    wjz_param categories = wjz_texts(query->categories, query->category_count);
    if (query->ids != NULL) {
        return wjz_tx_query_v(tx, &BY_ID, ret_rows, err, wjz_i32(of->region), wjz_i32(of->number), categories,
                              wjz_bool(query->open), wjz_bool(query->closed), wjz_i64s(query->ids, query->id_count),
                              wjz_i64(query->count), wjz_i64(query->first));
    }
    char from[OPEN311_ID];
    char to[OPEN311_ID];
    open311_external_id(first_id_at(query->from_us), from);
    open311_external_id(first_id_at(query->to_us + 1000), to);
    return wjz_tx_query_v(tx, &BY_TIME, ret_rows, err, wjz_i32(of->region), wjz_i32(of->number), categories,
                          wjz_bool(query->open), wjz_bool(query->closed), wjz_text(from), wjz_i64(query->count),
                          wjz_i64(query->first), wjz_text(to));
}
