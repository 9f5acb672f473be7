/* See gaps.h. What is in memory is only a hint, as other instances take batches too: the store decides. */
#include "intake/gaps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "intake/store.h"
#include "intake/tell_operators.h"
#include "wjz/clock.h"

/* One notice per gap, named by its first number: it may still shrink from behind. */
static int emit_notice(intake *it, wjz_tx *tx, const feed *of, const sequence_range *gap, wjz_err *err) {
    char event[128], from[24], to[24], missing[24], since[WJZ_CLOCK_TEXT];
    snprintf(event, sizeof event, "feed:%s:gap:%" PRIu64, of->name, gap->first);
    snprintf(from, sizeof from, "%" PRIu64, gap->first);
    snprintf(to, sizeof to, "%" PRIu64, gap->last);
    snprintf(missing, sizeof missing, "%" PRIu64, gap->last - gap->first + 1);
    wjz_clock_format(of->gap_since_us, since);
    const told_value values[] = {{"from", from}, {"to", to}, {"missing", missing}, {"since", since}};
    return tell_operators(it, tx, of, "feed_gap", event, values, WJZ_COUNT(values), err);
}

/* The oldest gap as the store has it; 0 when there is none. */
static int read_gap(wjz_tx *tx, const feed *of, sequence_range *ret_gap, size_t *ret_count, wjz_err *err) {
    feed durable = {.number = of->number, .region = of->region};
    durable.sequences.floor = of->stored_floor;
    int r = store_read_sequences(tx, &durable, err);
    if (r == 0) *ret_count = sequences_missing(&durable.sequences, ret_gap, 1);
    sequences_free(&durable.sequences);
    return r;
}

int gaps_tell(intake *it, feed *of, wjz_err *err) {
    sequence_range gap;
    if (sequences_missing(&of->sequences, &gap, 1) == 0) {
        of->gap_first = 0;
        return 0;
    }
    int64_t now_us = wjz_clock_us();
    if (of->gap_first != gap.first) {
        of->gap_first = gap.first;
        of->gap_since_us = now_us;
        of->gap_told = false;
    }
    if (of->gap_told || now_us - of->gap_since_us < it->conf->gap_notice_after * 1000) return 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    size_t count = 0;
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = read_gap(tx, of, &gap, &count, err);
    if (r == 0 && count > 0) r = emit_notice(it, tx, of, &gap, err);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r == 0) of->gap_told = true;
    return r;
}
