/* One assignment at a time: what requests and the clock read and write. */
#include <errno.h>

#include "assignment/store.h"
#include "assignment/store_rows.h"
#include "wjz/id.h"

static const wjz_stmt LOCK_CLUE = {
    "assignment_lock_clue",
    "SELECT " CLUE_COLUMNS " FROM assignment.clue_state c WHERE c.region = $1 AND c.clue ="
    " (SELECT a.clue FROM assignment.assignment a WHERE a.region = $1 AND a.id = $2) FOR UPDATE",
    CLUE_COLUMN_COUNT};

static const wjz_stmt READ_ASSIGNMENT = {
    "assignment_read", "SELECT " ASSIGNMENT_COLUMNS " FROM assignment.assignment a WHERE a.region = $1 AND a.id = $2",
    ASSIGNMENT_COLUMN_COUNT};

/* Some open assignments with their clues, which are then the transaction's. */
#define CLAIM(which)                                                                                                   \
    "SELECT " ASSIGNMENT_COLUMNS ", " CLUE_COLUMNS " FROM assignment.assignment a"                                     \
    " JOIN assignment.clue_state c ON c.region = a.region AND c.clue = a.clue"                                         \
    " WHERE " which " LIMIT 256 FOR UPDATE OF a, c SKIP LOCKED"
enum { CLAIM_COLUMNS = ASSIGNMENT_COLUMN_COUNT + CLUE_COLUMN_COUNT };

static const wjz_stmt CLAIM_DUE = {"assignment_claim_due",
                                   CLAIM("a.state = 'assigned' AND a.accept_until <= $1 ORDER BY a.accept_until"),
                                   CLAIM_COLUMNS};

/* A station alone has a clue below 3★ that it mediates; what else has no prosecutor waits for one. */
static const wjz_stmt CLAIM_UNPLACED = {
    "assignment_claim_unplaced",
    CLAIM("a.state = 'assigned' AND a.prosecutor = '' AND (a.organ = '' OR a.station = '' OR a.stars >= 3)"
          " AND (a.region, a.id) > ($1, $2) ORDER BY a.region, a.id"),
    CLAIM_COLUMNS};

/* Who is not active has left. So has of whom the directory knows nothing, once it knows colleagues of his who may have
 * a clue: where it does not, it is not there yet, and nobody loses work. What it says now counts, not what was read of
 * it. */
static const wjz_stmt CLAIM_LEFT = {
    "assignment_claim_left",
    CLAIM("a.ended_at IS NULL AND a.prosecutor = ANY ($1)"
          " AND (a.organ = ANY ($2) OR EXISTS (SELECT FROM directory.person p WHERE p.code = a.prosecutor))"
          " AND NOT EXISTS (SELECT FROM directory.person p WHERE p.code = a.prosecutor AND p.active)"
          " ORDER BY a.region, a.id"),
    CLAIM_COLUMNS};

static const wjz_stmt NEXT_DUE = {"assignment_next_due",
                                  "SELECT min(accept_until) FROM assignment.assignment WHERE state = 'assigned'", 1};

