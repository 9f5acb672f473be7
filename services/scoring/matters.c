/* A batch in four steps: read and analyse (no lock), group, score what changed, write and tell: with the region's lock,
 * or all of it without, while the turn before is being committed; then the lock is asked for behind what needs none,
 * and the whole fails where the region is not as it was taken to be. Round trips: complaints; lock and journal, which
 * come with the complaints when these are few; of complaints that are scored already whether they are as late as was
 * read; matters of neighbours and clues with findings only where there are any; the rest travels with the commit. */
#include "scoring/matters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/analysis.h"
#include "scoring/card_pack.h"
#include "scoring/journal.h"
#include "scoring/questions.h"
#include "scoring/regroup.h"
#include "scoring/standing.h"
#include "scoring/store.h"
#include "scoring/store_watching.h"
#include "scoring/supply.h"
#include "scoring/worth.h"
#include "wjz/clock.h"
#include "wjz/id.h"

enum { SLICE_US = 1000 /* of the processor, before others on the loop run: among them turns that hold the lock */ };
/* Complaints that are analysed side by side: as many as have their texts and all that is made of them in the near
 * cache. */
enum { LOT_MOST = 64, LOT_BYTES = 64 << 10 };
/* Complaints whose findings are worth a way to the server of their own. */
enum { PUSHED_LEAST = 64 };
/* Complaints that are analysed with the lock held: that takes less than the round trip to ask for it afterwards. */
enum { AT_ONCE = 3 };

typedef struct analysed {
    Wjz__Scoring__Finding *finding;
    matter *matter;
    wjz_blob packed_finding, packed_matter;
    const complaint *report;
    watch_hit *hits;
    size_t hit_count;
    int32_t revision;
    int64_t complaint;
    int64_t was_in, clue; /* known once grouped; was_in 0: in none, the complaint is new */
} analysed;

typedef struct turn {
    scoring_service *self;
    wjz_tx *tx;
    wjz_arena *arena;
    int32_t region;
    const rule_pack *pack; /* the active one, from the reading of the complaints to the commit */
    analysed *items;       /* sorted by complaint */
    size_t count;
    matters_change *change; /* NULL: none */
    void *change_arg;
    standing_view *standing; /* what hits were matched with */
    followed *followed;
    bool locked; /* the region's lock is held */
    regroup *regroup;
    regroup_group *groups;
    size_t group_count;
    const void *entries; /* what it changed in the index, for the journal */
    size_t entry_bytes;
    int64_t stage_began;
} turn;

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

static void turn_end(turn *t) {
    regroup_destroy(&t->regroup);
    standing_release(&t->standing);
}

static void stage_ended(turn *t, scoring_stage stage) {
    int64_t now = wjz_clock_monotonic_us();
    wjz_observe(t->self->stage[stage], (uint64_t)(now - t->stage_began));
    t->stage_began = now;
}

/* --- read and analyse --- */

static int match_watches(turn *t, analysed *item, const normal_text *text, wjz_err *err) {
    int r = watch_set_match(t->standing->watches, item->complaint, text, item->finding, t->arena, &item->hits,
                            &item->hit_count);
    return r ? wjz_err_set(err, r, "could not match watches") : 0;
}

/* The matter in one piece, without what finding it took. */
static int sum_up(turn *t, const complaint *c, const normal_text *text, analysed *ret) {
    matter *m = NULL;
    int r = matter_of_text(t->self->repeats, c, ret->finding, text, t->self->scratch, &m);
    void *room = r ? NULL : wjz_arena_alloc(t->arena, matter_size(m));
    if (!room) return r ? r : -ENOMEM;
    ret->matter = matter_copy(m, room);
    return 0;
}

static int sum_up_packed(turn *t, const analysis_item *item, analysed *ret, wjz_err *err) {
    *ret = (analysed){.finding = item->finding, .report = item->report};
    ret->complaint = item->report->id;
    ret->revision = item->report->revision;
    int r = match_watches(t, ret, item->text, err);
    if (r) return r;
    r = sum_up(t, item->report, item->text, ret);
    if (!r) r = matter_pack(ret->matter, t->arena, &ret->packed_matter.data, &ret->packed_matter.length);
    if (!r) r = finding_pack(ret->finding, t->arena, &ret->packed_finding);
    if (r) return wjz_err_set(err, r, "could not sum up a complaint of %zu bytes", strlen(item->report->content));
    ret->matter->digest = matter_cache_digest(ret->packed_matter, ret->packed_finding);
    return 0;
}

