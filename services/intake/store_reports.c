/* See store_reports.h. */
#include "intake/store_reports.h"

#include <math.h>

static const wjz_stmt PUT_ATTACHMENT = {
    "intake_put_attachment",
    "INSERT INTO intake.attachment (region, hash, type, width, height, taken_at, longitude, latitude, data)"
    " VALUES ($1, $2, $3, $4, $5, $6, NULLIF($7, 'NaN'::float8), NULLIF($8, 'NaN'::float8), $9)"
    " ON CONFLICT (region, hash) DO UPDATE SET stored_at = now()", /* it begins to wait for its report anew */
    0};
static const wjz_stmt PUT_RENDITION = {
    "intake_put_rendition",
    "INSERT INTO intake.rendition (region, hash, kind, width, height, data) VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT DO NOTHING",
    0};
static const wjz_stmt COUNT_ATTACHMENTS = {
    "intake_count_attachments", "SELECT count(*) FROM intake.attachment WHERE region = $1 AND hash = ANY($2)", 1};
static const wjz_stmt PUT_REPORT = {
    "intake_put_report",
    "INSERT INTO intake.report (region, complaint, role, person, domain_hint, notice_version)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    0};
static const wjz_stmt PUT_PHOTOS = {
    "intake_put_photos",
    "INSERT INTO intake.complaint_attachment (region, complaint, ordinal, hash)"
    " SELECT $1, $2, n, hash FROM unnest($3) WITH ORDINALITY AS p (hash, n) ON CONFLICT DO NOTHING",
    0};

static int put_rendition(wjz_tx *tx, int32_t region, const uint8_t *hash, const char *kind, const image_shown *shown) {
    return wjz_tx_send_v(tx, &PUT_RENDITION, wjz_i32(region), wjz_bytes(hash, ATTACHMENT_HASH), wjz_text(kind),
                         wjz_i32(shown->width), wjz_i32(shown->height),
                         wjz_bytes(shown->data, (size_t)shown->length));
}

int store_put_attachment(wjz_tx *tx, int32_t region, const uint8_t hash[ATTACHMENT_HASH], const void *data,
                         size_t length, const image *of) {
    int r = wjz_tx_send_v(tx, &PUT_ATTACHMENT, wjz_i32(region), wjz_bytes(hash, ATTACHMENT_HASH),
                          wjz_text(image_type_name(of->type)), wjz_i32(of->width), wjz_i32(of->height),
                          wjz_time(of->taken_at_us), wjz_f64(of->has_position ? of->longitude : NAN),
                          wjz_f64(of->has_position ? of->latitude : NAN), wjz_bytes(data, length));
    if (r == 0) r = put_rendition(tx, region, hash, "display", &of->display);
    return r < 0 ? r : put_rendition(tx, region, hash, "thumbnail", &of->thumbnail);
}

int store_count_attachments(wjz_tx *tx, int32_t region, const wjz_blob *hashes, size_t count, int64_t *ret_known,
                            wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &COUNT_ATTACHMENTS, &rows, err, wjz_i32(region), wjz_blobs(hashes, count));
    if (r == 0) *ret_known = wjz_row_int(rows, 0, 0);
    return r;
}

int store_put_report(wjz_tx *tx, const report_row *row) {
    int r = wjz_tx_send_v(tx, &PUT_REPORT, wjz_i32(row->region), wjz_i64(row->complaint), wjz_text(row->role),
                          wjz_text(row->person), wjz_text(row->domain_hint), wjz_text(row->notice_version));
    return r < 0 ? r : store_put_photos(tx, row->region, row->complaint, row->photos, row->photo_count);
}

int store_put_photos(wjz_tx *tx, int32_t region, int64_t complaint, const wjz_blob *hashes, size_t count) {
    if (count == 0) return 0;
    return wjz_tx_send_v(tx, &PUT_PHOTOS, wjz_i32(region), wjz_i64(complaint), wjz_blobs(hashes, count));
}

