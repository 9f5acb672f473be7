/* SQL about visits. */
#include "scheduling/store_visit.h"

#include <errno.h>
#include <string.h>

#include "scheduling/columns.h"
#include "scheduling/rota.h"

enum { VISIT_LOCK = 41 };

static const wjz_stmt LOCK = {"scheduling_lock_visits", "SELECT pg_advisory_xact_lock($1, $2)", 1};

static const wjz_stmt HEARD_OF = {
    "scheduling_heard_of",
    "SELECT assignment, revision FROM scheduling.assignment_heard WHERE region = $1 AND assignment = ANY ($2::int8[])",
    2,
};

/* A visit remembers for its assignment. */
static const wjz_stmt NOTE = {
    "scheduling_note",
    "WITH news AS (SELECT unnest($2::int8[]) AS assignment, unnest($3::int8[]) AS revision),"
    " noted AS (UPDATE scheduling.visit v SET revision = n.revision FROM news n"
    "  WHERE v.region = $1 AND v.assignment = n.assignment RETURNING v.assignment)"
    " INSERT INTO scheduling.assignment_heard (region, assignment, revision)"
    " SELECT $1, n.assignment, n.revision FROM news n WHERE n.assignment NOT IN (SELECT assignment FROM noted)"
    " ON CONFLICT (region, assignment) DO UPDATE SET revision = excluded.revision",
    0,
};

#define VISIT                                                                                                          \
    "v.id, v.assignment, v.clue, v.organ, v.station, v.prosecutor, v.stars, v.urgent, v.state, coalesce(v.shift, 0),"  \
    " v.starts_at, v.ends_at, v.proposals, v.declined, v.reason, v.revision"
enum { VISIT_COLUMNS = 16 };

static const wjz_stmt VISITS_OF = {
    "scheduling_visits_of",
    "SELECT " VISIT " FROM scheduling.visit v WHERE v.region = $1 AND v.assignment = ANY ($2::int8[]) FOR UPDATE",
    VISIT_COLUMNS,
};

static const wjz_stmt FIND = {
    "scheduling_find_visit",
    "SELECT " VISIT " FROM scheduling.visit v WHERE v.region = $1 AND v.id = $2 FOR UPDATE",
    VISIT_COLUMNS,
};

static const wjz_stmt WAITING = {
    "scheduling_waiting_visits",
    "SELECT " VISIT " FROM scheduling.visit v WHERE v.region = $1 AND v.state = 'waiting'"
    " ORDER BY v.urgent DESC, v.stars DESC, v.assignment LIMIT $2 FOR UPDATE",
    VISIT_COLUMNS,
};

static const wjz_stmt BOOK = {
    "scheduling_book_visits",
    "INSERT INTO scheduling.booking (region, id, kind, shift, starts_at, ends_at)"
    " SELECT $1, id, 'visit', shift, starts_at, ends_at"
    "   FROM unnest($2::int8[], $3::int8[], $4::timestamptz[], $5::timestamptz[]) AS u (id, shift, starts_at, ends_at)"
    " ON CONFLICT DO NOTHING RETURNING id",
    1,
};

#define INSERT_VISITS                                                                                                  \
    "INSERT INTO scheduling.visit (region, id, assignment, clue, organ, station, prosecutor, stars, urgent,"           \
    " state, shift, starts_at, ends_at, proposals, reason, revision)"                                                  \
    " SELECT $1, id, assignment, clue, organ, station, prosecutor, stars, urgent, state, nullif(shift, 0),"            \
    " starts_at, ends_at, proposals, reason, revision"                                                                 \
    " FROM (SELECT unnest($2::int8[]) AS id, unnest($3::int8[]) AS assignment, unnest($4::int8[]) AS clue,"            \
    " unnest($5::text[]) AS organ, unnest($6::text[]) AS station, unnest($7::text[]) AS prosecutor,"                   \
    " unnest($8::int4[]) AS stars, unnest($9::bool[]) AS urgent, unnest($10::text[]) AS state,"                        \
    " unnest($11::int8[]) AS shift, unnest($12::timestamptz[]) AS starts_at, unnest($13::timestamptz[]) AS"            \
    " ends_at, unnest($14::int4[]) AS proposals, unnest($15::text[]) AS reason, unnest($16::int8[]) AS revision)"      \
    " AS u"

