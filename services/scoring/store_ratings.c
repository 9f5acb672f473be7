/* See store_ratings.h. */
#include "scoring/store_ratings.h"

#include "scoring/store_rows.h"

static const wjz_stmt COMPUTED = {
    "scoring_computed_star", "SELECT merged_into, index, stars, pack FROM scoring.clue WHERE region = $1 AND id = $2",
    4};

static const wjz_stmt WITHDRAW = {
    "scoring_withdraw_rating",
    "UPDATE scoring.rating SET withdrawn_at = clock_timestamp(), withdrawn_reason = $4"
    " WHERE region = $1 AND clue = $2 AND rater = $3 AND withdrawn_at IS NULL"
    " RETURNING id, clue, rater, reason, pack, withdrawn_reason, stars, computed_stars, computed_index, rated_at,"
    " withdrawn_at",
    11};

static const wjz_stmt ADD = {
    "scoring_add_rating",
    "INSERT INTO scoring.rating (region, id, clue, rater, stars, reason, computed_stars, computed_index, pack)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING rated_at",
    1};

int store_computed_star(wjz_tx *tx, int32_t region, int64_t clue, wjz_arena *arena, computed_star *ret_star,
                        bool *ret_found, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &COMPUTED, &rows, err, wjz_i32(region), wjz_i64(clue));
    if (r) return r;
    row_texts texts = {.arena = arena};
    *ret_found = wjz_rows_count(rows) > 0;
    if (!*ret_found) return 0;
    *ret_star = (computed_star){.merged_into = wjz_row_int(rows, 0, 0),
                                .index = wjz_row_real(rows, 0, 1),
                                .stars = (int)wjz_row_int(rows, 0, 2),
                                .pack = row_text(&texts, rows, 0, 3)};
    return texts.failed ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

int store_withdraw_rating(wjz_tx *tx, int32_t region, int64_t clue, const char *rater, const char *reason,
                          wjz_arena *arena, rating_row *ret_row, bool *ret_found, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r =
        wjz_tx_query_v(tx, &WITHDRAW, &rows, err, wjz_i32(region), wjz_i64(clue), wjz_text(rater), wjz_text(reason));
    if (r) return r;
    row_texts texts = {.arena = arena};
    *ret_found = wjz_rows_count(rows) > 0;
    if (!*ret_found) return 0;
    *ret_row = (rating_row){.id = wjz_row_int(rows, 0, 0),
                            .clue = wjz_row_int(rows, 0, 1),
                            .rater = row_text(&texts, rows, 0, 2),
                            .reason = row_text(&texts, rows, 0, 3),
                            .pack = row_text(&texts, rows, 0, 4),
                            .withdrawn_reason = row_text(&texts, rows, 0, 5),
                            .stars = (int)wjz_row_int(rows, 0, 6),
                            .computed_stars = (int)wjz_row_int(rows, 0, 7),
                            .computed_index = wjz_row_real(rows, 0, 8),
                            .rated_at_us = wjz_row_time(rows, 0, 9),
                            .withdrawn_at_us = wjz_row_time(rows, 0, 10)};
    return texts.failed ? wjz_err_set(err, -ENOMEM, "out of memory") : 0;
}

int store_add_rating(wjz_tx *tx, int32_t region, rating_row *row, wjz_err *err) {
    wjz_rows *rows = NULL;
    int r = wjz_tx_query_v(tx, &ADD, &rows, err, wjz_i32(region), wjz_i64(row->id), wjz_i64(row->clue),
                           wjz_text(row->rater), wjz_i16((int16_t)row->stars), wjz_text(row->reason),
                           wjz_i16((int16_t)row->computed_stars), wjz_f64(row->computed_index), wjz_text(row->pack));
    if (!r) row->rated_at_us = wjz_row_time(rows, 0, 0);
    return r;
}
