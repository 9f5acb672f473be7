/* Who is near whom among what is at hand, each pair once. Looking through lists of an index that is larger than the
 * caches is waiting for memory, so what is looked for next is fetched meanwhile. */
#include <errno.h>
#include <string.h>

#include "scoring/regroup_parts.h"

/* Those that are worth comparing with it. */
static void meet(regroup *g, uint32_t hand, unsigned choice, repeats_slot_fn *fn) {
    const word_list by = g->hands[hand].by; /* hands may move */
    g->from = hand;
    choice |= repeats_where_decides(g->rules) ? NEAR_HERE : 0;
    repeats_index_near_by(g->index, g->hands[hand].slot, &by, choice, fn, g);
}

static void note_met(regroup *g, const at_hand *to) {
    if (regroup_room(&g->met, &g->met_capacity, g->met_count, sizeof *g->met))
        g->failed = -ENOMEM;
    else
        g->met[g->met_count++] = (met_pair){g->from, (uint32_t)(to - g->hands)};
}

/* Who was spread before has met it already. */
static void meet_near(uint32_t slot, void *arg) {
    regroup *g = arg;
    at_hand *to = regroup_take(g, slot);
    if (!to || to->seen_by == g->hands[g->from].slot + 1 || to->spread) return;
    to->seen_by = g->hands[g->from].slot + 1;
    to->compared = true;
    repeats_index_fetch_entry(g->index, slot);
    note_met(g, to);
}

/* Fetches what looking for the near ones of a hand some places ahead will read. */
static void fetch_ahead(const regroup *g, const uint32_t *hands, uint32_t at, uint32_t count) {
    for (uint32_t step = 0; step < FETCH_STEPS; step++) {
        if (at + FETCH_STEPS - step >= count) continue;
        const at_hand *ahead = &g->hands[hands[at + FETCH_STEPS - step]];
        repeats_index_fetch(g->index, &ahead->by, ahead->slot, (fetch_step)step);
    }
}

/* Looks for the near ones of each of these hands. */
static void meet_all(regroup *g, const uint32_t *hands, uint32_t count, unsigned choice, repeats_slot_fn *fn) {
    for (uint32_t i = 0; i < count; i++) {
        fetch_ahead(g, hands, i, count);
        g->hands[hands[i]].first_pair = (uint32_t)g->met_count;
        meet(g, hands[i], choice, fn);
        g->hands[hands[i]].pair_count = (uint32_t)g->met_count - g->hands[hands[i]].first_pair;
        g->hands[hands[i]].spread |= fn == meet_near;
    }
}

int regroup_spread(regroup *g) {
    uint32_t *hands = wjz_arena_alloc(g->arena, g->count * sizeof *hands), count = 0;
    if (!hands) return -ENOMEM;
    for (uint32_t i = 0; i < g->count; i++) {
        at_hand *hand = &g->hands[i];
        if (!hand->meets || hand->spread) continue;
        hand->compared = true;
        hand->by = (word_list){repeats_index_keys(g->index, hand->slot),
                               (uint16_t)repeats_index_entry(g->index, hand->slot)->key_count};
        hands[count++] = i;
    }
    meet_all(g, hands, count, 0, meet_near);
    return g->failed;
}

/* --- near ones within a neighbourhood --- */

enum { FEW_MEMBERS = 8 /* that are compared key by key */ };

/* Marks the keys that two sorted lists share. */
static void mark_shared(const word_list *a, const word_list *b, uint32_t *marks_a, uint32_t *marks_b) {
    for (uint16_t i = 0, j = 0; i < a->count && j < b->count;) {
        uint32_t x = a->items[i], y = b->items[j];
        *marks_a |= (uint32_t)(x == y) << i;
        *marks_b |= (uint32_t)(x == y) << j;
        i = (uint16_t)(i + (x <= y));
        j = (uint16_t)(j + (y <= x));
    }
}

static int keep_marked(const word_list *keys, uint32_t marks, wjz_arena *arena, word_list *ret_keys) {
    uint32_t *kept = wjz_arena_alloc(arena, MATTER_KEYS * sizeof *kept);
    if (!kept) return -ENOMEM;
    *ret_keys = (word_list){kept, 0};
    for (; marks; marks &= marks - 1)
        kept[ret_keys->count++] = keys->items[__builtin_ctz(marks)];
    return 0;
}

/* Only by a key that two of them have can members be near each other; where they are few it is worth finding out which.
 */
static int choose_keys_to_meet_by(regroup *g, const uint32_t *hands, uint32_t count) {
    uint32_t marks[FEW_MEMBERS] = {0};
    for (uint32_t i = 0; i < count; i++)
        g->hands[hands[i]].by = g->hands[hands[i]].matter->keys;
    if (count > FEW_MEMBERS) return 0;
    for (uint32_t i = 0; i < count; i++) {
        at_hand *a = &g->hands[hands[i]];
        for (uint32_t j = i + 1; j < count; j++)
            mark_shared(&a->matter->keys, &g->hands[hands[j]].matter->keys, &marks[i], &marks[j]);
        int r = keep_marked(&a->matter->keys, marks[i], g->arena, &a->by);
        if (r) return r;
    }
    return 0;
}

/* Of two members that were not spread. */
static void meet_member(uint32_t slot, void *arg) {
    regroup *g = arg;
    uint32_t *cell = regroup_cell(g, slot);
    at_hand *from = &g->hands[g->from], *to = *cell ? &g->hands[*cell - 1] : NULL;
    if (!to || !to->grouped || to->spread || to->seen_by == from->slot + 1) return;
    to->seen_by = from->slot + 1;
    note_met(g, to);
}

int regroup_meet_members(regroup *g, const hood_members *hoods, size_t hood_count) {
    uint32_t *hands = wjz_arena_alloc(g->arena, g->count * sizeof *hands), count = 0;
    if (!hands) return -ENOMEM;
    for (size_t h = 0; h < hood_count; h++) {
        uint32_t first = count;
        for (uint32_t i = 0; i < hoods[h].count; i++)
            if (!g->hands[hoods[h].hands[i]].spread) hands[count++] = hoods[h].hands[i];
        int r = choose_keys_to_meet_by(g, hands + first, count - first);
        if (r) return r;
    }
    meet_all(g, hands, count, NEAR_AFTER, meet_member);
    return g->failed;
}

int regroup_find_pairs(regroup *g, const hood_members *hood) {
    uint32_t root = repeats_index_hood(g->index, g->hands[hood->hands[0]].slot);
    g->pair_count = 0;
    for (uint32_t i = 0; i < hood->count; i++) {
        const at_hand *from = &g->hands[hood->hands[i]];
        for (uint32_t j = 0; j < from->pair_count; j++) {
            const at_hand *to = &g->hands[g->met[from->first_pair + j].to];
            if (repeats_index_hood(g->index, to->slot) != root) continue;
            if (regroup_room(&g->pairs, &g->pair_capacity, g->pair_count, sizeof *g->pairs)) return -ENOMEM;
            g->pairs[g->pair_count++] = (near_pair){from->local, to->local};
        }
    }
    return 0;
}
