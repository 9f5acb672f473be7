/* See rehearse.h. */
#include "scoring/rehearse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/rules.pb-c.h"
#include "scoring/analysis.h"
#include "scoring/card_diff.h"
#include "scoring/neighbourhood.h"
#include "scoring/refuse.h"
#include "scoring/score.h"
#include "scoring/scoring.h"
#include "scoring/store.h"
#include "scoring/store_packs.h"
#include "scoring/store_rehearse.h"
#include "scoring/worth.h"
#include "wjz/clock.h"
#include "wjz/id.h"

enum { SLICE_US = 3000, CHANGES_TOLD = 500, DAYS_MOST = 3650 };

typedef struct rehearsal_run {
    rehearsal_row row;
    held_pack *beside, *version;
} rehearsal_run;

/* A portion under way. */
typedef struct rehearsing {
    run_portion *portion;
    rehearsal_run *run;
    rehearsal_row next; /* the row after this portion */
    int32_t region;
    rehearsed *list;
    size_t list_count;
    complaint *complaints; /* by id */
    size_t complaint_count;
    neighbourhood *near;
    star_change_row *changes;
    size_t change_count;
} rehearsing;

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* --- the run --- */

static void leave(void *arg) {
    rehearsal_run *run = arg;
    held_drop(&run->beside);
    held_drop(&run->version);
}

/* A version that cannot be loaded ends its rehearsal, with the reason. */
static int load_both(run_portion *p, rehearsal_run *run, bool *ret_loaded, wjz_err *err) {
    wjz_err wrong = {0};
    int r = versions_load(p->self->packs, p->tx, run->row.beside, &run->beside, &wrong);
    if (!r) r = versions_load(p->self->packs, p->tx, run->row.version, &run->version, &wrong);
    *ret_loaded = r == 0;
    if (!r) return 0;
    leave(run);
    if (store_is_away(r)) return wjz_err_set(err, r, "%s", wrong.text);
    return store_fail_rehearsal(p->tx, run->row.id, wrong.text, err);
}

static int take(run_portion *p, void **ret_run, wjz_err *err) {
    rehearsal_run *run = wjz_arena_calloc(p->keep, 1, sizeof *run);
    bool found = false, loaded = false;
    if (!run) return out_of_memory(err);
    int r = store_take_rehearsal(p->tx, p->instance, RUN_LEASE_MS, p->keep, &run->row, &found, err);
    if (r || !found) return r;
    if (!run->row.counted) r = store_count_rehearsal(p->tx, &run->row, err);
    if (!r) r = load_both(p, run, &loaded, err);
    if (!r && loaded) *ret_run = run;
    return r;
}

static int by_complaint(const void *a, const void *b) {
    return wjz_id_order(&((const complaint *)a)->id, &((const complaint *)b)->id);
}

/* By the subjects that the clues have now; the outcomes of all of them. */
static int read_near(rehearsing *now, wjz_err *err) {
    run_portion *p = now->portion;
    const char **subjects = wjz_arena_alloc(p->arena, now->list_count * sizeof *subjects);
    int64_t *clues = wjz_arena_alloc(p->arena, now->list_count * sizeof *clues);
    size_t count = 0;
    if (!subjects || !clues) return out_of_memory(err);
    for (size_t i = 0; i < now->list_count; i++) {
        subjects[i] = now->list[i].subject;
        if (i == 0 || clues[count - 1] != now->list[i].clue) clues[count++] = now->list[i].clue;
    }
    return neighbourhood_read(p->tx, now->region, subjects, now->list_count, clues, count, p->arena, &now->near, err);
}

static int read_portion(rehearsing *now, wjz_err *err) {
    run_portion *p = now->portion;
    int r = store_next_to_rehearse(p->tx, &now->run->row, p->limit, WORTH_FINDINGS, p->arena, &now->list,
                                   &now->list_count, &now->region, &now->next.cursor_clue, err);
    if (r || !now->list_count) return r;
    now->next.cursor_region = now->region;
    int64_t *ids = wjz_arena_alloc(p->arena, now->list_count * sizeof *ids);
    now->changes = wjz_arena_alloc(p->arena, now->list_count * sizeof *now->changes);
    if (!ids || !now->changes) return out_of_memory(err);
    for (size_t i = 0; i < now->list_count; i++)
        ids[i] = now->list[i].complaint;
    r = read_near(now, err);
    if (r) return r;
    r = store_load_complaints(p->tx, now->region, ids, NULL, now->list_count, p->arena, &now->complaints,
                              &now->complaint_count, err);
    if (!r) r = store_renew_complaints(p->tx, now->region, now->complaints, &now->complaint_count, p->arena, err);
    if (!r && now->complaint_count) qsort(now->complaints, now->complaint_count, sizeof *now->complaints, by_complaint);
    return r;
}