static int analyse_lot(turn *t, const complaint *complaints, size_t count, analysed *ret_items, wjz_err *err) {
    analysis_item items[LOT_MOST];
    for (size_t i = 0; i < count; i++)
        items[i] = (analysis_item){.report = &complaints[i]};
    wjz_arena_reset(t->self->scratch);
    int r = analyse_several(t->pack, t->self->places, items, count, t->arena, t->self->scratch, err);
    for (size_t i = 0; !r && i < count; i++) {
        r = sum_up_packed(t, &items[i], &ret_items[i], err);
        if (r) return wjz_err_prefix(err, "complaint %lld", (long long)complaints[i].id);
    }
    return r;
}

static size_t text_bytes(const complaint *c) {
    return strlen(c->content) + strlen(c->handle_result);
}

/* How many of the complaints are analysed side by side: a few, or one whose texts are long. */
static size_t lot_of(const complaint *complaints, size_t count) {
    size_t lot = 1, bytes = text_bytes(&complaints[0]);
    while (lot < count && lot < LOT_MOST && (bytes += text_bytes(&complaints[lot])) < LOT_BYTES)
        lot++;
    return lot;
}

static int by_complaint(const void *a, const void *b) {
    return wjz_id_order(&((const analysed *)a)->complaint, &((const analysed *)b)->complaint);
}

static analysed *find_analysed(const turn *t, int64_t id) {
    analysed key = {.complaint = id};
    return bsearch(&key, t->items, t->count, sizeof *t->items, by_complaint);
}

/* Asks for all that a turn needs before it groups: which pack is active, and with a few complaints the region's lock as
 * well, where nobody of this process has to be waited for. */
static int ask_first(turn *t, size_t count, int *ret_pack) {
    if (count > AT_ONCE || !follow_enter_idle(&t->self->regions, t->self->loop, t->tx, t->region, &t->followed))
        return versions_ask(t->tx, ret_pack);
    int r = versions_ask_now(t->tx, ret_pack);
    return r ? r : follow_ask(t->followed, t->tx);
}

static int read_and_analyse(turn *t, const int64_t *ids, const Wjz__Intake__AsReceived *const *received, size_t count,
                            wjz_err *err) {
    complaint *complaints = NULL;
    int asked = 0;
    int r = ask_first(t, count, &asked);
    if (r) return wjz_err_set(err, r, "could not ask for the active rule pack");
    r = store_load_complaints(t->tx, t->region, ids, received, count, t->arena, &complaints, &t->count, err);
    if (!r && t->followed) r = follow_answer(t->followed, t->tx, t->arena, err);
    if (!r) r = versions_answer(t->self->packs, t->tx, asked, &t->pack, err);
    if (!r) r = store_renew_complaints(t->tx, t->region, complaints, &t->count, t->arena, err);
    if (r) return r;
    stage_ended(t, STAGE_LOAD);
    t->items = wjz_arena_calloc(t->arena, t->count, sizeof *t->items);
    t->standing = standing_hold(&t->self->standing, t->region);
    if (!t->items || !t->standing) return out_of_memory(err);
    int64_t slice = wjz_clock_monotonic_us();
    for (size_t i = 0, lot; i < t->count; i += lot) {
        lot = lot_of(&complaints[i], t->count - i);
        r = analyse_lot(t, &complaints[i], lot, &t->items[i], err);
        if (r) return r;
        if (wjz_clock_monotonic_us() - slice < SLICE_US) continue;
        wjz_fiber_yield(t->self->loop);
        slice = wjz_clock_monotonic_us();
    }
    qsort(t->items, t->count, sizeof *t->items, by_complaint);
    stage_ended(t, STAGE_ANALYSE);
    return 0;
}

/* --- group --- */

static int match_again(turn *t, analysed *item, wjz_err *err) {
    normal_text *text = NULL;
    wjz_arena_reset(t->self->scratch);
    int r = analysis_text(item->report, t->self->scratch, &text);
    return r ? wjz_err_set(err, r, "could not match watches") : match_watches(t, item, text, err);
}

/* What was matched before the lock was held is matched again when the watches have changed since. */
static int renew_standing(turn *t, wjz_err *err) {
    const standing_view *before = t->standing;
    region_versions versions = follow_versions(t->followed);
    int r = standing_renew(&t->self->standing, t->tx, t->region, &versions, &t->standing, err);
    for (size_t i = 0; !r && t->standing != before && i < t->count; i++)
        r = match_again(t, &t->items[i], err);
    return r;
}

