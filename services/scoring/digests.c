/* A digest and the mark that it was sent are one transaction; its notice carries the day, so it could not come twice
 * even so. Confidential clues are in none. */
#include "scoring/digests.h"

#include <inttypes.h>

#include "scoring/notices.h"
#include "scoring/store_digests.h"
#include "wjz/clock.h"
#include "wjz/id.h"

/* What came just now may still be being scored; the next digest has it. */
enum { MONDAY = 1 };
static const int64_t SETTLING_US = 15 * 60 * WJZ_SECOND_US;

static void tell(notices *n, const due_search *search, const digest_clue *clues, size_t count, int64_t total,
                 const char *day) {
    const char *event = wjz_arena_printf(n->arena, "search:%" PRId64 ":%s", search->id, day), *list = "";
    Wjz__Notification__Notice *notice = notices_add(n, event, "search_digest", search->owner, "search", search->id);
    if (notice) notice->urgency = WJZ__NOTIFICATION__URGENCY__NORMAL;
    for (size_t i = 0; list && i < count; i++)
        list = wjz_arena_printf(n->arena, "%s%s%" PRId64 " · %d★ · %.0f · %d", list, i ? "\n" : "", clues[i].id,
                                clues[i].stars, clues[i].index, clues[i].complaints);
    notices_number(n, notice, "search", search->id);
    notices_value(n, notice, "title", search->title);
    notices_number(n, notice, "count", total);
    notices_value(n, notice, "list", list);
}

static int send_one(round_lease *round, wjz_tx *tx, const due_search *search, int64_t to_us, int32_t today, notices *n,
                    wjz_err *err) {
    digest_clue *clues = NULL;
    size_t count = 0;
    int64_t total = 0;
    int r = store_load_digest(tx, round->region, search->id, wjz_id_floor(search->from_us), wjz_id_floor(to_us),
                              round->arena, &clues, &count, &total, err);
    if (r) return r;
    wjz_day day = wjz_day_from_number(today);
    const char *text = wjz_arena_printf(round->arena, "%04d-%02d-%02d", day.year, day.month, day.day);
    if (total) tell(n, search, clues, count, total, text);
    return store_set_digested(tx, round->region, search->id, today, to_us);
}

int digests_round(round_lease *round, wjz_err *err) {
    int64_t now_us = wjz_clock_us(), to_us = now_us - SETTLING_US;
    int32_t today = wjz_day_number(wjz_clock_day(now_us));
    bool monday = wjz_day_weekday(wjz_clock_day(now_us)) == MONDAY;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    due_search *searches = NULL;
    size_t count = 0;
    notices n = {.arena = round->arena};
    int r = wjz_tx_begin(round->self->db, &tx, err);
    if (r == 0) r = store_due_searches(tx, round->region, today, monday, round->arena, &searches, &count, err);
    for (size_t i = 0; r == 0 && i < count; i++) {
        r = send_one(round, tx, &searches[i], to_us, today, &n, err);
        round_pause(round);
    }
    if (r == 0) r = notices_send(&n, round->self->bus, tx, round->region, err);
    if (r == 0) r = round_finish(round, tx, round_next_time(now_us, round->conf->digests_at / 1000), err);
    return r ? r : wjz_tx_commit(&tx, err);
}
