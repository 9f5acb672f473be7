/* See regroup_parts.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/regroup_parts.h"

int regroup_new(const repeat_rules *rules, repeats_index *index, pair_memo *memo, wjz_arena *arena,
                regroup **ret_regroup) {
    regroup *g = calloc(1, sizeof *g);
    if (!g) return -ENOMEM;
    *g = (regroup){.rules = rules, .index = index, .memo = memo, .arena = arena, .cell_count = 1024};
    g->cells = calloc(g->cell_count, sizeof *g->cells);
    if (!g->cells) {
        free(g);
        return -ENOMEM;
    }
    *ret_regroup = g;
    return 0;
}

void regroup_destroy(regroup **regroup_at) {
    regroup *g = regroup_at ? *regroup_at : NULL;
    if (!g) return;
    free(g->hands);
    free(g->cells);
    free(g->joined);
    free(g->met);
    free(g->pairs);
    free(g->questions);
    free(g->asked);
    free(g);
    *regroup_at = NULL;
}

int regroup_room(void *items_at, size_t *capacity, size_t count, size_t size) {
    if (count < *capacity) return 0;
    size_t bigger = *capacity ? *capacity * 2 : 256;
    void *grown = realloc(*(void **)items_at, bigger * size);
    if (!grown) return -ENOMEM;
    *(void **)items_at = grown;
    *capacity = bigger;
    return 0;
}

/* --- members by slot --- */

uint32_t *regroup_cell(const regroup *g, uint32_t slot) {
    uint32_t at = (slot * 2654435761U) & (g->cell_count - 1);
    while (g->cells[at] && g->hands[g->cells[at] - 1].slot != slot)
        at = (at + 1) & (g->cell_count - 1);
    return &g->cells[at];
}

static int more_cells(regroup *g) {
    if (g->count * 2 < g->cell_count) return 0;
    uint32_t *cells = calloc((size_t)g->cell_count * 2, sizeof *cells);
    if (!cells) return -ENOMEM;
    free(g->cells);
    g->cells = cells;
    g->cell_count *= 2;
    for (uint32_t i = 0; i < g->count; i++)
        *regroup_cell(g, g->hands[i].slot) = i + 1;
    return 0;
}

at_hand *regroup_take(regroup *g, uint32_t slot) {
    uint32_t *cell = regroup_cell(g, slot);
    if (*cell) return &g->hands[*cell - 1];
    size_t capacity = g->capacity;
    if (regroup_room(&g->hands, &capacity, g->count, sizeof *g->hands) || more_cells(g)) {
        g->failed = -ENOMEM;
        g->capacity = (uint32_t)capacity;
        return NULL;
    }
    g->capacity = (uint32_t)capacity;
    g->hands[g->count] = (at_hand){.slot = slot};
    *regroup_cell(g, slot) = ++g->count;
    return &g->hands[g->count - 1];
}

static void take_touched(uint32_t slot, void *arg) {
    at_hand *hand = regroup_take(arg, slot);
    if (hand) hand->touched = true;
}

static void take_meeting(uint32_t slot, void *arg) {
    at_hand *hand = regroup_take(arg, slot);
    if (hand) hand->touched = hand->meets = true;
}

bool regroup_is_alone(const regroup *g, uint32_t slot) {
    return repeats_index_entry(g->index, slot)->next == slot;
}

/* A newcomer only pushes others apart: nobody comes to be near anybody but the newcomer, which meets them itself. One
 * that leaves lists lets others come together. */
static int put(regroup *g, int64_t id, const matter *m) {
    uint32_t slot = REPEATS_NONE;
    bool is_new = repeats_index_find(g->index, id) == REPEATS_NONE;
    int r = repeats_index_put(g->index, id, m, is_new ? take_touched : take_meeting, g, &slot);
    at_hand *hand = r < 0 ? NULL : regroup_take(g, slot);
    if (!hand) return -ENOMEM;
    hand->rekeyed |= r > 0;
    hand->put = hand->touched = hand->meets = hand->compared = true;
    hand->matter = m;
    return g->failed;
}

