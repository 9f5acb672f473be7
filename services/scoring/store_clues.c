/* Statements about clues. */
#include <errno.h>

#include "scoring/store.h"
#include "scoring/store_rows.h"

/* Found by region and id of the parameters, so that also a plan made while the table is empty probes the index of ids
 * for each: there is no other way to look for a region that is not known beforehand. */
#define FOUND " WHERE c.region = u.region AND c.id = u.id"

/* Whoever changes a clue knew it at the revision before, which without the region's lock may not be so any more. */
#define NEXT_REVISION "CASE WHEN c.revision = u.revision - 1 THEN u.revision ELSE scoring.again('a clue') END"

static const wjz_stmt LOAD_CLUES = {"scoring_load_clues",
                                    "SELECT c.id, c.told_state, c.revision, c.told, c.asked FROM"
                                    " (SELECT $1::int4 AS region, unnest($2::int8[]) AS id) u, scoring.clue c" FOUND,
                                    5};

static const wjz_stmt LOAD_FINDINGS = {
    "scoring_load_findings",
    "SELECT complaint, finding FROM scoring.finding WHERE region = $1 AND complaint = ANY ($2)", 2};

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

/* A clue's columns behind its key, and their values from `u`, below. What is out of range is refused as NULL: a check
 * constraint would be read anew by each statement. */
#define COLUMNS                                                                                                        \
    "pack, told, mediation, urgent, confidential, look_on_spot, focus, asked, told_state, revision, first_report_at,"  \
    " last_report_at, report_period, feed, card, index, stars, confidence, kind, branch, domain, town, village,"       \
    " report_region, place, subject, complaint_count, reporter_count, repeat_count, longitude, latitude, own_stars"
#define VALUES(revision)                                                                                               \
    "$2, (u.flags & 1) <> 0, (u.flags & 2) <> 0, (u.flags & 4) <> 0, (u.flags & 8) <> 0, (u.flags & 16) <> 0,"         \
    " (u.flags & 32) <> 0, (u.flags & 64) <> 0, u.told_state, " revision ", u.first_at, u.last_at,"                    \
    " scoring.report_period(u.last_at), u.feed, u.card, CASE WHEN u.value BETWEEN 0 AND 100 THEN u.value END,"         \
    " CASE WHEN u.stars BETWEEN 1 AND 5 THEN u.stars END, u.confidence, u.kind, u.branch, u.domain, u.town,"           \
    " u.village, u.report_region, u.place, u.subject, u.complaints, u.reporters, u.repeats, u.longitude, u.latitude,"  \
    " u.own_stars"

/* Parameters from $3 on: a row (of "" and ""), or an array of each (of "unnest(" and "[])"). */
#define FROM_PARAMETERS(of, each)                                                                                      \
    " FROM (SELECT $1::int4 AS region, " of "$3::int4" each " AS flags, " of "$4::int8" each " AS id, " of             \
    "$5::int8" each " AS told_state, " of "$6::int4" each " AS revision, " of "$7::timestamptz" each                   \
    " AS first_at, " of "$8::timestamptz" each " AS last_at, " of "$9::text" each " AS feed, " of "$10::bytea" each    \
    " AS card, " of "$11::float8" each " AS value, " of "$12::int2" each " AS stars, " of "$13::float8" each           \
    " AS confidence, " of "$14::text" each " AS kind, " of "$15::text" each " AS branch, " of "$16::text" each         \
    " AS domain, " of "$17::int4" each " AS town, " of "$18::int8" each " AS village, " of "$19::int4" each            \
    " AS report_region, " of "$20::text" each " AS place, " of "$21::text" each " AS subject, " of "$22::int4" each    \
    " AS complaints, " of "$23::int4" each " AS reporters, " of "$24::int4" each " AS repeats, " of "$25::float8" each \
    " AS longitude, " of "$26::float8" each " AS latitude, " of "$27::int2" each " AS own_stars) u"

