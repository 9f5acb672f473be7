/* One round at a time per instance, so that the hot path always finds connections and time, and one beside it whose
 * computation lasts and needs neither; what computes for long on the loop gives way besides. */
#include "scoring/rounds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/alarms.h"
#include "scoring/digests.h"
#include "scoring/penalties.h"
#include "scoring/scans.h"
#include "scoring/store_runs.h"
#include "scoring/warnings.h"
#include "wjz/clock.h"
#include "wjz/log.h"

enum { LEASE_SECONDS = 60, RENEW_US = 15000000 };
enum {
    LOOK_US = 20000 /* of work, before live work is looked for again */,
    AGAIN_MS = 50,
    REST_MS = 200,
    HELD_MOST_MS = 600000
};

/* To add a round: a function, a row. Rows of the store come by themselves. */
static const struct {
    const char *name;
    round_fn *run;
    bool lasts; /* nobody waits for it */
} ROUNDS[] = {
    {"alarms", alarms_round, false},   {"warnings", warnings_round, false},   {"scan", scans_round, true},
    {"digests", digests_round, false}, {"penalties", penalties_round, false},
};

struct rounds {
    scoring_service *self;
    const scoring_conf *conf;
    wjz_timer *timer;
    bool looking;   /* for rounds that are due, and doing them */
    bool one_lasts; /* is under way beside those */
    wjz_event idle; /* set while neither is so */
    atomic_bool closing;
};

static const wjz_stmt MAKE_ROUNDS = {
    "scoring_make_rounds",
    "INSERT INTO scoring.round (region, name) SELECT f.region, n.name FROM (SELECT DISTINCT region FROM intake.feed) f,"
    " unnest($1::text[]) AS n (name) WHERE NOT EXISTS (SELECT FROM scoring.round r WHERE r.region = f.region"
    " AND r.name = n.name) ON CONFLICT DO NOTHING",
    0};

static const wjz_stmt TAKE_ROUND = {
    "scoring_take_round",
    "UPDATE scoring.round SET owner = $1, lease_until = now() + $2 * interval '1 second' WHERE (region, name) ="
    " (SELECT region, name FROM scoring.round WHERE due_at <= now() AND lease_until < now() AND name = ANY ($3)"
    " ORDER BY due_at, region, name LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING region, name, seen, done_at",
    4};

static const wjz_stmt RENEW_ROUND = {
    "scoring_renew_round",
    "UPDATE scoring.round SET lease_until = now() + $4 * interval '1 second' WHERE region = $1 AND name = $2"
    " AND owner = $3 AND lease_until > now()",
    0};

static const wjz_stmt FINISH_ROUND = {
    "scoring_finish_round",
    "UPDATE scoring.round SET lease_until = '-infinity', due_at = $4, seen = $5, done_at = CASE WHEN $6 THEN done_at"
    " ELSE now() END WHERE region = $1 AND name = $2 AND owner = $3 AND lease_until > now() RETURNING 1",
    1};

static const wjz_stmt PUT_OFF_ROUND = {
    "scoring_put_off_round",
    "UPDATE scoring.round SET lease_until = '-infinity', due_at = now() + interval '1 minute' WHERE region = $1"
    " AND name = $2 AND owner = $3",
    0};

static int32_t owner_of(const scoring_service *self) {
    return (int32_t)wjz_bus_instance_number(self->bus);
}

int round_finish(round_lease *round, wjz_tx *tx, int64_t due_us, wjz_err *err) {
    wjz_rows *rows = NULL;
    if (wjz_tx_era(tx) != round->era)
        return wjz_err_set(err, -EAGAIN, "the server has come back since the round was taken");
    int r =
        wjz_tx_query_v(tx, &FINISH_ROUND, &rows, err, wjz_i32(round->region), wjz_text(round->name),
                       wjz_i32(owner_of(round->self)), wjz_time(due_us), wjz_i64(round->seen), wjz_bool(round->idle));
    if (r == 0 && wjz_rows_count(rows) == 0)
        r = wjz_err_set(err, -ECANCELED, "another instance has taken the round over");
    return r;
}

