/* The members at hand — what was put, what was disturbed by it, what is near them, and their neighbourhoods — each
 * once, found by slot. */
#include "scoring/regroup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct at_hand {
    uint32_t slot;
    bool put, rekeyed, leaves;
    bool touched;                    /* its near ones may have changed */
    bool meets;                      /* it may have won near ones; touched, too */
    bool compared;                   /* so that its matter is needed */
    bool spread;                     /* its near ones are at hand, and the pairs that it makes with them */
    bool grouped;                    /* its neighbourhood has been taken */
    uint32_t seen_by;                /* last slot + 1 that met it, so that a pair is met once */
    uint32_t local;                  /* index within its neighbourhood */
    uint32_t first_pair, pair_count; /* of met: those that it met first */
    const matter *matter;
} at_hand;

/* Two near ones, as indices in hands, each pair once. */
typedef struct met_pair {
    uint32_t from, to;
} met_pair;

struct regroup {
    const repeat_rules *rules;
    repeats_index *index;
    pair_memo *memo;
    wjz_arena *arena;
    at_hand *hands;
    uint32_t count, capacity;
    uint32_t *cells; /* by slot: index in hands + 1 */
    uint32_t cell_count;
    joined_pair *joined;
    size_t joined_count, joined_capacity;
    met_pair *met;
    size_t met_count, met_capacity;
    near_pair *pairs; /* of one neighbourhood */
    size_t pair_count, pair_capacity;
    regroup_question *questions;
    size_t question_count, question_capacity;
    decision_change decided;
    uint32_t from; /* whose near ones are being met */
    int failed;    /* -ENOMEM inside a callback */
};

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
    free(g);
    *regroup_at = NULL;
}

static int room(void *items_at, size_t *capacity, size_t count, size_t size) {
    if (count < *capacity) return 0;
    size_t bigger = *capacity ? *capacity * 2 : 256;
    void *grown = realloc(*(void **)items_at, bigger * size);
    if (!grown) return -ENOMEM;
    *(void **)items_at = grown;
    *capacity = bigger;
    return 0;
}

/* --- members by slot --- */

static uint32_t *cell_for(const regroup *g, uint32_t slot) {
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
        *cell_for(g, g->hands[i].slot) = i + 1;
    return 0;
}

/* NULL, with failed set, when out of memory. Valid until the next call. */
static at_hand *take(regroup *g, uint32_t slot) {
    uint32_t *cell = cell_for(g, slot);
    if (*cell) return &g->hands[*cell - 1];
    size_t capacity = g->capacity;
    if (room(&g->hands, &capacity, g->count, sizeof *g->hands) || more_cells(g)) {
        g->failed = -ENOMEM;
        g->capacity = (uint32_t)capacity;
        return NULL;
    }
    g->capacity = (uint32_t)capacity;
    g->hands[g->count] = (at_hand){.slot = slot};
    *cell_for(g, slot) = ++g->count;
    return &g->hands[g->count - 1];
}

static void take_touched(uint32_t slot, void *arg) {
    at_hand *hand = take(arg, slot);
    if (hand) hand->touched = true;
}

static void take_meeting(uint32_t slot, void *arg) {
    at_hand *hand = take(arg, slot);
    if (hand) hand->touched = hand->meets = true;
}

static void take_compared(uint32_t slot, void *arg) {
    at_hand *hand = take(arg, slot);
    if (hand) hand->compared = true;
}

static bool is_alone(const regroup *g, uint32_t slot) {
    return repeats_index_entry(g->index, slot)->next == slot;
}

/* A newcomer only pushes others apart: nobody comes to be near anybody but the newcomer, which meets them itself. One
 * that leaves lists lets others come together. */
static int put(regroup *g, int64_t id, const matter *m) {
    uint32_t slot = REPEATS_NONE;
    bool is_new = repeats_index_find(g->index, id) == REPEATS_NONE;
    int r = repeats_index_put(g->index, id, m, is_new ? take_touched : take_meeting, g, &slot);
    at_hand *hand = r < 0 ? NULL : take(g, slot);
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
            if (i - step < count) repeats_index_fetch(g->index, &items[i - step].matter->keys, (fetch_step)step);
        if (i >= FETCH_STEPS) r = put(g, items[i - FETCH_STEPS].complaint, items[i - FETCH_STEPS].matter);
    }
    return r;
}