#define INSERT "INSERT INTO scoring.clue (region, id, " COLUMNS ") SELECT u.region, u.id, " VALUES("u.revision")

static const wjz_stmt ADD_CLUE = {"scoring_add_clue", INSERT FROM_PARAMETERS("", ""), 0};

static const wjz_stmt ADD_CLUES = {"scoring_add_clues", INSERT FROM_PARAMETERS("unnest(", "[])"), 0};

#define UPDATE "UPDATE scoring.clue c SET (" COLUMNS ", scored_at) = ROW (" VALUES(NEXT_REVISION) ", now())"

static const wjz_stmt PUT_CLUE = {"scoring_put_clue", UPDATE FROM_PARAMETERS("", "") FOUND, 0};

static const wjz_stmt PUT_CLUES = {"scoring_put_clues", UPDATE FROM_PARAMETERS("unnest(", "[])") FOUND, 0};

static const wjz_stmt MERGE_CLUES = {
    "scoring_merge_clues",
    "UPDATE scoring.clue c SET merged_into = u.merged_into, complaint_count = 0, told_state = 0, scored_at = now(),"
    " revision = " NEXT_REVISION " FROM (SELECT $1::int4 AS region, unnest($2::int8[]) AS id,"
    " unnest($3::int8[]) AS merged_into, unnest($4::int4[]) AS revision) u" FOUND,
    0};

static const wjz_stmt REVIVE_CLUES = {"scoring_revive_clues",
                                      "UPDATE scoring.clue SET merged_into = 0 WHERE region = $1 AND id = ANY ($2)", 0};

/* --- reading --- */

int store_ask_clues(wjz_tx *tx, int32_t region, const int64_t *clues, size_t clue_count, const int64_t *complaints,
                    size_t complaint_count, clues_question *ret_question) {
    clues_question asked = {.clues = -1, .findings = -1};
    int r = 0;
    if (clue_count) {
        asked.clues = wjz_tx_next(tx);
        r = wjz_tx_send_v(tx, &LOAD_CLUES, wjz_i32(region), wjz_i64s(clues, clue_count));
    }
    if (!r && complaint_count) {
        asked.findings = wjz_tx_next(tx);
        r = wjz_tx_send_v(tx, &LOAD_FINDINGS, wjz_i32(region), wjz_i64s(complaints, complaint_count));
    }
    if (!r) *ret_question = asked;
    return r;
}

static int read_clues(const wjz_rows *rows, wjz_arena *arena, store_clue **ret_clues, size_t *ret_count) {
    int count = wjz_rows_count(rows);
    store_clue *clues = wjz_arena_calloc(arena, (size_t)count, sizeof *clues);
    if (!clues) return -ENOMEM;
    for (int i = 0; i < count; i++)
        clues[i] = (store_clue){.id = wjz_row_int(rows, i, 0),
                                .told_state = wjz_row_int(rows, i, 1),
                                .revision = (int32_t)wjz_row_int(rows, i, 2),
                                .told = wjz_row_bool(rows, i, 3),
                                .asked = wjz_row_bool(rows, i, 4)};
    *ret_clues = clues;
    *ret_count = (size_t)count;
    return 0;
}

int store_answer_clues(wjz_tx *tx, const clues_question *asked, wjz_arena *arena, store_clue **ret_clues,
                       size_t *ret_clue_count, store_blob **ret_findings, size_t *ret_finding_count) {
    *ret_clue_count = *ret_finding_count = 0;
    int r = 0;
    if (asked->clues >= 0) r = read_clues(wjz_tx_rows(tx, asked->clues), arena, ret_clues, ret_clue_count);
    if (!r && asked->findings >= 0)
        r = store_read_blobs(wjz_tx_rows(tx, asked->findings), arena, ret_findings, ret_finding_count);
    return r;
}

/* --- writing --- */

