/* A search's fields are compared where they lie: no SQL is ever made of what a person wrote. */
#include "scoring/store_digests.h"

#include <errno.h>

#include "scoring/store_rows.h"

static const wjz_stmt DUE_SEARCHES = {
    "scoring_due_searches",
    "SELECT id, digested_to, owner, title FROM scoring.saved_search WHERE region = $1 AND (digested_on IS NULL OR"
    " digested_on < $2) AND (digest = 'daily' OR (digest = 'weekly' AND $3)) ORDER BY id",
    4};

static const wjz_stmt LOAD_DIGEST = {
    "scoring_load_digest",
    "SELECT c.id, c.stars, c.complaint_count, c.index, count(*) OVER () FROM scoring.saved_search s JOIN scoring.clue c"
    " ON c.region = s.region WHERE s.region = $1 AND s.id = $2 AND c.id IN (SELECT f.clue FROM scoring.finding f WHERE"
    " f.region = $1 AND f.complaint >= $3 AND f.complaint < $4) AND c.merged_into = 0 AND NOT c.confidential"
    " AND c.stars >= s.least_stars AND (s.kinds = '{}' OR c.kind = ANY (s.kinds)) AND (s.branches = '{}' OR c.branch ="
    " ANY (s.branches)) AND (s.domains = '{}' OR c.domain = ANY (s.domains)) AND (s.towns = '{}' OR c.town = ANY"
    " (s.towns)) AND (s.villages = '{}' OR c.village = ANY (s.villages)) AND (s.feed = '' OR c.feed = s.feed)"
    " AND (s.subject = '' OR strpos(c.subject, s.subject) > 0) AND (c.focus OR NOT s.focus) AND (c.urgent OR NOT"
    " s.urgent) AND (c.mediation OR NOT s.mediation) AND (s.watch = 0 OR EXISTS (SELECT FROM scoring.finding f JOIN"
    " scoring.watch_hit h ON h.region = f.region AND h.complaint = f.complaint AND h.watch = s.watch WHERE f.region = "
    "$1"
    " AND f.clue = c.id)) ORDER BY c.stars DESC, c.index DESC, c.id LIMIT 10",
    5};

static const wjz_stmt SET_DIGESTED = {
    "scoring_set_digested",
    "UPDATE scoring.saved_search SET digested_on = $3, digested_to = $4 WHERE region = $1 AND id = $2", 0};

int store_due_searches(wjz_tx *tx, int32_t region, int32_t today, bool weekly, wjz_arena *arena,
                       due_search **ret_searches, size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &DUE_SEARCHES, &rows, err, wjz_i32(region), wjz_date(today), wjz_bool(weekly));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    due_search *list = wjz_arena_alloc(arena, count * sizeof *list);
    row_texts texts = {.arena = arena, .failed = !list};
    for (size_t i = 0; i < count && !texts.failed; i++)
        list[i] = (due_search){wjz_row_int(rows, (int)i, 0), wjz_row_time(rows, (int)i, 1),
                               row_text(&texts, rows, (int)i, 2), row_text(&texts, rows, (int)i, 3)};
    if (texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_searches = list;
    *ret_count = count;
    return 0;
}

int store_load_digest(wjz_tx *tx, int32_t region, int64_t search, int64_t from, int64_t to, wjz_arena *arena,
                      digest_clue **ret_clues, size_t *ret_count, int64_t *ret_total, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_DIGEST, &rows, err, wjz_i32(region), wjz_i64(search), wjz_i64(from), wjz_i64(to));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    digest_clue *clues = wjz_arena_alloc(arena, count * sizeof *clues);
    if (!clues) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        clues[i] = (digest_clue){.id = wjz_row_int(rows, (int)i, 0),
                                 .stars = (int)wjz_row_int(rows, (int)i, 1),
                                 .complaints = (int)wjz_row_int(rows, (int)i, 2),
                                 .index = wjz_row_real(rows, (int)i, 3)};
    *ret_total = count ? wjz_row_int(rows, 0, 4) : 0;
    *ret_clues = clues;
    *ret_count = count;
    return 0;
}

int store_set_digested(wjz_tx *tx, int32_t region, int64_t search, int32_t day, int64_t to_us) {
    return wjz_tx_send_v(tx, &SET_DIGESTED, wjz_i32(region), wjz_i64(search), wjz_date(day), wjz_time(to_us));
}