static const wjz_stmt ADD = {"scheduling_add_visits", INSERT_VISITS, 0};

static const wjz_stmt WRITE = {
    "scheduling_write_visits",
    INSERT_VISITS
    " ON CONFLICT (region, assignment) DO UPDATE SET stars = excluded.stars, urgent = excluded.urgent, state ="
    " excluded.state, shift = excluded.shift, starts_at = excluded.starts_at, ends_at = excluded.ends_at,"
    " proposals = excluded.proposals, reason = excluded.reason, revision = excluded.revision, changed_at = now()",
    0,
};

static const wjz_stmt FREE = {
    "scheduling_free_visits",
    "DELETE FROM scheduling.booking WHERE region = $1 AND id = ANY ($2::int8[])",
    0,
};

static const wjz_stmt RENEW = {
    "scheduling_renew_visits",
    "WITH over AS ("
    "    UPDATE scheduling.visit SET state = 'waiting', shift = NULL, starts_at = NULL, ends_at = NULL,"
    "           reason = '建议时段已过/the proposed time passed', changed_at = now()"
    "     WHERE state = 'proposed' AND ends_at < now() RETURNING region, id)"
    " DELETE FROM scheduling.booking b USING over WHERE b.region = over.region AND b.id = over.id",
    0,
};

static const wjz_stmt DECLINE = {
    "scheduling_decline_visit",
    "UPDATE scheduling.visit SET declined = declined || $3 WHERE region = $1 AND id = $2",
    0,
};

static const wjz_stmt WAITING_REGIONS = {
    "scheduling_waiting_regions",
    "SELECT DISTINCT region FROM scheduling.visit WHERE state = 'waiting' ORDER BY region",
    1,
};

static const wjz_stmt HOLIDAYS = {
    "scheduling_holidays_between",
    "SELECT day, working FROM directory.holiday WHERE day BETWEEN $1 AND $2",
    2,
};

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

int store_lock_visits(wjz_tx *tx, int32_t region) {
    return wjz_tx_send_v(tx, &LOCK, wjz_i32(VISIT_LOCK), wjz_i32(region));
}

/* --- reading --- */

static int read_visit(const wjz_rows *rows, int row, wjz_arena *arena, struct visit *ret_visit) {
    bool whole = true;
    struct visit visit = {
        .id = wjz_row_int(rows, row, 0),
        .assignment = wjz_row_int(rows, row, 1),
        .clue = wjz_row_int(rows, row, 2),
        .organ = column_text(rows, row, 3, arena, &whole),
        .station = column_text(rows, row, 4, arena, &whole),
        .prosecutor = column_text(rows, row, 5, arena, &whole),
        .stars = (int)wjz_row_int(rows, row, 6),
        .urgent = wjz_row_bool(rows, row, 7),
        .state = column_text(rows, row, 8, arena, &whole),
        .shift = wjz_row_int(rows, row, 9),
        .starts_us = wjz_row_time(rows, row, 10),
        .ends_us = wjz_row_time(rows, row, 11),
        .proposals = (int)wjz_row_int(rows, row, 12),
        .reason = column_text(rows, row, 14, arena, &whole),
        .revision = wjz_row_int(rows, row, 15),
    };
    if (!whole) return -ENOMEM;
    int r = wjz_row_ints(rows, row, 13, arena, &visit.declined, &visit.declined_count);
    if (r == 0) *ret_visit = visit;
    return r;
}

static int read_visits(const wjz_rows *rows, wjz_arena *arena, struct visit **ret_visits, size_t *ret_count,
                       wjz_err *err) {
    int count = wjz_rows_count(rows);
    struct visit *visits = wjz_arena_calloc(arena, (size_t)count, sizeof *visits);
    int r = visits == NULL ? -ENOMEM : 0;
    for (int i = 0; r == 0 && i < count; i++)
        r = read_visit(rows, i, arena, &visits[i]);
    if (r < 0) return wjz_err_set(err, r, "could not read visits");
    *ret_visits = visits;
    *ret_count = (size_t)count;
    return 0;
}

