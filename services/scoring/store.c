/* Statements of the hot path; those about clues are in store_clues.c, those for enforcement records in store_more.c. */
#include "scoring/store.h"

#include <errno.h>
#include <stdlib.h>

#include "scoring/store_rows.h"
#include "wjz/id.h"

/* Distinguishes these advisory locks from others'. */
enum { LOCK_CLASS = 0x77AC };

static const wjz_stmt LOCK_REGION = {"scoring_lock_region",
                                     "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1, $2)) AS locked", 1};

static const wjz_stmt READ_TURNS = {"scoring_read_turns",
                                    "SELECT turn, stamp, CASE WHEN turn > $2 THEN entries END FROM scoring.journal"
                                    " WHERE region = $1 AND turn >= $2 ORDER BY turn LIMIT $3",
                                    3};

/* The first row says the versions, also where there is no turn. */
static const wjz_stmt READ_STATE = {
    "scoring_read_state",
    "SELECT j.turn, j.stamp, CASE WHEN j.turn > $2 THEN j.entries END, coalesce(s.watch_version, 0),"
    " coalesce(s.warning_version, 0) FROM (SELECT $1::int4 AS region) one LEFT JOIN scoring.region_state s"
    " ON s.region = one.region LEFT JOIN LATERAL (SELECT turn, stamp, entries FROM scoring.journal WHERE region = $1"
    " AND turn >= $2 ORDER BY turn LIMIT $3) j ON true",
    5};

/* Turns strictly follow one another, and so does what stands for the region. */
static const wjz_stmt EXPECT_STATE = {
    "scoring_expect_state",
    "SELECT CASE WHEN (SELECT turn = $2 AND stamp = $3 FROM scoring.journal WHERE region = $1 ORDER BY turn DESC LIMIT "
    "1)"
    " AND coalesce((SELECT watch_version = $4 AND warning_version = $5 FROM scoring.region_state WHERE region = $1),"
    " $4 = 0 AND $5 = 0) THEN 0 ELSE scoring.again('a region') END",
    1};

static const wjz_stmt LOAD_STATES = {
    "scoring_load_states",
    "SELECT complaint, matter, finding FROM scoring.finding WHERE region = $1 AND complaint = ANY ($2)", 3};

static const wjz_stmt LOAD_MATTERS = {
    "scoring_load_matters", "SELECT complaint, matter FROM scoring.finding WHERE region = $1 AND complaint = ANY ($2)",
    2};

/* The order leaves the planner no other index than that of complaints. */
static const wjz_stmt SCORED_LATER = {
    "scoring_scored_later",
    "SELECT EXISTS (SELECT FROM unnest($2::int8[], $3::int4[]) AS u (complaint, revision) CROSS JOIN LATERAL ("
    "SELECT revision FROM scoring.finding WHERE region = $1 AND complaint >= u.complaint AND complaint <= u.complaint"
    " ORDER BY complaint LIMIT 1) f WHERE f.revision > u.revision)",
    1};

/* What is known to be new is inserted without asking whether it is there: that question costs a third of the insertion.
 */
#define INSERT_FINDINGS                                                                                                \
    "INSERT INTO scoring.finding (region, complaint, clue, revision, finding, matter)"                                 \
    " SELECT $1, unnest($2::int8[]), unnest($3::int8[]), unnest($4::int4[]), unnest($5::bytea[]),"                     \
    " unnest($6::bytea[])"

static const wjz_stmt ADD_FINDINGS = {"scoring_add_findings", INSERT_FINDINGS, 0};

static const wjz_stmt ADD_FINDING = {"scoring_add_finding",
                                     "INSERT INTO scoring.finding (region, complaint, clue, revision, finding, matter)"
                                     " VALUES ($1, $2, $3, $4, $5, $6)",
                                     0};

static const wjz_stmt PUT_FINDINGS = {
    "scoring_put_findings",
    INSERT_FINDINGS " ON CONFLICT (region, complaint) DO UPDATE SET clue = excluded.clue, revision = excluded.revision,"
                    " finding = excluded.finding, matter = excluded.matter, scored_at = now()",
    0};

/* The region, too, is one of the parameters' rows, so that a plan made while the table is empty does not read all
 * findings of it to find these. */
