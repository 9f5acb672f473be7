/* The lock makes turns of a region strictly one after another, so an index is at a turn of the journal or ahead of it
 * by one whose fate is not known. Within the process the fibers that work on an index follow one another, too: the next
 * one may group its complaints while the server still writes what the one before has queued. That it was alone in this
 * shows when it gets the lock: the last turn must be the one that the index ends with. Whoever fails leaves the index
 * dirty and does not touch it again. */
#include "scoring/follow.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "scoring/journal.h"
#include "wjz/clock.h"
#include "wjz/id.h"

enum { ENTER_MS = 30000 };
/* Going ahead in vain costs reading the journal again. */
static const int64_t OTHERS_US = INT64_C(3600) * WJZ_SECOND_US, SUSPECTED_US = 60 * WJZ_SECOND_US;

struct followed {
    int32_t region;
    int64_t turn, stamp; /* the last one the index has; 0: none */
    bool dirty;          /* in the hands of a transaction that has not written its turn */
    bool ahead;          /* … and does not hold the lock yet */
    int committing;      /* transactions that have written their turn, and whose fate is not known */
    int expecting;       /* … some of which may not hold the lock yet: they come before whoever asks now */
    const wjz_tx *owner; /* that works on the index, NULL: none */
    wjz_loop *loop;      /* of its fibers */
    wjz_event free;
    wjz_event expected; /* a transaction that expected something has ended */
    int64_t others_us;  /* monotonic: until then other processes are taken to have turns, too */
    repeats_index *index;
    int64_t asked; /* of the owner: the turn from which on it asked, when it asked for the lock */
    int answer;    /* … where among its rows the answer is */
    bool answered; /* … which is in state */
    region_state state;
    followed *next;
};

void follow_destroy(followed **list) {
    while (list && *list) {
        followed *region = *list;
        *list = region->next;
        repeats_index_destroy(&region->index);
        free(region);
    }
}

repeats_index *follow_index(followed *region) {
    return region->index;
}

region_versions follow_versions(const followed *region) {
    return region->state.versions;
}

static void forget(followed *region) {
    repeats_index_destroy(&region->index);
    region->turn = region->stamp = 0;
}

size_t follow_count(const followed *list) {
    size_t count = 0;
    for (; list; list = list->next)
        count += list->index ? repeats_index_count(list->index) : 0;
    return count;
}

static followed *find_region(followed **list, int32_t region) {
    for (followed *at = *list; at; at = at->next) {
        if (at->region == region) return at;
    }
    followed *new = calloc(1, sizeof *new);
    if (!new) return NULL;
    *new = (followed){.region = region, .next = *list};
    return *list = new;
}

static int replay(followed *region, const store_turn *turn, wjz_err *err) {
    int r = journal_replay(turn->entries.data, turn->entries.length, region->index);
    if (r == -ENOMEM) return wjz_err_set(err, r, "out of memory");
    if (r)
        return wjz_err_set(err, r, "cannot read turn %lld of the journal of region %d", (long long)turn->turn,
                           (int)region->region);
    region->turn = turn->turn;
    region->stamp = turn->stamp;
    return 0;
}

/* Whether what the index holds was committed: its turn is in the journal, with its stamp. */
static bool committed(const followed *region, const store_turn *turns, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (turns[i].turn == region->turn) return turns[i].stamp == region->stamp;
    }
    return region->turn == 0;
}

static void expect_others(followed *region, int64_t for_us) {
    int64_t until_us = wjz_clock_monotonic_us() + for_us;
    if (until_us > region->others_us) region->others_us = until_us;
}

/* What was read are turns from `asked` on, that one without entries. The index may have gone ahead of it in the
 * meantime. */
