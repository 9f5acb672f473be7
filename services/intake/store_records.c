/* Enforcement records and their revisions in the store. See store.h. */
#include <errno.h>
#include <string.h>

#include "intake/store.h"
#include "intake/store_known.h"

enum { DAY_DECIDED, DAY_PAY, DAY_EXECUTED, DAY_COURT, DAYS };
enum {
    TEXT_DOCUMENT,
    TEXT_SUBJECT,
    TEXT_SUBJECT_KIND,
    TEXT_CREDIT,
    TEXT_VIOLATION,
    TEXT_FACTS,
    TEXT_LAW,
    TEXT_PENALTY_KIND,
    TEXT_PENALTY,
    TEXT_AGENCY,
    TEXT_AGENCY_CODE,
    TEXT_PLACE,
    TEXT_REMARK,
    TEXTS
};

typedef struct columns {
    int64_t *id, *hash, *fine, *confiscated;
    int32_t *region, *feed;
    int32_t *days[DAYS];
    bool *no_day[DAYS];
    int16_t *rectified, *transferred;
    bool *revoked;
    const char **texts[TEXTS];
} columns;

#define COLUMN_NAMES                                                                                                   \
    "id, content_hash, fine_fen, confiscated_fen, region, feed, decided_on, pay_until, executed_on, "                  \
    "court_application_on, "                                                                                           \
    "rectified, transferred_to_police, revoked, document_no, subject_name, subject_kind, credit_code, "                \
    "violation_kind, facts, "                                                                                          \
    "legal_basis, penalty_kind, penalty, agency, agency_code, place, remark"
/* In the select list: in FROM each array would become a table of its own first, which costs more than the insertion. */
#define COLUMN_ARRAYS                                                                                                  \
    "unnest($1::int8[]), unnest($2::int8[]), unnest($3::int8[]), unnest($4::int8[]), unnest($5::int4[]), "             \
    "unnest($6::int4[]), unnest($7::date[]), unnest($8::date[]), unnest($9::date[]), "                                 \
    "unnest($10::date[]), unnest($11::int2[]), unnest($12::int2[]), unnest($13::bool[]), "                             \
    "unnest($14::text[]), unnest($15::text[]), unnest($16::text[]), unnest($17::text[]), "                             \
    "unnest($18::text[]), unnest($19::text[]), unnest($20::text[]), unnest($21::text[]), "                             \
    "unnest($22::text[]), unnest($23::text[]), unnest($24::text[]), unnest($25::text[]), "                             \
    "unnest($26::text[])"
enum { COLUMN_COUNT = 26 };

static const wjz_stmt INSERT_RECORDS = {"intake_insert_records",
                                        "INSERT INTO intake.enforcement_record (" COLUMN_NAMES ") SELECT " COLUMN_ARRAYS
                                        " ON CONFLICT (region, feed, document_no) DO NOTHING",
                                        0};

static const wjz_stmt INSERT_REVISIONS = {"intake_insert_record_revisions",
                                          "INSERT INTO intake.enforcement_revision (" COLUMN_NAMES
                                          ", revision) SELECT " COLUMN_ARRAYS ", unnest($27::int4[])",
                                          0};

static const wjz_stmt FIND_RECORDS = {
    "intake_find_records",
    "SELECT t.i, e.id, e.content_hash,"
    " ARRAY(SELECT r.content_hash FROM intake.enforcement_revision r WHERE r.region = e.region AND r.id = e.id"
    "       ORDER BY r.revision)"
    " FROM unnest($1::int4[], $2::int4[], $3::text[]) WITH ORDINALITY t (region, feed, document_no, i)"
    " JOIN intake.enforcement_record e ON e.region = t.region AND e.feed = t.feed AND e.document_no = t.document_no",
    4};

static bool make_columns(columns *c, size_t count, wjz_arena *arena) {
    bool good = true;
#define MAKE(column) good = good && (c->column = wjz_arena_alloc(arena, count * sizeof *c->column)) != NULL
    MAKE(id);
    MAKE(hash);
    MAKE(fine);
    MAKE(confiscated);
    MAKE(region);
    MAKE(feed);
    MAKE(rectified);
    MAKE(transferred);
    MAKE(revoked);
    for (size_t i = 0; i < DAYS; i++)
        MAKE(days[i]);
    for (size_t i = 0; i < DAYS; i++)
        MAKE(no_day[i]);
    for (size_t i = 0; i < TEXTS; i++)
        MAKE(texts[i]);
#undef MAKE
    return good;
}