static const wjz_stmt MOVE_FINDINGS = {
    "scoring_move_findings",
    "UPDATE scoring.finding f SET clue = u.clue FROM (SELECT $1::int4 AS region, unnest($2::int8[]) AS complaint,"
    " unnest($3::int8[]) AS clue) u WHERE f.region = u.region AND f.complaint = u.complaint",
    0};

static const wjz_stmt PUT_TURN = {
    "scoring_put_turn", "INSERT INTO scoring.journal (region, turn, stamp, entries) VALUES ($1, $2, $3, $4)", 0};

/* --- reading --- */

static int by_turn(const void *a, const void *b) {
    return wjz_id_order(&((const store_turn *)a)->turn, &((const store_turn *)b)->turn);
}

static int read_turns(const wjz_rows *rows, wjz_arena *arena, store_turn **ret_turns, size_t *ret_count, wjz_err *err) {
    int count = wjz_rows_count(rows);
    store_turn *turns = wjz_arena_calloc(arena, (size_t)count, sizeof *turns);
    bool failed = !turns;
    for (int i = 0; !failed && i < count; i++) {
        turns[i].turn = wjz_row_int(rows, i, 0);
        turns[i].stamp = wjz_row_int(rows, i, 1);
        failed = row_copy(arena, wjz_row_bytes(rows, i, 2), &turns[i].entries) != 0;
    }
    if (failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    if (count > 1) qsort(turns, (size_t)count, sizeof *turns, by_turn);
    *ret_turns = turns;
    *ret_count = (size_t)count;
    return 0;
}

int store_more_turns(wjz_tx *tx, int32_t region, int64_t from, wjz_arena *arena, store_turn **ret_turns,
                     size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &READ_TURNS, &rows, err, wjz_i32(region), wjz_i64(from), wjz_i64(STORE_TURNS));
    return r ? r : read_turns(rows, arena, ret_turns, ret_count, err);
}

int store_ask_lock(wjz_tx *tx, int32_t region) {
    return wjz_tx_send_v(tx, &LOCK_REGION, wjz_i32(LOCK_CLASS), wjz_i32(region));
}

int store_ask_region(wjz_tx *tx, int32_t region, int64_t from, int *ret_at) {
    int r = store_ask_lock(tx, region);
    *ret_at = wjz_tx_next(tx);
    return r ? r : wjz_tx_send_v(tx, &READ_STATE, wjz_i32(region), wjz_i64(from), wjz_i64(STORE_TURNS));
}

int store_answer_region(wjz_tx *tx, int at, wjz_arena *arena, region_state *ret_state, wjz_err *err) {
    const wjz_rows *rows = wjz_tx_rows(tx, at);
    *ret_state = (region_state){.versions = {wjz_row_int(rows, 0, 3), wjz_row_int(rows, 0, 4)}};
    return wjz_row_null(rows, 0, 0) ? 0 : read_turns(rows, arena, &ret_state->turns, &ret_state->turn_count, err);
}

int store_expect_region(wjz_tx *tx, int32_t region, int64_t turn, int64_t stamp, const region_versions *versions) {
    const wjz_param lock[] = {wjz_i32(LOCK_CLASS), wjz_i32(region)};
    const wjz_param state[] = {wjz_i32(region), wjz_i64(turn), wjz_i64(stamp), wjz_i64(versions->watches),
                               wjz_i64(versions->warnings)};
    int r = wjz_tx_send_aside(tx, &LOCK_REGION, lock, WJZ_COUNT(lock));
    return r ? r : wjz_tx_send_aside(tx, &EXPECT_STATE, state, WJZ_COUNT(state));
}

int store_read_blobs(const wjz_rows *rows, wjz_arena *arena, store_blob **ret_rows, size_t *ret_count) {
    int count = wjz_rows_count(rows);
    store_blob *blobs = wjz_arena_calloc(arena, (size_t)count, sizeof *blobs);
    bool failed = !blobs;
    for (int i = 0; !failed && i < count; i++) {
        blobs[i].complaint = wjz_row_int(rows, i, 0);
        failed = row_copy(arena, wjz_row_bytes(rows, i, 1), &blobs[i].data) != 0;
    }
    if (failed) return -ENOMEM;
    *ret_rows = blobs;
    *ret_count = (size_t)count;
    return 0;
}

