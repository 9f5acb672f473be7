/* See upkeep.h. */
#include "intake/upkeep.h"

#include <errno.h>
#include <stdlib.h>

#include "intake/announce.h"
#include "intake/feed_health.h"
#include "intake/gaps.h"
#include "intake/store.h"
#include "intake/store_import.h"
#include "intake/store_reports.h"
#include "wjz/clock.h"
#include "wjz/log.h"

enum {
    ROUND_MS = 2000,
    RECEIPT_DAYS = 30,
    ATTACHMENT_DAYS = 2, /* a photo waits for its report */
    FILE_DAYS = 7,       /* a file that failed or came in part waits for who goes on with it */
};

struct upkeep {
    intake *it;
    wjz_event stop, ended;
    int64_t health_due_us, forget_due_us; /* of the monotonic clock */
};

/* Takes the counts out first: what is added while the transaction runs belongs to the next one. */
static int write_counts(intake *it, feed *of, wjz_err *err) {
    feed_counts counts = of->counts;
    if (counts.last_us == 0) return 0;
    of->counts = (feed_counts){0};
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_add_counts(tx, of, &counts);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r == 0) {
        announce_feed_changed(it->bus, of->name, of->region, false);
        return 0;
    }
    of->counts.accepted += counts.accepted;
    of->counts.duplicate += counts.duplicate;
    of->counts.revised += counts.revised;
    of->counts.rejected += counts.rejected;
    if (of->counts.last_us < counts.last_us) of->counts.last_us = counts.last_us;
    if (of->counts.newest_report_us < counts.newest_report_us) of->counts.newest_report_us = counts.newest_report_us;
    return r;
}

static int write_all_counts(intake *it, wjz_err *err) {
    int r = 0;
    for (size_t i = 0; r == 0 && i < it->feeds.count; i++)
        r = write_counts(it, it->feeds.items[i], err);
    return r;
}

/* The floor only counts what the store has, not what is under way here. */
static int raise_floor(intake *it, feed *of, wjz_err *err) {
    feed durable = {.number = of->number, .region = of->region};
    durable.sequences.floor = of->stored_floor;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_read_sequences(tx, &durable, err);
    if (r == 0 && durable.sequences.floor > of->stored_floor) {
        r = store_raise_floor(tx, of, durable.sequences.floor);
        of->stored_floor = durable.sequences.floor;
    }
    sequences_free(&durable.sequences);
    return r == 0 ? wjz_tx_commit(&tx, err) : r;
}

static int raise_floors(intake *it, wjz_err *err) {
    int r = 0;
    for (size_t i = 0; r == 0 && i < it->feeds.count; i++) {
        if (it->feeds.items[i]->sequences.floor > it->feeds.items[i]->stored_floor)
            r = raise_floor(it, it->feeds.items[i], err);
    }
    return r;
}

static int tell_gaps(intake *it, wjz_err *err) {
    int r = 0;
    for (size_t i = 0; r == 0 && i < it->feeds.count; i++)
        r = gaps_tell(it, it->feeds.items[i], err);
    return r;
}

static int forget(intake *it, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_forget_receipts(tx, RECEIPT_DAYS);
    if (r == 0) r = store_forget_attachments(tx, ATTACHMENT_DAYS);
    if (r == 0) r = store_forget_files(tx, FILE_DAYS);
    return r == 0 ? wjz_tx_commit(&tx, err) : r;
}

static int tell_health(upkeep *u, wjz_err *err) {
    int64_t now_us = wjz_clock_monotonic_us();
    if (now_us < u->health_due_us) return 0;
    int r = feed_health_tell(u->it, err);
    if (r == 0) u->health_due_us = now_us + u->it->conf->health_every * 1000;
    return r;
}

static int forget_in_time(upkeep *u, wjz_err *err) {
    int64_t now_us = wjz_clock_monotonic_us();
    if (now_us < u->forget_due_us) return 0;
    int r = forget(u->it, err);
    if (r == 0) u->forget_due_us = now_us + u->it->conf->forget_every * 1000;
    return r;
}

static int one_round(upkeep *u, wjz_err *err) {
    int r = write_all_counts(u->it, err);
    if (r == 0) r = writer_adopt_feedback(u->it->writer, err);
    if (r == 0) r = intake_refresh(u->it, err);
    if (r == 0) r = raise_floors(u->it, err);
    if (r == 0) r = tell_gaps(u->it, err);
    if (r == 0) r = tell_health(u, err);
    return r == 0 ? forget_in_time(u, err) : r;
}

static void run(void *arg) {
    upkeep *u = arg;
    while (wjz_event_wait_ms(u->it->loop, &u->stop, ROUND_MS) == -ETIMEDOUT) {
        wjz_err err = {0};
        if (wjz_db_ready(u->it->db) && one_round(u, &err) < 0) wjz_log_warn("upkeep put off", "error=\"%s\"", err.text);
    }
    wjz_event_set(u->it->loop, &u->ended);
}

int upkeep_open(intake *it, upkeep **ret_upkeep, wjz_err *err) {
    upkeep *u = calloc(1, sizeof *u);
    if (u == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    u->it = it;
    int r = wjz_fiber_spawn(it->loop, run, u);
    if (r < 0) {
        free(u);
        return wjz_err_set(err, r, "could not start the upkeep");
    }
    *ret_upkeep = u;
    return 0;
}

void upkeep_close(upkeep **at) {
    if (at == NULL || *at == NULL) return;
    upkeep *u = *at;
    wjz_err err = {0};
    wjz_event_set(u->it->loop, &u->stop);
    wjz_event_wait(u->it->loop, &u->ended);
    if (wjz_db_ready(u->it->db) && write_all_counts(u->it, &err) < 0)
        wjz_log_warn("counts lost", "error=\"%s\"", err.text);
    free(u);
    *at = NULL;
}
