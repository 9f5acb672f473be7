/* Only groups that may have changed are scored: those with a complaint of the turn, and those whose members are not
 * exactly the members of one clue. */
#include "scoring/worth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/scoring.pb-c.h"
#include "scoring/card.h"
#include "scoring/card_pack.h"
#include "scoring/neighbourhood.h"
#include "scoring/questions.h"
#include "scoring/score.h"
#include "scoring/tell.h"
#include "wjz/clock.h"
#include "wjz/id.h"

enum { SLICE_US = 3000 };

typedef struct scored {
    const regroup_group *group;
    const Wjz__Scoring__Finding **findings;
    int64_t *ids;
    size_t count; /* at most WORTH_FINDINGS */
} scored;

struct worth {
    scoring_service *self;
    worth_turn turn;
    wjz_arena *arena;
    old_clue *old; /* sorted by clue */
    size_t *old_members;
    size_t old_count;
    store_clue *stored; /* sorted by id */
    size_t stored_count;
    store_blob *findings; /* sorted by complaint */
    size_t finding_count;
    scored *scored;
    size_t scored_count;
    neighbourhood *near;
};

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

/* --- which groups, and what they need --- */

static size_t place_of(const worth *w, int64_t clue) {
    size_t low = 0, high = w->old_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (w->old[middle].clue < clue)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Those of them that members return to. */
static void mark_returning(worth *w) {
    for (size_t i = 0; i < w->turn.group_count; i++) {
        for (size_t j = 0; j < w->turn.groups[i].count; j++) {
            const returning *returns = w->turn.groups[i].members[j].returns;
            if (returns) w->old[place_of(w, returns->clue)].returns_after = returns->decision;
        }
    }
}

/* The clues of all members, and those that they return to, each once, with how many members name each. */
static int collect_old(worth *w) {
    size_t members = 0, count = 0;
    for (size_t i = 0; i < w->turn.group_count; i++)
        members += w->turn.groups[i].count;
    int64_t *clues = wjz_arena_alloc(w->arena, 2 * members * sizeof *clues);
    if (!clues) return -ENOMEM;
    for (size_t i = 0; i < w->turn.group_count; i++) {
        for (size_t j = 0; j < w->turn.groups[i].count; j++) {
            const regroup_member *member = &w->turn.groups[i].members[j];
            if (member->clue) clues[count++] = member->clue;
            if (member->returns) clues[count++] = member->returns->clue;
        }
    }
    qsort(clues, count, sizeof *clues, wjz_id_order);
    w->old = wjz_arena_calloc(w->arena, count, sizeof *w->old);
    w->old_members = wjz_arena_calloc(w->arena, count, sizeof *w->old_members);
    if (!w->old || !w->old_members) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || clues[i] != clues[i - 1]) w->old[w->old_count++].clue = clues[i];
        w->old_members[w->old_count - 1]++;
    }
    mark_returning(w);
    return 0;
}

static bool may_have_changed(const worth *w, const regroup_group *group) {
    int64_t clue = group->members[0].clue;
    for (size_t i = 0; i < group->count; i++) {
        const regroup_member *member = &group->members[i];
        if (member->put || member->returns || member->clue != clue) return true;
    }
    return clue == 0 || w->old_members[place_of(w, clue)] != group->count;
}

/* The member that the finding at place j is of: the first ones and the last ones of a large group. */
static const regroup_member *member_of(const scored *s, size_t j) {
    size_t head = s->group->count <= WORTH_FINDINGS ? s->count : s->count / 4;
    return &s->group->members[j < head ? j : s->group->count - s->count + j];
}

static int unpack_finding(worth *w, wjz_blob packed, const Wjz__Scoring__Finding **ret_finding) {
    *ret_finding = wjz__scoring__finding__unpack(wjz_arena_protobuf(w->arena), packed.length, packed.data);
    return *ret_finding ? 0 : -ENOMEM;
}

/* NULL when it is not at hand. */
static int find_at_hand(worth *w, const regroup_member *member, const Wjz__Scoring__Finding **ret_finding) {
    *ret_finding = member->put ? w->turn.own(member->complaint, w->turn.own_arg) : NULL;
    if (*ret_finding) return 0;
    wjz_blob packed = matter_cache_finding(w->self->matters, member->complaint, member->matter->digest);
    return packed.data ? unpack_finding(w, packed, ret_finding) : 0;
}