int store_known(wjz_tx *tx, int32_t region, const int64_t *assignments, size_t count, wjz_arena *arena,
                struct known *ret_known, wjz_err *err) {
    wjz_rows *visits = NULL;
    struct known known = {.revisions = wjz_arena_calloc(arena, count, sizeof *known.revisions)};
    if (known.revisions == NULL) return out_of_memory(err);
    int heard = wjz_tx_next(tx), r = wjz_tx_send_v(tx, &HEARD_OF, wjz_i32(region), wjz_i64s(assignments, count));
    if (r == 0) r = wjz_tx_query_v(tx, &VISITS_OF, &visits, err, wjz_i32(region), wjz_i64s(assignments, count));
    if (r == 0) r = read_visits(visits, arena, &known.visits, &known.visit_count, err);
    if (r < 0) return r;
    const wjz_rows *rows = wjz_tx_rows(tx, heard);
    for (int row = 0; row < wjz_rows_count(rows); row++)
        for (size_t i = 0; i < count; i++)
            if (assignments[i] == wjz_row_int(rows, row, 0)) known.revisions[i] = wjz_row_int(rows, row, 1);
    *ret_known = known;
    return 0;
}

int store_visit(wjz_tx *tx, int32_t region, int64_t id, wjz_arena *arena, struct visit *ret_visit, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &FIND, &rows, err, wjz_i32(region), wjz_i64(id));
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0) return wjz_err_set(err, -ENOENT, "there is no such visit");
    r = read_visit(rows, 0, arena, ret_visit);
    return r < 0 ? wjz_err_set(err, r, "could not read visit") : 0;
}

int store_waiting_visits(wjz_tx *tx, int32_t region, int limit, wjz_arena *arena, struct visit **ret_visits,
                         size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &WAITING, &rows, err, wjz_i32(region), wjz_i64(limit));
    return r < 0 ? r : read_visits(rows, arena, ret_visits, ret_count, err);
}

static int read_regions(const wjz_rows *rows, wjz_arena *arena, int64_t **ret_regions, size_t *ret_count,
                        wjz_err *err) {
    size_t count = (size_t)wjz_rows_count(rows);
    int64_t *regions = COLUMN(arena, count, int64_t);
    if (regions == NULL) return out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        regions[i] = wjz_row_int(rows, (int)i, 0);
    *ret_regions = regions;
    *ret_count = count;
    return 0;
}

int store_waiting_regions(wjz_tx *tx, wjz_arena *arena, int64_t **ret_regions, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(tx, &WAITING_REGIONS, NULL, 0, &rows, err);
    return r < 0 ? r : read_regions(rows, arena, ret_regions, ret_count, err);
}

int store_holidays(wjz_tx *tx, int32_t from_day, int32_t to_day, wjz_arena *arena, struct rota_holiday **ret_holidays,
                   size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &HOLIDAYS, &rows, err, wjz_date(from_day), wjz_date(to_day));
    if (r < 0) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    struct rota_holiday *holidays = wjz_arena_calloc(arena, count, sizeof *holidays);
    if (holidays == NULL) return out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        holidays[i] = (struct rota_holiday){wjz_row_date(rows, (int)i, 0), wjz_row_bool(rows, (int)i, 1)};
    *ret_holidays = holidays;
    *ret_count = count;
    return 0;
}

/* --- writing --- */