static const wjz_stmt ADD_RECUSAL = {
    "assignment_add_recusal",
    "INSERT INTO assignment.recusal (region, id, assignment, clue, person, procedure, ground, suspended, due_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    0};

static const wjz_stmt FIND_RECUSAL = {
    "assignment_find_recusal",
    "SELECT id, assignment, person, procedure, ground, suspended, due_at FROM assignment.recusal"
    " WHERE region = $1 AND assignment = $2 AND decided_at IS NULL FOR UPDATE",
    7};

static const wjz_stmt DECIDE_RECUSAL = {
    "assignment_decide_recusal",
    "UPDATE assignment.recusal SET granted = $3, decided_by = $4, note = $5, decided_at = now()"
    " WHERE region = $1 AND id = $2",
    0};

static const wjz_stmt EXCLUDE = {"assignment_exclude",
                                 "UPDATE assignment.clue_state SET excluded = $3 WHERE region = $1 AND clue = $2", 0};

static const wjz_stmt CLAIM_RECUSALS = {
    "assignment_claim_recusals",
    "WITH late AS (SELECT region, id FROM assignment.recusal WHERE decided_at IS NULL AND reminded_at IS NULL"
    " AND due_at <= $1 ORDER BY due_at LIMIT 256 FOR UPDATE SKIP LOCKED),"
    " reminded AS (UPDATE assignment.recusal r SET reminded_at = now() FROM late"
    " WHERE r.region = late.region AND r.id = late.id RETURNING r.region, r.assignment, r.person)"
    " SELECT " ASSIGNMENT_COLUMNS ", " CLUE_COLUMNS ", reminded.person FROM reminded"
    " JOIN assignment.assignment a ON a.region = reminded.region AND a.id = reminded.assignment"
    " JOIN assignment.clue_state c ON c.region = a.region AND c.clue = a.clue",
    CLAIM_COLUMNS + 1};

static const wjz_stmt ADD_OUTCOME = {
    "assignment_add_outcome",
    "INSERT INTO assignment.outcome (region, assignment, clue, outcome, note, actor) VALUES ($1, $2, $3, $4, $5, $6)",
    0};

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* The clue's lock comes first: the statement after it sees the assignment as the last holder of the lock left it. */
int store_lock_assignment(wjz_tx *tx, wjz_arena *arena, int32_t region, int64_t id, clue *ret_clue,
                          assignment *ret_assignment, bool *ret_found, wjz_err *err) {
    wjz_rows *rows;
    int r = wjz_tx_send_v(tx, &LOCK_CLUE, wjz_i32(region), wjz_i64(id));
    if (r == 0) r = wjz_tx_send_v(tx, &READ_ASSIGNMENT, wjz_i32(region), wjz_i64(id));
    if (r < 0) return out_of_memory(err);
    r = wjz_tx_wait(tx, &rows, err);
    if (r < 0) return r;
    const wjz_rows *clues = wjz_tx_rows(tx, 0);
    bool found = wjz_rows_count(rows) == 1 && wjz_rows_count(clues) == 1;
    if (found &&
        (rows_clue(clues, 0, 0, arena, ret_clue) < 0 || rows_assignment(rows, 0, 0, arena, ret_assignment) < 0))
        return out_of_memory(err);
    *ret_found = found;
    return 0;
}

/* Rows of an assignment, its clue, and perhaps a person. */
static int read_due(const wjz_rows *rows, wjz_arena *arena, bool with_person, store_due **ret_due, size_t *ret_count) {
    size_t count = (size_t)wjz_rows_count(rows);
    store_due *due = wjz_arena_calloc(arena, count, sizeof(store_due));
    assignment *open = wjz_arena_calloc(arena, count, sizeof(assignment));
    if (due == NULL || open == NULL) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        due[i].open = &open[i];
        if (rows_assignment(rows, (int)i, 0, arena, due[i].open) < 0 ||
            rows_clue(rows, (int)i, ASSIGNMENT_COLUMN_COUNT, arena, &due[i].told) < 0)
            return -ENOMEM;
        if (!with_person) continue;
        due[i].person = wjz_arena_strdup(arena, wjz_row_text(rows, (int)i, CLAIM_COLUMNS));
        if (due[i].person == NULL) return -ENOMEM;
    }
    *ret_due = due;
    *ret_count = count;
    return 0;
}

static int claim(wjz_tx *tx, wjz_arena *arena, const wjz_stmt *stmt, const wjz_param *params, int count,
                 store_due **ret_due, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows;
    int r = wjz_tx_query(tx, stmt, params, count, &rows, err);
    if (r < 0) return r;
    return read_due(rows, arena, stmt == &CLAIM_RECUSALS, ret_due, ret_count) < 0 ? out_of_memory(err) : 0;
}

int store_claim_due(wjz_tx *tx, wjz_arena *arena, int64_t now_us, store_due **ret_due, size_t *ret_count,
                    wjz_err *err) {
    const wjz_param now = wjz_time(now_us);
    return claim(tx, arena, &CLAIM_DUE, &now, 1, ret_due, ret_count, err);
}

