/* Statements of the hot path; those for enforcement records and for scoring again are in store_more.c. */
#include "scoring/store.h"

#include <errno.h>
#include <string.h>

#include "scoring/store_rows.h"

/* Distinguishes these advisory locks from others'. */
enum { LOCK_CLASS = 0x77AC };

static const wjz_stmt LOCK_REGION = {"scoring_lock_region",
                                     "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1, $2)) AS locked", 1};

static const wjz_stmt READ_VERSIONS = {
    "scoring_read_versions", "SELECT watch_version, warning_version FROM scoring.region_state WHERE region = $1", 2};

static const wjz_stmt READ_TURNS = {"scoring_read_turns",
                                    "SELECT turn, stamp, CASE WHEN turn > $2 THEN entries END FROM scoring.journal"
                                    " WHERE region = $1 AND turn >= $2 ORDER BY turn LIMIT $3",
                                    3};

static const wjz_stmt LOAD_MATTERS = {
    "scoring_load_matters", "SELECT complaint, matter FROM scoring.finding WHERE region = $1 AND complaint = ANY ($2)",
    2};

/* One probe of the index of ids for each, also in a plan that was made while the table was empty. */
static const wjz_stmt LOAD_CLUES = {
    "scoring_load_clues",
    "SELECT c.* FROM unnest($2::int8[]) AS wanted (id) CROSS JOIN LATERAL (SELECT id, told_state, revision,"
    " complaint_count, told, asked FROM scoring.clue v WHERE v.region = $1 AND v.id >= wanted.id AND v.id <= wanted.id"
    " ORDER BY v.id LIMIT 1) c",
    6};

static const wjz_stmt LOAD_FINDINGS = {
    "scoring_load_findings",
    "SELECT complaint, finding FROM scoring.finding WHERE region = $1 AND complaint = ANY ($2)", 2};

/* What is known to be new is inserted without asking whether it is there: that question costs a third of the insertion.
 */
#define INSERT_FINDINGS                                                                                                \
    "INSERT INTO scoring.finding (region, complaint, clue, revision, finding, matter)"                                 \
    " SELECT $1, unnest($2::int8[]), unnest($3::int8[]), unnest($4::int4[]), unnest($5::bytea[]),"                     \
    " unnest($6::bytea[])"

static const wjz_stmt ADD_FINDINGS = {"scoring_add_findings", INSERT_FINDINGS, 0};

static const wjz_stmt PUT_FINDINGS = {
    "scoring_put_findings",
    INSERT_FINDINGS " ON CONFLICT (region, complaint) DO UPDATE SET clue = excluded.clue, revision = excluded.revision,"
                    " finding = excluded.finding, matter = excluded.matter, scored_at = now()",
    0};

static const wjz_stmt MOVE_FINDINGS = {
    "scoring_move_findings",
    "UPDATE scoring.finding f SET clue = u.clue FROM unnest($2::int8[], $3::int8[]) AS u (complaint, clue)"
    " WHERE f.region = $1 AND f.complaint = u.complaint",
    0};

/* Flags of a clue in one number: an array less each costs the server less than taking them apart. */
enum {
    CLUE_TOLD = 1 << 0,
    CLUE_MEDIATION = 1 << 1,
    CLUE_URGENT = 1 << 2,
    CLUE_CONFIDENTIAL = 1 << 3,
    CLUE_LOOK_ON_SPOT = 1 << 4,
    CLUE_FOCUS = 1 << 5,
    CLUE_ASKED = 1 << 6,
};

