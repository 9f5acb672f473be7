/* Candidates are the latest along an index, so that a store of a million clues costs no more than one of ten thousand.
 */
#include "scoring/store_similar.h"

#include <errno.h>

#include "scoring/store_rows.h"

#define OUTCOME                                                                                                        \
    " LEFT JOIN LATERAL (SELECT outcome, at FROM assignment.outcome x WHERE x.region = c.region AND x.clue = c.id"     \
    " ORDER BY x.at DESC, x.assignment DESC LIMIT 1) o ON true"
#define FIRST_COMPLAINT                                                                                                \
    " CROSS JOIN LATERAL (SELECT finding, matter FROM scoring.finding x WHERE x.region = c.region AND x.clue = c.id"   \
    " ORDER BY x.complaint LIMIT 1) f"
#define COLUMNS "c.id, o.at, c.domain, c.branch, c.subject, o.outcome, c.town, c.stars, c.index, f.finding, f.matter"

static const wjz_stmt LOAD_ASKED = {"scoring_similar_asked",
                                    "SELECT " COLUMNS " FROM scoring.clue c" OUTCOME FIRST_COMPLAINT
                                    " WHERE c.region = $1 AND c.id = $2 AND c.merged_into = 0",
                                    11};

static const wjz_stmt LOAD_SIMILAR = {
    "scoring_similar",
    "WITH settled AS (SELECT clue FROM assignment.outcome WHERE region = $1 ORDER BY at DESC, assignment DESC LIMIT"
    " 4000), worth AS (SELECT id FROM scoring.clue WHERE region = $1 AND own_stars >= 3 AND merged_into = 0 AND"
    " report_period IS NOT NULL ORDER BY report_period DESC, last_report_at DESC LIMIT 4000), near AS ((SELECT c.id FROM (SELECT DISTINCT"
    " clue FROM settled) s JOIN scoring.clue c ON c.region = $1 AND c.id = s.clue WHERE c.domain = $3 AND c.id < $2 AND"
    " c.merged_into = 0 AND NOT c.confidential ORDER BY c.id DESC LIMIT 500) UNION (SELECT c.id FROM worth w JOIN"
    " scoring.clue c ON c.region = $1 AND c.id = w.id WHERE c.domain = $3 AND c.id < $2 AND NOT c.confidential ORDER BY"
    " c.id DESC LIMIT 300)) SELECT " COLUMNS
    " FROM near n JOIN scoring.clue c ON c.region = $1 AND c.id = n.id" OUTCOME FIRST_COMPLAINT,
    11};

static similar_row read_row(row_texts *texts, const wjz_rows *rows, int row) {
    similar_row read = {.clue = wjz_row_int(rows, row, 0),
                        .outcome_at_us = wjz_row_time(rows, row, 1),
                        .domain = row_text(texts, rows, row, 2),
                        .branch = row_text(texts, rows, row, 3),
                        .subject = row_text(texts, rows, row, 4),
                        .outcome = row_text(texts, rows, row, 5),
                        .town = (uint32_t)wjz_row_int(rows, row, 6),
                        .stars = (int)wjz_row_int(rows, row, 7),
                        .index = wjz_row_real(rows, row, 8)};
    if (row_copy(texts->arena, wjz_row_bytes(rows, row, 9), &read.finding) < 0 ||
        row_copy(texts->arena, wjz_row_bytes(rows, row, 10), &read.matter) < 0)
        texts->failed = true;
    return read;
}

int store_load_similar_asked(wjz_tx *tx, int32_t region, int64_t clue, wjz_arena *arena, similar_row *ret_row,
                             bool *ret_found, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &LOAD_ASKED, &rows, err, wjz_i32(region), wjz_i64(clue));
    if (r) return r;
    row_texts texts = {.arena = arena};
    *ret_found = wjz_rows_count(rows) > 0;
    if (*ret_found) *ret_row = read_row(&texts, rows, 0);
    return texts.failed ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

int store_load_similar(wjz_tx *tx, int32_t region, const similar_row *asked, wjz_arena *arena, similar_row **ret_rows,
                       size_t *ret_count, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r =
        wjz_tx_query_v(tx, &LOAD_SIMILAR, &rows, err, wjz_i32(region), wjz_i64(asked->clue), wjz_text(asked->domain));
    if (r) return r;
    size_t count = (size_t)wjz_rows_count(rows);
    similar_row *list = wjz_arena_alloc(arena, count * sizeof *list);
    row_texts texts = {.arena = arena, .failed = !list};
    for (size_t i = 0; i < count && !texts.failed; i++)
        list[i] = read_row(&texts, rows, (int)i);
    if (texts.failed) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_rows = list;
    *ret_count = count;
    return 0;
}
