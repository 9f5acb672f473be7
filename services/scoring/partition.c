/* Kruskal's order with a veto: links from the surest to the least sure, each joining two groups unless their judges —
 * the canonically first members — are on the whole against it. */
#include "scoring/partition.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* However much a judge is for a union, it counts no more: a complaint of two matters cannot outvote the rest. */
static const double most_for = 1;

typedef struct link {
    uint32_t a, b; /* ranks, a < b */
    double weight;
} link;

typedef struct group {
    uint32_t parent; /* rank; itself for a root, which is the group's first member */
    uint32_t judges[PARTITION_JUDGES];
    uint32_t judge_count;
} group;

typedef struct ranking {
    const matter *matter;
    uint32_t index;
} ranking;

static int by_canon(const void *a, const void *b) {
    const matter *x = ((const ranking *)a)->matter, *y = ((const ranking *)b)->matter;
    return matter_before(y, x) - matter_before(x, y);
}

static int surest_first(const void *a, const void *b) {
    const link *x = a, *y = b;
    if (x->weight != y->weight) return x->weight < y->weight ? 1 : -1;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static uint32_t root_of(group *groups, uint32_t rank) {
    while (groups[rank].parent != rank)
        rank = groups[rank].parent = groups[groups[rank].parent].parent;
    return rank;
}

/* Whether the judges of both groups agree: on the whole for it, and none of them firmly against. */
static bool agree(const repeat_rules *rules, const ranking *ranked, const group *a, const group *b) {
    double sum = 0;
    for (uint32_t i = 0; i < a->judge_count; i++) {
        for (uint32_t j = 0; j < b->judge_count; j++) {
            double says = repeats_weigh(rules, ranked[a->judges[i]].matter, ranked[b->judges[j]].matter);
            if (says < repeat_rules_veto(rules)) return false;
            sum += fmin(says, most_for);
        }
    }
    return sum / (a->judge_count * b->judge_count) >= repeat_rules_agreement(rules);
}

static void unite(group *groups, uint32_t a, uint32_t b) {
    uint32_t first = a < b ? a : b, second = a < b ? b : a;
    group merged = {.parent = first};
    const group *x = &groups[first], *y = &groups[second];
    for (uint32_t i = 0, j = 0; merged.judge_count < PARTITION_JUDGES && (i < x->judge_count || j < y->judge_count);) {
        bool take_x = j == y->judge_count || (i < x->judge_count && x->judges[i] < y->judges[j]);
        merged.judges[merged.judge_count++] = take_x ? x->judges[i++] : y->judges[j++];
    }
    groups[first] = merged;
    groups[second].parent = first;
}

static size_t weigh_pairs(const repeat_rules *rules, const matter *const *members, const near_pair *pairs,
                          size_t pair_count, const uint32_t *rank_of, link *links) {
    size_t count = 0;
    for (size_t i = 0; i < pair_count; i++) {
        double weight = repeats_weigh(rules, members[pairs[i].a], members[pairs[i].b]);
        if (weight <= 0) continue;
        uint32_t a = rank_of[pairs[i].a], b = rank_of[pairs[i].b];
        links[count++] = (link){a < b ? a : b, a < b ? b : a, weight};
    }
    return count;
}

int partition_make(const repeat_rules *rules, const matter *const *members, size_t count, const near_pair *pairs,
                   size_t pair_count, wjz_arena *arena, uint32_t *ret_groups) {
    ranking *ranked = wjz_arena_alloc(arena, count * sizeof *ranked);
    uint32_t *rank_of = wjz_arena_alloc(arena, count * sizeof *rank_of);
    group *groups = wjz_arena_alloc(arena, count * sizeof *groups);
    link *links = wjz_arena_alloc(arena, pair_count * sizeof *links);
    if (!ranked || !rank_of || !groups || !links) return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        ranked[i] = (ranking){members[i], i};
        groups[i] = (group){.parent = i, .judges = {i}, .judge_count = 1};
    }
    qsort(ranked, count, sizeof *ranked, by_canon);
    for (uint32_t i = 0; i < count; i++)
        rank_of[ranked[i].index] = i;
    size_t link_count = weigh_pairs(rules, members, pairs, pair_count, rank_of, links);
    qsort(links, link_count, sizeof *links, surest_first);
    for (size_t i = 0; i < link_count; i++) {
        uint32_t a = root_of(groups, links[i].a), b = root_of(groups, links[i].b);
        if (a == b) continue;
        if (agree(rules, ranked, &groups[a], &groups[b])) unite(groups, a, b);
    }
    for (uint32_t i = 0; i < count; i++)
        ret_groups[i] = ranked[root_of(groups, rank_of[i])].index;
    return 0;
}
