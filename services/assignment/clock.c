/* Clock: whoever does not accept in time loses the clue to the next person. Any instance takes what is due; rows that
 * another one has locked are left to it. */
#include "assignment/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "assignment/notices.h"
#include "assignment/store.h"
#include "wjz/clock.h"
#include "wjz/log.h"

/* A due time is missed by a little rather than met by a look too early. */
enum { LATENESS_MS = 5 };

static int escalate_due(turn *now, wjz_tx *tx, size_t *ret_count, wjz_err *err) {
    store_due *due;
    size_t count;
    int r = store_claim_due(tx, now->book.arena, now->book.now_us, &due, &count, err);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = dispatch_overdue(&now->on, &due[i].told, due[i].open, err);
    if (r == 0) *ret_count = count;
    return r;
}

static int remind_recusals(turn *now, wjz_tx *tx, wjz_err *err) {
    store_due *due;
    size_t count;
    int r = store_claim_recusals(tx, now->book.arena, now->book.now_us, &due, &count, err);
    for (size_t i = 0; r == 0 && i < count; i++) {
        const person *chief = directory_with_role(now->held, due[i].open->organ, ROLE_CHIEF);
        notice_about about = {.of = due[i].open, .told = &due[i].told, .from = due[i].person};
        r = notices_add(&now->book, now->held, NOTICE_RECUSAL_OVERDUE, &about, chief != NULL ? chief->code : NULL, err);
    }
    return r;
}

/* One look: *ret_next_us gets when the next acceptance ends, 0 for none, and now when there may be more due already. */
static int look(assignment_service *self, int64_t *ret_next_us, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r < 0) return r;
    turn now;
    turn_begin(self, wjz_tx_arena(tx), &now);
    size_t count = 0;
    int64_t next_us = 0;
    r = escalate_due(&now, tx, &count, err);
    if (r == 0) r = remind_recusals(&now, tx, err);
    if (r == 0) r = turn_write(self, &now, tx, err);
    if (r == 0) r = store_next_due(tx, &next_us, err);
    turn_end(&now);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r == 0) *ret_next_us = next_us;
    return r;
}

static uint64_t pause_until(const assignment_service *self, int64_t next_us) {
    int64_t longest = self->clock_every_ms;
    if (next_us == 0) return (uint64_t)longest;
    int64_t pause = (next_us - wjz_clock_us()) / 1000 + LATENESS_MS;
    if (pause < LATENESS_MS) pause = LATENESS_MS;
    return (uint64_t)(pause < longest ? pause : longest);
}

static void fiber_ended(assignment_service *self) {
    if (--self->fibers == 0) wjz_event_set(self->loop, &self->fibers_ended);
}

/* Waits for the event or the pause; whether the service goes on. */
static bool wait_for(assignment_service *self, wjz_event *wake, uint64_t pause_ms) {
    if (!self->stopping && wjz_event_wait_ms(self->loop, wake, pause_ms) == 0) wjz_event_clear(wake);
    return !self->stopping;
}

static void run_clock(void *arg) {
    assignment_service *self = arg;
    uint64_t pause_ms = 0;
    while (wait_for(self, &self->clock_wake, pause_ms)) {
        wjz_err err = {0};
        int64_t next_us = 0;
        int r = look(self, &next_us, &err);
        if (r < 0) wjz_log_warn("clock failed", "error=\"%s\"", err.text);
        pause_ms = r < 0 ? (uint64_t)self->clock_every_ms : pause_until(self, next_us);
    }
    fiber_ended(self);
}

static int read_directory(assignment_service *self, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    return r < 0 ? r : assignment_renew_directory(self, tx, err);
}

typedef struct page {
    int32_t region; /* of the last one, and its id */
    int64_t id;
} page;

/* What people have in hand who have left, and then what nobody has, page after page: *last moves on with these. */
static int claim_page(wjz_tx *tx, turn *now, page *last, store_due **ret_due, size_t *ret_count, wjz_err *err) {
    const directory *held = now->held;
    wjz_arena *arena = now->book.arena;
    int r = 0;
    *ret_count = 0;
    if (held->absent_count > 0) r = store_claim_left(tx, arena, held, ret_due, ret_count, err);
    if (r < 0 || *ret_count > 0) return r;
    r = store_claim_unplaced(tx, arena, last->region, last->id, ret_due, ret_count, err);
    if (r < 0 || *ret_count == 0) return r;
    const assignment *end = (*ret_due)[*ret_count - 1].open;
    *last = (page){end->region, end->id};
    return 0;
}

/* *ret_count gets how many were looked for somebody for. */
static int place_page(assignment_service *self, page *last, size_t *ret_count, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r < 0) return r;
    turn now;
    turn_begin(self, wjz_tx_arena(tx), &now);
    store_due *due;
    r = claim_page(tx, &now, last, &due, ret_count, err);
    for (size_t i = 0; r == 0 && i < *ret_count; i++)
        r = dispatch_unplaced(&now.on, &due[i].told, due[i].open, err);
    if (r == 0) r = turn_write(self, &now, tx, err);
    turn_end(&now);
    return r < 0 ? r : wjz_tx_commit(&tx, err);
}

static int place_all(assignment_service *self, wjz_err *err) {
    page last = {0};
    size_t count;
    int r;
    do
        r = place_page(self, &last, &count, err);
    while (r == 0 && count > 0 && !self->stopping);
    return r;
}

/* What nobody could be found for is an alarm, and is not left at that: whoever the directory has now gets it. So does
 * what those had who have left. */
static void run_directory(void *arg) {
    assignment_service *self = arg;
    while (wait_for(self, &self->directory_wake, (uint64_t)self->directory_every_ms)) {
        wjz_err err = {0};
        int r = read_directory(self, &err);
        if (r < 0) wjz_log_warn("directory not read", "error=\"%s\"", err.text);
        if (r == 0 && place_all(self, &err) < 0) wjz_log_warn("nobody looked for", "error=\"%s\"", err.text);
    }
    fiber_ended(self);
}

int clock_start(assignment_service *self, wjz_err *err) {
    wjz_call_fn *const fibers[] = {run_clock, run_directory};
    for (size_t i = 0; i < WJZ_COUNT(fibers); i++) {
        int r = wjz_fiber_spawn(self->loop, fibers[i], self);
        if (r < 0) return wjz_err_set(err, r, "could not start the clock: %s", strerror(-r));
        self->fibers++;
    }
    return 0;
}

void clock_stop(assignment_service *self) {
    self->stopping = true;
    if (self->fibers == 0) return;
    wjz_event_set(self->loop, &self->clock_wake);
    wjz_event_set(self->loop, &self->directory_wake);
    wjz_event_wait(self->loop, &self->fibers_ended);
}
