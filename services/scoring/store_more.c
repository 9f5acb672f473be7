/* Enforcement records as far as scoring uses them, and past complaints to score again. */
#include <errno.h>

#include "scoring/store.h"
#include "scoring/store_rows.h"

static const wjz_stmt FIND_PENALTIES = {
    "scoring_find_penalties",
    "SELECT p.subject, p.record, coalesce(p.pay_until < $3 AND p.executed_on IS NULL AND p.court_application_on IS "
    "NULL,"
    " false) FROM scoring.penalty p WHERE p.region = $1 AND p.subject = ANY ($2) AND p.subject <> '' AND NOT p.revoked"
    " ORDER BY p.subject, 3 DESC, p.record",
    3};

static const wjz_stmt LOAD_ENFORCEMENT = {
    "scoring_load_enforcement",
    "SELECT id, subject_name, pay_until, executed_on, court_application_on, revoked FROM intake.enforcement_for_scoring"
    " WHERE region = $1 AND id = ANY ($2)",
    6};

static const wjz_stmt PUT_PENALTIES = {
    "scoring_put_penalties",
    "INSERT INTO scoring.penalty (region, record, subject, pay_until, executed_on, court_application_on, revoked)"
    " SELECT $1, * FROM unnest($2::int8[], $3::text[], $4::date[], $5::date[], $6::date[], $7::bool[])"
    " ON CONFLICT (region, record) DO UPDATE SET subject = excluded.subject, pay_until = excluded.pay_until,"
    " executed_on = excluded.executed_on, court_application_on = excluded.court_application_on,"
    " revoked = excluded.revoked",
    0};

static const wjz_stmt COMPLAINTS_OF_SUBJECTS = {
    "scoring_complaints_of_subjects",
    "SELECT f.complaint FROM scoring.clue c JOIN scoring.finding f ON f.region = c.region AND f.clue = c.id"
    " WHERE c.region = $1 AND c.subject = ANY ($2) AND c.subject <> '' AND c.merged_into = 0"
    " ORDER BY f.complaint LIMIT $3",
    1};

int store_find_penalties(wjz_tx *tx, int32_t region, const char *const *subjects, size_t count, int32_t today,
                         wjz_arena *arena, store_penalty **ret_penalties, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r =
        wjz_tx_query_v(tx, &FIND_PENALTIES, &rows, err, wjz_i32(region), wjz_texts(subjects, count), wjz_date(today));
    if (r) return r;
    size_t found = (size_t)wjz_rows_count(rows);
    store_penalty *penalties = wjz_arena_calloc(arena, found, sizeof *penalties);
    row_texts texts = {.arena = arena};
    for (size_t i = 0; penalties && i < found; i++)
        penalties[i] = (store_penalty){.subject = row_text(&texts, rows, (int)i, 0),
                                       .record = wjz_row_int(rows, (int)i, 1),
                                       .not_executed = wjz_row_bool(rows, (int)i, 2)};
    if (!penalties || texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_penalties = penalties;
    *ret_count = found;
    return 0;
}

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
        };
    }
    if (!records || texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_records = records;
    *ret_count = found;
    return 0;
}

int store_put_penalties(wjz_tx *tx, int32_t region, const enforcement *records, size_t count, wjz_arena *arena) {
    int64_t *ids = wjz_arena_alloc(arena, count * sizeof *ids);
    const char **subjects = wjz_arena_alloc(arena, count * sizeof *subjects);
    int32_t *days = wjz_arena_alloc(arena, 3 * count * sizeof *days);
    bool *unknown = wjz_arena_alloc(arena, 3 * count * sizeof *unknown);
    bool *revoked = wjz_arena_alloc(arena, count * sizeof *revoked);
    if (!ids || !subjects || !days || !unknown || !revoked) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        ids[i] = records[i].id;
        subjects[i] = records[i].subject_name;
        revoked[i] = records[i].revoked;
        days[i] = records[i].pay_until;
        days[count + i] = records[i].executed_on;
        days[2 * count + i] = records[i].court_application_on;
    }
    for (size_t i = 0; i < 3 * count; i++)
        unknown[i] = days[i] == 0;
    return wjz_tx_send_v(tx, &PUT_PENALTIES, wjz_i32(region), wjz_i64s(ids, count), wjz_texts(subjects, count),
                         wjz_dates(days, unknown, count), wjz_dates(days + count, unknown + count, count),
                         wjz_dates(days + 2 * count, unknown + 2 * count, count), wjz_bools(revoked, count));
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
