/* Clues are read by the index of those worth three stars on their own; what they had from a warning does not count. */
#include "scoring/store_warnings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/store_rows.h"
#include "wjz/clock.h"

static const wjz_stmt LOAD_CLUES = {
    "scoring_warn_clues",
    "SELECT id, town, village, longitude, latitude, domain, own_stars, repeat_count, index, last_report_at FROM"
    " scoring.clue WHERE region = $1 AND own_stars >= 3 AND merged_into = 0 AND domain <> 'none'"
    " AND (report_period >= scoring.report_period($2) OR report_period IS NULL)"
    " AND (last_report_at > $2 OR last_report_at IS NULL)",
    10};

static const wjz_stmt LOAD_RECOMMENDED = {
    "scoring_warn_recommended",
    "SELECT c.town, c.village, c.longitude, c.latitude, c.domain, o.at FROM assignment.outcome o JOIN scoring.clue c ON"
    " c.region = o.region AND c.id = o.clue WHERE o.region = $1 AND o.outcome = 'recommended' AND c.domain <> 'none'"
    " ORDER BY o.at",
    6};

static const wjz_stmt LOAD_GRIDS = {
    "scoring_warn_grids",
    "SELECT code, name, kind <> 'general', village, households, outline::text FROM directory.grid WHERE region = $1"
    " ORDER BY code",
    6};

static const wjz_stmt LOAD_CLEARED = {
    "scoring_warn_cleared",
    "SELECT unit_kind, unit, domain, max(cleared_at) FROM scoring.area_warning WHERE region = $1 AND state = 'cleared'"
    " AND cleared_by <> 'system' GROUP BY unit_kind, unit, domain",
    4};

static const wjz_stmt LAST_TURN = {"scoring_last_turn",
                                   "SELECT turn FROM scoring.journal WHERE region = $1 ORDER BY turn DESC LIMIT 1", 1};

#define OPEN_COLUMNS "id, unit_kind, unit, unit_name, domain, department, superior, state, level, peak_level, revision"

static const wjz_stmt LOAD_OPEN = {
    "scoring_open_warnings",
    "SELECT " OPEN_COLUMNS " FROM scoring.area_warning WHERE region = $1 AND state <> 'cleared'", 11};

static const wjz_stmt CLEARED_SINCE = {
    "scoring_cleared_since",
    "SELECT EXISTS (SELECT FROM scoring.area_warning WHERE region = $1 AND cleared_at > $2 AND cleared_by <> 'system')",
    1};

static const wjz_stmt LOCK_WARNING = {
    "scoring_lock_warning",
    "SELECT " OPEN_COLUMNS " FROM scoring.area_warning WHERE region = $1 AND id = $2 FOR UPDATE", 11};

static const wjz_stmt LOAD_LEADERS = {
    "scoring_load_leaders",
    "SELECT code FROM directory.person WHERE region = $1 AND active AND ('chief_procurator' = ANY (roles)"
    " OR ('branch_head' = ANY (roles) AND 'public_interest' = ANY (branches))) ORDER BY code",
    1};

static const wjz_stmt PUT_WARNING = {
    "scoring_put_warning",
    "INSERT INTO scoring.area_warning AS w (region, id, unit_kind, unit, unit_name, domain, state, level, peak_level,"
    " reason, least, window_days, clue_count, previous_count, undated_count, per_thousand, clues, department, superior,"
    " longitude, latitude, revision, spread) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
    " nullif($16, 0), $17, $18, $19, $20, $21, $22, $24) ON CONFLICT (region, id) DO UPDATE SET level ="
    " excluded.level, peak_level = excluded.peak_level, reason = excluded.reason, least = excluded.least, window_days ="
    " excluded.window_days, clue_count = excluded.clue_count, previous_count = excluded.previous_count, undated_count ="
    " excluded.undated_count, per_thousand = excluded.per_thousand, clues = excluded.clues, longitude ="
    " excluded.longitude, latitude = excluded.latitude, revision = excluded.revision, checked_at = now(),"
    " raised_at = CASE WHEN $23 THEN now() ELSE w.raised_at END, spread = w.spread AND excluded.spread",
    0};