/* Once; what was worked out before it is held counts only if the index is still that of the region. */
static int lock(turn *t, wjz_err *err) {
    if (t->locked) return 0;
    int r = follow_lock(t->followed, t->tx, t->arena, err);
    if (!r) r = renew_standing(t, err);
    t->locked = r == 0;
    stage_ended(t, STAGE_LOCK);
    return r;
}

/* Locks only for what cannot be had without. */
static int supply_missing(turn *t, wjz_err *err) {
    const supplier from = {t->self->matters, t->regroup, t->tx, t->region, t->arena};
    regroup_want *wants = NULL;
    size_t missing = 0;
    if (regroup_missing(t->regroup, &wants, &missing) || supply_held(&from, wants, &missing)) return out_of_memory(err);
    int r = missing && !t->locked ? supply_unlocked(&from, wants, &missing, err) : 0;
    if (r || !missing) return r;
    r = lock(t, err);
    return r ? r : supply_locked(&from, wants, missing, err);
}

static void keep_at_hand(turn *t) {
    for (size_t i = 0; i < t->count; i++) {
        const analysed *a = &t->items[i];
        matter_cache_put(t->self->matters, a->complaint, a->matter);
        matter_cache_put_finding(t->self->matters, a->complaint, a->matter->digest, a->packed_finding);
    }
}

static int put_all(turn *t) {
    regroup_item *items = wjz_arena_alloc(t->arena, t->count * sizeof *items);
    if (!items) return -ENOMEM;
    for (size_t i = 0; i < t->count; i++)
        items[i] = (regroup_item){t->items[i].complaint, t->items[i].matter};
    return regroup_put(t->regroup, items, t->count);
}

/* Those of the turn's complaints that the index has, first in the list; how many. */
static size_t indexed(const turn *t, int64_t *ids, int32_t *revisions) {
    const repeats_index *index = follow_index(t->followed);
    size_t count = 0;
    for (size_t i = 0; index && i < t->count; i++) {
        if (repeats_index_find(index, t->items[i].complaint) == REPEATS_NONE) continue;
        ids[count] = t->items[i].complaint;
        revisions[count++] = t->items[i].revision;
    }
    return count;
}

/* Whoever read a complaint later may have been quicker to the lock, and its state is then not taken back: this turn
 * begins anew. Before the index is touched, so that it need not be read again. */
static int refuse_older(turn *t, const int64_t *ids, const int32_t *revisions, size_t count, wjz_err *err) {
    bool later = false;
    int r = store_scored_later(t->tx, t->region, ids, revisions, count, &later, err);
    if (r || !later) return r;
    follow_unchanged(t->followed);
    return wjz_err_set(err, -EAGAIN, "a complaint of region %d was scored in a later state meanwhile", (int)t->region);
}

/* Enters the region's index. People decide on what they see, and what is scored already may have changed: with the lock
 * held. New complaints are grouped while the turn before is being committed. */
static int enter(turn *t, wjz_err *err) {
    bool read_locked = t->followed != NULL;
    int r = follow_enter(&t->self->regions, t->self->loop, t->tx, t->region, &t->followed, err);
    int64_t *ids = wjz_arena_alloc(t->arena, t->count * sizeof *ids);
    int32_t *revisions = wjz_arena_alloc(t->arena, t->count * sizeof *revisions);
    if (r) return r;
    if (!ids || !revisions) return out_of_memory(err);
    if (!t->change && !indexed(t, ids, revisions) && follow_go_ahead(t->followed)) return 0;
    r = lock(t, err);
    size_t count = r || read_locked ? 0 : indexed(t, ids, revisions);
    return count ? refuse_older(t, ids, revisions, count, err) : r;
}

static int group(turn *t, wjz_err *err) {
    int r = enter(t, err);
    if (r) return r;
    r = regroup_new(t->self->repeats, follow_index(t->followed), t->self->pairs, t->arena, &t->regroup);
    keep_at_hand(t);
    if (!r) r = put_all(t);
    if (r) return out_of_memory(err);
    r = t->change ? t->change(t->regroup, t->change_arg, err) : 0;
    if (r == -EPERM) follow_unchanged(t->followed);
    if (!r && t->change) r = wjz_tx_wait(t->tx, NULL, err); /* what it queued: reads count statements from here */
    if (r) return r;
    r = supply_missing(t, err);
    if (r) return r;
    if (regroup_link(t->regroup)) return out_of_memory(err);
    r = supply_missing(t, err);
    if (r) return r;
    if (regroup_groups(t->regroup, &t->groups, &t->group_count)) return out_of_memory(err);
    stage_ended(t, STAGE_JOIN);
    return 0;
}