/* --- near ones --- */

/* Those that are worth comparing with it. */
static void meet(regroup *g, uint32_t hand, unsigned choice, repeats_slot_fn *fn) {
    g->from = hand;
    repeats_index_near(g->index, g->hands[hand].slot, choice | (repeats_where_decides(g->rules) ? NEAR_HERE : 0), fn,
                       g);
}

/* Who was spread before has met it already. */
static void meet_near(uint32_t slot, void *arg) {
    regroup *g = arg;
    at_hand *to = take(g, slot);
    if (!to || to->seen_by == g->hands[g->from].slot + 1 || to->spread) return;
    to->seen_by = g->hands[g->from].slot + 1;
    to->compared = true;
    repeats_index_fetch_entry(g->index, slot);
    if (room(&g->met, &g->met_capacity, g->met_count, sizeof *g->met))
        g->failed = -ENOMEM;
    else
        g->met[g->met_count++] = (met_pair){g->from, (uint32_t)(to - g->hands)};
}

/* Fetches what spreading a hand some places ahead will read. */
static void fetch_ahead(const regroup *g, uint32_t hand, uint32_t there) {
    for (uint32_t step = 0; step < FETCH_STEPS; step++) {
        uint32_t ahead = hand + FETCH_STEPS - step;
        if (ahead >= there || !g->hands[ahead].put || g->hands[ahead].spread) continue;
        repeats_index_fetch(g->index, &g->hands[ahead].matter->keys, (fetch_step)step);
    }
}

static void spread(regroup *g) {
    for (uint32_t i = 0, there = g->count; i < there; i++) {
        fetch_ahead(g, i, there);
        if (!g->hands[i].meets || g->hands[i].spread) continue;
        g->hands[i].first_pair = (uint32_t)g->met_count;
        meet(g, i, 0, meet_near);
        g->hands[i].pair_count = (uint32_t)g->met_count - g->hands[i].first_pair;
        g->hands[i].spread = g->hands[i].compared = true;
    }
}