static int catch_up(followed *region, wjz_tx *tx, wjz_arena *arena, wjz_err *err) {
    store_turn *turns = region->state.turns;
    size_t count = region->state.turn_count;
    if (region->turn && count > 1) expect_others(region, OTHERS_US);
    if (region->dirty || !committed(region, turns, count)) forget(region);
    int r = region->index ? 0 : repeats_index_new(&region->index);
    if (r) return wjz_err_set(err, r, "out of memory");
    if (!region->turn && region->asked) r = store_more_turns(tx, region->region, 0, arena, &turns, &count, err);
    while (!r && count) {
        for (size_t i = 0; !r && i < count; i++) {
            if (turns[i].turn > region->turn) r = replay(region, &turns[i], err);
        }
        if (r || count < STORE_TURNS) break;
        r = store_more_turns(tx, region->region, region->turn, arena, &turns, &count, err);
    }
    return r;
}

/* A process that has just started reads the journal before it asks for the lock, page by page into an index of its own:
 * a million complaints take seconds, in which the region must not wait for it. What is added meanwhile is read with the
 * lock. Another fiber may have been quicker: then this was in vain. */
static int warm_up(followed *region, wjz_tx *tx, wjz_err *err) {
    followed fresh = {.region = region->region};
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *page = wjz_arena_new(0);
    store_turn *turns = NULL;
    size_t count = STORE_TURNS;
    int r = page ? repeats_index_new(&fresh.index) : -ENOMEM;
    if (r) return wjz_err_set(err, r, "out of memory");
    while (!r && count == STORE_TURNS) {
        r = store_more_turns(tx, region->region, fresh.turn, page, &turns, &count, err);
        for (size_t i = 0; !r && i < count; i++)
            if (turns[i].turn > fresh.turn) r = replay(&fresh, &turns[i], err);
        wjz_arena_reset(page);
    }
    if (!r) {
        forget(region);
        region->index = WJZ_STEAL(fresh.index);
        region->turn = fresh.turn;
        region->stamp = fresh.stamp;
    }
    repeats_index_destroy(&fresh.index);
    return r;
}

/* --- one after another --- */

typedef struct entry {
    followed *region;
    const wjz_tx *tx;
} entry;

static void leave(followed *region, const wjz_tx *tx) {
    if (region->owner != tx) return;
    region->owner = NULL;
    region->ahead = region->answered = false;
    wjz_event_set(region->loop, &region->free);
}

static void transaction_ended(void *arg, WJZ_UNUSED int result) {
    const entry *e = arg;
    leave(e->region, e->tx);
}

static int own(followed *region, wjz_loop *loop, wjz_tx *tx) {
    entry *e = wjz_arena_alloc(wjz_tx_arena(tx), sizeof *e);
    if (!e) return -ENOMEM;
    *e = (entry){region, tx};
    int r = wjz_tx_after(tx, transaction_ended, e);
    if (r) return r;
    region->owner = tx;
    region->loop = loop;
    return 0;
}

bool follow_enter_idle(followed **list, wjz_loop *loop, wjz_tx *tx, int32_t number, followed **ret_region) {
    followed *region = find_region(list, number);
    if (!region || region->owner || region->committing || region->dirty || !region->turn) return false;
    if (own(region, loop, tx)) return false;
    *ret_region = region;
    return true;
}

