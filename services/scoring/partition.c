/* Kruskal's order with a veto: links from the surest to the least sure, each joining two groups unless their judges —
 * the canonically first members — are on the whole against it. What people put together are blocks of such groups: the
 * judges of a group speak for what was found alike, so that whoever comes later joins the part that it is like. */
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
    uint32_t bench;  /* which judges they are, by a number of their own; 0: the member alone */
    uint32_t judges[PARTITION_JUDGES];
    uint32_t judge_count;
    bool asked; /* of a block's first member: about another block */
} group;

/* Two groups whose judges did not agree. */
typedef struct refusal {
    uint32_t a, a_bench, b, b_bench;
} refusal;

enum { REFUSALS = 64 };

typedef struct ranking {
    const matter *matter;
    uint32_t index;
} ranking;

typedef struct partition {
    const repeat_rules *rules;
    const neighbourhood *hood;
    wjz_arena *arena;
    ranking *ranked;
    uint32_t *rank_of;
    group *groups;
    constraints *blocks;
    link *links;
    size_t link_count;
    question *questions;
    size_t question_count;
    uint32_t benches;
    refusal refused[REFUSALS]; /* by hash: in a crowd the same groups meet again and again */
} partition;

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

/* --- preparing --- */

static int rank_members(partition *p) {
    size_t count = p->hood->count;
    p->ranked = wjz_arena_alloc(p->arena, count * sizeof *p->ranked);
    p->rank_of = wjz_arena_alloc(p->arena, count * sizeof *p->rank_of);
    p->groups = wjz_arena_alloc(p->arena, count * sizeof *p->groups);
    if (!p->ranked || !p->rank_of || !p->groups) return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        p->ranked[i] = (ranking){p->hood->members[i], i};
        p->groups[i] = (group){.parent = i, .judges = {i}, .judge_count = 1};
    }
    qsort(p->ranked, count, sizeof *p->ranked, by_canon);
    for (uint32_t i = 0; i < count; i++)
        p->rank_of[p->ranked[i].index] = i;
    return 0;
}

static int by_rank(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static const uint32_t *ranks_of(const partition *p, const uint32_t *members, size_t count) {
    uint32_t *ranks = wjz_arena_alloc(p->arena, count * sizeof *ranks);
    if (!ranks) return NULL;
    for (size_t i = 0; i < count; i++)
        ranks[i] = p->rank_of[members[i]];
    qsort(ranks, count, sizeof *ranks, by_rank);
    return ranks;
}

static int make_blocks(partition *p) {
    size_t count = p->hood->constraint_count;
    constraint *list = wjz_arena_alloc(p->arena, count * sizeof *list);
    if (!list) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        list[i] = p->hood->constraints[i];
        list[i].members = ranks_of(p, list[i].members, list[i].member_count);
        list[i].others = ranks_of(p, list[i].others, list[i].other_count);
        if (!list[i].members || !list[i].others) return -ENOMEM;
    }
    return constraints_new(list, count, (uint32_t)p->hood->count, p->arena, &p->blocks);
}

/* Weights worth a link, or a question. */
static int weigh_pairs(partition *p) {
    p->links = wjz_arena_alloc(p->arena, p->hood->pair_count * sizeof *p->links);
    p->questions = wjz_arena_alloc(p->arena, p->hood->count * 2 * sizeof *p->questions);
    if (!p->links || !p->questions) return -ENOMEM;
    double least = -repeat_rules_uncertain(p->rules);
    for (size_t i = 0; i < p->hood->pair_count; i++)
        pair_memo_fetch(p->hood->memo, p->hood->members[p->hood->pairs[i].a], p->hood->members[p->hood->pairs[i].b]);
    for (size_t i = 0; i < p->hood->pair_count; i++) {
        const near_pair *pair = &p->hood->pairs[i];
        double weight = pair_memo_weigh(p->hood->memo, p->rules, p->hood->members[pair->a], p->hood->members[pair->b]);
        if (weight <= least) continue;
        uint32_t a = p->rank_of[pair->a], b = p->rank_of[pair->b];
        p->links[p->link_count++] = (link){a < b ? a : b, a < b ? b : a, weight};
    }
    qsort(p->links, p->link_count, sizeof *p->links, surest_first);
    return 0;
}

/* --- joining --- */

