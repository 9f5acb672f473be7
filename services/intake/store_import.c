/* See store_import.h. */
#include "intake/store_import.h"

#include <errno.h>
#include <string.h>

#include "wjz/id.h"

#define IMPORT_COLUMNS                                                                                                 \
    "region, id, feed, stage::int4, dry_run, size, received, sha256, rows_read, rows_total, accepted, duplicate, "     \
    "revised, "                                                                                                        \
    "rejected, error, profile, encoding"
enum { IMPORT_COLUMN_COUNT = 17 };

/* Of alias i: one that failed, or that ended before a mapping profile was changed; of the latter the file is sent
 * again.
 */
#define IMPORT_IS_ANEW                                                                                                 \
    "(i.stage = 4 OR i.stage = 3 AND COALESCE(i.profiles_at, 0) < (SELECT max(p.number) FROM intake.profile_change "   \
    "p))"

static const wjz_stmt BEGIN_IMPORT = {
    "intake_begin_import",
    "INSERT INTO intake.import AS i (region, id, feed, file_name, size, sha256, dry_run, actor)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (region, feed, sha256, dry_run) DO UPDATE SET"
    " file_name = excluded.file_name, actor = excluded.actor, error = '',"
    " stage = CASE WHEN i.stage = 4 AND i.received = i.size THEN 2 WHEN " IMPORT_IS_ANEW " THEN 1 ELSE i.stage END,"
    " received = CASE WHEN " IMPORT_IS_ANEW " AND i.stage = 3 THEN 0 ELSE i.received END,"
    " begun_at = CASE WHEN i.stage = 1 OR " IMPORT_IS_ANEW " THEN now() ELSE i.begun_at END,"
    " profiles_at = CASE WHEN " IMPORT_IS_ANEW " THEN NULL ELSE i.profiles_at END,"
    " rows_read = CASE WHEN " IMPORT_IS_ANEW " THEN 0 ELSE i.rows_read END,"
    " accepted = CASE WHEN " IMPORT_IS_ANEW " THEN 0 ELSE i.accepted END,"
    " duplicate = CASE WHEN " IMPORT_IS_ANEW " THEN 0 ELSE i.duplicate END,"
    " revised = CASE WHEN " IMPORT_IS_ANEW " THEN 0 ELSE i.revised END,"
    " rejected = CASE WHEN " IMPORT_IS_ANEW " THEN 0 ELSE i.rejected END"
    " RETURNING " IMPORT_COLUMNS,
    IMPORT_COLUMN_COUNT};
static const wjz_stmt FORGET_ERRORS = {
    "intake_forget_errors",
    "DELETE FROM intake.import_error e USING intake.import i WHERE i.region = $1 AND i.feed = $2 AND i.sha256 = $3"
    " AND i.dry_run = $4 AND " IMPORT_IS_ANEW " AND e.region = i.region AND e.import = i.id",
    0};
static const wjz_stmt READ_IMPORT = {"intake_read_import", "SELECT " IMPORT_COLUMNS " FROM intake.import WHERE id = $1",
                                     IMPORT_COLUMN_COUNT};
static const wjz_stmt ADVANCE_IMPORT = {
    "intake_advance_import",
    "UPDATE intake.import SET received = received + $4, stage = CASE WHEN received + $4 = size THEN 2 ELSE stage END"
    " WHERE region = $1 AND id = $2 AND received = $3 AND stage = 1",
    0};
static const wjz_stmt INSERT_CHUNK = {
    "intake_insert_chunk", "INSERT INTO intake.import_chunk (region, import, first, data) VALUES ($1, $2, $3, $4)", 0};
static const wjz_stmt READ_CHUNK = {
    "intake_read_chunk", "SELECT data FROM intake.import_chunk WHERE region = $1 AND import = $2 AND first = $3", 1};
