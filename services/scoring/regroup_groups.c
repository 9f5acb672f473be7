/* The neighbourhoods that were touched, and the matters that each of them is divided into. */
#include <errno.h>
#include <stdlib.h>

#include "scoring/regroup_parts.h"

/* --- neighbourhoods --- */

static int collect(regroup *g, uint32_t hand, hood_members *ret_members) {
    uint32_t first = g->hands[hand].slot, count = 0, at = first;
    do {
        count++;
        at = repeats_index_entry(g->index, at)->next;
    } while (at != first);
    uint32_t *hands = wjz_arena_alloc(g->arena, count * sizeof *hands);
    if (!hands) return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        hands[i] = *regroup_cell(g, at) - 1;
        g->hands[hands[i]].grouped = true;
        g->hands[hands[i]].local = i;
        at = repeats_index_entry(g->index, at)->next;
    }
    *ret_members = (hood_members){hands, count};
    return 0;
}

/* The neighbourhoods that were touched. */
static int collect_all(regroup *g, hood_members **ret_hoods, size_t *ret_count) {
    hood_members *hoods = wjz_arena_alloc(g->arena, g->count * sizeof *hoods);
    if (!hoods) return -ENOMEM;
    *ret_count = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        if (!g->hands[i].touched || g->hands[i].grouped) continue;
        if (regroup_is_alone(g, g->hands[i].slot) && !g->hands[i].put) continue; /* and was before */
        int r = collect(g, i, &hoods[*ret_count]);
        if (r) return r;
        (*ret_count)++;
    }
    *ret_hoods = hoods;
    return 0;
}

/* --- groups --- */

/* Those of the complaints that are members of the neighbourhood at hand, as indices in it. */
static const uint32_t *locals_of(regroup *g, const int64_t *complaints, size_t *count, uint32_t hood) {
    uint32_t *locals = wjz_arena_alloc(g->arena, *count * sizeof *locals);
    size_t found = 0;
    for (size_t i = 0; locals && i < *count; i++) {
        uint32_t slot = repeats_index_find(g->index, complaints[i]);
        if (slot == REPEATS_NONE || repeats_index_hood(g->index, slot) != hood) continue;
        locals[found++] = g->hands[*regroup_cell(g, slot) - 1].local;
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

static int note_asked(regroup *g, at_hand *hand) {
    const repeats_entry *entry = repeats_index_entry(g->index, hand->slot);
    if (entry->asked) return 0;
    if (regroup_room(&g->asked, &g->asked_capacity, g->asked_count, sizeof *g->asked)) return -ENOMEM;
    g->asked[g->asked_count++] = entry->complaint;
    repeats_index_set_asked(g->index, hand->slot);
    hand->first_asked = true;
    return 0;
}

static int note_questions(regroup *g, const uint32_t *hands, const question *questions, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (regroup_room(&g->questions, &g->question_capacity, g->question_count, sizeof *g->questions)) return -ENOMEM;
        at_hand *a = &g->hands[hands[questions[i].a]];
        const at_hand *b = &g->hands[hands[questions[i].b]];
        if (note_asked(g, a)) return -ENOMEM;
        g->questions[g->question_count++] = (regroup_question){a->slot,
                                                               b->slot,
                                                               repeats_index_entry(g->index, a->slot)->complaint,
                                                               repeats_index_entry(g->index, b->slot)->complaint,
                                                               a->matter,
                                                               b->matter,
                                                               questions[i].weight,
                                                               questions[i].why,
                                                               a->first_asked};
    }
    return 0;
}

static int partition_hood(regroup *g, const hood_members *members, uint32_t *leaders) {
    if (members->count == 1) {
        leaders[0] = 0;
        return 0;
    }
    const matter **matters = wjz_arena_alloc(g->arena, members->count * sizeof *matters);
    if (!matters) return -ENOMEM;
    for (uint32_t i = 0; i < members->count; i++)
        matters[i] = g->hands[members->hands[i]].matter;
    int r = regroup_find_pairs(g, members);
    if (r) return r;
    neighbourhood hood = {
        .members = matters, .count = members->count, .pairs = g->pairs, .pair_count = g->pair_count, .memo = g->memo};
    question *questions = NULL;
    size_t question_count = 0;
    r = find_constraints(g, members->hands, &hood);
    if (!r) r = partition_make(g->rules, &hood, g->arena, leaders, &questions, &question_count);
    return r ? r : note_questions(g, members->hands, questions, question_count);
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
                                                          .returns = hand->returns,
                                                          .matter = hand->matter};
    }
    for (size_t i = first; i < *group_count; i++)
        qsort(groups[i].members, groups[i].count, sizeof *groups[i].members, by_canon);
    return 0;
}

int regroup_groups(regroup *g, regroup_group **ret_groups, size_t *ret_count) {
    hood_members *hoods = NULL;
    size_t hood_count = 0, count = 0;
    int r = collect_all(g, &hoods, &hood_count);
    if (!r) r = regroup_meet_members(g, hoods, hood_count);
    regroup_group *groups = r ? NULL : wjz_arena_alloc(g->arena, g->count * sizeof *groups);
    if (!groups) return -ENOMEM;
    for (size_t i = 0; i < hood_count; i++) {
        uint32_t *leaders = wjz_arena_alloc(g->arena, hoods[i].count * sizeof *leaders);
        if (!leaders) return -ENOMEM;
        r = partition_hood(g, &hoods[i], leaders);
        if (!r) r = add_groups(g, hoods[i].hands, hoods[i].count, leaders, groups, &count);
        if (r) return r;
    }
    qsort(groups, count, sizeof *groups, by_first);
    *ret_groups = groups;
    *ret_count = count;
    return 0;
}