static int32_t flags_of(const clue_row *row) {
    const Wjz__Scoring__ScoreCard *card = row->card;
    return (row->told ? CLUE_TOLD : 0) | (card->mediation ? CLUE_MEDIATION : 0) | (card->urgent ? CLUE_URGENT : 0) |
           (card->confidential ? CLUE_CONFIDENTIAL : 0) | (card->look_on_spot ? CLUE_LOOK_ON_SPOT : 0) |
           (card->focus ? CLUE_FOCUS : 0) | (row->asked ? CLUE_ASKED : 0);
}

static int send_clue(wjz_tx *tx, const wjz_stmt *stmt, int32_t region, const clue_row *row) {
    const Wjz__Scoring__ScoreCard *card = row->card;
    static const Wjz__Scoring__Place unknown = WJZ__SCORING__PLACE__INIT;
    const Wjz__Scoring__Place *place = card->place ? card->place : &unknown;
    return wjz_tx_send_v(
        tx, stmt, wjz_i32(region), wjz_text(card->pack), wjz_i32(flags_of(row)), wjz_i64(row->id),
        wjz_i64(row->told_state), wjz_i32(row->revision), wjz_time(row->first_report_at_us),
        wjz_time(row->last_report_at_us), wjz_text(row->feed),
        wjz_bytes(row->packed_card.data, row->packed_card.length), wjz_f64(card->index), wjz_i16((int16_t)card->stars),
        wjz_f64(card->confidence), wjz_text(card->kind), wjz_text(card->branch), wjz_text(card->domain),
        wjz_i32((int32_t)place->town), wjz_i64((int64_t)place->village), wjz_i32((int32_t)place->region),
        wjz_text(place->text), wjz_text(card->subject), wjz_i32((int32_t)card->complaint_count),
        wjz_i32((int32_t)card->reporter_count), wjz_i32((int32_t)card->repeat_count),
        place->has_position ? wjz_f64(place->longitude) : wjz_null_f64(),
        place->has_position ? wjz_f64(place->latitude) : wjz_null_f64(), wjz_i16((int16_t)card->own_stars));
}

/* All are scored with one pack. */
static int send_clues(wjz_tx *tx, const wjz_stmt *stmt, int32_t region, const clue_row *rows, size_t count,
                      wjz_arena *arena) {
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

static int send(wjz_tx *tx, const wjz_stmt *one, const wjz_stmt *many, int32_t region, const clue_row *rows,
                size_t count, wjz_arena *arena) {
    if (count > STORE_FEW) return send_clues(tx, many, region, rows, count, arena);
    int r = 0;
    for (size_t i = 0; !r && i < count; i++)
        r = send_clue(tx, one, region, &rows[i]);
    return r;
}

int store_add_clues(wjz_tx *tx, int32_t region, const clue_row *rows, size_t count, wjz_arena *arena) {
    return send(tx, &ADD_CLUE, &ADD_CLUES, region, rows, count, arena);
}

int store_put_clues(wjz_tx *tx, int32_t region, const clue_row *rows, size_t count, wjz_arena *arena) {
    return send(tx, &PUT_CLUE, &PUT_CLUES, region, rows, count, arena);
}

int store_merge_clues(wjz_tx *tx, int32_t region, const merged_row *rows, size_t count, wjz_arena *arena) {
    COLUMN(int64_t, id, rows[i].id);
    COLUMN(int64_t, into, rows[i].into);
    COLUMN(int32_t, revision, rows[i].revision);
    return wjz_tx_send_v(tx, &MERGE_CLUES, wjz_i32(region), wjz_i64s(id, count), wjz_i64s(into, count),
                         wjz_i32s(revision, count));
}

int store_revive_clues(wjz_tx *tx, int32_t region, const int64_t *ids, size_t count) {
    return wjz_tx_send_v(tx, &REVIVE_CLUES, wjz_i32(region), wjz_i64s(ids, count));
}