int regroup_missing(regroup *g, regroup_want **ret_wants, size_t *ret_count) {
    spread(g);
    regroup_want *wants = wjz_arena_alloc(g->arena, g->count * sizeof *wants);
    if (g->failed || !wants) return -ENOMEM;
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
    int r = room(&g->joined, &g->joined_capacity, g->joined_count, sizeof *g->joined);
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

int regroup_link(regroup *g) {
    for (size_t i = 0; i < g->met_count; i++) {
        int r = link_pair(g, &g->met[i]);
        if (r) return r;
    }
    uint32_t there = g->count;
    for (uint32_t i = 0; i < there; i++) {
        uint32_t first = g->hands[i].slot, at = first;
        if (!g->hands[i].touched || is_alone(g, first)) continue;
        do {
            take_compared(at, g);
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
        at_hand *hand = take(g, slot);
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

int regroup_undo(regroup *g, int64_t id) {
    decisions *all = repeats_index_decisions(g->index);
    const decision *d = decisions_find(all, id);
    int r = d ? touch_all(g, d, false) : -ENOENT;
    if (!r) r = decisions_remove(all, id);
    if (!r) g->decided.undone = id;
    return r;
}

decision_change regroup_decided(const regroup *g) {
    return g->decided;
}

/* --- groups --- */

static void note_pair(regroup *g, const at_hand *from, const at_hand *to) {
    if (room(&g->pairs, &g->pair_capacity, g->pair_count, sizeof *g->pairs))
        g->failed = -ENOMEM;
    else
        g->pairs[g->pair_count++] = (near_pair){from->local, to->local};
}

/* Of two that were not spread. */
static void pair_near(uint32_t slot, void *arg) {
    regroup *g = arg;
    uint32_t *cell = cell_for(g, slot);
    at_hand *from = &g->hands[g->from], *to = *cell ? &g->hands[*cell - 1] : NULL;
    if (!to || to->spread || to->seen_by == from->slot + 1) return;
    to->seen_by = from->slot + 1;
    if (repeats_index_hood(g->index, slot) == repeats_index_hood(g->index, from->slot)) note_pair(g, from, to);
}

/* The near pairs within the neighbourhood: those that were met, and those of members that were not spread. */
static void find_pairs(regroup *g, const uint32_t *hands, uint32_t count) {
    uint32_t root = repeats_index_hood(g->index, g->hands[hands[0]].slot);
    g->pair_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const at_hand *from = &g->hands[hands[i]];
        if (!from->spread) meet(g, hands[i], NEAR_AFTER, pair_near);
        for (uint32_t j = 0; j < from->pair_count; j++) {
            const at_hand *to = &g->hands[g->met[from->first_pair + j].to];
            if (repeats_index_hood(g->index, to->slot) == root) note_pair(g, from, to);
        }
    }
}

/* Members of the neighbourhood of hand, as indices in hands. */
static int collect(regroup *g, uint32_t hand, uint32_t **ret_hands, uint32_t *ret_count) {
    uint32_t first = g->hands[hand].slot, count = 0, at = first;
    do {
        count++;
        at = repeats_index_entry(g->index, at)->next;
    } while (at != first);
    uint32_t *hands = wjz_arena_alloc(g->arena, count * sizeof *hands);
    if (!hands) return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        hands[i] = *cell_for(g, at) - 1;
        g->hands[hands[i]].grouped = true;
        g->hands[hands[i]].local = i;
        at = repeats_index_entry(g->index, at)->next;
    }
    *ret_hands = hands;
    *ret_count = count;
    return 0;
}

/* Those of the complaints that are members of the neighbourhood at hand, as indices in it. */
static const uint32_t *locals_of(regroup *g, const int64_t *complaints, size_t *count, uint32_t hood) {
    uint32_t *locals = wjz_arena_alloc(g->arena, *count * sizeof *locals);
    size_t found = 0;
    for (size_t i = 0; locals && i < *count; i++) {
        uint32_t slot = repeats_index_find(g->index, complaints[i]);
        if (slot == REPEATS_NONE || repeats_index_hood(g->index, slot) != hood) continue;
        locals[found++] = g->hands[*cell_for(g, slot) - 1].local;
    }
    *count = found;
    return locals;
}

/* What people decided about members of the neighbourhood. */
static int find_constraints(regroup *g, const uint32_t *hands, neighbourhood *hood) {
    const decisions *all = repeats_index_decisions(g->index);
    if (!decisions_count(all)) return 0;
    const decision **about = NULL;
    int64_t *ids = wjz_arena_alloc(g->arena, hood->count * sizeof *ids);
    if (!ids) return -ENOMEM;
    for (size_t i = 0; i < hood->count; i++)
        ids[i] = repeats_index_entry(g->index, g->hands[hands[i]].slot)->complaint;
    int r = decisions_about(all, ids, hood->count, g->arena, &about, &hood->constraint_count);
    constraint *list = r ? NULL : wjz_arena_alloc(g->arena, hood->constraint_count * sizeof *list);
    if (!list) return -ENOMEM;
    uint32_t root = repeats_index_hood(g->index, g->hands[hands[0]].slot);
    for (size_t i = 0; i < hood->constraint_count; i++) {
        list[i] =
            (constraint){about[i]->kind, .member_count = about[i]->member_count, .other_count = about[i]->other_count};
        list[i].members = locals_of(g, about[i]->members, &list[i].member_count, root);
        list[i].others = locals_of(g, about[i]->others, &list[i].other_count, root);
        if (!list[i].members || !list[i].others) return -ENOMEM;
    }
    hood->constraints = list;
    return 0;
}

static int note_questions(regroup *g, const uint32_t *hands, const question *questions, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (room(&g->questions, &g->question_capacity, g->question_count, sizeof *g->questions)) return -ENOMEM;
        const at_hand *a = &g->hands[hands[questions[i].a]], *b = &g->hands[hands[questions[i].b]];
        g->questions[g->question_count++] = (regroup_question){a->slot,
                                                               b->slot,
                                                               repeats_index_entry(g->index, a->slot)->complaint,
                                                               repeats_index_entry(g->index, b->slot)->complaint,
                                                               a->matter,
                                                               b->matter,
                                                               questions[i].weight,
                                                               questions[i].why};
    }
    return 0;
}

static int partition_hood(regroup *g, const uint32_t *hands, uint32_t count, uint32_t *leaders) {
    if (count == 1) {
        leaders[0] = 0;
        return 0;
    }
    const matter **matters = wjz_arena_alloc(g->arena, count * sizeof *matters);
    if (!matters) return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        matters[i] = g->hands[hands[i]].matter;
    find_pairs(g, hands, count);
    if (g->failed) return g->failed;
    neighbourhood hood = {
        .members = matters, .count = count, .pairs = g->pairs, .pair_count = g->pair_count, .memo = g->memo};
    question *questions = NULL;
    size_t question_count = 0;
    int r = find_constraints(g, hands, &hood);
    if (!r) r = partition_make(g->rules, &hood, g->arena, leaders, &questions, &question_count);
    return r ? r : note_questions(g, hands, questions, question_count);
}

static int by_canon(const void *a, const void *b) {
    const matter *x = ((const regroup_member *)a)->matter, *y = ((const regroup_member *)b)->matter;
    return matter_before(y, x) - matter_before(x, y);
}

static int by_first(const void *a, const void *b) {
    const regroup_group *x = a, *y = b;
    return by_canon(x->members, y->members);
}

/* Appends the groups of one neighbourhood. */
static int add_groups(regroup *g, const uint32_t *hands, uint32_t count, const uint32_t *leaders, regroup_group *groups,
                      size_t *group_count) {
    uint32_t *group_of = wjz_arena_alloc(g->arena, count * sizeof *group_of);
    regroup_member *members = wjz_arena_alloc(g->arena, count * sizeof *members);
    if (!group_of || !members) return -ENOMEM;
    size_t first = *group_count;
    for (uint32_t i = 0; i < count; i++) {
        if (leaders[i] != i) continue;
        group_of[i] = (uint32_t)(*group_count)++;
        groups[group_of[i]] = (regroup_group){0};
    }
    for (uint32_t i = 0; i < count; i++)
        groups[group_of[leaders[i]]].count++;
    for (size_t i = first; i < *group_count; i++) {
        groups[i].members = members;
        members += groups[i].count;
        groups[i].count = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        const at_hand *hand = &g->hands[hands[i]];
        const repeats_entry *entry = repeats_index_entry(g->index, hand->slot);
        regroup_group *group = &groups[group_of[leaders[i]]];
        group->members[group->count++] = (regroup_member){.complaint = entry->complaint,
                                                          .clue = entry->clue,
                                                          .slot = hand->slot,
                                                          .put = hand->put,
                                                          .rekeyed = hand->rekeyed,
                                                          .leaves = hand->leaves,
                                                          .matter = hand->matter};
    }
    for (size_t i = first; i < *group_count; i++)
        qsort(groups[i].members, groups[i].count, sizeof *groups[i].members, by_canon);
    return 0;
}

int regroup_groups(regroup *g, regroup_group **ret_groups, size_t *ret_count) {
    regroup_group *groups = wjz_arena_alloc(g->arena, g->count * sizeof *groups);
    if (!groups) return -ENOMEM;
    size_t count = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        if (!g->hands[i].touched || g->hands[i].grouped) continue;
        if (is_alone(g, g->hands[i].slot) && !g->hands[i].put) continue; /* and was before */
        uint32_t *hands = NULL, members = 0;
        int r = collect(g, i, &hands, &members);
        uint32_t *leaders = r ? NULL : wjz_arena_alloc(g->arena, members * sizeof *leaders);
        if (!leaders) return -ENOMEM;
        r = partition_hood(g, hands, members, leaders);
        if (!r) r = add_groups(g, hands, members, leaders, groups, &count);
        if (r) return r;
    }
    qsort(groups, count, sizeof *groups, by_first);
    *ret_groups = groups;
    *ret_count = count;
    return 0;
}

const regroup_question *regroup_questions(const regroup *g, size_t *ret_count) {
    *ret_count = g->question_count;
    return g->questions;
}

const joined_pair *regroup_joined(const regroup *g, size_t *ret_count) {
    *ret_count = g->joined_count;
    return g->joined;
}