/* The complaints whose findings a group is scored with. */
static int choose_findings(worth *w, const regroup_group *group, scored *ret) {
    size_t count = group->count < WORTH_FINDINGS ? group->count : WORTH_FINDINGS;
    ret->group = group;
    ret->count = count;
    ret->ids = wjz_arena_alloc(w->arena, count * sizeof *ret->ids);
    ret->findings = wjz_arena_calloc(w->arena, count, sizeof *ret->findings);
    int r = ret->ids && ret->findings ? 0 : -ENOMEM;
    for (size_t i = 0; !r && i < count; i++) {
        const regroup_member *member = member_of(ret, i);
        ret->ids[i] = member->complaint;
        r = find_at_hand(w, member, &ret->findings[i]);
    }
    return r;
}

static int choose_groups(worth *w, int64_t **ret_missing, size_t *ret_count) {
    w->scored = wjz_arena_alloc(w->arena, w->turn.group_count * sizeof *w->scored);
    if (!w->scored) return -ENOMEM;
    size_t members = 0;
    for (size_t i = 0; i < w->turn.group_count; i++) {
        if (!may_have_changed(w, &w->turn.groups[i])) continue;
        int r = choose_findings(w, &w->turn.groups[i], &w->scored[w->scored_count]);
        if (r) return r;
        members += w->scored[w->scored_count++].count;
    }
    int64_t *missing = wjz_arena_alloc(w->arena, members * sizeof *missing);
    if (!missing) return -ENOMEM;
    *ret_count = 0;
    for (size_t i = 0; i < w->scored_count; i++) {
        for (size_t j = 0; j < w->scored[i].count; j++) {
            if (!w->scored[i].findings[j]) missing[(*ret_count)++] = w->scored[i].ids[j];
        }
    }
    *ret_missing = missing;
    return 0;
}

/* --- reading --- */

static int by_clue_id(const void *a, const void *b) {
    return wjz_id_order(&((const store_clue *)a)->id, &((const store_clue *)b)->id);
}

static int by_complaint(const void *a, const void *b) {
    return wjz_id_order(&((const store_blob *)a)->complaint, &((const store_blob *)b)->complaint);
}

static const store_clue *find_stored(const worth *w, int64_t clue) {
    store_clue key = {.id = clue};
    return w->stored_count == 0 ? NULL : bsearch(&key, w->stored, w->stored_count, sizeof *w->stored, by_clue_id);
}

static int take_clues(worth *w, const clues_question *asked, wjz_err *err) {
    store_clue *read = NULL;
    size_t count = 0;
    if (store_answer_clues(w->turn.tx, asked, w->arena, &read, &count, &w->findings, &w->finding_count))
        return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        clue_memo_put(w->self->clue_memo, &read[i]);
        w->stored[w->stored_count++] = read[i];
    }
    if (w->stored_count) qsort(w->stored, w->stored_count, sizeof *w->stored, by_clue_id);
    if (w->finding_count) qsort(w->findings, w->finding_count, sizeof *w->findings, by_complaint);
    for (size_t i = 0; i < w->old_count; i++) {
        const store_clue *stored = find_stored(w, w->old[i].clue);
        if (!stored && !w->turn.locked) return -EBUSY; /* it is being committed, and no more remembered */
        if (!stored)
            return wjz_err_set(err, -EIO, "the journal names clue %lld, which is not stored",
                               (long long)w->old[i].clue);
        w->old[i].told = stored->told;
    }
    return 0;
}

static int take_stored(worth *w, const scored *s, size_t j, wjz_err *err) {
    store_blob key = {.complaint = s->ids[j]};
    const store_blob *row =
        w->finding_count == 0 ? NULL : bsearch(&key, w->findings, w->finding_count, sizeof key, by_complaint);
    if (!row || unpack_finding(w, row->data, &s->findings[j]))
        return wjz_err_set(err, -EIO, "cannot read the finding of complaint %lld", (long long)s->ids[j]);
    matter_cache_put_finding(w->self->matters, s->ids[j], member_of(s, j)->matter->digest, row->data);
    return 0;
}

static int unpack_findings(worth *w, wjz_err *err) {
    int r = 0;
    for (size_t i = 0; i < w->scored_count; i++) {
        const scored *s = &w->scored[i];
        for (size_t j = 0; !r && j < s->count; j++) {
            if (!s->findings[j]) r = take_stored(w, s, j, err);
        }
    }
    return r;
}

static int by_state_complaint(const void *a, const void *b) {
    return wjz_id_order(&((const store_state *)a)->complaint, &((const store_state *)b)->complaint);
}

