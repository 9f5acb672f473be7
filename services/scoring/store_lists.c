/* A watch that is defined anew is swept anew: its old hits stay where they still fit. */
#include "scoring/store_lists.h"

#include <errno.h>

#include "scoring/store_rows.h"

static const wjz_stmt ADD_WATCH = {
    "scoring_add_watch",
    "INSERT INTO scoring.watch (region, id, title, words, branches, domains, towns, from_day, to_day, alert_count,"
    " alert_days, alert_clues, tell, defined_by, swept_to) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
    " $13, $14, 0) RETURNING 1",
    1};

static const wjz_stmt CHANGE_WATCH = {
    "scoring_change_watch",
    "UPDATE scoring.watch SET title = $3, words = $4, branches = $5, domains = $6, towns = $7, from_day = $8,"
    " to_day = $9, alert_count = $10, alert_days = $11, alert_clues = $12, tell = $13, defined_by = $14,"
    " changed_at = now(), swept_to = 0 WHERE region = $1 AND id = $2 AND ended_at IS NULL RETURNING 1",
    1};

static const wjz_stmt END_WATCH = {
    "scoring_end_watch",
    "UPDATE scoring.watch SET ended_by = $3, ended_at = now(), swept_to = NULL WHERE region = $1 AND id = $2"
    " AND ended_at IS NULL RETURNING 1",
    1};

static const wjz_stmt RAISE_VERSION = {"scoring_raise_watch_version",
                                       "INSERT INTO scoring.region_state AS s (region, watch_version) VALUES ($1, 1)"
                                       " ON CONFLICT (region) DO UPDATE SET watch_version = s.watch_version + 1",
                                       0};

static const wjz_stmt NEXT_TO_SWEEP = {
    "scoring_next_to_sweep",
    "SELECT id, swept_to, from_day FROM scoring.watch WHERE region = $1 AND swept_to IS NOT NULL ORDER BY id LIMIT 1",
    3};

static const wjz_stmt SWEEP = {
    "scoring_sweep",
    "SELECT f.complaint, EXISTS (SELECT FROM scoring.clue c WHERE c.region = $1 AND c.id = f.clue AND"
    " (c.last_report_at IS NULL OR c.last_report_at >= $3::date)) FROM scoring.finding f WHERE f.region = $1"
    " AND f.complaint > $2 ORDER BY f.complaint LIMIT 5000",
    2};

static const wjz_stmt SET_SWEPT = {"scoring_set_swept",
                                   "UPDATE scoring.watch SET swept_to = $3 WHERE region = $1 AND id = $2", 0};

static const wjz_stmt UNKNOWN_PERSON = {
    "scoring_unknown_person",
    "SELECT c FROM unnest($2::text[]) WITH ORDINALITY AS u (c, n) WHERE c <> 'operator' AND NOT EXISTS (SELECT FROM"
    " directory.person p WHERE p.region = $1 AND p.code = c AND p.active) ORDER BY n LIMIT 1",
    1};

static const wjz_stmt ADD_SEARCH = {
    "scoring_add_search",
    "INSERT INTO scoring.saved_search (region, id, owner, title, digest, least_stars, kinds, branches, domains, towns,"
    " villages, feed, subject, focus, urgent, mediation, watch) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
    " $12, $13, $14, $15, $16, $17) RETURNING 1",
    1};

static const wjz_stmt CHANGE_SEARCH = {
    "scoring_change_search",
    "UPDATE scoring.saved_search SET title = $4, digest = $5, least_stars = $6, kinds = $7, branches = $8, domains = "
    "$9,"
    " towns = $10, villages = $11, feed = $12, subject = $13, focus = $14, urgent = $15, mediation = $16, watch = $17,"
    " saved_at = now() WHERE region = $1 AND id = $2 AND owner = $3 RETURNING 1",
    1};

static const wjz_stmt DROP_SEARCH = {
    "scoring_drop_search", "DELETE FROM scoring.saved_search WHERE region = $1 AND id = $2 AND owner = $3 RETURNING 1",
    1};

static wjz_param texts_of(const watch_texts *list) {
    return wjz_texts(list->items, list->count);
}

