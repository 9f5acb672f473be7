/* Visits. Whoever gives slots away in a region holds its lock; the booking's constraint guards against appointments. */
#include "scheduling/visits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scheduling/notices.h"
#include "scheduling/rota.h"
#include "scheduling/scheduling.h"
#include "scheduling/store.h"
#include "scheduling/store_booking.h"
#include "wjz/clock.h"
#include "wjz/id.h"

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* --- placing --- */

/* The time in which visits may be proposed now. */
static int find_window(struct scheduling *self, wjz_tx *tx, wjz_arena *arena, struct span *ret_window, wjz_err *err) {
    enum { DAYS_MOST = 150 };
    int64_t now_us = wjz_clock_us();
    int32_t today = wjz_day_number(wjz_clock_day(now_us)), day = today;
    struct rota_holiday *holidays = NULL;
    size_t count = 0;
    int r = store_holidays(tx, today, today + DAYS_MOST, arena, &holidays, &count, err);
    if (r < 0) return r;
    for (int64_t left = self->conf->visit_days; left > 0 && day < today + DAYS_MOST;)
        left -= rota_is_working_day(++day, holidays, count);
    *ret_window =
        (struct span){now_us + self->conf->visit_lead * 1000, wjz_clock_from_day(wjz_day_from_number(day + 1), 0)};
    return 0;
}

static int load_shifts(wjz_tx *tx, int32_t region, const struct visit *visits, size_t count, struct span window,
                       wjz_arena *arena, struct open_shift **ret_shifts, size_t *ret_count, wjz_err *err) {
    const char **stations = wjz_arena_alloc(arena, count * sizeof *stations);
    const char **prosecutors = wjz_arena_alloc(arena, count * sizeof *prosecutors);
    if (stations == NULL || prosecutors == NULL) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        stations[i] = visits[i].station;
        prosecutors[i] = visits[i].prosecutor;
    }
    enum { PER_SHIFT = 32 }; /* half-hour visits of a long day */
    const struct shift_filter filter = {
        window.from_us, window.to_us, stations, count, prosecutors, count, count < PER_SHIFT ? count : PER_SHIFT};
    return store_open_shifts(tx, region, &filter, arena, ret_shifts, ret_count, err);
}

static void propose(struct visit *visit, const struct visit_slot *slot, const struct open_shift *shifts) {
    visit->state = "proposed";
    visit->shift = shifts[slot->shift].id;
    visit->starts_us = slot->time.from_us;
    visit->ends_us = slot->time.to_us;
    visit->proposals++;
    visit->reason = "";
}

static void let_wait(struct visit *visit, const char *reason) {
    visit->state = "waiting";
    visit->shift = 0;
    visit->starts_us = visit->ends_us = 0;
    visit->reason = reason;
}

static const struct open_shift *shift_of(const struct visit *visit, const struct open_shift *shifts, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (shifts[i].id == visit->shift) return &shifts[i];
    return NULL;
}

/* To the prosecutor of the assignment, and to whoever has the duty when that is somebody else. */
static void tell_proposal(struct notices *notices, const struct visit *visit, const struct open_shift *shift) {
    const char *const people[] = {visit->prosecutor,
                                  strcmp(visit->prosecutor, shift->prosecutor) == 0 ? "" : shift->prosecutor};
    const char *event = wjz_arena_printf(notices->arena, "visit:%" PRId64 ":proposed:%d", visit->id, visit->proposals);
    for (size_t i = 0; i < WJZ_COUNT(people); i++) {
        if (people[i][0] == '\0') continue;
        Wjz__Notification__Notice *notice =
            notices_add(notices, event, "visit_proposed", people[i], (struct about){"visit", visit->id});
        if (notice == NULL) return;
        if (visit->urgent) notice->urgency = WJZ__NOTIFICATION__URGENCY__URGENT;
        notices_number(notices, notice, "visit", visit->id);
        notices_number(notices, notice, "clue", visit->clue);
        notices_number(notices, notice, "stars", visit->stars);
        notices_value(notices, notice, "station", shift->station_name);
        notices_time(notices, notice, "starts_at", visit->starts_us);
        notices_time(notices, notice, "ends_at", visit->ends_us);
    }
}