static const wjz_stmt MOVE_WARNING = {
    "scoring_move_warning",
    "UPDATE scoring.area_warning SET state = $3, level = $4, revision = $5, department = $6, superior = $7,"
    " spread = spread AND $10,"
    " issued_by = CASE WHEN $3 = 'issued' THEN $8 ELSE issued_by END,"
    " issued_at = CASE WHEN $3 = 'issued' THEN now() ELSE issued_at END,"
    " issued_note = CASE WHEN $3 = 'issued' THEN $9 ELSE issued_note END,"
    " acknowledged_by = CASE WHEN $3 = 'acknowledged' THEN $8 ELSE acknowledged_by END,"
    " acknowledged_at = CASE WHEN $3 = 'acknowledged' THEN now() ELSE acknowledged_at END,"
    " acknowledged_note = CASE WHEN $3 = 'acknowledged' THEN $9 ELSE acknowledged_note END,"
    " cleared_by = CASE WHEN $3 = 'cleared' THEN $8 ELSE cleared_by END,"
    " cleared_at = CASE WHEN $3 = 'cleared' THEN now() ELSE cleared_at END,"
    " cleared_note = CASE WHEN $3 = 'cleared' THEN $9 ELSE cleared_note END"
    " WHERE region = $1 AND id = $2",
    0};