static int score_with(rehearsing *now, const rule_pack *pack, const rehearsed *members, size_t count,
                      Wjz__Scoring__ScoreCard **ret_card, wjz_err *err) {
    wjz_arena *arena = now->portion->arena;
    Wjz__Scoring__Finding **findings = wjz_arena_alloc(arena, count * sizeof *findings);
    int64_t *ids = wjz_arena_alloc(arena, count * sizeof *ids);
    size_t found = 0;
    if (!findings || !ids) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        complaint key = {.id = members[i].complaint};
        const complaint *c =
            bsearch(&key, now->complaints, now->complaint_count, sizeof *now->complaints, by_complaint);
        if (!c) continue;
        int r = analyse(pack, now->portion->self->places, c, arena, &findings[found], err);
        if (r) return r;
        ids[found++] = c->id;
    }
    *ret_card = NULL;
    matter_context context = {0};
    near_fact *facts = NULL;
    if (neighbourhood_of(now->near, (const Wjz__Scoring__Finding *const *)findings, found, &members[0].clue, 1, arena,
                         &facts, &context.near_count))
        return out_of_memory(err);
    context.near = facts;
    return found ? score_matter(pack, (const Wjz__Scoring__Finding *const *)findings, ids, found, &context, arena,
                                ret_card, err)
                 : 0;
}

static int note_change(rehearsing *now, int64_t clue, const Wjz__Scoring__ScoreCard *before,
                       const Wjz__Scoring__ScoreCard *after, wjz_err *err) {
    wjz_arena *arena = now->portion->arena;
    const Wjz__Scoring__ChangeReasons *why = card_diff(before, after, arena);
    size_t length = why ? wjz__scoring__change_reasons__get_packed_size(why) : 0;
    uint8_t *packed = why ? wjz_arena_alloc(arena, length) : NULL;
    if (!packed) return out_of_memory(err);
    wjz__scoring__change_reasons__pack(why, packed);
    now->changes[now->change_count++] = (star_change_row){.region = now->region,
                                                          .clue = clue,
                                                          .index_before = before->index,
                                                          .index_after = after->index,
                                                          .stars_before = (int16_t)before->stars,
                                                          .stars_after = (int16_t)after->stars,
                                                          .why = {packed, length}};
    return 0;
}

static int rehearse_clue(rehearsing *now, const rehearsed *members, size_t count, wjz_err *err) {
    Wjz__Scoring__ScoreCard *before = NULL, *after = NULL;
    int r = score_with(now, held_rules(now->run->beside), members, count, &before, err);
    if (!r) r = score_with(now, held_rules(now->run->version), members, count, &after, err);
    if (r || !before || !after) return r;
    now->next.done++;
    now->next.complaints += (int64_t)count;
    now->next.before[before->stars - 1]++;
    now->next.after[after->stars - 1]++;
    return before->stars == after->stars ? 0 : note_change(now, members[0].clue, before, after, err);
}

static int rehearse_all(rehearsing *now, wjz_err *err) {
    int64_t slice = wjz_clock_monotonic_us();
    int r = 0;
    for (size_t from = 0, to = 0; !r && from < now->list_count; from = to) {
        for (to = from; to < now->list_count && now->list[to].clue == now->list[from].clue; to++) {
        }
        if (!now->portion->skip) r = rehearse_clue(now, now->list + from, to - from, err);
        now->portion->done++;
        if (wjz_clock_monotonic_us() - slice < SLICE_US) continue;
        wjz_fiber_yield(now->portion->self->loop);
        slice = wjz_clock_monotonic_us();
    }
    return r;
}

static int work(run_portion *p, void *arg, wjz_err *err) {
    rehearsal_run *run = arg;
    int64_t began = wjz_clock_monotonic_us();
    rehearsing now = {.portion = p, .run = run, .next = run->row};
    bool ours = false;
    int r = read_portion(&now, err);
    if (!r) r = rehearse_all(&now, err);
    if (r) return r;
    p->ended = now.list_count == 0;
    now.next.changed += (int64_t)now.change_count;
    now.next.busy_us += wjz_clock_monotonic_us() - began;
    if (now.change_count) r = store_put_star_changes(p->tx, run->row.id, now.changes, now.change_count, p->arena);
    if (r) return wjz_err_set(err, r, "could not write what a rehearsal changes");
    r = store_advance_rehearsal(p->tx, p->instance, RUN_LEASE_MS, &now.next, p->ended, &ours, err);
    if (!r && !ours) return wjz_err_set(err, -ESTALE, "another worker has the rehearsal");
    if (!r) run->row = now.next;
    return r;
}

const run_kind rehearse_kind = {.name = "rehearsal", .take = take, .work = work, .leave = leave};

/* --- requests --- */