int store_claim_unplaced(wjz_tx *tx, wjz_arena *arena, int32_t region, int64_t id, store_due **ret_due,
                         size_t *ret_count, wjz_err *err) {
    const wjz_param last[] = {wjz_i32(region), wjz_i64(id)};
    return claim(tx, arena, &CLAIM_UNPLACED, last, WJZ_COUNT(last), ret_due, ret_count, err);
}

int store_claim_left(wjz_tx *tx, wjz_arena *arena, const directory *people, store_due **ret_due, size_t *ret_count,
                     wjz_err *err) {
    const wjz_param codes[] = {wjz_texts(people->absent, people->absent_count),
                               wjz_texts(people->staffed, people->staffed_count)};
    return claim(tx, arena, &CLAIM_LEFT, codes, WJZ_COUNT(codes), ret_due, ret_count, err);
}

int store_claim_recusals(wjz_tx *tx, wjz_arena *arena, int64_t now_us, store_due **ret_due, size_t *ret_count,
                         wjz_err *err) {
    const wjz_param now = wjz_time(now_us);
    return claim(tx, arena, &CLAIM_RECUSALS, &now, 1, ret_due, ret_count, err);
}

int store_next_due(wjz_tx *tx, int64_t *ret_us, wjz_err *err) {
    wjz_rows *rows;
    int r = wjz_tx_query(tx, &NEXT_DUE, NULL, 0, &rows, err);
    if (r < 0) return r;
    *ret_us = wjz_row_time(rows, 0, 0);
    return 0;
}

int store_add_recusal(wjz_tx *tx, int32_t region, int64_t clue_id, const store_recusal *entry) {
    return wjz_tx_send_v(tx, &ADD_RECUSAL, wjz_i32(region), wjz_i64(wjz_id_next()), wjz_i64(entry->assignment),
                         wjz_i64(clue_id), wjz_text(entry->person), wjz_text(entry->procedure), wjz_text(entry->ground),
                         wjz_bool(entry->suspended), wjz_time(entry->due_us));
}

int store_find_recusal(wjz_tx *tx, wjz_arena *arena, int32_t region, int64_t assignment_id, store_recusal *ret_recusal,
                       bool *ret_found, wjz_err *err) {
    wjz_rows *rows;
    int r = wjz_tx_query_v(tx, &FIND_RECUSAL, &rows, err, wjz_i32(region), wjz_i64(assignment_id));
    if (r < 0) return r;
    *ret_found = wjz_rows_count(rows) > 0;
    if (!*ret_found) return 0;
    store_recusal found = {.id = wjz_row_int(rows, 0, 0),
                           .assignment = wjz_row_int(rows, 0, 1),
                           .person = wjz_arena_strdup(arena, wjz_row_text(rows, 0, 2)),
                           .procedure = wjz_arena_strdup(arena, wjz_row_text(rows, 0, 3)),
                           .ground = wjz_arena_strdup(arena, wjz_row_text(rows, 0, 4)),
                           .suspended = wjz_row_bool(rows, 0, 5),
                           .due_us = wjz_row_time(rows, 0, 6)};
    if (found.person == NULL || found.procedure == NULL || found.ground == NULL) return out_of_memory(err);
    *ret_recusal = found;
    return 0;
}

int store_decide_recusal(wjz_tx *tx, int32_t region, int64_t id, bool granted, const char *actor, const char *note) {
    return wjz_tx_send_v(tx, &DECIDE_RECUSAL, wjz_i32(region), wjz_i64(id), wjz_bool(granted), wjz_text(actor),
                         wjz_text(note));
}

int store_exclude(wjz_tx *tx, int32_t region, int64_t clue_id, const char *excluded) {
    return wjz_tx_send_v(tx, &EXCLUDE, wjz_i32(region), wjz_i64(clue_id), wjz_text(excluded));
}

int store_add_outcome(wjz_tx *tx, const assignment *of, const char *outcome, const char *note, const char *actor) {
    return wjz_tx_send_v(tx, &ADD_OUTCOME, wjz_i32(of->region), wjz_i64(of->id), wjz_i64(of->clue), wjz_text(outcome),
                         wjz_text(note), wjz_text(actor));
}
