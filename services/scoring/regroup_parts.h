/* What the parts of regroup share: the members at hand — what was put, what was disturbed by it, what is near them, and
 * their neighbourhoods — each once, found by slot. */
#ifndef SCORING_REGROUP_PARTS_H
#define SCORING_REGROUP_PARTS_H

#include "scoring/regroup.h"

typedef struct at_hand {
    uint32_t slot;
    bool put, rekeyed, leaves;
    const returning *returns;
    bool touched;                    /* its near ones may have changed */
    bool meets;                      /* it may have won near ones; touched, too */
    bool compared;                   /* so that its matter is needed */
    bool member;                     /* of a neighbourhood that was touched */
    bool spread;                     /* its near ones are at hand, and the pairs that it makes with them */
    bool grouped;                    /* its neighbourhood has been taken */
    bool first_asked;                /* in this turn a question is about it for the first time */
    uint32_t seen_by;                /* last slot + 1 that met it, so that a pair is met once */
    uint32_t local;                  /* index within its neighbourhood */
    uint32_t first_pair, pair_count; /* of met: those that it met first */
    word_list by;                    /* keys that near ones are looked for by */
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
    int64_t *asked;
    size_t asked_count, asked_capacity;
    decision_change decided;
    uint32_t from; /* whose near ones are being met */
    int failed;    /* -ENOMEM inside a callback */
};

/* Members of a neighbourhood, as indices in hands. */
typedef struct hood_members {
    uint32_t *hands;
    uint32_t count;
} hood_members;

/* Room for one more item. -ENOMEM. */
WJZ_MUST_CHECK int regroup_room(void *items_at, size_t *capacity, size_t count, size_t size);
/* The cell of the slot: index in hands + 1; 0 when it is not at hand. */
uint32_t *regroup_cell(const regroup *g, uint32_t slot);
/* Takes it to hand. NULL, with failed set, when out of memory. Valid until the next call. */
at_hand *regroup_take(regroup *g, uint32_t slot);
bool regroup_is_alone(const regroup *g, uint32_t slot);

/* Whoever may have won near ones meets them. -ENOMEM. */
WJZ_MUST_CHECK int regroup_spread(regroup *g);
/* The members of these neighbourhoods that were not spread meet each other. -ENOMEM. */
WJZ_MUST_CHECK int regroup_meet_members(regroup *g, const hood_members *hoods, size_t hood_count);
/* Those of the pairs met that are within the neighbourhood, to g->pairs. -ENOMEM. */
WJZ_MUST_CHECK int regroup_find_pairs(regroup *g, const hood_members *hood);

#endif