static int fill_change(const star_change_row *row, wjz_arena *arena, Wjz__Scoring__StarChange *change, wjz_err *err) {
    const ProtobufCMessage *why = NULL;
    int r =
        wjz_message_unpack(&wjz__scoring__change_reasons__descriptor, row->why.data, row->why.length, arena, &why, err);
    if (r) return r;
    wjz__scoring__star_change__init(change);
    change->clue = (uint64_t)row->clue;
    change->region = (uint32_t)row->region;
    change->stars_before = (uint32_t)row->stars_before;
    change->stars_after = (uint32_t)row->stars_after;
    change->index_before = row->index_before;
    change->index_after = row->index_after;
    change->why = (Wjz__Scoring__ChangeReasons *)why;
    return 0;
}

static int fill_changes(wjz_tx *tx, int64_t rehearsal, int limit, wjz_arena *arena, Wjz__Scoring__Rehearsal *reply,
                        wjz_err *err) {
    star_change_row *rows = NULL;
    size_t count = 0;
    int r = store_list_star_changes(tx, rehearsal, limit, arena, &rows, &count, err);
    if (r) return r;
    Wjz__Scoring__StarChange *items = wjz_arena_alloc(arena, count * sizeof *items);
    reply->changes = wjz_arena_alloc(arena, count * sizeof *reply->changes);
    if (!items || !reply->changes) return out_of_memory(err);
    for (size_t i = 0; !r && i < count; i++) {
        r = fill_change(&rows[i], arena, &items[i], err);
        reply->changes[reply->n_changes++] = &items[i];
    }
    return r;
}

static void fill_reply(rehearsal_row *row, Wjz__Scoring__Rehearsal *reply) {
    reply->rehearsal = (uint64_t)row->id;
    reply->version = (char *)row->version;
    reply->beside = (char *)row->beside;
    reply->days = (uint32_t)row->days;
    reply->state = (char *)row->state;
    reply->actor = (char *)row->actor;
    reply->done = (uint64_t)row->done;
    reply->total = (uint64_t)row->total;
    reply->complaints = (uint64_t)row->complaints;
    reply->changed = (uint64_t)row->changed;
    reply->n_before = reply->n_after = 5;
    reply->before = (uint64_t *)row->before;
    reply->after = (uint64_t *)row->after;
    reply->busy_us = row->busy_us;
    reply->requested_at_us = row->requested_at_us;
    reply->ended_at_us = row->ended_at_us;
    reply->error = (char *)row->error;
}

static int refuse_unknown(wjz_call *call, uint64_t id) {
    char value[24];
    snprintf(value, sizeof value, "%" PRIu64, id);
    return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_NOT_FOUND,
                                                .field = "rehearsal",
                                                .value = value,
                                                .message = "没有这次演练 / no such rehearsal"});
}

static int describe(wjz_call *call, wjz_tx **tx, int64_t id, int changes, wjz_err *err) {
    Wjz__Scoring__Rehearsal reply = WJZ__SCORING__REHEARSAL__INIT;
    wjz_arena *arena = wjz_call_arena(call);
    rehearsal_row row;
    bool found = false;
    int r = store_find_rehearsal(*tx, id, arena, &row, &found, err);
    if (!r && !found) return refuse_unknown(call, (uint64_t)id);
    if (!r && changes) r = fill_changes(*tx, id, changes, arena, &reply, err);
    if (!r) r = wjz_tx_commit(tx, err);
    if (r) return r;
    fill_reply(&row, &reply);
    return wjz_call_reply(call, &reply.base);
}

static int begin(wjz_call *call, wjz_tx **tx, const Wjz__Scoring__RehearseRules *body, wjz_err *err) {
    pack_row pack;
    bool found = false;
    int64_t id = wjz_id_next();
    int r = store_find_pack(*tx, body->version, wjz_call_arena(call), &pack, &found, err);
    if (!r && !found)
        return refuse_invalid(call, "version", body->version, "没有这个版本 / no such version", "wjz rules list");
    if (!r) r = store_begin_rehearsal(*tx, id, body->version, (int32_t)body->days, body->actor);
    return r ? r : describe(call, tx, id, 0, err);
}

int on_rehearse_rules(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const Wjz__Scoring__RehearseRules *body = (const Wjz__Scoring__RehearseRules *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    if (!text_given(call, "version", body->version) || !text_given(call, "actor", body->actor)) return 0;
    if (body->days < 1 || body->days > DAYS_MOST)
        return refuse_invalid(call, "days", NULL, "天数须为1至3650 / days must be 1 to 3650", NULL);
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = begin(call, &tx, body, err);
    if (!r) runs_wake(self->runs);
    return store_is_away(r) ? refuse_busy(call) : r;
}

int on_describe_rehearsal(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const Wjz__Scoring__DescribeRehearsal *body = (const Wjz__Scoring__DescribeRehearsal *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int changes = body->changes < CHANGES_TOLD ? (int)body->changes : CHANGES_TOLD;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = describe(call, &tx, (int64_t)body->rehearsal, changes, err);
    return store_is_away(r) ? refuse_busy(call) : r;
}