static const wjz_stmt ADD_EVENT = {
    "scoring_add_warning_event",
    "INSERT INTO scoring.warning_event (region, warning, revision, from_state, to_state, level, actor, note)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    0};

static const wjz_stmt RAISE_VERSION = {"scoring_raise_warning_version",
                                       "INSERT INTO scoring.region_state AS s (region, warning_version) VALUES ($1, 1)"
                                       " ON CONFLICT (region) DO UPDATE SET warning_version = s.warning_version + 1",
                                       0};

static const wjz_stmt HURRY_ROUND = {
    "scoring_hurry_round", "UPDATE scoring.round SET due_at = now() WHERE region = $1 AND name = $2 AND due_at > now()",
    0};

static const wjz_stmt LOAD_UNSPREAD = {
    "scoring_load_unspread",
    "SELECT " OPEN_COLUMNS ", (SELECT g.outline::text FROM directory.grid g WHERE w.unit_kind = 'grid' AND g.region ="
    " w.region AND g.code = w.unit) FROM scoring.area_warning w WHERE region = $1 AND NOT spread ORDER BY id",
    12};

/* One look at each clue for all the warnings: there may be a hundred, and a million clues. */
static const wjz_stmt CLUES_IN_AREAS = {
    "scoring_clues_in_areas",
    "SELECT c.id, CASE WHEN c.merged_into = 0 AND c.domain = ANY ($5) AND EXISTS (SELECT FROM unnest($3::text[],"
    " $4::int8[], $5::text[], $6::float8[], $7::float8[], $8::float8[], $9::float8[]) AS w (kind, code, domain, west,"
    " east, south, north) WHERE w.domain = c.domain AND CASE w.kind WHEN 'town' THEN c.town = w.code WHEN 'village' THEN"
    " c.village = w.code ELSE c.longitude BETWEEN w.west AND w.east AND c.latitude BETWEEN w.south AND w.north END) THEN"
    " (SELECT min(f.complaint) FROM scoring.finding f WHERE f.region = c.region AND f.clue = c.id) END"
    " FROM scoring.clue c WHERE c.region = $1 AND c.id > $2 ORDER BY c.id LIMIT 5000",
    2};

/* One that has changed in the meantime is to be spread again. */
static const wjz_stmt SET_SPREAD = {
    "scoring_set_spread",
    "UPDATE scoring.area_warning w SET spread = true FROM unnest($2::int8[], $3::int4[]) AS u (id, revision)"
    " WHERE w.region = $1 AND w.id = u.id AND w.revision = u.revision",
    0};

/* --- reading --- */

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* Town, village, longitude and latitude from `column` on. */
static warn_place read_place(const wjz_rows *rows, int row, int column) {
    warn_place place = {.town = (uint32_t)wjz_row_int(rows, row, column),
                        .village = (uint64_t)wjz_row_int(rows, row, column + 1),
                        .has_position = !wjz_row_null(rows, row, column + 2) && !wjz_row_null(rows, row, column + 3)};
    if (!place.has_position) return place;
    place.longitude = wjz_row_real(rows, row, column + 2);
    place.latitude = wjz_row_real(rows, row, column + 3);
    return place;
}

static int read_clues(const wjz_rows *rows, wjz_arena *arena, warn_input *input) {
    size_t count = (size_t)wjz_rows_count(rows);
    warn_clue *clues = wjz_arena_alloc(arena, count * sizeof *clues);
    row_texts texts = {.arena = arena, .failed = !clues};
    for (size_t i = 0; i < count && !texts.failed; i++) {
        int row = (int)i;
        clues[i] = (warn_clue){.id = wjz_row_int(rows, row, 0),
                               .place = read_place(rows, row, 1),
                               .domain = row_text(&texts, rows, row, 5),
                               .own_stars = (int)wjz_row_int(rows, row, 6),
                               .repeat_count = (int)wjz_row_int(rows, row, 7),
                               .index = wjz_row_real(rows, row, 8),
                               .last_report_us = wjz_row_time(rows, row, 9)};
    }
    input->clues = clues;
    input->clue_count = count;
    return texts.failed ? -ENOMEM : 0;
}

static int read_recommended(const wjz_rows *rows, wjz_arena *arena, warn_input *input) {
    size_t count = (size_t)wjz_rows_count(rows);
    warn_recommended *list = wjz_arena_alloc(arena, count * sizeof *list);
    row_texts texts = {.arena = arena, .failed = !list};
    for (size_t i = 0; i < count && !texts.failed; i++)
        list[i] = (warn_recommended){read_place(rows, (int)i, 0), row_text(&texts, rows, (int)i, 4),
                                     wjz_row_time(rows, (int)i, 5)};
    input->recommended = list;
    input->recommended_count = count;
    return texts.failed ? -ENOMEM : 0;
}

static int read_grids(const wjz_rows *rows, wjz_arena *arena, warn_input *input) {
    size_t count = (size_t)wjz_rows_count(rows);
    warn_grid *grids = wjz_arena_alloc(arena, count * sizeof *grids);
    row_texts texts = {.arena = arena, .failed = !grids};
    for (size_t i = 0; i < count && !texts.failed; i++) {
        int row = (int)i;
        grids[i] = (warn_grid){.code = row_text(&texts, rows, row, 0),
                               .name = row_text(&texts, rows, row, 1),
                               .warned = wjz_row_bool(rows, row, 2),
                               .village = (uint64_t)wjz_row_int(rows, row, 3),
                               .households = wjz_row_int(rows, row, 4)};
        if (area_outline_parse(wjz_row_text(rows, row, 5), arena, &grids[i].outline) < 0) texts.failed = true;
    }
    input->grids = grids;
    input->grid_count = count;
    return texts.failed ? -ENOMEM : 0;
}

static int read_cleared(const wjz_rows *rows, wjz_arena *arena, warn_input *input) {
    size_t count = (size_t)wjz_rows_count(rows);
    warn_cleared *list = wjz_arena_alloc(arena, count * sizeof *list);
    row_texts texts = {.arena = arena, .failed = !list};
    for (size_t i = 0; i < count && !texts.failed; i++)
        list[i] = (warn_cleared){area_kind_of(wjz_row_text(rows, (int)i, 0)), row_text(&texts, rows, (int)i, 1),
                                 row_text(&texts, rows, (int)i, 2), wjz_row_time(rows, (int)i, 3)};
    input->cleared = list;
    input->cleared_count = count;
    return texts.failed ? -ENOMEM : 0;
}

int store_load_warn_input(wjz_tx *tx, int32_t region, int most_days, int64_t now_us, wjz_arena *arena,
                          warn_input *ret_input, wjz_err *err) {
    wjz_rows *cleared = NULL;
    int r = wjz_tx_send_v(tx, &LOAD_CLUES, wjz_i32(region), wjz_time(now_us - 2 * most_days * WJZ_DAY_US));
    if (!r) r = wjz_tx_send_v(tx, &LOAD_RECOMMENDED, wjz_i32(region));
    if (!r) r = wjz_tx_send_v(tx, &LOAD_GRIDS, wjz_i32(region));
    if (!r) r = wjz_tx_send_v(tx, &LOAD_CLEARED, wjz_i32(region));
    if (r) return wjz_err_set(err, r, "could not ask for what warnings of region %d follow from", (int)region);
    r = wjz_tx_wait(tx, &cleared, err);
    if (r) return r;
    warn_input input = {.now_us = now_us};
    if (read_clues(wjz_tx_rows(tx, 0), arena, &input) || read_recommended(wjz_tx_rows(tx, 1), arena, &input) ||
        read_grids(wjz_tx_rows(tx, 2), arena, &input) || read_cleared(cleared, arena, &input))
        return out_of_memory(err);
    *ret_input = input;
    return 0;
}

int store_last_turn(wjz_tx *tx, int32_t region, int64_t *ret_turn, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LAST_TURN, &rows, err, wjz_i32(region));
    if (r == 0) *ret_turn = wjz_rows_count(rows) ? wjz_row_int(rows, 0, 0) : 0;
    return r;
}