#define INSERT_CLUES                                                                                                   \
    "INSERT INTO scoring.clue AS c (region, pack, told, mediation, urgent, confidential, look_on_spot, focus, asked,"  \
    " id, told_state, revision, first_report_at, last_report_at, feed, card, index, stars, confidence, kind, branch,"  \
    " domain, town, village, report_region, place, subject, complaint_count, reporter_count, repeat_count,"            \
    " longitude, latitude, own_stars)"                                                                                 \
    " SELECT $1, $2, (u.flags & 1) <> 0, (u.flags & 2) <> 0, (u.flags & 4) <> 0, (u.flags & 8) <> 0,"                  \
    " (u.flags & 16) <> 0, (u.flags & 32) <> 0, (u.flags & 64) <> 0, u.id, u.told_state, u.revision, u.first_at,"      \
    " u.last_at, u.feed, u.card, u.value, u.stars, u.confidence, u.kind, u.branch, u.domain, u.town, u.village,"       \
    " u.report_region, u.place, u.subject, u.complaints, u.reporters, u.repeats, u.longitude, u.latitude,"             \
    " u.own_stars"                                                                                                     \
    " FROM (SELECT unnest($3::int4[]) AS flags, unnest($4::int8[]) AS id, unnest($5::int8[]) AS told_state,"           \
    " unnest($6::int4[]) AS revision, unnest($7::timestamptz[]) AS first_at, unnest($8::timestamptz[]) AS last_at,"    \
    " unnest($9::text[]) AS feed, unnest($10::bytea[]) AS card, unnest($11::float8[]) AS value,"                       \
    " unnest($12::int2[]) AS stars, unnest($13::float8[]) AS confidence, unnest($14::text[]) AS kind,"                 \
    " unnest($15::text[]) AS branch, unnest($16::text[]) AS domain, unnest($17::int4[]) AS town,"                      \
    " unnest($18::int8[]) AS village, unnest($19::int4[]) AS report_region, unnest($20::text[]) AS place,"             \
    " unnest($21::text[]) AS subject, unnest($22::int4[]) AS complaints, unnest($23::int4[]) AS reporters,"            \
    " unnest($24::int4[]) AS repeats, unnest($25::float8[]) AS longitude, unnest($26::float8[]) AS latitude,"          \
    " unnest($27::int2[]) AS own_stars) u"

static const wjz_stmt ADD_CLUES = {"scoring_add_clues", INSERT_CLUES, 0};

static const wjz_stmt PUT_CLUES = {
    "scoring_put_clues",
    INSERT_CLUES
    " ON CONFLICT (region, id) DO UPDATE SET told_state = excluded.told_state, revision = excluded.revision,"
    " told = excluded.told, asked = excluded.asked, first_report_at = excluded.first_report_at, last_report_at ="
    " excluded.last_report_at, feed = excluded.feed, card = excluded.card, index = excluded.index, stars ="
    " excluded.stars, confidence = excluded.confidence, kind = excluded.kind, branch = excluded.branch, domain ="
    " excluded.domain, town = excluded.town, village = excluded.village, report_region ="
    " excluded.report_region, place = excluded.place, subject = excluded.subject, mediation ="
    " excluded.mediation, urgent = excluded.urgent, confidential = excluded.confidential, look_on_spot ="
    " excluded.look_on_spot, focus = excluded.focus, complaint_count = excluded.complaint_count, reporter_count ="
    " excluded.reporter_count, repeat_count = excluded.repeat_count, pack = excluded.pack, longitude ="
    " excluded.longitude, latitude = excluded.latitude, own_stars = excluded.own_stars, scored_at = now()",
    0};

static const wjz_stmt MERGE_CLUES = {
    "scoring_merge_clues",
    "UPDATE scoring.clue c SET merged_into = u.merged_into, revision = u.revision, complaint_count = 0, told_state = 0,"
    " scored_at = now() FROM unnest($2::int8[], $3::int8[], $4::int4[]) AS u (id, merged_into, revision)"
    " WHERE c.region = $1 AND c.id = u.id",
    0};

static const wjz_stmt PUT_TURN = {
    "scoring_put_turn", "INSERT INTO scoring.journal (region, turn, stamp, entries) VALUES ($1, $2, $3, $4)", 0};

/* --- reading --- */

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

int store_lock_region(wjz_tx *tx, int32_t region, int64_t from, wjz_arena *arena, region_versions *ret_versions,
                      store_turn **ret_turns, size_t *ret_count, wjz_err *err) {
    int r = store_ask_lock(tx, region);
    if (!r) r = wjz_tx_send_v(tx, &READ_VERSIONS, wjz_i32(region));
    if (r) return wjz_err_set(err, r, "could not ask for the lock of region %d", (int)region);
    r = store_more_turns(tx, region, from, arena, ret_turns, ret_count, err);
    if (r) return r;
    const wjz_rows *rows = wjz_tx_rows(tx, 1);
    bool any = wjz_rows_count(rows) > 0;
    *ret_versions = (region_versions){any ? wjz_row_int(rows, 0, 0) : 0, any ? wjz_row_int(rows, 0, 1) : 0};
    return 0;
}

