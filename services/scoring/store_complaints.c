/* Complaints as intake has them, without their reporters. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "scoring/store.h"
#include "scoring/store_rows.h"

#define BEFORE_KIND "SELECT c.id, "
#define BEFORE_CATEGORIES " c.order_type, c.title, c.content, "
#define BEHIND_CATEGORIES                                                                                              \
    " c.incident_address, c.town, c.village, c.longitude, c.latitude, c.received_at, c.due_at, c.finished_at,"         \
    " c.handler_unit, c.handle_result, c.status, c.satisfaction, c.solved, c.visit_note, c.redispatch_count,"          \
    " c.return_count, c.urge_count, c.delay_days, c.votes_for, c.votes_against, c.photo_count, c.parent_id,"           \
    " c.reporter_hash, c.confidential,"

enum { COLUMNS = 33, CHANGED = -1 /* in place of a revision */ };

/* Nearly all are read when nothing has changed them yet. LIMIT keeps it at one index probe for each complaint, also in
 * a plan that was made while the tables were empty. */
static const wjz_stmt LOAD_RECEIVED = {
    "scoring_load_received",
    BEFORE_KIND
    "f.name, c.external_id, CASE WHEN c.anonymous THEN 'anonymous' ELSE f.source_kind END," BEFORE_CATEGORIES
    "c.categories," BEHIND_CATEGORIES " CASE WHEN s.one IS NULL THEN 0 ELSE -1 END"
    " FROM unnest($2::int8[]) AS wanted (number) CROSS JOIN LATERAL (SELECT * FROM intake.complaint_as_received v"
    " WHERE v.region = $1 AND v.id = wanted.number LIMIT 1) c JOIN intake.feed f ON f.number = c.feed"
    " LEFT JOIN LATERAL (SELECT 1 AS one FROM intake.complaint_changed v WHERE v.region = $1 AND v.complaint = c.id"
    " LIMIT 1) s ON true",
    COLUMNS};

static const wjz_stmt LOAD_CHANGED = {
    "scoring_load_changed",
    BEFORE_KIND
    "c.feed, c.external_id, c.source_kind," BEFORE_CATEGORIES
    "array_to_string(c.categories, E'\\x1f')," BEHIND_CATEGORIES " c.revision"
    " FROM unnest($2::int8[]) AS wanted (number) CROSS JOIN LATERAL (SELECT * FROM intake.complaint_for_scoring v"
    " WHERE v.region = $1 AND v.id = wanted.number LIMIT 1) c",
    COLUMNS};

static source_kind source_of(const char *name) {
    static const char *const names[] = {
        [SOURCE_HOTLINE] = "hotline",
        [SOURCE_ENFORCEMENT] = "enforcement",
        [SOURCE_STATE_ORGAN] = "state_organ",
        [SOURCE_GRID] = "grid",
        [SOURCE_PHOTO] = "photo",
        [SOURCE_MEDIA] = "media",
        [SOURCE_ANONYMOUS] = "anonymous",
    };
    for (size_t i = 0; i < WJZ_COUNT(names); i++) {
        if (strcmp(names[i], name) == 0) return (source_kind)i;
    }
    return SOURCE_HOTLINE;
}

/* Categories as intake keeps them, divided as people write them. The text is the arena's. */
static const char *divided(const char *categories) {
    for (char *at = strchr((char *)(uintptr_t)categories, '\x1f'); at; at = strchr(at + 1, '\x1f'))
        *at = '/';
    return categories;
}

/* Every text of the complaint is the arena's: it outlives the rows. */
static int read_complaint(const wjz_rows *rows, int row, row_texts *texts, complaint *ret) {
    int at = 0;
    ret->id = wjz_row_int(rows, row, at++);
    ret->feed = row_text(texts, rows, row, at++);
    ret->external_id = row_text(texts, rows, row, at++);
    ret->source = source_of(row_text(texts, rows, row, at++));
    ret->order_type = row_text(texts, rows, row, at++);
    ret->title = row_text(texts, rows, row, at++);
    ret->content = row_text(texts, rows, row, at++);
    ret->categories = divided(row_text(texts, rows, row, at++));
    ret->incident_address = row_text(texts, rows, row, at++);
    ret->town = row_text(texts, rows, row, at++);
    ret->village = row_text(texts, rows, row, at++);
    ret->has_position = !wjz_row_null(rows, row, at) && !wjz_row_null(rows, row, at + 1);
    ret->longitude = ret->has_position ? wjz_row_real(rows, row, at) : 0;
    ret->latitude = ret->has_position ? wjz_row_real(rows, row, at + 1) : 0;
    at += 2;
    ret->received_at_us = wjz_row_time(rows, row, at++);
    ret->due_at_us = wjz_row_time(rows, row, at++);
    ret->finished_at_us = wjz_row_time(rows, row, at++);
    ret->handler_unit = row_text(texts, rows, row, at++);
    ret->handle_result = row_text(texts, rows, row, at++);
    ret->status = row_text(texts, rows, row, at++);
    ret->satisfaction = (satisfaction)wjz_row_int(rows, row, at++);
    ret->solved = (answer)wjz_row_int(rows, row, at++);
    ret->visit_note = row_text(texts, rows, row, at++);
    int32_t *const numbers[] = {&ret->redispatch_count, &ret->return_count,  &ret->urge_count, &ret->delay_days,
                                &ret->votes_for,        &ret->votes_against, &ret->photo_count};
    for (size_t i = 0; i < WJZ_COUNT(numbers); i++)
        *numbers[i] = (int32_t)wjz_row_int(rows, row, at++);
    ret->parent_id = row_text(texts, rows, row, at++);
    ret->reporter = (uint64_t)wjz_row_int(rows, row, at++);
    ret->confidential = wjz_row_bool(rows, row, at++);
    ret->revision = (int32_t)wjz_row_int(rows, row, at++);
    return texts->failed ? -ENOMEM : 0;
}

static int load(wjz_tx *tx, const wjz_stmt *stmt, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                complaint **ret_complaints, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, stmt, &rows, err, wjz_i32(region), wjz_i64s(ids, count));
    if (r) return r;
    int found = wjz_rows_count(rows);
    complaint *complaints = wjz_arena_calloc(arena, (size_t)found, sizeof *complaints);
    row_texts texts = {.arena = arena};
    for (int i = 0; complaints && !r && i < found; i++) {
        complaints[i].region = region;
        r = read_complaint(rows, i, &texts, &complaints[i]);
    }
    if (!complaints || r) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_complaints = complaints;
    *ret_count = (size_t)found;
    return 0;
}

int store_load_complaints(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                          complaint **ret_complaints, size_t *ret_count, wjz_err *err) {
    return load(tx, &LOAD_RECEIVED, region, ids, count, arena, ret_complaints, ret_count, err);
}

int store_renew_complaints(wjz_tx *tx, int32_t region, complaint *complaints, size_t *count, wjz_arena *arena,
                           wjz_err *err) {
    int64_t *ids = wjz_arena_alloc(arena, *count * sizeof *ids);
    complaint *present = NULL;
    size_t changed = 0, kept = 0, found = 0;
    if (!ids) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < *count; i++) {
        if (complaints[i].revision == CHANGED)
            ids[changed++] = complaints[i].id;
        else
            complaints[kept++] = complaints[i];
    }
    if (!changed) return 0;
    int r = load(tx, &LOAD_CHANGED, region, ids, changed, arena, &present, &found, err);
    if (r) return r;
    if (found) memcpy(complaints + kept, present, found * sizeof *complaints);
    *count = kept + found;
    return 0;
}