/* Gives clues to groups, and notes what changed in the index. */
static int settle(turn *t, old_clue *clues, size_t clue_count, wjz_err *err) {
    journal_change change = {
        .groups = t->groups, .group_count = t->group_count, .decided = regroup_decided(t->regroup)};
    int r = regroup_identify(t->groups, t->group_count, clues, clue_count, wjz_id_next, t->arena);
    change.joined = regroup_joined(t->regroup, &change.joined_count);
    change.asked = regroup_asked(t->regroup, &change.asked_count);
    if (!r) r = journal_write(&change, t->arena, &t->entries, &t->entry_bytes);
    if (r == -EINVAL)
        return wjz_err_set(err, r, "a complaint of region %d is in a clue that is not stored", (int)t->region);
    if (r) return out_of_memory(err);
    for (size_t i = 0; i < t->group_count; i++) {
        for (size_t j = 0; j < t->groups[i].count; j++)
            repeats_index_set_clue(follow_index(t->followed), t->groups[i].members[j].slot, t->groups[i].clue);
    }
    return 0;
}

/* --- write --- */

/* Notes at each complaint of the turn what it is a member of; the others that are in another clue now are moved. */
static size_t sort_members(turn *t, moved_row *moves) {
    size_t moved = 0;
    for (size_t i = 0; i < t->group_count; i++) {
        for (size_t j = 0; j < t->groups[i].count; j++) {
            const regroup_member *member = &t->groups[i].members[j];
            analysed *own = member->put ? find_analysed(t, member->complaint) : NULL;
            if (own) {
                own->was_in = member->clue;
                own->clue = t->groups[i].clue;
            } else if (member->clue != t->groups[i].clue) {
                moves[moved++] = (moved_row){member->complaint, t->groups[i].clue};
            }
        }
    }
    return moved;
}

/* The lock, when all was worked out without it, comes behind what does not need it; then the journal. */
static int write_turn(turn *t, wjz_err *err) {
    int r = t->locked ? 0 : follow_expect(t->followed, t->tx, &t->standing->versions);
    if (!r && t->entry_bytes) r = follow_turn(t->followed, t->tx, t->entries, t->entry_bytes);
    if (!r && !t->entry_bytes) follow_unchanged(t->followed);
    return r ? wjz_err_set(err, r, "could not write the journal of region %d", (int)t->region) : 0;
}

/* A complaint that was in no clue has no finding yet: whoever gave it one gave it a clue, under this lock. In the order
 * of complaints, so that new rows go to the end of the index; the server writes them while clues are scored, and while
 * the turn before is being committed. */
static int write_findings(turn *t, wjz_err *err) {
    size_t members = 0, added = 0, put = 0;
    for (size_t i = 0; i < t->group_count; i++)
        members += t->groups[i].count;
    finding_row *add = wjz_arena_alloc(t->arena, 2 * t->count * sizeof *add), *change = add + t->count;
    moved_row *moves = wjz_arena_alloc(t->arena, members * sizeof *moves);
    if (!add || !moves) return out_of_memory(err);
    size_t moved = sort_members(t, moves);
    for (size_t i = 0; i < t->count; i++) {
        const analysed *a = &t->items[i];
        finding_row *row = a->was_in ? &change[put++] : &add[added++];
        *row = (finding_row){a->complaint, a->clue, a->revision, a->packed_finding, a->packed_matter};
    }
    int r = store_add_findings(t->tx, t->region, add, added, t->arena);
    if (!r && t->count >= PUSHED_LEAST) r = wjz_tx_push(t->tx);
    if (!r) r = write_turn(t, err);
    if (!r) r = store_put_findings(t->tx, t->region, change, put, t->arena);
    if (!r && moved) r = store_move_findings(t->tx, t->region, moves, moved, t->arena);
    return r ? wjz_err_set(err, r, "could not write findings of region %d", (int)t->region) : 0;
}