static int read_blobs(const wjz_rows *rows, wjz_arena *arena, store_blob **ret_rows, size_t *ret_count, wjz_err *err) {
    int count = wjz_rows_count(rows);
    store_blob *blobs = wjz_arena_calloc(arena, (size_t)count, sizeof *blobs);
    bool failed = !blobs;
    for (int i = 0; !failed && i < count; i++) {
        blobs[i].complaint = wjz_row_int(rows, i, 0);
        failed = row_copy(arena, wjz_row_bytes(rows, i, 1), &blobs[i].data) != 0;
    }
    if (failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_rows = blobs;
    *ret_count = (size_t)count;
    return 0;
}

int store_load_matters(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count, wjz_arena *arena,
                       store_blob **ret_rows, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_MATTERS, &rows, err, wjz_i32(region), wjz_i64s(ids, count));
    return r ? r : read_blobs(rows, arena, ret_rows, ret_count, err);
}

int store_load_clues(wjz_tx *tx, int32_t region, const int64_t *ids, size_t clue_count, const int64_t *complaints,
                     size_t complaint_count, wjz_arena *arena, store_clue **ret_clues, size_t *ret_clue_count,
                     store_blob **ret_findings, size_t *ret_finding_count, wjz_err *err) {
    wjz_rows *findings = NULL;
    int r = wjz_tx_send_v(tx, &LOAD_CLUES, wjz_i32(region), wjz_i64s(ids, clue_count));
    if (!r) r = wjz_tx_send_v(tx, &LOAD_FINDINGS, wjz_i32(region), wjz_i64s(complaints, complaint_count));
    if (r) return wjz_err_set(err, r, "could not ask for clues of region %d", (int)region);
    r = wjz_tx_wait(tx, &findings, err);
    if (r) return r;
    const wjz_rows *rows = wjz_tx_rows(tx, 0);
    int count = wjz_rows_count(rows);
    store_clue *clues = wjz_arena_calloc(arena, (size_t)count, sizeof *clues);
    if (!clues) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (int i = 0; i < count; i++)
        clues[i] = (store_clue){.id = wjz_row_int(rows, i, 0),
                                .told_state = wjz_row_int(rows, i, 1),
                                .revision = (int32_t)wjz_row_int(rows, i, 2),
                                .complaint_count = (int32_t)wjz_row_int(rows, i, 3),
                                .told = wjz_row_bool(rows, i, 4),
                                .asked = wjz_row_bool(rows, i, 5)};
    r = read_blobs(findings, arena, ret_findings, ret_finding_count, err);
    if (r) return r;
    *ret_clues = clues;
    *ret_clue_count = (size_t)count;
    return 0;
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

int store_add_findings(wjz_tx *tx, int32_t region, const finding_row *rows, size_t count, wjz_arena *arena) {
    return send_findings(tx, &ADD_FINDINGS, region, rows, count, arena);
}

int store_put_findings(wjz_tx *tx, int32_t region, const finding_row *rows, size_t count, wjz_arena *arena) {
    return send_findings(tx, &PUT_FINDINGS, region, rows, count, arena);
}

int store_move_findings(wjz_tx *tx, int32_t region, const moved_row *rows, size_t count, wjz_arena *arena) {
    COLUMN(int64_t, complaints, rows[i].complaint);
    COLUMN(int64_t, clues, rows[i].clue);
    return wjz_tx_send_v(tx, &MOVE_FINDINGS, wjz_i32(region), wjz_i64s(complaints, count), wjz_i64s(clues, count));
}

static int32_t flags_of(const clue_row *row) {
    const Wjz__Scoring__ScoreCard *card = row->card;
    return (row->told ? CLUE_TOLD : 0) | (card->mediation ? CLUE_MEDIATION : 0) | (card->urgent ? CLUE_URGENT : 0) |
           (card->confidential ? CLUE_CONFIDENTIAL : 0) | (card->look_on_spot ? CLUE_LOOK_ON_SPOT : 0) |
           (card->focus ? CLUE_FOCUS : 0) | (row->asked ? CLUE_ASKED : 0);
}

/* All are scored with one pack. */
static int send_clues(wjz_tx *tx, const wjz_stmt *stmt, int32_t region, const clue_row *rows, size_t count,
                      wjz_arena *arena) {
    if (!count) return 0;
    COLUMN(int32_t, flags, flags_of(&rows[i]));
    COLUMN(int64_t, id, rows[i].id);
    COLUMN(int64_t, told_state, rows[i].told_state);
    COLUMN(int32_t, revision, rows[i].revision);
    COLUMN(int64_t, first_at, rows[i].first_report_at_us);
    COLUMN(int64_t, last_at, rows[i].last_report_at_us);
    COLUMN(const char *, feed, rows[i].feed);
    COLUMN(wjz_blob, card, rows[i].packed_card);
    COLUMN(double, value, rows[i].card->index);
    COLUMN(int16_t, stars, (int16_t)rows[i].card->stars);
    COLUMN(double, confidence, rows[i].card->confidence);
    COLUMN(const char *, kind, rows[i].card->kind);
    COLUMN(const char *, branch, rows[i].card->branch);
    COLUMN(const char *, domain, rows[i].card->domain);
    COLUMN(int32_t, town, rows[i].card->place ? (int32_t)rows[i].card->place->town : 0);
    COLUMN(int64_t, village, rows[i].card->place ? (int64_t)rows[i].card->place->village : 0);
    COLUMN(int32_t, report_region, rows[i].card->place ? (int32_t)rows[i].card->place->region : 0);
    COLUMN(const char *, place, rows[i].card->place ? rows[i].card->place->text : "");
    COLUMN(const char *, subject, rows[i].card->subject);
    COLUMN(int32_t, complaints, (int32_t)rows[i].card->complaint_count);
    COLUMN(int32_t, reporters, (int32_t)rows[i].card->reporter_count);
    COLUMN(int32_t, repeats, (int32_t)rows[i].card->repeat_count);
    COLUMN(bool, nowhere, !rows[i].card->place || !rows[i].card->place->has_position);
    COLUMN(double, longitude, nowhere[i] ? 0 : rows[i].card->place->longitude);
    COLUMN(double, latitude, nowhere[i] ? 0 : rows[i].card->place->latitude);
    COLUMN(int16_t, own_stars, (int16_t)rows[i].card->own_stars);
    return wjz_tx_send_v(
        tx, stmt, wjz_i32(region), wjz_text(rows[0].card->pack), wjz_i32s(flags, count), wjz_i64s(id, count),
        wjz_i64s(told_state, count), wjz_i32s(revision, count), wjz_times(first_at, count), wjz_times(last_at, count),
        wjz_texts(feed, count), wjz_blobs(card, count), wjz_f64s(value, NULL, count), wjz_i16s(stars, count),
        wjz_f64s(confidence, NULL, count), wjz_texts(kind, count), wjz_texts(branch, count), wjz_texts(domain, count),
        wjz_i32s(town, count), wjz_i64s(village, count), wjz_i32s(report_region, count), wjz_texts(place, count),
        wjz_texts(subject, count), wjz_i32s(complaints, count), wjz_i32s(reporters, count), wjz_i32s(repeats, count),
        wjz_f64s(longitude, nowhere, count), wjz_f64s(latitude, nowhere, count), wjz_i16s(own_stars, count));
}

int store_add_clues(wjz_tx *tx, int32_t region, const clue_row *rows, size_t count, wjz_arena *arena) {
    return send_clues(tx, &ADD_CLUES, region, rows, count, arena);
}

int store_put_clues(wjz_tx *tx, int32_t region, const clue_row *rows, size_t count, wjz_arena *arena) {
    return send_clues(tx, &PUT_CLUES, region, rows, count, arena);
}

int store_merge_clues(wjz_tx *tx, int32_t region, const merged_row *rows, size_t count, wjz_arena *arena) {
    COLUMN(int64_t, id, rows[i].id);
    COLUMN(int64_t, into, rows[i].into);
    COLUMN(int32_t, revision, rows[i].revision);
    return wjz_tx_send_v(tx, &MERGE_CLUES, wjz_i32(region), wjz_i64s(id, count), wjz_i64s(into, count),
                         wjz_i32s(revision, count));
}

int store_put_turn(wjz_tx *tx, int32_t region, const store_turn *turn) {
    return wjz_tx_send_v(tx, &PUT_TURN, wjz_i32(region), wjz_i64(turn->turn), wjz_i64(turn->stamp),
                         wjz_bytes(turn->entries.data, turn->entries.length));
}