static int choose(struct scheduling *self, const struct visit *visits, size_t count, struct open_shift *shifts,
                  size_t shift_count, int64_t earliest_us, wjz_arena *arena, struct visit_slot *slots) {
    struct visit_need *needs = wjz_arena_calloc(arena, count, sizeof *needs);
    if (needs == NULL) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        needs[i] = (struct visit_need){.assignment = visits[i].assignment,
                                       .station = visits[i].station,
                                       .prosecutor = visits[i].prosecutor,
                                       .stars = visits[i].stars,
                                       .urgent = visits[i].urgent,
                                       .declined = visits[i].declined,
                                       .declined_count = visits[i].declined_count};
    }
    return visits_place(needs, count, shifts, shift_count, self->conf->visit_length * 1000, earliest_us, arena, slots);
}

/* Books what was chosen; who was too late for a time waits for the next round. */
static int book(wjz_tx *tx, int32_t region, struct visit *visits, size_t count, wjz_arena *arena, wjz_err *err) {
    struct visit *chosen = wjz_arena_calloc(arena, count, sizeof *chosen);
    size_t *index = wjz_arena_calloc(arena, count, sizeof *index);
    bool *taken = wjz_arena_calloc(arena, count, sizeof *taken);
    if (chosen == NULL || index == NULL || taken == NULL) return out_of_memory(err);
    size_t chosen_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (visits[i].shift == 0) continue;
        index[chosen_count] = i;
        chosen[chosen_count++] = visits[i];
    }
    if (chosen_count == 0) return 0;
    int r = store_book_visits(tx, region, chosen, chosen_count, arena, taken, err);
    for (size_t i = 0; r == 0 && i < chosen_count; i++)
        if (!taken[i]) let_wait(&visits[index[i]], "时段刚被占用/the time was just taken");
    return r;
}

static int write(struct scheduling *self, wjz_tx *tx, int32_t region, const struct visit *visits, size_t count,
                 const struct open_shift *shifts, size_t shift_count, wjz_arena *arena, wjz_err *err) {
    struct notices notices = {.arena = arena};
    struct change *changes = wjz_arena_calloc(arena, count, sizeof *changes);
    if (changes == NULL) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        const struct open_shift *shift = shift_of(&visits[i], shifts, shift_count);
        if (shift != NULL) tell_proposal(&notices, &visits[i], shift);
        changes[i] = (struct change){"visit", visits[i].id, OURSELVES, visits[i].state, visits[i].reason};
    }
    int r = store_write_visits(tx, region, visits, count, arena);
    if (r == 0) r = store_history(tx, region, changes, count, arena);
    return r < 0 ? out_of_memory(err) : notices_emit(&notices, self->bus, tx, region, err);
}

/* Gives slots to visits of one region as far as there are any, and writes how it went; under the region's lock. */
static int place(struct scheduling *self, wjz_tx *tx, int32_t region, struct visit *visits, size_t count,
                 wjz_arena *arena, wjz_err *err) {
    struct open_shift *shifts = NULL;
    size_t shift_count = 0, changed = 0;
    struct span window;
    struct visit_slot *slots = wjz_arena_calloc(arena, count, sizeof *slots);
    if (slots == NULL) return out_of_memory(err);
    int r = find_window(self, tx, arena, &window, err);
    if (r == 0) r = load_shifts(tx, region, visits, count, window, arena, &shifts, &shift_count, err);
    if (r < 0) return r;
    if (choose(self, visits, count, shifts, shift_count, window.from_us, arena, slots) < 0) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        bool waited = strcmp(visits[i].state, "waiting") == 0;
        if (slots[i].found)
            propose(&visits[i], &slots[i], shifts);
        else
            let_wait(&visits[i], "期限内无空闲到岗时段/no free duty slot in time");
        if (slots[i].found || !waited) visits[changed++] = visits[i]; /* who waits on is left as it is */
    }
    if (changed == 0) return 0;
    r = book(tx, region, visits, changed, arena, err);
    return r < 0 ? r : write(self, tx, region, visits, changed, shifts, shift_count, arena, err);
}