static int write_hits(turn *t, wjz_err *err) {
    const watch_set *watches = t->standing->watches;
    if (!watch_set_count(watches)) return 0;
    size_t known = 0, count = 0, most = 0;
    for (size_t i = 0; i < t->count; i++)
        most += t->items[i].hit_count;
    int64_t *ids = wjz_arena_alloc(t->arena, t->count * sizeof *ids);
    watch_hit *hits = wjz_arena_alloc(t->arena, most * sizeof *hits);
    if (!ids || !hits) return out_of_memory(err);
    for (size_t i = 0; i < t->group_count; i++) {
        for (size_t j = 0; j < t->groups[i].count; j++) {
            const regroup_member *member = &t->groups[i].members[j];
            if (member->put && member->clue) ids[known++] = member->complaint;
        }
    }
    for (size_t i = 0; i < t->count; i++) {
        for (size_t j = 0; j < t->items[i].hit_count; j++)
            hits[count++] = t->items[i].hits[j];
    }
    int r = store_put_hits(t->tx, t->region, hits, count, ids, known, watch_set_ids(watches), watch_set_count(watches),
                           t->arena);
    return r ? wjz_err_set(err, r, "could not write hits of watches of region %d", (int)t->region) : 0;
}

static int ask_people(turn *t, wjz_err *err) {
    int r = questions_about_pairs(t->self->repeats, t->tx, t->region, t->regroup, follow_index(t->followed), t->groups,
                                  t->group_count, t->arena);
    return r ? wjz_err_set(err, r, "could not write questions of region %d", (int)t->region) : 0;
}

/* --- the turn --- */

static const Wjz__Scoring__Finding *own_finding(int64_t id, void *arg) {
    return find_analysed(arg, id)->finding;
}

static int read_worth(turn *t, worth **ret_worth, wjz_err *err) {
    const worth_turn brought = {.pack = t->pack,
                                .tx = t->tx,
                                .region = t->region,
                                .locked = t->locked,
                                .groups = t->groups,
                                .group_count = t->group_count,
                                .own = own_finding,
                                .own_arg = t,
                                .warned = &t->standing->warned};
    int r = worth_read(t->self, &brought, t->arena, ret_worth, err);
    if (r != -EBUSY) return r;
    r = lock(t, err);
    return r ? r : read_worth(t, ret_worth, err);
}

static int score_and_write(turn *t, wjz_err *err) {
    worth *w = NULL;
    size_t old_count = 0;
    int r = read_worth(t, &w, err);
    if (r) return r;
    old_clue *old = worth_old_clues(w, &old_count);
    r = settle(t, old, old_count, err);
    stage_ended(t, STAGE_JOIN);
    if (!r) r = write_findings(t, err);
    if (!r) r = write_hits(t, err);
    if (!r) r = worth_write(w, err);
    if (!r) r = ask_people(t, err);
    if (!r) follow_hand_over(t->followed, t->tx);
    stage_ended(t, STAGE_WRITE);
    return r;
}

static size_t count_brought(const Wjz__Intake__AsReceived *const *received, size_t count) {
    size_t brought = 0;
    for (size_t i = 0; received && i < count; i++)
        brought += received[i] != NULL;
    return brought;
}

int matters_take(scoring_service *self, wjz_tx *tx, int32_t region, const int64_t *ids,
                 const Wjz__Intake__AsReceived *const *received, size_t count, wjz_arena *arena, wjz_err *err) {
    WJZ_CLEANUP(turn_end)
    turn t = {.self = self, .tx = tx, .arena = arena, .region = region, .stage_began = wjz_clock_monotonic_us()};
    int r = read_and_analyse(&t, ids, received, count, err);
    if (r || !t.count) return r;
    r = group(&t, err);
    if (!r) r = score_and_write(&t, err);
    if (r) return r;
    wjz_count(self->complaints, t.count);
    wjz_count(self->brought, count_brought(received, count));
    wjz_set(self->indexed, (double)follow_count(self->regions));
    return 0;
}

int matters_decide(scoring_service *self, wjz_tx *tx, int32_t region, matters_change *change, void *arg,
                   wjz_arena *arena, wjz_err *err) {
    WJZ_CLEANUP(turn_end)
    turn t = {.self = self,
              .tx = tx,
              .arena = arena,
              .region = region,
              .change = change,
              .change_arg = arg,
              .standing = standing_hold(&self->standing, region),
              .stage_began = wjz_clock_monotonic_us()};
    int asked = 0;
    if (!t.standing || versions_ask(tx, &asked)) return out_of_memory(err);
    int r = wjz_tx_wait(tx, NULL, err);
    if (!r) r = versions_answer(self->packs, tx, asked, &t.pack, err);
    if (!r) r = group(&t, err);
    return r ? r : score_and_write(&t, err);
}
