/* See penalties.h. */
#include "scoring/penalties.h"

#include "scoring/rescore.h"
#include "scoring/store.h"
#include "scoring/store_near.h"
#include "wjz/clock.h"

enum { SCORED_AGAIN = 100000 /* complaints of the subjects of some days */ };

int penalties_round(round_lease *round, wjz_err *err) {
    int64_t now_us = wjz_clock_us(), next_us = round_next_time(now_us, round->conf->penalties_at / 1000);
    int32_t today = wjz_day_number(wjz_clock_day(now_us)), to = (int32_t)round->seen;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    const char **subjects = NULL;
    int64_t *complaints = NULL;
    size_t subject_count = 0, count = 0;
    int r = wjz_tx_begin(round->self->db, &tx, err);
    if (!r)
        r = store_overdue_subjects(tx, round->region, (int32_t)round->seen, today, round->arena, &subjects,
                                   &subject_count, &to, err);
    if (!r && subject_count)
        r = store_complaints_of_subjects(tx, round->region, subjects, subject_count, SCORED_AGAIN, round->arena,
                                         &complaints, &count, err);
    if (!r) r = rescore_emit(round->self->bus, tx, round->region, complaints, count, err);
    round->seen = to;
    if (!r) r = round_finish(round, tx, subject_count ? now_us : next_us, err);
    return r ? r : wjz_tx_commit(&tx, err);
}