/* Of a confidential report nothing is told that lets others see that somebody works on it. */
#define STATES                                                                                                         \
    "SELECT c.external_id, c.id, c.stored_at, c.content, c.incident_address, c.photo_count::int8,"                     \
    " CASE WHEN f.clue IS NULL THEN 'received' WHEN c.confidential THEN 'screened'"                                    \
    "   WHEN a.state IS NOT NULL THEN a.state WHEN o.outcome IS NOT NULL THEN 'closed' ELSE 'screened' END,"           \
    " CASE WHEN c.confidential THEN coalesce(f.scored_at, c.stored_at)"                                                \
    "   ELSE coalesce(a.changed_at, o.at, f.scored_at, c.stored_at) END,"                                              \
    " CASE WHEN a.state IS NULL AND NOT c.confidential THEN coalesce(o.outcome, '') ELSE '' END"

#define PARTS                                                                                                          \
    " LEFT JOIN LATERAL (SELECT clue, scored_at FROM scoring.finding f"                                                \
    "   WHERE f.region = c.region AND f.complaint = c.id LIMIT 1) f ON true"                                           \
    " LEFT JOIN LATERAL (SELECT state, changed_at FROM assignment.assignment a"                                        \
    "   WHERE a.region = c.region AND a.clue = f.clue AND a.ended_at IS NULL LIMIT 1) a ON true"                       \
    " LEFT JOIN LATERAL (SELECT o.outcome, o.at FROM assignment.clue_state s JOIN assignment.outcome o"                \
    "   ON o.region = s.region AND o.assignment = s.settled_by"                                                        \
    "   WHERE s.region = c.region AND s.clue = f.clue LIMIT 1) o ON true"

static const wjz_stmt FIND_REPORT = {
    "intake_find_report",
    STATES " FROM intake.complaint c JOIN intake.report r ON r.region = c.region AND r.complaint = c.id" PARTS
           " WHERE c.region = $1 AND c.feed IN (SELECT number FROM intake.feed WHERE profile = 'photo-report')"
           " AND c.external_id = $2",
    REPORT_COLUMNS};
static const wjz_stmt LIST_REPORTS = {
    "intake_list_reports",
    STATES " FROM (SELECT region, complaint FROM intake.report"
           "   WHERE region = $1 AND person = $2 AND person <> '' AND complaint < $3 ORDER BY complaint DESC LIMIT $4) r"
           " JOIN intake.complaint c ON c.region = r.region AND c.id = r.complaint" PARTS " ORDER BY c.id DESC",
    REPORT_COLUMNS};
/* Bounded below, so that the BRIN index keeps the rest of the table out of it. */
static const wjz_stmt FORGET_ATTACHMENTS = {
    "intake_forget_attachments",
    "DELETE FROM intake.attachment a WHERE a.stored_at < now() - make_interval(days => $1)"
    " AND a.stored_at > now() - make_interval(days => $1 + 60) AND NOT EXISTS (SELECT FROM intake.complaint_attachment c"
    "   WHERE c.region = a.region AND c.hash = a.hash)",
    0};

int store_find_report(wjz_tx *tx, int32_t region, const char *receipt, wjz_rows **ret_rows, wjz_err *err) {
    return wjz_tx_query_v(tx, &FIND_REPORT, ret_rows, err, wjz_i32(region), wjz_text(receipt));
}

int store_list_reports(wjz_tx *tx, int32_t region, const char *person, int64_t before, int most, wjz_rows **ret_rows,
                       wjz_err *err) {
    return wjz_tx_query_v(tx, &LIST_REPORTS, ret_rows, err, wjz_i32(region), wjz_text(person), wjz_i64(before),
                          wjz_i32(most));
}

int store_forget_attachments(wjz_tx *tx, int days) {
    return wjz_tx_send_v(tx, &FORGET_ATTACHMENTS, wjz_i32(days));
}