int store_load_matters(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                       store_blob **ret_rows, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_MATTERS, &rows, err, wjz_i32(region), wjz_i64s(ids, count));
    if (!r && store_read_blobs(rows, arena, ret_rows, ret_count)) r = wjz_err_set(err, -ENOMEM, "out of memory");
    return r;
}

int store_load_states(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                      store_state **ret_rows, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_STATES, &rows, err, wjz_i32(region), wjz_i64s(ids, count));
    if (r) return r;
    size_t found = (size_t)wjz_rows_count(rows);
    store_state *states = wjz_arena_calloc(arena, found, sizeof *states);
    bool failed = !states;
    for (size_t i = 0; !failed && i < found; i++) {
        states[i].complaint = wjz_row_int(rows, (int)i, 0);
        failed = row_copy(arena, wjz_row_bytes(rows, (int)i, 1), &states[i].matter) ||
                 row_copy(arena, wjz_row_bytes(rows, (int)i, 2), &states[i].finding);
    }
    if (failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_rows = states;
    *ret_count = found;
    return 0;
}

int store_scored_later(wjz_tx *tx, int32_t region, const int64_t *complaints, const int32_t *revisions, size_t count,
                       bool *ret_later, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &SCORED_LATER, &rows, err, wjz_i32(region), wjz_i64s(complaints, count),
                           wjz_i32s(revisions, count));
    if (!r) *ret_later = wjz_row_bool(rows, 0, 0);
    return r;
}

/* --- writing --- */

static int send_findings(wjz_tx *tx, const wjz_stmt *stmt, int32_t region, const finding_row *rows, size_t count,
                         wjz_arena *arena) {
    if (!count) return 0;
    COLUMN(int64_t, complaints, rows[i].complaint);
    COLUMN(int64_t, clues, rows[i].clue);
    COLUMN(int32_t, revisions, rows[i].revision);
    COLUMN(wjz_blob, findings, rows[i].finding);
    COLUMN(wjz_blob, matters, rows[i].matter);
    return wjz_tx_send_v(tx, stmt, wjz_i32(region), wjz_i64s(complaints, count), wjz_i64s(clues, count),
                         wjz_i32s(revisions, count), wjz_blobs(findings, count), wjz_blobs(matters, count));
}

static int send_finding(wjz_tx *tx, const wjz_stmt *stmt, int32_t region, const finding_row *row) {
    return wjz_tx_send_v(tx, stmt, wjz_i32(region), wjz_i64(row->complaint), wjz_i64(row->clue), wjz_i32(row->revision),
                         wjz_bytes(row->finding.data, row->finding.length),
                         wjz_bytes(row->matter.data, row->matter.length));
}

int store_add_findings(wjz_tx *tx, int32_t region, const finding_row *rows, size_t count, wjz_arena *arena) {
    if (count > STORE_FEW) return send_findings(tx, &ADD_FINDINGS, region, rows, count, arena);
    int r = 0;
    for (size_t i = 0; !r && i < count; i++)
        r = send_finding(tx, &ADD_FINDING, region, &rows[i]);
    return r;
}

int store_put_findings(wjz_tx *tx, int32_t region, const finding_row *rows, size_t count, wjz_arena *arena) {
    return send_findings(tx, &PUT_FINDINGS, region, rows, count, arena);
}

int store_move_findings(wjz_tx *tx, int32_t region, const moved_row *rows, size_t count, wjz_arena *arena) {
    COLUMN(int64_t, complaints, rows[i].complaint);
    COLUMN(int64_t, clues, rows[i].clue);
    return wjz_tx_send_v(tx, &MOVE_FINDINGS, wjz_i32(region), wjz_i64s(complaints, count), wjz_i64s(clues, count));
}

int store_put_turn(wjz_tx *tx, int32_t region, const store_turn *turn) {
    return wjz_tx_send_v(tx, &PUT_TURN, wjz_i32(region), wjz_i64(turn->turn), wjz_i64(turn->stamp),
                         wjz_bytes(turn->entries.data, turn->entries.length));
}
