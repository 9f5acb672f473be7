/* See feed_health.h. What this process told already it does not tell again; what another one told has the same event. */
#include "intake/feed_health.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "intake/tell_operators.h"
#include "wjz/clock.h"

enum { FEW_REJECTED = 20 };

ailment feed_ailment(const feed_health *health, int64_t silent_after_us, int share, int64_t now_us) {
    ailment found = {0};
    uint64_t all = health->accepted + health->duplicate + health->revised + health->rejected;
    if (all > 0) found.share = (int)(health->rejected * 100 / all);
    found.rejecting = health->rejected >= FEW_REJECTED && found.share >= share;
    if (health->last_us > 0 && now_us > health->last_us) found.silent_s = (now_us - health->last_us) / WJZ_SECOND_US;
    found.silent = silent_after_us > 0 && health->last_us > 0 && now_us - health->last_us > silent_after_us;
    return found;
}

static int tell(intake *it, wjz_tx *tx, const feed *of, const char *reason, const char *event,
                const feed_health *health, const ailment *found, wjz_err *err) {
    char last[WJZ_CLOCK_TEXT], hours[24], share[16];
    wjz_clock_format(health->last_us, last);
    snprintf(hours, sizeof hours, "%" PRId64 " h", found->silent_s / 3600);
    snprintf(share, sizeof share, "%d %%", found->share);
    const told_value values[] = {{"reason", reason}, {"last_at", last}, {"lag", hours}, {"reject_rate", share}};
    return tell_operators(it, tx, of, "feed_unhealthy", event, values, WJZ_COUNT(values), err);
}

/* A feed as it was looked at: the registry may grow meanwhile, feeds themselves stay. */
typedef struct patient {
    feed *of;
    feed_health health;
    ailment found;
} patient;

static bool is_news_of_silence(const patient *it) {
    return it->found.silent && it->of->silence_told_us != it->health.last_us;
}

static bool is_news_of_rejections(const patient *it, int32_t today) {
    return it->found.rejecting && it->of->rejecting_told != today;
}

static int tell_news(intake *it, wjz_tx *tx, const patient *of, int32_t today, wjz_err *err) {
    char event[128];
    int r = 0;
    if (is_news_of_silence(of)) {
        snprintf(event, sizeof event, "feed:%s:silent:%" PRId64, of->of->name, of->health.last_us / WJZ_SECOND_US);
        r = tell(it, tx, of->of, "feed_silent", event, &of->health, &of->found, err);
    }
    if (r == 0 && is_news_of_rejections(of, today)) {
        snprintf(event, sizeof event, "feed:%s:rejecting:%" PRId32, of->of->name, today);
        r = tell(it, tx, of->of, "feed_rejecting", event, &of->health, &of->found, err);
    }
    return r;
}

static int look(intake *it, patient *all, size_t count, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int64_t now_us = wjz_clock_us();
    int32_t today = wjz_day_number(wjz_clock_day(now_us));
    int r = wjz_tx_begin(it->db, &tx, err);
    for (size_t i = 0; r == 0 && i < count; i++) {
        patient *of = &all[i];
        r = store_read_today(tx, of->of, &of->health, err);
        of->found = feed_ailment(&of->health, of->of->silent_after_us, (int)it->conf->reject_share, now_us);
        if (r == 0) r = tell_news(it, tx, of, today, err);
    }
    if (r == 0) r = wjz_tx_commit(&tx, err);
    for (size_t i = 0; r == 0 && i < count; i++) { /* only what is committed was told */
        if (all[i].found.silent) all[i].of->silence_told_us = all[i].health.last_us;
        if (all[i].found.rejecting) all[i].of->rejecting_told = today;
    }
    return r;
}

int feed_health_tell(intake *it, wjz_err *err) {
    patient *all = calloc(it->feeds.count + 1, sizeof *all);
    size_t count = 0;
    if (all == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < it->feeds.count; i++) {
        if (!it->feeds.items[i]->disabled) all[count++].of = it->feeds.items[i];
    }
    int r = look(it, all, count, err);
    free(all);
    return r;
}