/* Every step of fetching is that many complaints ahead of the next one. */
int regroup_put(regroup *g, const regroup_item *items, size_t count) {
    int r = 0;
    for (size_t i = 0; !r && i < count + FETCH_STEPS; i++) {
        if (i < count) repeats_index_fetch_id(g->index, items[i].complaint);
        for (size_t step = 0; step < FETCH_STEPS && step <= i; step++)
            if (i - step < count)
                repeats_index_fetch(g->index, &items[i - step].matter->keys, REPEATS_NONE, (fetch_step)step);
        if (i >= FETCH_STEPS) r = put(g, items[i - FETCH_STEPS].complaint, items[i - FETCH_STEPS].matter);
    }
    return r;
}

int regroup_missing(regroup *g, regroup_want **ret_wants, size_t *ret_count) {
    int r = regroup_spread(g);
    regroup_want *wants = r ? NULL : wjz_arena_alloc(g->arena, g->count * sizeof *wants);
    if (!wants) return -ENOMEM;
    *ret_count = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        const at_hand *hand = &g->hands[i];
        if (!hand->compared || hand->matter) continue;
        const repeats_entry *entry = repeats_index_entry(g->index, hand->slot);
        wants[(*ret_count)++] = (regroup_want){entry->complaint, entry->digest, i};
    }
    *ret_wants = wants;
    return 0;
}

void regroup_supply(regroup *g, const regroup_want *want, const matter *m) {
    g->hands[want->hand].matter = m;
}

/* --- links --- */

static int note_joined(regroup *g, uint32_t a, uint32_t b) {
    int r = regroup_room(&g->joined, &g->joined_capacity, g->joined_count, sizeof *g->joined);
    if (r) return r;
    g->joined[g->joined_count++] =
        (joined_pair){repeats_index_entry(g->index, a)->complaint, repeats_index_entry(g->index, b)->complaint};
    return 0;
}

/* Links the two when they are one matter, or nearly. */
static int link_pair(regroup *g, const met_pair *pair) {
    const at_hand *from = &g->hands[pair->from], *to = &g->hands[pair->to];
    if (repeats_index_hood(g->index, to->slot) == repeats_index_hood(g->index, from->slot)) return 0;
    double weight = pair_memo_weigh(g->memo, g->rules, from->matter, to->matter);
    if (weight <= -repeat_rules_uncertain(g->rules)) return 0;
    int r = note_joined(g, from->slot, to->slot);
    if (!r) repeats_index_join(g->index, from->slot, to->slot);
    return r;
}

enum { LINKS_AHEAD = 8 };

static void fetch_pair(const regroup *g, const met_pair *pair) {
    const at_hand *from = &g->hands[pair->from], *to = &g->hands[pair->to];
    repeats_index_fetch_entry(g->index, to->slot);
    pair_memo_fetch(g->memo, from->matter, to->matter);
}

int regroup_link(regroup *g) {
    for (size_t i = 0; i < g->met_count; i++) {
        if (i + LINKS_AHEAD < g->met_count) fetch_pair(g, &g->met[i + LINKS_AHEAD]);
        int r = link_pair(g, &g->met[i]);
        if (r) return r;
    }
    for (uint32_t i = 0, there = g->count; !g->failed && i < there; i++) {
        uint32_t first = g->hands[i].slot, at = first;
        if (!g->hands[i].touched || g->hands[i].member || regroup_is_alone(g, first)) continue;
        do {
            at_hand *hand = regroup_take(g, at);
            if (hand) hand->compared = hand->member = true;
            at = repeats_index_entry(g->index, at)->next;
        } while (at != first);
    }
    return g->failed;
}

/* --- decisions of people --- */