/* Without the lock a finding counts only in the state that the index names. */
static int take_state(worth *w, const scored *s, size_t j, const store_state *states, size_t count) {
    uint32_t digest = member_of(s, j)->matter->digest;
    store_state key = {.complaint = s->ids[j]};
    const store_state *row = count ? bsearch(&key, states, count, sizeof key, by_state_complaint) : NULL;
    if (!row || matter_cache_digest(row->matter, row->finding) != digest) return -EBUSY;
    matter_cache_put_finding(w->self->matters, s->ids[j], digest, row->finding);
    return unpack_finding(w, row->finding, &s->findings[j]);
}

static int read_findings_unlocked(worth *w, const int64_t *missing, size_t missing_count, wjz_err *err) {
    store_state *states = NULL;
    size_t count = 0;
    int r = store_load_states(w->turn.tx, w->turn.region, missing, missing_count, w->arena, &states, &count, err);
    if (!r && count) qsort(states, count, sizeof *states, by_state_complaint);
    for (size_t i = 0; i < w->scored_count; i++) {
        const scored *s = &w->scored[i];
        for (size_t j = 0; !r && j < s->count; j++) {
            if (!s->findings[j]) r = take_state(w, s, j, states, count);
        }
    }
    return r;
}

/* The subjects of all findings; outcomes can only be those of clues that there are already. */
static int ask_near(worth *w, const int64_t *clues, wjz_err *err) {
    size_t count = 0, most = 0;
    for (size_t i = 0; i < w->scored_count; i++)
        most += w->scored[i].count;
    const char **subjects = wjz_arena_alloc(w->arena, most * sizeof *subjects);
    if (!subjects) return out_of_memory(err);
    for (size_t i = 0; i < w->scored_count; i++)
        for (size_t j = 0; j < w->scored[i].count; j++)
            subjects[count++] = w->scored[i].findings[j]->subject;
    return neighbourhood_ask(w->turn.tx, w->turn.region, subjects, count, clues, w->old_count, w->arena, &w->near, err);
}

/* The clues that have to be read: all of them, or without the lock those that this process does not know. */
static size_t unknown_clues(worth *w, int64_t *ret_clues) {
    size_t count = 0;
    for (size_t i = 0; i < w->old_count; i++) {
        const store_clue *known = w->turn.locked ? NULL : clue_memo_get(w->self->clue_memo, w->old[i].clue);
        if (known)
            w->stored[w->stored_count++] = *known;
        else
            ret_clues[count++] = w->old[i].clue;
    }
    return count;
}

/* What is near is asked for together with the clues, or once all findings are there whose subjects it is asked by. */
static int read_all(worth *w, const int64_t *missing, size_t missing_count, wjz_err *err) {
    clues_question asked;
    int64_t *clues = wjz_arena_alloc(w->arena, 2 * w->old_count * sizeof *clues), *unknown = clues + w->old_count;
    w->stored = wjz_arena_alloc(w->arena, w->old_count * sizeof *w->stored);
    if (!clues || !w->stored) return out_of_memory(err);
    for (size_t i = 0; i < w->old_count; i++)
        clues[i] = w->old[i].clue;
    int r = 0;
    if (missing_count && !w->turn.locked) {
        r = read_findings_unlocked(w, missing, missing_count, err);
        missing_count = 0;
    }
    if (r) return r;
    r = store_ask_clues(w->turn.tx, w->turn.region, unknown, unknown_clues(w, unknown), missing, missing_count, &asked);
    if (r) return wjz_err_set(err, r, "could not ask for clues of region %d", (int)w->turn.region);
    if (!missing_count) r = ask_near(w, clues, err);
    if (!r) r = wjz_tx_wait(w->turn.tx, NULL, err);
    if (!r) r = take_clues(w, &asked, err);
    if (!r) r = unpack_findings(w, err);
    if (!r && missing_count) {
        r = ask_near(w, clues, err);
        if (!r) r = wjz_tx_wait(w->turn.tx, NULL, err);
    }
    return r ? r : neighbourhood_answer(w->near, w->turn.tx, w->turn.region, w->turn.locked, w->arena, err);
}

int worth_read(scoring_service *self, const worth_turn *turn, wjz_arena *arena, worth **ret_worth, wjz_err *err) {
    worth *w = wjz_arena_calloc(arena, 1, sizeof *w);
    int64_t *missing = NULL;
    size_t missing_count = 0;
    if (!w) return out_of_memory(err);
    *w = (worth){.self = self, .turn = *turn, .arena = arena};
    if (collect_old(w) || choose_groups(w, &missing, &missing_count)) return out_of_memory(err);
    int r = read_all(w, missing, missing_count, err);
    if (!r) *ret_worth = w;
    return r;
}

old_clue *worth_old_clues(worth *w, size_t *ret_count) {
    *ret_count = w->old_count;
    return w->old;
}