/* --- news of assignments --- */

static int by_assignment(const void *left, const void *right) {
    const struct heard *a = left, *b = right;
    if (a->region != b->region) return a->region < b->region ? -1 : 1;
    if (a->state->assignment != b->state->assignment) return a->state->assignment < b->state->assignment ? -1 : 1;
    return a->state->revision > b->state->revision ? -1 : a->state->revision < b->state->revision;
}

/* The newest of each assignment, in order. A first revision that needs nothing leaves nothing to remember. */
static size_t reduce(struct heard *heard, size_t count) {
    size_t kept = 0;
    qsort(heard, count, sizeof *heard, by_assignment);
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && heard[i - 1].region == heard[i].region &&
                     heard[i - 1].state->assignment == heard[i].state->assignment;
        if (!again) heard[kept++] = heard[i];
    }
    size_t count_kept = kept;
    kept = 0;
    for (size_t i = 0; i < count_kept; i++)
        if (heard[i].state->revision > 1 || visit_is_needed(heard[i].state)) heard[kept++] = heard[i];
    return kept;
}

static struct visit new_visit(const Wjz__Assignment__AssignmentState *state) {
    return (struct visit){
        .id = wjz_id_next(),
        .assignment = (int64_t)state->assignment,
        .clue = (int64_t)state->clue,
        .organ = state->organ,
        .station = state->station,
        .prosecutor = state->prosecutor,
        .stars = (int)state->stars,
        .urgent = state->urgent,
        .state = "",
        .reason = "",
        .revision = (int64_t)state->revision,
        .is_new = true,
    };
}

static bool is_open(const struct visit *visit) {
    return strcmp(visit->state, "proposed") == 0 || strcmp(visit->state, "accepted") == 0 ||
           strcmp(visit->state, "waiting") == 0;
}

static int withdraw(wjz_tx *tx, int32_t region, struct visit *visits, size_t count, wjz_arena *arena, wjz_err *err) {
    if (count == 0) return 0;
    int64_t *ids = wjz_arena_alloc(arena, count * sizeof *ids);
    struct change *changes = wjz_arena_calloc(arena, count, sizeof *changes);
    if (ids == NULL || changes == NULL) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        let_wait(&visits[i], "");
        visits[i].state = "withdrawn";
        ids[i] = visits[i].id;
        changes[i] = (struct change){"visit", visits[i].id, OURSELVES, "withdrawn", ""};
    }
    int r = store_free_visits(tx, region, ids, count);
    if (r == 0) r = store_write_visits(tx, region, visits, count, arena);
    if (r == 0) r = store_history(tx, region, changes, count, arena);
    return r < 0 ? out_of_memory(err) : 0;
}

static const struct visit *find(const struct known *known, uint64_t assignment) {
    for (size_t i = 0; i < known->visit_count; i++)
        if ((uint64_t)known->visits[i].assignment == assignment) return &known->visits[i];
    return NULL;
}

/* What news comes to: visits to be placed, visits to be withdrawn, and revisions that are only remembered. */
struct verdict {
    struct visit *needed, *ended;
    int64_t *noted, *revisions;
    size_t needed_count, ended_count, noted_count;
};

