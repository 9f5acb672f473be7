/* The members at hand — what was put, what was disturbed by it, what is near them, and their neighbourhoods — each
 * once, found by slot. */
#include "scoring/regroup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/partition.h"

typedef struct at_hand {
    uint32_t slot;
    bool put, rekeyed;
    bool touched;     /* its near ones may have changed */
    bool meets;       /* it may have won near ones; touched, too */
    bool compared;    /* so that its matter is needed */
    bool spread;      /* its near ones are at hand */
    bool grouped;     /* its neighbourhood has been taken */
    uint32_t seen_by; /* last slot + 1 that met it, so that a pair is met once */
    uint32_t local;   /* index within its neighbourhood */
    const matter *matter;
} at_hand;

struct regroup {
    const repeat_rules *rules;
    repeats_index *index;
    wjz_arena *arena;
    at_hand *hands;
    uint32_t count, capacity;
    uint32_t *cells; /* by slot: index in hands + 1 */
    uint32_t cell_count;
    joined_pair *joined;
    size_t joined_count, joined_capacity;
    near_pair *pairs;
    size_t pair_count, pair_capacity;
    uint32_t from; /* whose near ones are being met */
    int failed;    /* -ENOMEM inside a callback */
};

int regroup_new(const repeat_rules *rules, repeats_index *index, wjz_arena *arena, regroup **ret_regroup) {
    regroup *g = calloc(1, sizeof *g);
    if (!g) return -ENOMEM;
    *g = (regroup){.rules = rules, .index = index, .arena = arena, .cell_count = 1024};
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
    free(g->pairs);
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
int regroup_put(regroup *g, int64_t id, const matter *m) {
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

int regroup_supply(regroup *g, int64_t id, const matter *m) {
    uint32_t slot = repeats_index_find(g->index, id);
    at_hand *hand = slot == REPEATS_NONE ? NULL : take(g, slot);
    if (!hand) return slot == REPEATS_NONE ? -ENOENT : -ENOMEM;
    if (!hand->matter) hand->matter = m;
    return 0;
}

int regroup_missing(regroup *g, int64_t **ret_ids, size_t *ret_count) {
    for (uint32_t i = 0, there = g->count; i < there; i++) {
        if (!g->hands[i].meets || g->hands[i].spread) continue;
        g->hands[i].spread = true;
        repeats_index_near(g->index, g->hands[i].slot, false, take_compared, g);
        g->hands[i].compared = true;
    }
    int64_t *ids = wjz_arena_alloc(g->arena, g->count * sizeof *ids);
    if (g->failed || !ids) return -ENOMEM;
    *ret_count = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        if (g->hands[i].compared && !g->hands[i].matter)
            ids[(*ret_count)++] = repeats_index_entry(g->index, g->hands[i].slot)->complaint;
    }
    *ret_ids = ids;
    return 0;
}

/* --- links --- */

static int note_joined(regroup *g, uint32_t a, uint32_t b) {
    int r = room(&g->joined, &g->joined_capacity, g->joined_count, sizeof *g->joined);
    if (r) return r;
    g->joined[g->joined_count++] =
        (joined_pair){repeats_index_entry(g->index, a)->complaint, repeats_index_entry(g->index, b)->complaint};
    return 0;
}

static void link_near(uint32_t slot, void *arg) {
    regroup *g = arg;
    at_hand *from = &g->hands[g->from], *to = &g->hands[*cell_for(g, slot) - 1];
    if (to->seen_by == from->slot + 1) return;
    to->seen_by = from->slot + 1;
    if (repeats_index_hood(g->index, slot) == repeats_index_hood(g->index, from->slot)) return;
    if (repeats_weigh(g->rules, from->matter, to->matter) <= 0) return;
    if (note_joined(g, from->slot, slot)) g->failed = -ENOMEM;
    repeats_index_join(g->index, from->slot, slot);
}

int regroup_link(regroup *g) {
    uint32_t there = g->count;
    for (g->from = 0; g->from < there; g->from++) {
        if (g->hands[g->from].meets) repeats_index_near(g->index, g->hands[g->from].slot, false, link_near, g);
    }
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

/* --- groups --- */

static void pair_near(uint32_t slot, void *arg) {
    regroup *g = arg;
    uint32_t *cell = cell_for(g, slot);
    at_hand *from = &g->hands[g->from], *to = *cell ? &g->hands[*cell - 1] : NULL;
    if (!to || to->seen_by == from->slot + 1) return;
    to->seen_by = from->slot + 1;
    if (repeats_index_hood(g->index, slot) != repeats_index_hood(g->index, from->slot)) return;
    if (room(&g->pairs, &g->pair_capacity, g->pair_count, sizeof *g->pairs))
        g->failed = -ENOMEM;
    else
        g->pairs[g->pair_count++] = (near_pair){from->local, to->local};
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
        g->hands[hands[i]].seen_by = 0;
        at = repeats_index_entry(g->index, at)->next;
    }
    *ret_hands = hands;
    *ret_count = count;
    return 0;
}

static int partition_hood(regroup *g, const uint32_t *hands, uint32_t count, uint32_t *leaders) {
    if (count == 1) {
        leaders[0] = 0;
        return 0;
    }
    const matter **matters = wjz_arena_alloc(g->arena, count * sizeof *matters);
    if (!matters) return -ENOMEM;
    g->pair_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        g->from = hands[i];
        matters[i] = g->hands[hands[i]].matter;
        repeats_index_near(g->index, g->hands[hands[i]].slot, true, pair_near, g);
    }
    if (g->failed) return g->failed;
    return partition_make(g->rules, matters, count, g->pairs, g->pair_count, g->arena, leaders);
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
        group->members[group->count++] =
            (regroup_member){entry->complaint, entry->clue, hand->slot, hand->put, hand->rekeyed, hand->matter};
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

const joined_pair *regroup_joined(const regroup *g, size_t *ret_count) {
    *ret_count = g->joined_count;
    return g->joined;
}

/* --- identity --- */

static old_clue *find_clue(old_clue *clues, size_t count, int64_t clue) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (clues[middle].clue < clue)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && clues[low].clue == clue ? &clues[low] : NULL;
}