static open_warning read_warning(row_texts *texts, const wjz_rows *rows, int row) {
    return (open_warning){.id = wjz_row_int(rows, row, 0),
                          .kind = area_kind_of(wjz_row_text(rows, row, 1)),
                          .unit = row_text(texts, rows, row, 2),
                          .unit_name = row_text(texts, rows, row, 3),
                          .domain = row_text(texts, rows, row, 4),
                          .department = row_text(texts, rows, row, 5),
                          .superior = row_text(texts, rows, row, 6),
                          .state = warning_state_of(wjz_row_text(rows, row, 7)),
                          .level = (int)wjz_row_int(rows, row, 8),
                          .peak_level = (int)wjz_row_int(rows, row, 9),
                          .revision = (int)wjz_row_int(rows, row, 10)};
}

int store_load_open_warnings(wjz_tx *tx, int32_t region, wjz_arena *arena, open_warning **ret_warnings,
                             size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_OPEN, &rows, err, wjz_i32(region));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    open_warning *list = wjz_arena_alloc(arena, count * sizeof *list);
    row_texts texts = {.arena = arena, .failed = !list};
    for (size_t i = 0; i < count && !texts.failed; i++)
        list[i] = read_warning(&texts, rows, (int)i);
    if (texts.failed) return out_of_memory(err);
    *ret_warnings = list;
    *ret_count = count;
    return 0;
}

int store_cleared_since(wjz_tx *tx, int32_t region, int64_t us, bool *ret_cleared, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &CLEARED_SINCE, &rows, err, wjz_i32(region), wjz_time(us));
    if (r == 0) *ret_cleared = wjz_row_bool(rows, 0, 0);
    return r;
}

int store_lock_warning(wjz_tx *tx, int32_t region, int64_t id, wjz_arena *arena, open_warning *ret_warning,
                       bool *ret_found, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOCK_WARNING, &rows, err, wjz_i32(region), wjz_i64(id));
    if (r) return r;
    row_texts texts = {.arena = arena};
    *ret_found = wjz_rows_count(rows) > 0;
    if (*ret_found) *ret_warning = read_warning(&texts, rows, 0);
    return texts.failed ? out_of_memory(err) : 0;
}

int store_load_leaders(wjz_tx *tx, int32_t region, wjz_arena *arena, const char ***ret_codes, size_t *ret_count,
                       wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_LEADERS, &rows, err, wjz_i32(region));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    const char **codes = wjz_arena_alloc(arena, count * sizeof *codes);
    row_texts texts = {.arena = arena, .failed = !codes};
    for (size_t i = 0; i < count && !texts.failed; i++)
        codes[i] = row_text(&texts, rows, (int)i, 0);
    if (texts.failed) return out_of_memory(err);
    *ret_codes = codes;
    *ret_count = count;
    return 0;
}

/* --- writing --- */

int store_put_warning(wjz_tx *tx, int32_t region, const open_warning *w, const warn_found *found, bool raised,
                      bool spread) {
    wjz_param longitude = wjz_f64(found->longitude), latitude = wjz_f64(found->latitude);
    if (!found->has_position) longitude.data = latitude.data = NULL;
    return wjz_tx_send_v(
        tx, &PUT_WARNING, wjz_i32(region), wjz_i64(w->id), wjz_text(area_kind_names[w->kind]), wjz_text(w->unit),
        wjz_text(w->unit_name), wjz_text(w->domain), wjz_text(warning_state_name(w->state)), wjz_i16((int16_t)w->level),
        wjz_i16((int16_t)w->peak_level), wjz_text(warning_reason_names[found->reason]), wjz_i32(found->least),
        wjz_i32(found->days), wjz_i32((int32_t)found->count), wjz_i32((int32_t)found->previous),
        wjz_i32((int32_t)found->undated), wjz_f64(found->per_thousand), wjz_i64s(found->clues, found->clue_count),
        wjz_text(w->department), wjz_text(w->superior), longitude, latitude, wjz_i32(w->revision), wjz_bool(raised),
        wjz_bool(spread));
}

int store_move_warning(wjz_tx *tx, int32_t region, const open_warning *w, const char *actor, const char *note,
                       bool spread) {
    return wjz_tx_send_v(tx, &MOVE_WARNING, wjz_i32(region), wjz_i64(w->id), wjz_text(warning_state_name(w->state)),
                         wjz_i16((int16_t)w->level), wjz_i32(w->revision), wjz_text(w->department),
                         wjz_text(w->superior), wjz_text(actor), wjz_text(note), wjz_bool(spread));
}