/* All that a decision names is one neighbourhood from then on, so that it is partitioned with it. */
static int touch_decided(regroup *g, const int64_t *complaints, size_t count, bool leave) {
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = repeats_index_find(g->index, complaints[i]);
        if (slot == REPEATS_NONE) return -ENOENT;
        at_hand *hand = regroup_take(g, slot);
        if (!hand) return -ENOMEM;
        hand->touched = true;
        hand->leaves = leave;
    }
    return 0;
}

static int join_decided(regroup *g, const int64_t *complaints, size_t count, uint32_t first) {
    for (size_t i = 0; i < count; i++) {
        uint32_t slot = repeats_index_find(g->index, complaints[i]);
        if (repeats_index_hood(g->index, slot) == repeats_index_hood(g->index, first)) continue;
        if (note_joined(g, first, slot)) return -ENOMEM;
        repeats_index_join(g->index, first, slot);
    }
    return 0;
}

static int touch_all(regroup *g, const decision *d, bool leave) {
    int r = touch_decided(g, d->members, d->member_count, leave);
    return r ? r : touch_decided(g, d->others, d->other_count, false);
}

int regroup_decide(regroup *g, const decision *d, bool leave) {
    int r = d->member_count ? touch_all(g, d, leave) : -EINVAL;
    if (r) return r;
    uint32_t first = repeats_index_find(g->index, d->members[0]);
    decisions *all = repeats_index_decisions(g->index);
    r = join_decided(g, d->members, d->member_count, first);
    if (!r) r = join_decided(g, d->others, d->other_count, first);
    if (!r) r = decisions_add(all, d);
    if (!r) g->decided.made = decisions_find(all, d->id);
    return r;
}

int64_t regroup_clue(const regroup *g, int64_t id) {
    uint32_t slot = repeats_index_find(g->index, id);
    return slot == REPEATS_NONE ? 0 : repeats_index_entry(g->index, slot)->clue;
}

/* Of complaints that are at hand. */
static int give_back(regroup *g, int64_t undone, const int64_t *complaints, size_t count, const was_in *were_in) {
    for (size_t i = 0; i < count; i++) {
        at_hand *hand = regroup_take(g, repeats_index_find(g->index, complaints[i]));
        if (!hand) return -ENOMEM;
        hand->leaves = were_in[i].clue != repeats_index_entry(g->index, hand->slot)->clue;
        if (!were_in[i].ended) continue;
        returning *to = wjz_arena_alloc(g->arena, sizeof *to);
        if (!to) return -ENOMEM;
        *to = (returning){were_in[i].clue, undone};
        hand->returns = to;
    }
    return 0;
}

static int give_all_back(regroup *g, const decision *d, const was_in *were_in, size_t count) {
    if (!count) return 0;
    if (count != d->member_count + d->other_count) return -EINVAL;
    int r = give_back(g, d->id, d->members, d->member_count, were_in);
    return r ? r : give_back(g, d->id, d->others, d->other_count, were_in + d->member_count);
}

int regroup_undo(regroup *g, int64_t id, const was_in *were_in, size_t count) {
    decisions *all = repeats_index_decisions(g->index);
    const decision *d = decisions_find(all, id);
    int r = d ? touch_all(g, d, false) : -ENOENT;
    if (!r) r = give_all_back(g, d, were_in, count);
    if (!r) r = decisions_remove(all, id);
    if (!r) g->decided.undone = id;
    return r;
}

decision_change regroup_decided(const regroup *g) {
    return g->decided;
}

const regroup_question *regroup_questions(const regroup *g, size_t *ret_count) {
    *ret_count = g->question_count;
    return g->questions;
}

const int64_t *regroup_asked(const regroup *g, size_t *ret_count) {
    *ret_count = g->asked_count;
    return g->asked;
}

const joined_pair *regroup_joined(const regroup *g, size_t *ret_count) {
    *ret_count = g->joined_count;
    return g->joined;
}