static int verdict_new(wjz_arena *arena, size_t count, struct verdict *ret_verdict) {
    *ret_verdict = (struct verdict){.needed = wjz_arena_calloc(arena, count, sizeof(struct visit)),
                                    .ended = wjz_arena_calloc(arena, count, sizeof(struct visit)),
                                    .noted = wjz_arena_calloc(arena, count, sizeof(int64_t)),
                                    .revisions = wjz_arena_calloc(arena, count, sizeof(int64_t))};
    bool whole = ret_verdict->needed != NULL && ret_verdict->ended != NULL && ret_verdict->noted != NULL &&
                 ret_verdict->revisions != NULL;
    return whole ? 0 : -ENOMEM;
}

/* News of an assignment that is newer than what was heard of it. */
static void judge(const Wjz__Assignment__AssignmentState *state, const struct visit *visit, struct verdict *into) {
    bool open = visit != NULL && is_open(visit), needed = visit_is_needed(state);
    if (needed && !open) {
        struct visit *placed = &into->needed[into->needed_count++];
        *placed = new_visit(state);
        if (visit == NULL) return;
        placed->is_new = false;
        placed->id = visit->id;
        placed->proposals = visit->proposals;
    } else if (!needed && open) {
        struct visit *withdrawn = &into->ended[into->ended_count++];
        *withdrawn = *visit;
        withdrawn->revision = (int64_t)state->revision;
    } else {
        into->noted[into->noted_count] = (int64_t)state->assignment;
        into->revisions[into->noted_count++] = (int64_t)state->revision;
    }
}

/* The news of one region: what is needed and not there is placed, what is there and not needed is withdrawn. What is
 * older than what was heard before, by the visit or without one, is dropped. */
static int hear_region(struct scheduling *self, wjz_tx *tx, const struct heard *heard, size_t count, wjz_arena *arena,
                       wjz_err *err) {
    int32_t region = heard[0].region;
    struct known known;
    struct verdict verdict;
    int64_t *assignments = wjz_arena_alloc(arena, count * sizeof *assignments);
    if (assignments == NULL || verdict_new(arena, count, &verdict) < 0) return out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        assignments[i] = (int64_t)heard[i].state->assignment;
    int r = store_lock_visits(tx, region);
    if (r == 0) r = store_known(tx, region, assignments, count, arena, &known, err);
    if (r < 0) return r;
    for (size_t i = 0; i < count; i++) {
        const struct visit *visit = find(&known, heard[i].state->assignment);
        int64_t revision = (int64_t)heard[i].state->revision;
        if (revision > known.revisions[i] && (visit == NULL || revision > visit->revision))
            judge(heard[i].state, visit, &verdict);
    }
    if (store_note(tx, region, verdict.noted, verdict.revisions, verdict.noted_count) < 0) return out_of_memory(err);
    r = withdraw(tx, region, verdict.ended, verdict.ended_count, arena, err);
    if (r < 0 || verdict.needed_count == 0) return r;
    return place(self, tx, region, verdict.needed, verdict.needed_count, arena, err);
}

int visits_hear(struct scheduling *self, wjz_tx *tx, wjz_arena *arena, const struct heard *heard, size_t count,
                wjz_err *err) {
    struct heard *news = wjz_arena_calloc(arena, count, sizeof *news);
    if (news == NULL) return out_of_memory(err);
    if (count > 0) memcpy(news, heard, count * sizeof *news);
    count = reduce(news, count);
    int r = 0;
    for (size_t from = 0, to; r == 0 && from < count; from = to) {
        for (to = from + 1; to < count && news[to].region == news[from].region;)
            to++;
        r = hear_region(self, tx, news + from, to - from, arena, err);
    }
    return r;
}

/* --- again --- */

static int retry_region(struct scheduling *self, int32_t region, wjz_err *err) {
    enum { MOST = 200 };
    struct visit *visits = NULL;
    size_t count = 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r < 0) return r;
    wjz_arena *arena = wjz_tx_arena(tx);
    r = store_lock_visits(tx, region);
    if (r == 0) r = store_waiting_visits(tx, region, MOST, arena, &visits, &count, err);
    if (r == 0 && count > 0) r = place(self, tx, region, visits, count, arena, err);
    return r < 0 ? r : wjz_tx_commit(&tx, err);
}