/* Whether it was in time shows when the round is finished. */
static void renew(round_lease *round) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_err err = {0};
    int r = wjz_tx_begin(round->self->db, &tx, &err);
    if (r == 0)
        r = wjz_tx_send_v(tx, &RENEW_ROUND, wjz_i32(round->region), wjz_text(round->name),
                          wjz_i32(owner_of(round->self)), wjz_i64(LEASE_SECONDS));
    if (r == 0) r = wjz_tx_commit(&tx, &err);
    if (r < 0)
        wjz_log_warn("lease not renewed", "round=%s region=%" PRId32 " error=\"%s\"", round->name, round->region,
                     err.text);
    round->renewed_us = wjz_clock_monotonic_us();
}

static void keep_lease(round_lease *round) {
    if (wjz_clock_monotonic_us() - round->renewed_us >= RENEW_US) renew(round);
}

void round_pause(void *arg) {
    round_lease *round = arg;
    wjz_fiber_yield(round->self->loop);
    keep_lease(round);
}

/* Whether live work is to go first; not when that cannot be known. */
static bool is_held(round_lease *round) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    live_load load = {0};
    wjz_err err = {0};
    if (wjz_tx_begin(round->self->db, &tx, &err) || store_live_load(tx, &load, &err)) return false;
    return pace_hold(&round->pace, load.waiting, load.oldest_us, wjz_clock_monotonic_us()) > 0;
}

static void wait_ms(round_lease *round, int ms) {
    if (ms) wjz_fiber_sleep(round->self->loop, (uint64_t)ms);
    round->held_ms += ms;
    keep_lease(round);
}

void round_give_way(void *arg) {
    round_lease *round = arg;
    round_pause(round);
    int64_t took_us = wjz_clock_monotonic_us() - round->went_on_us;
    if (took_us < LOOK_US || *round->closing || round->held_ms >= HELD_MOST_MS) return;
    while (!*round->closing && round->held_ms < HELD_MOST_MS && is_held(round))
        wait_ms(round, AGAIN_MS);
    int rest_ms = pace_took(&round->pace, 1, took_us, wjz_clock_monotonic_us());
    wait_ms(round, rest_ms < REST_MS ? rest_ms : REST_MS);
    round->went_on_us = wjz_clock_monotonic_us();
}

int round_compute(round_lease *round, wjz_call_fn *fn, void *arg) {
    wjz_event done = {0};
    int r = wjz_loop_compute_idle(round->self->loop, fn, arg, &done);
    while (r == 0 && wjz_event_wait_ms(round->self->loop, &done, RENEW_US / 1000) < 0)
        renew(round);
    return r;
}

int64_t round_next_time(int64_t now_us, int64_t seconds) {
    wjz_day day = wjz_clock_day(now_us);
    int64_t at = wjz_clock_from_day(day, (int)seconds);
    return at > now_us ? at : at + WJZ_DAY_US;
}

static void put_off(round_lease *round) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_err err = {0};
    int r = wjz_tx_begin(round->self->db, &tx, &err);
    if (r == 0)
        r = wjz_tx_send_v(tx, &PUT_OFF_ROUND, wjz_i32(round->region), wjz_text(round->name),
                          wjz_i32(owner_of(round->self)));
    if (r == 0) r = wjz_tx_commit(&tx, &err);
    if (r < 0)
        wjz_log_warn("round not put off", "round=%s region=%" PRId32 " error=\"%s\"", round->name, round->region,
                     err.text);
}