static void fill(columns *c, size_t i, const stored_item *from) {
    const Wjz__Intake__EnforcementRecord *it = from->item->item->enforcement_record;
    const int32_t days[DAYS] = {it->decided_on, it->pay_until, it->executed_on, it->court_application_on};
    const char *const texts[TEXTS] = {it->document_no,    it->subject_name, it->subject_kind, it->credit_code,
                                      it->violation_kind, it->facts,        it->legal_basis,  it->penalty_kind,
                                      it->penalty,        it->agency,       it->agency_code,  it->place,
                                      it->remark};
    c->id[i] = from->item->id;
    c->hash[i] = (int64_t)from->item->hash;
    c->fine[i] = it->fine_fen;
    c->confiscated[i] = it->confiscated_fen;
    c->region[i] = from->item->region;
    c->feed[i] = from->from->feed->number;
    c->rectified[i] = (int16_t)it->rectified;
    c->transferred[i] = (int16_t)it->transferred_to_police;
    c->revoked[i] = it->revoked;
    for (size_t k = 0; k < DAYS; k++) {
        c->days[k][i] = days[k];
        c->no_day[k][i] = days[k] == 0;
    }
    for (size_t k = 0; k < TEXTS; k++)
        c->texts[k][i] = texts[k];
}

static int send_rows(wjz_tx *tx, const wjz_stmt *stmt, const stored_item *items, const int32_t *numbers, size_t count) {
    columns c;
    if (!make_columns(&c, count, wjz_tx_arena(tx))) return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        fill(&c, i, &items[i]);
    wjz_param params[COLUMN_COUNT + 1];
    size_t n = 0;
    params[n++] = wjz_i64s(c.id, count);
    params[n++] = wjz_i64s(c.hash, count);
    params[n++] = wjz_i64s(c.fine, count);
    params[n++] = wjz_i64s(c.confiscated, count);
    params[n++] = wjz_i32s(c.region, count);
    params[n++] = wjz_i32s(c.feed, count);
    for (size_t i = 0; i < DAYS; i++)
        params[n++] = wjz_dates(c.days[i], c.no_day[i], count);
    params[n++] = wjz_i16s(c.rectified, count);
    params[n++] = wjz_i16s(c.transferred, count);
    params[n++] = wjz_bools(c.revoked, count);
    for (size_t i = 0; i < TEXTS; i++)
        params[n++] = wjz_texts(c.texts[i], count);
    if (numbers != NULL) params[n++] = wjz_i32s(numbers, count);
    return wjz_tx_send(tx, stmt, params, (int)n);
}

int store_insert_records(wjz_tx *tx, const stored_item *items, size_t count) {
    return send_rows(tx, &INSERT_RECORDS, items, NULL, count);
}

int store_insert_record_revisions(wjz_tx *tx, const stored_item *items, const int32_t *numbers, size_t count) {
    return send_rows(tx, &INSERT_REVISIONS, items, numbers, count);
}

int store_take_known(const wjz_rows *rows, wjz_arena *arena, known_item *out, wjz_err *err) {
    for (int row = 0; row < wjz_rows_count(rows); row++) {
        known_item *known = &out[wjz_row_int(rows, row, 0) - 1];
        int64_t *later = NULL;
        size_t later_count = 0;
        if (wjz_row_ints(rows, row, 3, arena, &later, &later_count) < 0)
            return wjz_err_set(err, -ENOMEM, "out of memory");
        known->id = wjz_row_int(rows, row, 1);
        known->hash_count = later_count + 1;
        known->hashes = wjz_arena_alloc(arena, known->hash_count * sizeof *known->hashes);
        if (known->hashes == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
        known->hashes[0] = wjz_row_int(rows, row, 2);
        if (later_count > 0) memcpy(known->hashes + 1, later, later_count * sizeof *later);
    }
    return 0;
}

int store_find_records(wjz_tx *tx, const stored_item *items, size_t count, known_item *out, wjz_err *err) {
    wjz_arena *arena = wjz_tx_arena(tx);
    int32_t *regions = wjz_arena_alloc(arena, count * sizeof *regions);
    int32_t *numbers = wjz_arena_alloc(arena, count * sizeof *numbers);
    const char **ids = wjz_arena_alloc(arena, count * sizeof *ids);
    if (regions == NULL || numbers == NULL || ids == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        regions[i] = items[i].item->region;
        numbers[i] = items[i].from->feed->number;
        ids[i] = items[i].item->item->enforcement_record->document_no;
    }
    memset(out, 0, count * sizeof *out);
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &FIND_RECORDS, &rows, err, wjz_i32s(regions, count), wjz_i32s(numbers, count),
                           wjz_texts(ids, count));
    return r < 0 ? r : store_take_known(rows, arena, out, err);
}