int visits_retry(struct scheduling *self, wjz_err *err) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    if (arena == NULL) return out_of_memory(err);
    int64_t *regions = NULL;
    size_t count = 0;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_renew_visits(tx);
    if (r == 0) r = store_waiting_regions(tx, arena, &regions, &count, err);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = retry_region(self, (int32_t)regions[i], err);
    return r;
}

/* --- answers --- */

static int refuse(struct appointment_refusal *ret_refusal, wjz_refusal_code code, const char *field,
                  const char *message, const char *remedy) {
    *ret_refusal = (struct appointment_refusal){code, field, message, remedy};
    return 0;
}

static int accept(wjz_tx *tx, int32_t region, const char *actor, struct visit *visit, wjz_arena *arena, wjz_err *err) {
    const struct change change = {"visit", visit->id, actor, "accepted", ""};
    visit->state = "accepted";
    int r = store_write_visits(tx, region, visit, 1, arena);
    if (r == 0) r = store_history(tx, region, &change, 1, arena);
    return r < 0 ? out_of_memory(err) : 0;
}

static int decline(struct scheduling *self, wjz_tx *tx, int32_t region, const Wjz__Scheduling__AnswerVisit *asked,
                   struct visit *visit, wjz_arena *arena, wjz_err *err) {
    const struct change change = {"visit", visit->id, asked->actor, "declined", asked->reason};
    int64_t *declined = wjz_arena_alloc(arena, (visit->declined_count + 1) * sizeof *declined);
    if (declined == NULL) return out_of_memory(err);
    if (visit->declined_count > 0) memcpy(declined, visit->declined, visit->declined_count * sizeof *declined);
    declined[visit->declined_count++] = visit->shift;
    visit->declined = declined;
    int r = store_decline_visit(tx, region, visit->id, visit->shift);
    if (r == 0) r = store_free_visits(tx, region, &visit->id, 1);
    if (r == 0) r = store_history(tx, region, &change, 1, arena);
    if (r == 0) r = wjz_tx_wait(tx, NULL, err);
    if (r == 0) r = place(self, tx, region, visit, 1, arena, err);
    return r;
}

int visit_answer(struct scheduling *self, int32_t region, const Wjz__Scheduling__AnswerVisit *asked, wjz_arena *arena,
                 struct visit *ret_visit, const char **ret_station, struct appointment_refusal *ret_refusal,
                 wjz_err *err) {
    *ret_refusal = (struct appointment_refusal){0};
    bool known = false, prosecutor = false;
    struct visit visit = {0};
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_person(tx, region, asked->actor, &known, &prosecutor, err);
    if (r < 0) return r;
    if (!known)
        return refuse(ret_refusal, WJZ_REFUSAL_FORBIDDEN, "actor", "the directory does not know this person",
                      "give the code of an active person");
    r = store_lock_visits(tx, region);
    if (r == 0) r = store_visit(tx, region, (int64_t)asked->visit, arena, &visit, err);
    if (r == -ENOENT)
        return refuse(ret_refusal, WJZ_REFUSAL_NOT_FOUND, "visit", "there is no such visit", "check its number");
    if (r < 0) return r;
    bool accepted = strcmp(visit.state, "accepted") == 0;
    if (!accepted && strcmp(visit.state, "proposed") != 0)
        return refuse(ret_refusal, WJZ_REFUSAL_CONFLICT, "visit", "the visit is not proposed",
                      "look at its present state");
    if (!asked->accept) r = decline(self, tx, region, asked, &visit, arena, err);
    if (asked->accept && !accepted) r = accept(tx, region, asked->actor, &visit, arena, err);

    struct shift shift = {.station = ""};
    if (r == 0 && visit.shift != 0) r = store_shift(tx, region, visit.shift, arena, &shift, err);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r < 0) return r;
    *ret_visit = visit;
    *ret_station = shift.station;
    return 0;
}