int store_add_warning_event(wjz_tx *tx, int32_t region, const open_warning *w, Wjz__Scoring__WarningState from,
                            const char *actor, const char *note) {
    return wjz_tx_send_v(tx, &ADD_EVENT, wjz_i32(region), wjz_i64(w->id), wjz_i32(w->revision),
                         wjz_text(warning_state_name(from)), wjz_text(warning_state_name(w->state)),
                         wjz_i16((int16_t)w->level), wjz_text(actor), wjz_text(note));
}

int store_raise_warning_version(wjz_tx *tx, int32_t region) {
    return wjz_tx_send_v(tx, &RAISE_VERSION, wjz_i32(region));
}

int store_hurry_round(wjz_tx *tx, int32_t region, const char *name) {
    return wjz_tx_send_v(tx, &HURRY_ROUND, wjz_i32(region), wjz_text(name));
}

/* --- scoring again --- */

int store_load_unspread(wjz_tx *tx, int32_t region, wjz_arena *arena, unspread_warning **ret_warnings, size_t *ret_count,
                        wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_UNSPREAD, &rows, err, wjz_i32(region));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    unspread_warning *list = wjz_arena_calloc(arena, count, sizeof *list);
    row_texts texts = {.arena = arena, .failed = !list};
    for (size_t i = 0; i < count && !texts.failed; i++) {
        list[i].warning = read_warning(&texts, rows, (int)i);
        if (area_outline_parse(wjz_row_text(rows, (int)i, 11), arena, &list[i].outline) < 0) texts.failed = true;
    }
    if (texts.failed) return out_of_memory(err);
    *ret_warnings = list;
    *ret_count = count;
    return 0;
}

static int ask_for_clues(wjz_tx *tx, int32_t region, const unspread_warning *rows, size_t count, int64_t after,
                         wjz_arena *arena) {
    COLUMN(const char *, kinds, area_kind_names[rows[i].warning.kind]);
    COLUMN(int64_t, codes, rows[i].warning.kind == AREA_GRID ? 0 : strtoll(rows[i].warning.unit, NULL, 10));
    COLUMN(const char *, domains, rows[i].warning.domain);
    COLUMN(double, west, rows[i].outline.west);
    COLUMN(double, east, rows[i].outline.east);
    COLUMN(double, south, rows[i].outline.south);
    COLUMN(double, north, rows[i].outline.north);
    return wjz_tx_send_v(tx, &CLUES_IN_AREAS, wjz_i32(region), wjz_i64(after), wjz_texts(kinds, count),
                         wjz_i64s(codes, count), wjz_texts(domains, count), wjz_f64s(west, NULL, count),
                         wjz_f64s(east, NULL, count), wjz_f64s(south, NULL, count), wjz_f64s(north, NULL, count));
}

int store_clues_in_areas(wjz_tx *tx, int32_t region, const unspread_warning *warnings, size_t warning_count,
                         int64_t after, wjz_arena *arena, int64_t **ret_complaints, size_t *ret_count,
                         int64_t *ret_after, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = ask_for_clues(tx, region, warnings, warning_count, after, arena);
    if (r) return wjz_err_set(err, r, "could not ask for the clues of warned areas of region %d", (int)region);
    r = wjz_tx_wait(tx, &rows, err);
    if (r) return r;
    int count = wjz_rows_count(rows);
    int64_t *complaints = wjz_arena_alloc(arena, (size_t)count * sizeof *complaints);
    if (!complaints) return out_of_memory(err);
    *ret_count = 0;
    for (int i = 0; i < count; i++)
        if (!wjz_row_null(rows, i, 1)) complaints[(*ret_count)++] = wjz_row_int(rows, i, 1);
    *ret_after = count ? wjz_row_int(rows, count - 1, 0) : after;
    *ret_complaints = complaints;
    return 0;
}

int store_set_spread(wjz_tx *tx, int32_t region, const unspread_warning *rows, size_t count, wjz_arena *arena) {
    COLUMN(int64_t, ids, rows[i].warning.id);
    COLUMN(int32_t, revisions, rows[i].warning.revision);
    return wjz_tx_send_v(tx, &SET_SPREAD, wjz_i32(region), wjz_i64s(ids, count), wjz_i32s(revisions, count));
}
