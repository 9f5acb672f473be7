/* See store_packs.h. */
#include "scoring/store_packs.h"

#include <errno.h>

#include "scoring/store_rows.h"

/* Distinguishes this advisory lock from others'; the key is 0. */
enum { PACKS_LOCK_CLASS = 0x77AD };

static const wjz_stmt LOCK_SHARED = {"scoring_lock_packs_shared",
                                     "SELECT true FROM (SELECT pg_advisory_xact_lock_shared($1, 0)) AS locked", 1};

static const wjz_stmt TRY_SHARED = {"scoring_try_packs_shared", "SELECT pg_try_advisory_xact_lock_shared($1, 0)", 1};

static const wjz_stmt LOCK_ALONE = {"scoring_lock_packs",
                                    "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1, 0)) AS locked", 1};

static const wjz_stmt READ_ACTIVE = {"scoring_active_pack", "SELECT version FROM scoring.pack WHERE state = 'active'",
                                     1};
static const wjz_stmt READ_APPROVED = {
    "scoring_approved_pack",
    "SELECT version FROM scoring.pack WHERE state = 'approved' ORDER BY approved_at DESC, version LIMIT 1", 1};

static const wjz_stmt READ_CONTENT = {"scoring_pack_content", "SELECT content FROM scoring.pack WHERE version = $1", 1};

#define PACK_COLUMNS                                                                                                   \
    "version, state, checksum, author, approver, activated_by, note, submitted_at, approved_at, activated_at,"         \
    " retired_at, outline"

static const wjz_stmt FIND_PACK = {"scoring_find_pack",
                                   "SELECT " PACK_COLUMNS " FROM scoring.pack WHERE version = $1 FOR UPDATE", 12};

static const wjz_stmt FIND_RETIRED = {"scoring_find_retired_pack",
                                      "SELECT " PACK_COLUMNS " FROM scoring.pack WHERE state = 'retired'"
                                      " ORDER BY retired_at DESC, version LIMIT 1 FOR UPDATE",
                                      12};

static const wjz_stmt LIST_PACKS = {
    "scoring_list_packs", "SELECT " PACK_COLUMNS " FROM scoring.pack ORDER BY submitted_at DESC, version DESC", 12};

static const wjz_stmt SUBMIT_PACK = {
    "scoring_submit_pack",
    "INSERT INTO scoring.pack (version, content, checksum, outline, note, author) VALUES ($1, $2, $3, $4, $5, $6)"
    " ON CONFLICT (version) DO NOTHING",
    0};

static const wjz_stmt APPROVE_PACK = {
    "scoring_approve_pack",
    "UPDATE scoring.pack SET state = 'approved', approver = $2, approved_at = clock_timestamp() WHERE version = $1", 0};

static const wjz_stmt ACTIVATE_PACK = {
    "scoring_activate_pack",
    "UPDATE scoring.pack SET state = 'active', activated_by = $2, activated_at = clock_timestamp(), retired_at = NULL"
    " WHERE version = $1",
    0};

static const wjz_stmt RETIRE_ACTIVE = {
    "scoring_retire_pack",
    "WITH gone AS (UPDATE scoring.pack SET state = 'retired', retired_at = clock_timestamp() WHERE state = 'active'"
    " RETURNING version) INSERT INTO scoring.pack_event (version, event, actor, note)"
    " SELECT version, 'retired', $1, '' FROM gone",
    0};

static const wjz_stmt ADD_EVENT = {
    "scoring_pack_event", "INSERT INTO scoring.pack_event (version, event, actor, note) VALUES ($1, $2, $3, $4)", 0};

static const wjz_stmt LIST_EVENTS = {
    "scoring_pack_events", "SELECT version, event, actor, note, at FROM scoring.pack_event ORDER BY id DESC LIMIT $1",
    5};

static int ask_active(wjz_tx *tx, const wjz_stmt *lock, int *ret_at) {
    *ret_at = wjz_tx_next(tx);
    int r = wjz_tx_send_v(tx, lock, wjz_i32(PACKS_LOCK_CLASS));
    return r ? r : wjz_tx_send(tx, &READ_ACTIVE, NULL, 0);
}

int store_ask_active(wjz_tx *tx, int *ret_at) {
    return ask_active(tx, &LOCK_SHARED, ret_at);
}

int store_ask_active_now(wjz_tx *tx, int *ret_at) {
    return ask_active(tx, &TRY_SHARED, ret_at);
}

static int copy_version(const wjz_rows *rows, wjz_arena *arena, const char **ret_version) {
    row_texts texts = {.arena = arena};
    *ret_version = wjz_rows_count(rows) ? row_text(&texts, rows, 0, 0) : "";
    return texts.failed ? -ENOMEM : 0;
}

int store_active(wjz_tx *tx, int at, wjz_arena *arena, const char **ret_version) {
    if (!wjz_row_bool(wjz_tx_rows(tx, at), 0, 0)) return -EAGAIN;
    return copy_version(wjz_tx_rows(tx, at + 1), arena, ret_version);
}