/* --- scoring --- */

/* The clue it is, and those that its members were in. */
static int own_clues(const worth *w, const scored *s, int64_t **ret_clues, size_t *ret_count) {
    int64_t *clues = wjz_arena_alloc(w->arena, (s->group->count + 1) * sizeof *clues);
    size_t count = 0;
    if (!clues) return -ENOMEM;
    clues[count++] = s->group->clue;
    for (size_t i = 0; i < s->group->count; i++) {
        int64_t clue = s->group->members[i].clue;
        if (clue && clue != clues[count - 1]) clues[count++] = clue;
    }
    *ret_clues = clues;
    *ret_count = count;
    return 0;
}

static bool is_joined(const scored *s) {
    for (size_t i = 0; i < s->group->count; i++)
        if (!s->group->members[i].clue) return true;
    return false;
}

/* A complaint that is new here may be what collides with other matters about its subject: they are scored again, by one
 * of their complaints. What is scored again joins nothing, so this ends. */
static int score_others_again(const worth *w, const scored *s, const int64_t *own, size_t own_count, wjz_err *err) {
    Wjz__Scoring__Rescore others = WJZ__SCORING__RESCORE__INIT;
    if (!is_joined(s)) return 0;
    if (neighbourhood_others(w->near, s->findings, s->count, own, own_count, w->arena, &others.complaint,
                             &others.n_complaint))
        return out_of_memory(err);
    return others.n_complaint ? wjz_bus_emit(w->self->bus, w->turn.tx, w->turn.region, &others.base, err) : 0;
}

static int context_of(const worth *w, const scored *s, matter_context *ret, wjz_err *err) {
    near_fact *facts = NULL;
    int64_t *own = NULL;
    size_t own_count = 0;
    *ret = (matter_context){.warned = w->turn.warned};
    if (own_clues(w, s, &own, &own_count) ||
        neighbourhood_of(w->near, s->findings, s->count, own, own_count, w->arena, &facts, &ret->near_count))
        return out_of_memory(err);
    ret->near = facts;
    return score_others_again(w, s, own, own_count, err);
}

static int score_group(worth *w, const scored *s, clue_row *ret_row, wjz_err *err) {
    Wjz__Scoring__ScoreCard *card = NULL;
    matter_context context;
    int r = context_of(w, s, &context, err);
    if (r) return r;
    wjz_arena_reset(w->self->scratch);
    r = score_matter(w->turn.pack, s->findings, s->ids, s->count, &context, w->self->scratch, &card, err);
    if (r) return wjz_err_prefix(err, "clue %lld", (long long)s->group->clue);
    card->complaint_count = (uint32_t)s->group->count;
    wjz_blob packed;
    if (card_pack(card, w->arena, &packed) || card_head(card, w->arena, &card)) return out_of_memory(err);
    const regroup_member *members = s->group->members;
    int64_t last = 0;
    for (size_t i = 0; i < s->group->count; i++) {
        if (members[i].matter->received_at_us > last) last = members[i].matter->received_at_us;
    }
    const store_clue *stored = find_stored(w, s->group->clue);
    *ret_row = (clue_row){.id = s->group->clue,
                          .revision = stored ? stored->revision + 1 : 1,
                          .told = stored && stored->told,
                          .told_state = stored ? stored->told_state : 0,
                          .first_report_at_us = members[0].matter->received_at_us,
                          .last_report_at_us = last,
                          .feed = s->findings[0]->feed,
                          .card = card,
                          .packed_card = packed};
    return 0;
}

static int score_all(worth *w, clue_row *rows, tell *news, wjz_err *err) {
    int64_t slice = wjz_clock_monotonic_us();
    for (size_t i = 0; i < w->scored_count; i++) {
        int r = score_group(w, &w->scored[i], &rows[i], err);
        if (!r) r = tell_scored(news, w->scored[i].group, &rows[i], err);
        if (r) return r;
        wjz_count(w->self->clues[rows[i].card->stars <= 5 ? rows[i].card->stars : 0], 1);
        if (wjz_clock_monotonic_us() - slice < SLICE_US) continue;
        wjz_fiber_yield(w->self->loop);
        slice = wjz_clock_monotonic_us();
    }
    return 0;
}