/* One that nobody has, or whose owner has let its lease run out, or is dead. */
static const wjz_stmt CLAIM_IMPORT = {
    "intake_claim_import",
    "UPDATE intake.import SET owner = $1, lease_until = now() + interval '30 seconds' WHERE (region, id) ="
    " (SELECT i.region, i.id FROM intake.import i WHERE i.stage = 2 AND (i.lease_until < now() OR NOT EXISTS"
    "   (SELECT FROM bus.instance b WHERE b.number = i.owner AND b.heartbeat_at > now() - interval '5 seconds'))"
    "  ORDER BY i.begun_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING " IMPORT_COLUMNS,
    IMPORT_COLUMN_COUNT};
static const wjz_stmt ADD_PROGRESS = {"intake_add_progress",
                                      "UPDATE intake.import SET rows_read = $4, accepted = accepted + $5, duplicate = "
                                      "duplicate + $6, revised = revised + $7,"
                                      " rejected = rejected + $8, lease_until = now() + interval '30 seconds'"
                                      " WHERE region = $1 AND id = $2 AND owner = $3 AND stage = 2",
                                      0};
static const wjz_stmt KEEP_LEASE = {
    "intake_keep_lease",
    "UPDATE intake.import SET lease_until = now() + interval '30 seconds' WHERE region = $1 AND id = $2 AND owner = $3"
    " AND stage = 2",
    0};
static const wjz_stmt ADD_ERRORS = {
    "intake_add_errors",
    "INSERT INTO intake.import_error (region, import, sheet, line, number, field, value, code, message, remedy, taken)"
    " SELECT $1, $2, * FROM unnest($3::int4[], $4::int8[], $5::int4[], $6::text[], $7::text[], $8::text[], $9::text[],"
    " $10::text[], $11::bool[]) ON CONFLICT DO NOTHING",
    0};
static const wjz_stmt END_IMPORT = {
    "intake_end_import",
    "UPDATE intake.import SET stage = CASE WHEN $5 = '' THEN 3 ELSE 4 END, encoding = $3, profile = $4, error = $5,"
    " rows_total = rows_read, finished_at = now(), lease_until = '-infinity' WHERE region = $1 AND id = $2 AND owner = "
    "$6",
    0};
/* What failed can be begun again with a mended profile, without sending the file again. */
static const wjz_stmt FORGET_CHUNKS = {"intake_forget_chunks",
                                       "DELETE FROM intake.import_chunk c USING intake.import i WHERE c.region = $1 "
                                       "AND c.import = $2 AND i.region = c.region"
                                       " AND i.id = c.import AND i.stage = 3",
                                       0};
/* Files that nobody went on with: what citizens said and who they are stands in them as it came. */
static const wjz_stmt FORGET_FILES = {
    "intake_forget_files",
    "WITH left_alone AS (UPDATE intake.import SET received = 0 WHERE stage IN (1, 4) AND received > 0"
    "   AND greatest(begun_at, finished_at) < now() - make_interval(days => $1) RETURNING region, id)"
    " DELETE FROM intake.import_chunk c USING left_alone l WHERE c.region = l.region AND c.import = l.id",
    0};
static const wjz_stmt RELEASE_IMPORT = {
    "intake_release_import",
    "UPDATE intake.import SET lease_until = '-infinity' WHERE region = $1 AND id = $2 AND owner = $3", 0};
static const wjz_stmt READ_ERRORS = {
    "intake_read_errors",
    "SELECT sheet, line, number, field, value, code, message, remedy, taken FROM intake.import_error WHERE region = $1"
    " AND import = $2 AND (sheet, line, number) > ($3, $4, $5) ORDER BY sheet, line, number LIMIT 1000",
    9};