/* 1 with a round in hand, 0 when none is due. */
static int take_round(rounds *all, round_lease *ret_round, size_t *ret_index, wjz_err *err) {
    const char *names[WJZ_COUNT(ROUNDS)], *takes[WJZ_COUNT(ROUNDS)];
    size_t taken = 0;
    for (size_t i = 0; i < WJZ_COUNT(ROUNDS); i++) {
        names[i] = ROUNDS[i].name;
        if (!all->one_lasts || !ROUNDS[i].lasts) takes[taken++] = names[i];
    }
    wjz_rows *rows = NULL;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(all->self->db, &tx, err);
    if (r == 0) r = wjz_tx_send_v(tx, &MAKE_ROUNDS, wjz_texts(names, WJZ_COUNT(names)));
    if (r == 0)
        r = wjz_tx_query_v(tx, &TAKE_ROUND, &rows, err, wjz_i32(owner_of(all->self)), wjz_i64(LEASE_SECONDS),
                           wjz_texts(takes, taken));
    if (r < 0) return r;
    bool found = wjz_rows_count(rows) > 0;
    if (found) {
        *ret_index = 0;
        while (strcmp(ROUNDS[*ret_index].name, wjz_row_text(rows, 0, 1)) != 0)
            ++*ret_index;
        *ret_round = (round_lease){.self = all->self,
                                   .conf = all->conf,
                                   .region = (int32_t)wjz_row_int(rows, 0, 0),
                                   .name = ROUNDS[*ret_index].name,
                                   .era = wjz_tx_era(tx),
                                   .seen = wjz_row_int(rows, 0, 2),
                                   .done_us = wjz_row_time(rows, 0, 3),
                                   .renewed_us = wjz_clock_monotonic_us(),
                                   .went_on_us = wjz_clock_monotonic_us() - LOOK_US,
                                   .closing = &all->closing};
        pace_begin(&ret_round->pace);
    }
    r = wjz_tx_commit(&tx, err);
    return r < 0 ? r : found;
}

static void run_one(round_lease *round, round_fn *run) {
    wjz_err err = {0};
    round->arena = wjz_arena_new(0);
    int r = round->arena ? run(round, &err) : wjz_err_set(&err, -ENOMEM, "out of memory");
    wjz_arena_destroy(&round->arena);
    if (r == 0) return;
    wjz_log_warn("round not finished", "round=%s region=%" PRId32 " error=\"%s\"", round->name, round->region,
                 err.text);
    if (r != -ECANCELED) put_off(round);
}

static void note_idle(rounds *all) {
    if (!all->looking && !all->one_lasts) wjz_event_set(all->self->loop, &all->idle);
}

typedef struct lasting_round {
    rounds *all;
    round_lease lease;
    round_fn *run;
} lasting_round;

static void run_lasting(void *arg) {
    lasting_round *lasting = arg;
    rounds *all = lasting->all;
    run_one(&lasting->lease, lasting->run);
    free(lasting);
    all->one_lasts = false;
    note_idle(all);
}

/* Whether it could be begun in a fiber of its own. */
static bool begin_lasting(rounds *all, const round_lease *round, round_fn *run) {
    lasting_round *lasting = malloc(sizeof *lasting);
    if (!lasting) return false;
    *lasting = (lasting_round){all, *round, run};
    all->one_lasts = wjz_fiber_spawn(all->self->loop, run_lasting, lasting) == 0;
    if (!all->one_lasts) free(lasting);
    return all->one_lasts;
}

static void run_due(void *arg) {
    rounds *all = arg;
    round_lease round;
    size_t index;
    wjz_err err = {0};
    int r = 1;
    while (!all->closing && (r = take_round(all, &round, &index, &err)) > 0)
        if (!ROUNDS[index].lasts || !begin_lasting(all, &round, ROUNDS[index].run)) run_one(&round, ROUNDS[index].run);
    if (r < 0) wjz_log_warn("rounds not looked for", "error=\"%s\"", err.text);
    all->looking = false;
    note_idle(all);
}

static void on_time(void *arg) {
    rounds *all = arg;
    if (all->looking || !wjz_bus_ready(all->self->bus)) return;
    all->looking = wjz_fiber_spawn(all->self->loop, run_due, all) == 0;
    if (all->looking) wjz_event_clear(&all->idle);
}

int rounds_open(scoring_service *self, const scoring_conf *conf, rounds **ret_rounds, wjz_err *err) {
    rounds *all = calloc(1, sizeof *all);
    if (!all) return wjz_err_set(err, -ENOMEM, "out of memory");
    *all = (rounds){.self = self, .conf = conf, .idle = {.set = true}};
    int r = wjz_timer_open(self->loop, (uint64_t)conf->rounds_every, (uint64_t)conf->rounds_every, on_time, all,
                           &all->timer);
    if (r < 0) {
        free(all);
        return wjz_err_set(err, r, "could not start the timer of rounds");
    }
    *ret_rounds = all;
    return 0;
}

void rounds_close(rounds **r) {
    if (!r || !*r) return;
    rounds *all = *r;
    *r = NULL;
    all->closing = true;
    wjz_timer_close(&all->timer);
    wjz_event_wait(all->self->loop, &all->idle);
    free(all);
}