/* Clues that have become part of others; those others know of are told. */
static int merge_all(worth *w, tell *news, wjz_err *err) {
    merged_row *rows = wjz_arena_alloc(w->arena, w->old_count * sizeof *rows);
    size_t count = 0;
    if (!rows) return out_of_memory(err);
    for (size_t i = 0; i < w->old_count; i++) {
        if (!w->old[i].merged_into) continue;
        rows[count] = (merged_row){w->old[i].clue, w->old[i].merged_into, find_stored(w, w->old[i].clue)->revision + 1};
        int r = w->old[i].told ? tell_merged(news, &rows[count], err) : 0;
        if (r) return r;
        count++;
    }
    if (!count) return 0;
    wjz_count(w->self->merged, count);
    return store_merge_clues(w->turn.tx, w->turn.region, rows, count, w->arena);
}

/* Clues that had been merged away, and live again; what they are worth is written with the others. */
static int revive_all(worth *w) {
    int64_t *ids = wjz_arena_alloc(w->arena, w->old_count * sizeof *ids);
    size_t count = 0;
    if (!ids) return -ENOMEM;
    for (size_t i = 0; i < w->old_count; i++)
        if (w->old[i].returns_after && !w->old[i].merged_into) ids[count++] = w->old[i].clue;
    return count ? store_revive_clues(w->turn.tx, w->turn.region, ids, count) : 0;
}

/* Clues that are not stored are new, and their ids ascend: their rows go to the end of the index. */
static int write_clues(worth *w, const clue_row *rows) {
    size_t added = 0, put = 0;
    clue_row *add = wjz_arena_alloc(w->arena, 2 * w->scored_count * sizeof *add), *change = add + w->scored_count;
    if (!add) return -ENOMEM;
    for (size_t i = 0; i < w->scored_count; i++) {
        if (find_stored(w, rows[i].id))
            change[put++] = rows[i];
        else
            add[added++] = rows[i];
    }
    int r = store_add_clues(w->turn.tx, w->turn.region, add, added, w->arena);
    return r ? r : store_put_clues(w->turn.tx, w->turn.region, change, put, w->arena);
}

static void transaction_ended(void *arg, int result) {
    if (result) clue_memo_forget(arg);
}

/* What the transaction leaves behind, for turns that are worked out while it is being committed. */
static int remember(worth *w, const clue_row *rows) {
    clue_memo *memo = w->self->clue_memo;
    for (size_t i = 0; i < w->scored_count; i++)
        clue_memo_put(memo, &(store_clue){.id = rows[i].id,
                                          .told_state = rows[i].told_state,
                                          .revision = rows[i].revision,
                                          .told = rows[i].told,
                                          .asked = rows[i].asked});
    for (size_t i = 0; i < w->old_count; i++) {
        if (!w->old[i].merged_into) continue;
        const store_clue *stored = find_stored(w, w->old[i].clue);
        clue_memo_put(memo, &(store_clue){.id = stored->id,
                                          .revision = stored->revision + 1,
                                          .told = stored->told,
                                          .asked = stored->asked});
    }
    return wjz_tx_after(w->turn.tx, transaction_ended, memo);
}

/* The clues, scored or merged away, that people may have been asked about. */
static int asked_before(const worth *w, const clue_row *rows, int64_t **ret_clues, size_t *ret_count) {
    int64_t *clues = wjz_arena_alloc(w->arena, (w->scored_count + w->old_count) * sizeof *clues);
    size_t count = 0;
    if (!clues) return -ENOMEM;
    for (size_t i = 0; i < w->scored_count; i++) {
        const store_clue *stored = find_stored(w, rows[i].id);
        if (stored && stored->asked) clues[count++] = stored->id;
    }
    for (size_t i = 0; i < w->old_count; i++) {
        if (w->old[i].merged_into && find_stored(w, w->old[i].clue)->asked) clues[count++] = w->old[i].clue;
    }
    *ret_clues = clues;
    *ret_count = count;
    return 0;
}

int worth_write(worth *w, wjz_err *err) {
    int64_t *before = NULL;
    size_t before_count = 0;
    clue_row *rows = wjz_arena_alloc(w->arena, w->scored_count * sizeof *rows);
    tell *news = NULL;
    if (!rows || tell_new(w->scored_count + w->old_count, w->arena, &news)) return out_of_memory(err);
    int r = score_all(w, rows, news, err);
    if (!r) r = merge_all(w, news, err);
    if (!r) r = asked_before(w, rows, &before, &before_count);
    if (!r)
        r = questions_about_clues(w->self->repeats, w->turn.pack, w->turn.tx, w->turn.region, rows, w->scored_count,
                                  before, before_count, w->arena);
    if (!r) r = revive_all(w);
    if (!r) r = write_clues(w, rows);
    if (!r) r = remember(w, rows);
    if (r == -ENOMEM) return out_of_memory(err);
    return r ? r : tell_send(news, w->self->bus, w->turn.tx, w->turn.region, err);
}
