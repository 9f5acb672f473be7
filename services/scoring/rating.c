/* See rating.h. */
#include "scoring/rating.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "proto/rules.pb-c.h"
#include "scoring/refuse.h"
#include "scoring/scoring.h"
#include "scoring/store_ratings.h"
#include "wjz/id.h"

static int tell(wjz_call *call, const rating_row *row) {
    Wjz__Scoring__ClueRating reply = WJZ__SCORING__CLUE_RATING__INIT;
    reply.rating = (uint64_t)row->id;
    reply.clue = (uint64_t)row->clue;
    reply.rater = (char *)row->rater;
    reply.stars = (uint32_t)row->stars;
    reply.reason = (char *)row->reason;
    reply.computed_stars = (uint32_t)row->computed_stars;
    reply.computed_index = row->computed_index;
    reply.pack = (char *)row->pack;
    reply.rated_at_us = row->rated_at_us;
    reply.withdrawn_at_us = row->withdrawn_at_us;
    reply.withdrawn_reason = (char *)row->withdrawn_reason;
    return wjz_call_reply(call, &reply.base);
}

static int refuse_clue(wjz_call *call, int64_t clue, int64_t merged_into) {
    char value[24], remedy[80];
    snprintf(value, sizeof value, "%" PRId64, clue);
    snprintf(remedy, sizeof remedy, "请评价线索 / rate clue %" PRId64, merged_into);
    return wjz_call_refuse(call, &(wjz_refusal){.code = merged_into ? WJZ_REFUSAL_CONFLICT : WJZ_REFUSAL_NOT_FOUND,
                                                .field = "clue",
                                                .value = value,
                                                .message = merged_into
                                                               ? "该线索已并入另一线索 / it has become part of another"
                                                               : "本区没有这条线索 / no such clue in this region",
                                                .remedy = merged_into ? remedy : "wjz clues list"});
}

static int rate(wjz_call *call, wjz_tx **tx, const Wjz__Scoring__RateClue *body, wjz_err *err) {
    int32_t region = wjz_call_message(call)->region;
    wjz_arena *arena = wjz_call_arena(call);
    computed_star star;
    rating_row earlier;
    bool found = false, replaced = false;
    int r = store_computed_star(*tx, region, (int64_t)body->clue, arena, &star, &found, err);
    if (r) return r;
    if (!found || star.merged_into) return refuse_clue(call, (int64_t)body->clue, found ? star.merged_into : 0);
    rating_row row = {.id = wjz_id_next(),
                      .clue = (int64_t)body->clue,
                      .rater = body->rater,
                      .stars = (int)body->stars,
                      .reason = body->reason,
                      .computed_stars = star.stars,
                      .computed_index = star.index,
                      .pack = star.pack,
                      .withdrawn_reason = ""};
    r = store_withdraw_rating(*tx, region, row.clue, row.rater, "replaced", arena, &earlier, &replaced, err);
    if (!r) r = store_add_rating(*tx, region, &row, err);
    if (!r) r = wjz_tx_commit(tx, err);
    if (r == -EEXIST) return refuse_busy(call);
    return r ? r : tell(call, &row);
}

int on_rate_clue(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const Wjz__Scoring__RateClue *body = (const Wjz__Scoring__RateClue *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    if (!text_given(call, "rater", body->rater) || !text_given(call, "reason", body->reason)) return 0;
    if (body->stars < 1 || body->stars > 5)
        return refuse_invalid(call, "stars", NULL, "星级须为1至5 / stars must be 1 to 5", NULL);
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = rate(call, &tx, body, err);
    return store_is_away(r) ? refuse_busy(call) : r;
}

int on_withdraw_rating(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const wjz_message *message = wjz_call_message(call);
    const Wjz__Scoring__WithdrawRating *body = (const Wjz__Scoring__WithdrawRating *)message->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    rating_row row;
    bool found = false;
    if (!text_given(call, "rater", body->rater) || !text_given(call, "reason", body->reason)) return 0;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r)
        r = store_withdraw_rating(tx, message->region, (int64_t)body->clue, body->rater, body->reason,
                                  wjz_call_arena(call), &row, &found, err);
    if (!r) r = wjz_tx_commit(&tx, err);
    if (store_is_away(r)) return refuse_busy(call);
    if (r) return r;
    if (found) return tell(call, &row);
    return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_NOT_FOUND,
                                                .field = "rater",
                                                .value = body->rater,
                                                .message = "此人对该线索没有有效评价 / no valid star of this person"});
}