static bool better(const old_clue *a, const old_clue *b) {
    return a->told != b->told ? a->told : a->clue < b->clue;
}

/* For each clue the group that has its canonically first member; groups without any member of it do not count. */
static int find_homes(const regroup_group *groups, size_t group_count, old_clue *clues, size_t clue_count,
                      size_t *homes, wjz_arena *arena) {
    const matter **firsts = wjz_arena_calloc(arena, clue_count, sizeof *firsts);
    if (!firsts) return -ENOMEM;
    for (size_t i = 0; i < group_count; i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            const regroup_member *member = &groups[i].members[j];
            old_clue *old = member->clue ? find_clue(clues, clue_count, member->clue) : NULL;
            if (member->clue && !old) return -EINVAL;
            size_t at = old ? (size_t)(old - clues) : 0;
            if (!old || (firsts[at] && !matter_before(member->matter, firsts[at]))) continue;
            firsts[at] = member->matter;
            homes[at] = i;
        }
    }
    return 0;
}

int regroup_identify(regroup_group *groups, size_t group_count, old_clue *clues, size_t clue_count,
                     int64_t (*new_id)(void), wjz_arena *arena) {
    size_t *homes = wjz_arena_alloc(arena, clue_count * sizeof *homes);
    old_clue **heirs = wjz_arena_calloc(arena, group_count, sizeof *heirs);
    if (!homes || !heirs) return -ENOMEM;
    for (size_t i = 0; i < clue_count; i++)
        homes[i] = SIZE_MAX;
    int r = find_homes(groups, group_count, clues, clue_count, homes, arena);
    if (r) return r;
    for (size_t i = 0; i < clue_count; i++) {
        old_clue **heir = homes[i] == SIZE_MAX ? NULL : &heirs[homes[i]];
        if (heir && (!*heir || better(&clues[i], *heir))) *heir = &clues[i];
    }
    for (size_t i = 0; i < group_count; i++)
        groups[i].clue = heirs[i] ? heirs[i]->clue : new_id();
    for (size_t i = 0; i < clue_count; i++) {
        bool lives = homes[i] != SIZE_MAX && heirs[homes[i]] == &clues[i];
        clues[i].merged_into = homes[i] == SIZE_MAX || lives ? 0 : groups[homes[i]].clue;
    }
    return 0;
}