int store_book_visits(wjz_tx *tx, int32_t region, const struct visit *visits, size_t count, wjz_arena *arena,
                      bool *ret_taken, wjz_err *err) {
    int64_t *ids = COLUMN(arena, count, int64_t), *shifts = COLUMN(arena, count, int64_t);
    int64_t *starts = COLUMN(arena, count, int64_t), *ends = COLUMN(arena, count, int64_t);
    if (ids == NULL || shifts == NULL || starts == NULL || ends == NULL) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        ids[i] = visits[i].id;
        shifts[i] = visits[i].shift;
        starts[i] = visits[i].starts_us;
        ends[i] = visits[i].ends_us;
    }
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &BOOK, &rows, err, wjz_i32(region), wjz_i64s(ids, count), wjz_i64s(shifts, count),
                           wjz_times(starts, count), wjz_times(ends, count));
    if (r < 0) return r;
    /* RETURNING keeps the order of the rows that went in. */
    int at = 0, taken = wjz_rows_count(rows);
    for (size_t i = 0; i < count; i++) {
        ret_taken[i] = at < taken && wjz_row_int(rows, at, 0) == ids[i];
        at += ret_taken[i];
    }
    return 0;
}

/* Those that are new, or those that are not. */
static int send_visits(wjz_tx *tx, int32_t region, const struct visit *visits, size_t count, bool new_ones,
                       wjz_arena *arena) {
    enum { NUMBERS = 7, TEXTS = 5 };
    int64_t *numbers[NUMBERS];
    const char **texts[TEXTS];
    int32_t *stars = COLUMN(arena, count, int32_t), *proposals = COLUMN(arena, count, int32_t);
    bool *urgent = COLUMN(arena, count, bool);
    bool whole = stars != NULL && proposals != NULL && urgent != NULL;
    for (int i = 0; i < NUMBERS; i++)
        whole = (numbers[i] = COLUMN(arena, count, int64_t)) != NULL && whole;
    for (int i = 0; i < TEXTS; i++)
        whole = (texts[i] = COLUMN(arena, count, const char *)) != NULL && whole;
    if (!whole) return -ENOMEM;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct visit *v = &visits[i];
        if (v->is_new != new_ones) continue;
        const int64_t number[NUMBERS] = {v->id,        v->assignment, v->clue,    v->shift,
                                         v->starts_us, v->ends_us,    v->revision};
        const char *const text[TEXTS] = {v->organ, v->station, v->prosecutor, v->state, v->reason};
        for (int j = 0; j < NUMBERS; j++)
            numbers[j][n] = number[j];
        for (int j = 0; j < TEXTS; j++)
            texts[j][n] = text[j];
        stars[n] = v->stars;
        proposals[n] = v->proposals;
        urgent[n++] = v->urgent;
    }
    if (n == 0) return 0;
    return wjz_tx_send_v(tx, new_ones ? &ADD : &WRITE, wjz_i32(region), wjz_i64s(numbers[0], n),
                         wjz_i64s(numbers[1], n), wjz_i64s(numbers[2], n), wjz_texts(texts[0], n),
                         wjz_texts(texts[1], n), wjz_texts(texts[2], n), wjz_i32s(stars, n), wjz_bools(urgent, n),
                         wjz_texts(texts[3], n), wjz_i64s(numbers[3], n), wjz_times(numbers[4], n),
                         wjz_times(numbers[5], n), wjz_i32s(proposals, n), wjz_texts(texts[4], n),
                         wjz_i64s(numbers[6], n));
}

int store_write_visits(wjz_tx *tx, int32_t region, const struct visit *visits, size_t count, wjz_arena *arena) {
    int r = send_visits(tx, region, visits, count, true, arena);
    return r == 0 ? send_visits(tx, region, visits, count, false, arena) : r;
}

int store_note(wjz_tx *tx, int32_t region, const int64_t *assignments, const int64_t *revisions, size_t count) {
    if (count == 0) return 0;
    return wjz_tx_send_v(tx, &NOTE, wjz_i32(region), wjz_i64s(assignments, count), wjz_i64s(revisions, count));
}

int store_free_visits(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count) {
    return wjz_tx_send_v(tx, &FREE, wjz_i32(region), wjz_i64s(ids, count));
}

int store_renew_visits(wjz_tx *tx) {
    return wjz_tx_send(tx, &RENEW, NULL, 0);
}

int store_decline_visit(wjz_tx *tx, int32_t region, int64_t id, int64_t shift) {
    return wjz_tx_send_v(tx, &DECLINE, wjz_i32(region), wjz_i64(id), wjz_i64(shift));
}
