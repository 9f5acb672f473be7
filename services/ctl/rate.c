/* A person's own star of a clue, beside the computed one. */
#include <inttypes.h>
#include <stdio.h>

#include "ctl/command.h"
#include "ctl/decide.h"
#include "proto/rules.pb-c.h"

typedef struct words {
    decider by;
    int64_t clue, stars; /* stars 0: withdraw */
} words;

static const wjz_stmt REGION_OF_CLUE = {"ctl_region_of_rated", "SELECT region FROM scoring.clue WHERE id = $1", 1};

static int rate(session *s, void *arg, wjz_err *err) {
    const words *w = arg;
    int32_t region;
    Wjz__Scoring__RateClue rate = WJZ__SCORING__RATE_CLUE__INIT;
    Wjz__Scoring__WithdrawRating withdraw = WJZ__SCORING__WITHDRAW_RATING__INIT;
    const ProtobufCMessage *question = w->stars ? &rate.base : &withdraw.base, *reply;
    rate.clue = withdraw.clue = (uint64_t)w->clue;
    rate.rater = withdraw.rater = w->by.person;
    rate.reason = withdraw.reason = w->by.reason;
    rate.stars = (uint32_t)w->stars;
    int r = decide_region(s, &REGION_OF_CLUE, "clue", w->clue, "wjz clues list", &region, err);
    if (r >= 0) r = session_ask_in(s, "scoring", region, question, &wjz__scoring__clue_rating__descriptor, &reply, err);
    if (r < 0) return r;
    const Wjz__Scoring__ClueRating *rating = (const Wjz__Scoring__ClueRating *)reply;
    printf("%s: %s %u★，机器 / computed %u★ (%.1f)\n",
           rating->withdrawn_at_us ? "已撤回评价 / withdrawn" : "已评价 / rated", rating->rater, rating->stars,
           rating->computed_stars, rating->computed_index);
    return 0;
}

int command_clues_rate(session *s, int argc, char **argv, wjz_err *err) {
    words w = {0};
    int r = decider_read(&argc, argv, &w.by, err);
    if (r >= 0) r = argument_end(argc, argv, 2, "clues rate CLUE STARS --as PERSON --reason TEXT", err);
    if (r >= 0) r = argument_number("CLUE", argv[0], 1, INT64_MAX, &w.clue, err);
    if (r >= 0) r = argument_number("STARS", argv[1], 1, 5, &w.stars, err);
    return r < 0 ? r : session_connected(s, true, rate, &w, err);
}

int command_clues_unrate(session *s, int argc, char **argv, wjz_err *err) {
    words w = {0};
    int r = decider_read(&argc, argv, &w.by, err);
    if (r >= 0) r = argument_end(argc, argv, 1, "clues unrate CLUE --as PERSON --reason TEXT", err);
    if (r >= 0) r = argument_number("CLUE", argv[0], 1, INT64_MAX, &w.clue, err);
    return r < 0 ? r : session_connected(s, true, rate, &w, err);
}
