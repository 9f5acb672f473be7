/* See store_profiles.h. */
#include "intake/store_profiles.h"

#include <errno.h>

static const wjz_stmt READ_PROFILES = {"intake_read_profiles",
                                       "SELECT DISTINCT ON (name) name, document FROM intake.profile_change WHERE "
                                       "number <= $1 ORDER BY name, number DESC",
                                       2};
static const wjz_stmt PIN_PROFILES = {
    "intake_pin_profiles",
    "UPDATE intake.import SET profiles_at = COALESCE(profiles_at, (SELECT max(number) FROM intake.profile_change), 0)"
    " WHERE region = $1 AND id = $2 RETURNING profiles_at",
    1};
/* Numbers are thus given in the order of commits: what was read up to one of them stays the same. */
static const wjz_stmt LOCK_PROFILES = {"intake_lock_profiles", "SELECT pg_advisory_xact_lock($1, 0)", 1};
enum { PROFILES_LOCK = 0x70726f66 }; /* "prof": distinguishes this advisory lock from others' */
static const wjz_stmt ADD_PROFILE = {
    "intake_add_profile",
    "INSERT INTO intake.profile_change (name, revision, document, changed_by, reason) SELECT $1, $2::int4 + 1, $3, $4, "
    "$5 WHERE $2 = COALESCE((SELECT max(revision) FROM intake.profile_change WHERE name = $1), 0)",
    0};

static int read_until(wjz_tx *tx, int64_t number, const char *folder, wjz_arena *arena, profile_source *ret_profiles,
                      wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &READ_PROFILES, &rows, err, wjz_i64(number));
    if (r < 0) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    profile_edit *edits = wjz_arena_calloc(arena, count + 1, sizeof *edits);
    if (edits == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        edits[i].name = wjz_arena_strdup(arena, wjz_row_text(rows, (int)i, 0));
        edits[i].document = wjz_arena_strdup(arena, wjz_row_text(rows, (int)i, 1));
        if (edits[i].name == NULL || edits[i].document == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    *ret_profiles = (profile_source){folder, edits, count};
    return 0;
}

int store_read_profiles(wjz_tx *tx, const char *folder, wjz_arena *arena, profile_source *ret_profiles, wjz_err *err) {
    return read_until(tx, INT64_MAX, folder, arena, ret_profiles, err);
}

int store_read_import_profiles(wjz_tx *tx, const import_row *it, const char *folder, wjz_arena *arena,
                               profile_source *ret_profiles, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &PIN_PROFILES, &rows, err, wjz_i32(it->region), wjz_i64(it->id));
    if (r < 0) return r;
    int64_t number = wjz_rows_count(rows) == 1 ? wjz_row_int(rows, 0, 0) : 0;
    return read_until(tx, number, folder, arena, ret_profiles, err);
}

int store_lock_profiles(wjz_tx *tx, wjz_err *err) {
    wjz_rows *rows = NULL;
    return wjz_tx_query_v(tx, &LOCK_PROFILES, &rows, err, wjz_i32(PROFILES_LOCK));
}

int store_add_profile(wjz_tx *tx, const profile_change *change, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &ADD_PROFILE, &rows, err, wjz_text(change->name), wjz_i32(change->expected_revision),
                           wjz_text(change->document), wjz_text(change->changed_by), wjz_text(change->reason));
    if (r < 0) return r;
    if (wjz_rows_affected(rows) == 1) return 0;
    return wjz_err_set(err, -ESTALE, "profile \"%s\" has changed since revision %d", change->name,
                       (int)change->expected_revision);
}