static int take_row(const wjz_rows *rows, wjz_arena *arena, import_row *out, wjz_err *err) {
    wjz_blob sha256 = wjz_row_bytes(rows, 0, 7);
    *out = (import_row){.region = (int32_t)wjz_row_int(rows, 0, 0),
                        .id = wjz_row_int(rows, 0, 1),
                        .feed = (int32_t)wjz_row_int(rows, 0, 2),
                        .stage = (import_stage)wjz_row_int(rows, 0, 3),
                        .dry_run = wjz_row_bool(rows, 0, 4),
                        .size = (uint64_t)wjz_row_int(rows, 0, 5),
                        .received = (uint64_t)wjz_row_int(rows, 0, 6),
                        .rows_read = (uint64_t)wjz_row_int(rows, 0, 8),
                        .rows_total = (uint64_t)wjz_row_int(rows, 0, 9),
                        .accepted = (uint64_t)wjz_row_int(rows, 0, 10),
                        .duplicate = (uint64_t)wjz_row_int(rows, 0, 11),
                        .revised = (uint64_t)wjz_row_int(rows, 0, 12),
                        .rejected = (uint64_t)wjz_row_int(rows, 0, 13)};
    if (sha256.length == sizeof out->sha256) memcpy(out->sha256, sha256.data, sizeof out->sha256);
    const char **texts[] = {&out->error, &out->profile, &out->encoding};
    for (int i = 0; i < (int)WJZ_COUNT(texts); i++) {
        *texts[i] = wjz_arena_strdup(arena, wjz_row_text(rows, 0, 14 + i));
        if (*texts[i] == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    return 0;
}

int store_begin_import(wjz_tx *tx, const feed *of, const import_file *file, wjz_arena *arena, import_row *ret_import,
                       wjz_err *err) {
    wjz_rows *rows = NULL;
    wjz_param sha256 = wjz_bytes(file->sha256, sizeof ret_import->sha256);
    int r =
        wjz_tx_send_v(tx, &FORGET_ERRORS, wjz_i32(of->region), wjz_i32(of->number), sha256, wjz_bool(file->dry_run));
    if (r < 0) return wjz_err_set(err, r, "out of memory");
    r = wjz_tx_query_v(tx, &BEGIN_IMPORT, &rows, err, wjz_i32(of->region), wjz_i64(wjz_id_next()), wjz_i32(of->number),
                       wjz_text(file->name), wjz_i64((int64_t)file->size), sha256, wjz_bool(file->dry_run),
                       wjz_text(file->actor));
    return r < 0 ? r : take_row(rows, arena, ret_import, err);
}

int store_read_import(wjz_tx *tx, int64_t id, wjz_arena *arena, import_row *ret_import, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &READ_IMPORT, &rows, err, wjz_i64(id));
    if (r < 0) return r;
    if (wjz_rows_count(rows) == 0) return wjz_err_set(err, -ENOENT, "there is no import %lld", (long long)id);
    return take_row(rows, arena, ret_import, err);
}

int store_add_chunk(wjz_tx *tx, const import_row *it, const void *data, size_t length, bool *ret_taken, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &ADVANCE_IMPORT, &rows, err, wjz_i32(it->region), wjz_i64(it->id),
                           wjz_i64((int64_t)it->received), wjz_i64((int64_t)length));
    if (r < 0) return r;
    *ret_taken = wjz_rows_affected(rows) == 1;
    if (!*ret_taken) return 0;
    r = wjz_tx_send_v(tx, &INSERT_CHUNK, wjz_i32(it->region), wjz_i64(it->id), wjz_i64((int64_t)it->received),
                      wjz_bytes(data, length));
    return r < 0 ? wjz_err_set(err, r, "out of memory") : 0;
}

int store_read_chunk(wjz_tx *tx, const import_row *it, uint64_t offset, wjz_blob *ret_data, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &READ_CHUNK, &rows, err, wjz_i32(it->region), wjz_i64(it->id), wjz_i64((int64_t)offset));
    if (r < 0) return r;
    *ret_data = wjz_rows_count(rows) == 1 ? wjz_row_bytes(rows, 0, 0) : (wjz_blob){NULL, 0};
    return 0;
}

int store_claim_import(wjz_tx *tx, int32_t owner, wjz_arena *arena, import_row *ret_import, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &CLAIM_IMPORT, &rows, err, wjz_i32(owner));
    if (r < 0) return r;
    *ret_import = (import_row){0};
    return wjz_rows_count(rows) == 1 ? take_row(rows, arena, ret_import, err) : 0;
}