int store_put_watch(wjz_tx *tx, int32_t region, const watch_row *w, bool replace, bool *ret_found, wjz_err *err) {
    wjz_rows *rows = NULL;
    wjz_param to_day = wjz_date(w->to_day);
    if (!w->to_day) to_day.data = NULL;
    int r = wjz_tx_query_v(tx, replace ? &CHANGE_WATCH : &ADD_WATCH, &rows, err, wjz_i32(region), wjz_i64(w->id),
                           wjz_text(w->title), texts_of(&w->words), texts_of(&w->branches), texts_of(&w->domains),
                           wjz_i32s(w->towns, w->town_count), wjz_date(w->from_day), to_day, wjz_i32(w->alert_count),
                           wjz_i32(w->alert_days), wjz_bool(w->alert_clues), texts_of(&w->tell), wjz_text(w->actor));
    if (r == 0) *ret_found = wjz_rows_count(rows) > 0;
    return r;
}

int store_end_watch(wjz_tx *tx, int32_t region, int64_t id, const char *actor, bool *ret_found, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &END_WATCH, &rows, err, wjz_i32(region), wjz_i64(id), wjz_text(actor));
    if (r == 0) *ret_found = wjz_rows_count(rows) > 0;
    return r;
}

int store_raise_watch_version(wjz_tx *tx, int32_t region) {
    return wjz_tx_send_v(tx, &RAISE_VERSION, wjz_i32(region));
}

int store_sweep_watch(wjz_tx *tx, int32_t region, wjz_arena *arena, int64_t **ret_complaints, size_t *ret_count,
                      bool *ret_more, wjz_err *err) {
    wjz_rows *rows = NULL;
    *ret_count = 0;
    *ret_more = false;
    int r = wjz_tx_query_v(tx, &NEXT_TO_SWEEP, &rows, err, wjz_i32(region));
    if (r || !wjz_rows_count(rows)) return r;
    *ret_more = true;
    int64_t id = wjz_row_int(rows, 0, 0), after = wjz_row_int(rows, 0, 1);
    r = wjz_tx_query_v(tx, &SWEEP, &rows, err, wjz_i32(region), wjz_i64(after), wjz_date(wjz_row_date(rows, 0, 2)));
    if (r) return r;
    int count = wjz_rows_count(rows);
    int64_t *ids = wjz_arena_alloc(arena, (size_t)count * sizeof *ids);
    if (!ids) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (int i = 0; i < count; i++)
        if (wjz_row_bool(rows, i, 1)) ids[(*ret_count)++] = wjz_row_int(rows, i, 0);
    *ret_complaints = ids;
    wjz_param swept_to = count ? wjz_i64(wjz_row_int(rows, count - 1, 0)) : wjz_null_i64();
    return wjz_tx_send_v(tx, &SET_SWEPT, wjz_i32(region), wjz_i64(id), swept_to);
}

int store_unknown_person(wjz_tx *tx, int32_t region, const char *const *codes, size_t count, wjz_arena *arena,
                         const char **ret_unknown, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &UNKNOWN_PERSON, &rows, err, wjz_i32(region), wjz_texts(codes, count));
    if (r) return r;
    row_texts texts = {.arena = arena};
    *ret_unknown = wjz_rows_count(rows) ? row_text(&texts, rows, 0, 0) : NULL;
    return texts.failed ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

int store_put_search(wjz_tx *tx, int32_t region, const search_row *s, bool replace, bool *ret_found, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, replace ? &CHANGE_SEARCH : &ADD_SEARCH, &rows, err, wjz_i32(region), wjz_i64(s->id),
                           wjz_text(s->owner), wjz_text(s->title), wjz_text(s->digest), wjz_i16(s->least_stars),
                           texts_of(&s->kinds), texts_of(&s->branches), texts_of(&s->domains),
                           wjz_i32s(s->towns, s->town_count), wjz_i64s(s->villages, s->village_count),
                           wjz_text(s->feed), wjz_text(s->subject), wjz_bool(s->focus), wjz_bool(s->urgent),
                           wjz_bool(s->mediation), wjz_i64(s->watch));
    if (r == 0) *ret_found = wjz_rows_count(rows) > 0;
    return r;
}

int store_drop_search(wjz_tx *tx, int32_t region, int64_t search, const char *owner, bool *ret_found, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &DROP_SEARCH, &rows, err, wjz_i32(region), wjz_i64(search), wjz_text(owner));
    if (r == 0) *ret_found = wjz_rows_count(rows) > 0;
    return r;
}