int store_read_active(wjz_tx *tx, wjz_arena *arena, const char **ret_version, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(tx, &READ_ACTIVE, NULL, 0, &rows, err);
    if (r) return r;
    return copy_version(rows, arena, ret_version) ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

int store_read_versions(wjz_tx *tx, wjz_arena *arena, const char **ret_active, const char **ret_approved,
                        wjz_err *err) {
    wjz_rows *rows = NULL;
    int at = wjz_tx_next(tx);
    int r = wjz_tx_send(tx, &READ_ACTIVE, NULL, 0);
    if (r) return wjz_err_set(err, r, "could not ask for the versions of rule packs");
    r = wjz_tx_query(tx, &READ_APPROVED, NULL, 0, &rows, err);
    if (r) return r;
    r = copy_version(wjz_tx_rows(tx, at), arena, ret_active);
    if (!r) r = copy_version(rows, arena, ret_approved);
    return r ? wjz_err_set(err, r, "out of memory") : 0;
}

int store_pack_content(wjz_tx *tx, const char *version, wjz_arena *arena, wjz_blob *ret_content, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &READ_CONTENT, &rows, err, wjz_text(version));
    if (r) return r;
    if (!wjz_rows_count(rows)) return wjz_err_set(err, -ENOENT, "there is no rule pack \"%s\"", version);
    return row_copy(arena, wjz_row_bytes(rows, 0, 0), ret_content) ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

int store_lock_packs(wjz_tx *tx) {
    return wjz_tx_send_v(tx, &LOCK_ALONE, wjz_i32(PACKS_LOCK_CLASS));
}

static void read_pack(const wjz_rows *rows, int row, row_texts *texts, pack_row *ret) {
    ret->version = row_text(texts, rows, row, 0);
    ret->state = row_text(texts, rows, row, 1);
    ret->checksum = row_text(texts, rows, row, 2);
    ret->author = row_text(texts, rows, row, 3);
    ret->approver = row_text(texts, rows, row, 4);
    ret->activated_by = row_text(texts, rows, row, 5);
    ret->note = row_text(texts, rows, row, 6);
    ret->submitted_at_us = wjz_row_time(rows, row, 7);
    ret->approved_at_us = wjz_row_time(rows, row, 8);
    ret->activated_at_us = wjz_row_time(rows, row, 9);
    ret->retired_at_us = wjz_row_time(rows, row, 10);
    if (row_copy(texts->arena, wjz_row_bytes(rows, row, 11), &ret->outline)) texts->failed = true;
}

int store_find_pack(wjz_tx *tx, const char *version, wjz_arena *arena, pack_row *ret_row, bool *ret_found,
                    wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = *version ? wjz_tx_query_v(tx, &FIND_PACK, &rows, err, wjz_text(version))
                     : wjz_tx_query(tx, &FIND_RETIRED, NULL, 0, &rows, err);
    if (r) return r;
    *ret_found = wjz_rows_count(rows) > 0;
    if (!*ret_found) return 0;
    row_texts texts = {.arena = arena};
    read_pack(rows, 0, &texts, ret_row);
    return texts.failed ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

int store_submit_pack(wjz_tx *tx, const pack_row *row, wjz_blob content, bool *ret_added, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r =
        wjz_tx_query_v(tx, &SUBMIT_PACK, &rows, err, wjz_text(row->version), wjz_bytes(content.data, content.length),
                       wjz_text(row->checksum), wjz_bytes(row->outline.data, row->outline.length), wjz_text(row->note),
                       wjz_text(row->author));
    if (r) return r;
    *ret_added = wjz_rows_affected(rows) > 0;
    r = *ret_added ? store_pack_event(tx, row->version, "submitted", row->author, row->note) : 0;
    return r ? wjz_err_set(err, r, "could not store rule pack \"%s\"", row->version) : 0;
}

int store_approve_pack(wjz_tx *tx, const char *version, const char *approver) {
    return wjz_tx_send_v(tx, &APPROVE_PACK, wjz_text(version), wjz_text(approver));
}

int store_activate_pack(wjz_tx *tx, const char *version, const char *actor) {
    return wjz_tx_send_v(tx, &ACTIVATE_PACK, wjz_text(version), wjz_text(actor));
}

int store_pack_event(wjz_tx *tx, const char *version, const char *event, const char *actor, const char *note) {
    return wjz_tx_send_v(tx, &ADD_EVENT, wjz_text(version), wjz_text(event), wjz_text(actor), wjz_text(note));
}

int store_retire_active(wjz_tx *tx, const char *actor) {
    return wjz_tx_send_v(tx, &RETIRE_ACTIVE, wjz_text(actor));
}

int store_list_packs(wjz_tx *tx, wjz_arena *arena, pack_row **ret_rows, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query(tx, &LIST_PACKS, NULL, 0, &rows, err);
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    pack_row *packs = wjz_arena_calloc(arena, count, sizeof *packs);
    row_texts texts = {.arena = arena};
    for (size_t i = 0; packs && i < count; i++)
        read_pack(rows, (int)i, &texts, &packs[i]);
    if (!packs || texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_rows = packs;
    *ret_count = count;
    return 0;
}

int store_list_pack_events(wjz_tx *tx, int limit, wjz_arena *arena, pack_event_row **ret_rows, size_t *ret_count,
                           wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LIST_EVENTS, &rows, err, wjz_i64(limit));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    pack_event_row *events = wjz_arena_calloc(arena, count, sizeof *events);
    row_texts texts = {.arena = arena};
    for (size_t i = 0; events && i < count; i++)
        events[i] = (pack_event_row){.version = row_text(&texts, rows, (int)i, 0),
                                     .event = row_text(&texts, rows, (int)i, 1),
                                     .actor = row_text(&texts, rows, (int)i, 2),
                                     .note = row_text(&texts, rows, (int)i, 3),
                                     .at_us = wjz_row_time(rows, (int)i, 4)};
    if (!events || texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_rows = events;
    *ret_count = count;
    return 0;
}