int follow_enter(followed **list, wjz_loop *loop, wjz_tx *tx, int32_t number, followed **ret_region, wjz_err *err) {
    followed *region = find_region(list, number);
    if (!region) return wjz_err_set(err, -ENOMEM, "out of memory");
    *ret_region = region;
    while (region->owner && region->owner != tx) {
        wjz_event_clear(&region->free);
        if (wjz_event_wait_ms(loop, &region->free, ENTER_MS))
            return wjz_err_set(err, -EAGAIN, "the index of region %d is in use", (int)number);
    }
    if (region->owner || !own(region, loop, tx)) return 0;
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

void follow_hand_over(followed *region, const wjz_tx *tx) {
    leave(region, tx);
}

bool follow_go_ahead(followed *region) {
    if (region->answered || !region->committing || region->dirty || wjz_clock_monotonic_us() < region->others_us)
        return false;
    region->dirty = region->ahead = true;
    return true;
}

/* Nobody else may have had a turn since the one that the index ends with, and that one must have been committed. */
static int catch_up_ahead(followed *region, wjz_err *err) {
    const store_turn *turns = region->state.turns;
    size_t count = region->state.turn_count;
    region->ahead = false;
    if (count == 1 && turns[0].turn == region->turn && turns[0].stamp == region->stamp) return 0;
    if (count > 1) expect_others(region, OTHERS_US);
    forget(region);
    region->dirty = false; /* read anew before the lock is asked for again */
    return wjz_err_set(err, -EAGAIN, "went ahead of a turn of region %d in vain", (int)region->region);
}

int follow_ask(followed *region, wjz_tx *tx) {
    region->asked = region->turn;
    return store_ask_region(tx, region->region, region->asked, &region->answer);
}

int follow_answer(followed *region, wjz_tx *tx, wjz_arena *arena, wjz_err *err) {
    int r = store_answer_region(tx, region->answer, arena, &region->state, err);
    region->answered = r == 0;
    return r;
}

static int let_others_end(followed *region, wjz_err *err) {
    while (region->expecting) {
        wjz_event_clear(&region->expected);
        if (wjz_event_wait_ms(region->loop, &region->expected, ENTER_MS))
            return wjz_err_set(err, -EAGAIN, "turns of region %d are still being committed", (int)region->region);
    }
    return 0;
}

static int ask_and_wait(followed *region, wjz_tx *tx, wjz_arena *arena, wjz_err *err) {
    int r = let_others_end(region, err);
    if (!r && !region->turn && !region->dirty) r = warm_up(region, tx, err);
    if (r) return r;
    r = follow_ask(region, tx);
    if (r) return wjz_err_set(err, r, "could not ask for the lock of region %d", (int)region->region);
    r = wjz_tx_wait(tx, NULL, err);
    return r ? r : follow_answer(region, tx, arena, err);
}

int follow_lock(followed *region, wjz_tx *tx, wjz_arena *arena, wjz_err *err) {
    int r = region->answered ? 0 : ask_and_wait(region, tx, arena, err);
    if (r) return r;
    region->answered = false;
    if (region->ahead) return catch_up_ahead(region, err);
    r = catch_up(region, tx, arena, err);
    region->dirty = true;
    return r;
}

/* Others may have changed what was expected, or written what was taken to be new: with the lock it will show. */
static void expectation_ended(void *arg, int result) {
    followed *region = arg;
    region->expecting--;
    if (result == -EAGAIN || result == -EEXIST) expect_others(region, SUSPECTED_US);
    wjz_event_set(region->loop, &region->expected);
}

int follow_expect(followed *region, wjz_tx *tx, const region_versions *versions) {
    int r = wjz_tx_after(tx, expectation_ended, region);
    if (r) return r;
    region->expecting++;
    region->ahead = false;
    return store_expect_region(tx, region->region, region->turn, region->stamp, versions);
}

void follow_unchanged(followed *region) {
    region->dirty = false;
}

static void turn_ended(void *arg, WJZ_UNUSED int result) {
    ((followed *)arg)->committing--;
}

int follow_turn(followed *region, wjz_tx *tx, const void *entries, size_t length) {
    store_turn turn = {.turn = region->turn + 1, .stamp = wjz_id_next(), .entries = {entries, length}};
    int r = wjz_tx_after(tx, turn_ended, region);
    if (r) return r;
    region->committing++;
    region->turn = turn.turn;
    region->stamp = turn.stamp;
    region->dirty = false;
    return store_put_turn(tx, region->region, &turn);
}

int follow_note(followed *region, wjz_tx *tx) {
    size_t length = 0;
    const void *nothing = journal_nothing(&length);
    return follow_turn(region, tx, nothing, length);
}