static uint32_t root_of(group *groups, uint32_t rank) {
    while (groups[rank].parent != rank)
        rank = groups[rank].parent = groups[groups[rank].parent].parent;
    return rank;
}

/* Whether the judges of both groups agree: on the whole for it, and none of them firmly against. */
static bool ask_judges(const partition *p, const group *a, const group *b) {
    double sum = 0, wanted = repeat_rules_agreement(p->rules) * (a->judge_count * b->judge_count);
    for (uint32_t i = 0; i < a->judge_count; i++) {
        for (uint32_t j = 0; j < b->judge_count; j++) {
            double says = pair_memo_weigh(p->hood->memo, p->rules, p->ranked[a->judges[i]].matter,
                                          p->ranked[b->judges[j]].matter);
            if (says < repeat_rules_veto(p->rules)) return false;
            sum += fmin(says, most_for);
        }
    }
    return sum >= wanted;
}

/* The same, remembering who did not. */
static bool agree(partition *p, uint32_t a, uint32_t b) {
    const refusal now = {a, p->groups[a].bench, b, p->groups[b].bench};
    refusal *known = &p->refused[(a * 31 + b) % REFUSALS];
    if (memcmp(known, &now, sizeof now) == 0) return false;
    if (ask_judges(p, &p->groups[a], &p->groups[b])) return true;
    *known = now;
    return false;
}

static void unite(partition *p, uint32_t a, uint32_t b) {
    group *groups = p->groups;
    uint32_t first = a < b ? a : b, second = a < b ? b : a;
    group merged = {.parent = first, .bench = ++p->benches};
    const group *x = &groups[first], *y = &groups[second];
    for (uint32_t i = 0, j = 0; merged.judge_count < PARTITION_JUDGES && (i < x->judge_count || j < y->judge_count);) {
        bool take_x = j == y->judge_count || (i < x->judge_count && x->judges[i] < y->judges[j]);
        merged.judges[merged.judge_count++] = take_x ? x->judges[i++] : y->judges[j++];
    }
    groups[first] = merged;
    groups[second].parent = first;
}

static bool together(partition *p, const link *l) {
    return constraints_first(p->blocks, l->a) == constraints_first(p->blocks, l->b);
}

static void ask(partition *p, const link *l, doubt about) {
    p->questions[p->question_count++] = (question){p->ranked[l->a].index, p->ranked[l->b].index, l->weight, about};
}

static void join_links(partition *p) {
    for (size_t i = 0; i < p->link_count && p->links[i].weight > 0; i++) {
        const link *l = &p->links[i];
        uint32_t a = root_of(p->groups, l->a), b = root_of(p->groups, l->b);
        if (a == b || !constraints_allow(p->blocks, l->a, l->b) || !agree(p, a, b)) continue;
        if (l->weight < repeat_rules_uncertain(p->rules) && !together(p, l)) ask(p, l, DOUBT_WEAK_LINK);
        unite(p, a, b);
        constraints_unite(p->blocks, l->a, l->b);
    }
}

/* Every block may ask once about one before it, by its surest link there. */
static void ask_about_others(partition *p) {
    for (size_t i = 0; i < p->link_count; i++) {
        const link *l = &p->links[i];
        uint32_t a = constraints_first(p->blocks, l->a), b = constraints_first(p->blocks, l->b);
        group *later = &p->groups[a > b ? a : b];
        if (a == b || later->asked || !constraints_allow(p->blocks, a, b)) continue;
        later->asked = true;
        ask(p, l, l->weight > 0 ? DOUBT_OBJECTION : DOUBT_NEAR_MISS);
    }
}

int partition_make(const repeat_rules *rules, const neighbourhood *hood, wjz_arena *arena, uint32_t *ret_groups,
                   question **ret_questions, size_t *ret_count) {
    partition p = {.rules = rules, .hood = hood, .arena = arena};
    int r = rank_members(&p);
    if (!r) r = make_blocks(&p);
    if (!r) r = weigh_pairs(&p);
    if (r) return r;
    join_links(&p);
    ask_about_others(&p);
    for (uint32_t i = 0; i < hood->count; i++)
        ret_groups[i] = p.ranked[constraints_first(p.blocks, p.rank_of[i])].index;
    *ret_questions = p.questions;
    *ret_count = p.question_count;
    return 0;
}
