/* Enforcement records as far as scoring uses them, and past complaints to score again. */
#include <errno.h>

#include "scoring/store.h"
#include "scoring/store_rows.h"

static const wjz_stmt LOAD_ENFORCEMENT = {
    "scoring_load_enforcement",
    "SELECT id, subject_name, pay_until, executed_on, court_application_on, revoked, decided_on, rectified = 1,"
    " penalty_kind || penalty ~ '吊销|暂扣|撤销许可|责令关闭', document_no FROM intake.enforcement_for_scoring"
    " WHERE region = $1 AND id = ANY ($2)",
    10};

static const wjz_stmt PUT_PENALTIES = {
    "scoring_put_penalties",
    "INSERT INTO scoring.penalty (region, record, subject, pay_until, executed_on, court_application_on, decided_on,"
    " revoked, rectified, licence_withdrawn, document_no)"
    " SELECT $1, * FROM unnest($2::int8[], $3::text[], $4::date[], $5::date[], $6::date[], $7::date[], $8::bool[],"
    " $9::bool[], $10::bool[], $11::text[])"
    " ON CONFLICT (region, record) DO UPDATE SET subject = excluded.subject, pay_until = excluded.pay_until,"
    " executed_on = excluded.executed_on, court_application_on = excluded.court_application_on,"
    " decided_on = excluded.decided_on, revoked = excluded.revoked, rectified = excluded.rectified,"
    " licence_withdrawn = excluded.licence_withdrawn, document_no = excluded.document_no",
    0};

static const wjz_stmt COMPLAINTS_OF_SUBJECTS = {
    "scoring_complaints_of_subjects",
    "SELECT f.complaint FROM scoring.clue c JOIN scoring.finding f ON f.region = c.region AND f.clue = c.id"
    " WHERE c.region = $1 AND c.subject = ANY ($2) AND c.subject <> '' AND c.merged_into = 0"
    " ORDER BY f.complaint LIMIT $3",
    1};

int store_load_enforcement(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                           enforcement **ret_records, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_ENFORCEMENT, &rows, err, wjz_i32(region), wjz_i64s(ids, count));
    if (r) return r;
    size_t found = (size_t)wjz_rows_count(rows);
    enforcement *records = wjz_arena_calloc(arena, found, sizeof *records);
    row_texts texts = {.arena = arena};
    for (size_t i = 0; records && i < found; i++) {
        int row = (int)i;
        records[i] = (enforcement){
            .id = wjz_row_int(rows, row, 0),
            .subject_name = row_text(&texts, rows, row, 1),
            .pay_until = wjz_row_null(rows, row, 2) ? 0 : wjz_row_date(rows, row, 2),
            .executed_on = wjz_row_null(rows, row, 3) ? 0 : wjz_row_date(rows, row, 3),
            .court_application_on = wjz_row_null(rows, row, 4) ? 0 : wjz_row_date(rows, row, 4),
            .revoked = wjz_row_bool(rows, row, 5),
            .decided_on = wjz_row_null(rows, row, 6) ? 0 : wjz_row_date(rows, row, 6),
            .rectified = wjz_row_bool(rows, row, 7),
            .licence_withdrawn = wjz_row_bool(rows, row, 8),
            .document_no = row_text(&texts, rows, row, 9),
        };
    }
    if (!records || texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_records = records;
    *ret_count = found;
    return 0;
}

int store_put_penalties(wjz_tx *tx, int32_t region, const enforcement *records, size_t count, wjz_arena *arena) {
    enum { DATES = 4 };
    COLUMN(int64_t, ids, records[i].id);
    COLUMN(const char *, subjects, records[i].subject_name);
    COLUMN(const char *, numbers, records[i].document_no);
    COLUMN(bool, revoked, records[i].revoked);
    COLUMN(bool, rectified, records[i].rectified);
    COLUMN(bool, withdrawn, records[i].licence_withdrawn);
    int32_t *days = wjz_arena_alloc(arena, DATES * count * sizeof *days);
    bool *unknown = wjz_arena_alloc(arena, DATES * count * sizeof *unknown);
    if (!days || !unknown) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        days[i] = records[i].pay_until;
        days[count + i] = records[i].executed_on;
        days[2 * count + i] = records[i].court_application_on;
        days[3 * count + i] = records[i].decided_on;
    }
    for (size_t i = 0; i < DATES * count; i++)
        unknown[i] = days[i] == 0;
    return wjz_tx_send_v(tx, &PUT_PENALTIES, wjz_i32(region), wjz_i64s(ids, count), wjz_texts(subjects, count),
                         wjz_dates(days, unknown, count), wjz_dates(days + count, unknown + count, count),
                         wjz_dates(days + 2 * count, unknown + 2 * count, count),
                         wjz_dates(days + 3 * count, unknown + 3 * count, count), wjz_bools(revoked, count),
                         wjz_bools(rectified, count), wjz_bools(withdrawn, count), wjz_texts(numbers, count));
}

static int read_ids(const wjz_rows *rows, wjz_arena *arena, int64_t **ret_ids, size_t *ret_count, wjz_err *err) {
    size_t count = (size_t)wjz_rows_count(rows);
    int64_t *ids = wjz_arena_alloc(arena, count * sizeof *ids);
    if (!ids) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        ids[i] = wjz_row_int(rows, (int)i, 0);
    *ret_ids = ids;
    *ret_count = count;
    return 0;
}

int store_complaints_of_subjects(wjz_tx *tx, int32_t region, const char *const *subjects, size_t count, int limit,
                                 wjz_arena *arena, int64_t **ret_ids, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &COMPLAINTS_OF_SUBJECTS, &rows, err, wjz_i32(region), wjz_texts(subjects, count),
                           wjz_i64(limit));
    return r ? r : read_ids(rows, arena, ret_ids, ret_count, err);
}