int store_add_progress(wjz_tx *tx, const import_row *it, int32_t owner, const import_progress *progress,
                       bool *ret_owned, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &ADD_PROGRESS, &rows, err, wjz_i32(it->region), wjz_i64(it->id), wjz_i32(owner),
                           wjz_i64((int64_t)progress->rows_read), wjz_i64((int64_t)progress->accepted),
                           wjz_i64((int64_t)progress->duplicate), wjz_i64((int64_t)progress->revised),
                           wjz_i64((int64_t)progress->rejected));
    if (r == 0) *ret_owned = wjz_rows_affected(rows) == 1;
    return r;
}

int store_keep_lease(wjz_tx *tx, const import_row *it, int32_t owner, bool *ret_owned, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &KEEP_LEASE, &rows, err, wjz_i32(it->region), wjz_i64(it->id), wjz_i32(owner));
    if (r == 0) *ret_owned = wjz_rows_affected(rows) == 1;
    return r;
}

int store_add_errors(wjz_tx *tx, const import_row *it, const import_error *errors, size_t count) {
    enum { TEXTS = 5 };
    wjz_arena *arena = wjz_tx_arena(tx);
    int32_t *sheets = wjz_arena_alloc(arena, count * sizeof *sheets);
    int64_t *lines = wjz_arena_alloc(arena, count * sizeof *lines);
    int32_t *numbers = wjz_arena_alloc(arena, count * sizeof *numbers);
    bool *taken = wjz_arena_alloc(arena, count * sizeof *taken);
    const char **texts[TEXTS];
    bool good = sheets != NULL && lines != NULL && numbers != NULL && taken != NULL;
    for (size_t k = 0; k < TEXTS; k++)
        good = good && (texts[k] = wjz_arena_alloc(arena, count * sizeof *texts[k])) != NULL;
    if (!good) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const issue *what = &errors[i].what;
        const char *const values[TEXTS] = {what->field, what->value, what->code, what->message, what->remedy};
        sheets[i] = errors[i].sheet;
        lines[i] = errors[i].line;
        numbers[i] = errors[i].number;
        taken[i] = what->taken;
        for (size_t k = 0; k < TEXTS; k++)
            texts[k][i] = values[k];
    }
    return wjz_tx_send_v(tx, &ADD_ERRORS, wjz_i32(it->region), wjz_i64(it->id), wjz_i32s(sheets, count),
                         wjz_i64s(lines, count), wjz_i32s(numbers, count), wjz_texts(texts[0], count),
                         wjz_texts(texts[1], count), wjz_texts(texts[2], count), wjz_texts(texts[3], count),
                         wjz_texts(texts[4], count), wjz_bools(taken, count));
}

int store_end_import(wjz_tx *tx, const import_row *it, int32_t owner, const char *encoding, const char *profile,
                     const char *error) {
    int r = wjz_tx_send_v(tx, &END_IMPORT, wjz_i32(it->region), wjz_i64(it->id), wjz_text(encoding), wjz_text(profile),
                          wjz_text(error != NULL ? error : ""), wjz_i32(owner));
    return r < 0 ? r : wjz_tx_send_v(tx, &FORGET_CHUNKS, wjz_i32(it->region), wjz_i64(it->id));
}

int store_release_import(wjz_tx *tx, const import_row *it, int32_t owner) {
    return wjz_tx_send_v(tx, &RELEASE_IMPORT, wjz_i32(it->region), wjz_i64(it->id), wjz_i32(owner));
}

int store_read_errors(wjz_tx *tx, const import_row *it, int32_t sheet, int64_t line, int32_t number,
                      wjz_rows **ret_rows, wjz_err *err) {
    return wjz_tx_query_v(tx, &READ_ERRORS, ret_rows, err, wjz_i32(it->region), wjz_i64(it->id), wjz_i32(sheet),
                          wjz_i64(line), wjz_i32(number));
}

int store_forget_files(wjz_tx *tx, int days) {
    return wjz_tx_send_v(tx, &FORGET_FILES, wjz_i32(days));
}
