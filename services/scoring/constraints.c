/* Union by first member. For every decision that keeps two sides apart a block knows on which of its sides it has members:
 * two blocks may not become one when one has members on the one side and the other on the other. */
#include "scoring/constraints.h"

#include <errno.h>

enum { WORD_BITS = 64 };

struct constraints {
    uint32_t *parents;
    uint64_t *sides; /* by block: bits of decisions with a member among `members`, then bits for `others` */
    size_t words;    /* of one side; 0 when nothing is kept apart */
};

uint32_t constraints_first(constraints *c, uint32_t member) {
    while (c->parents[member] != member)
        member = c->parents[member] = c->parents[c->parents[member]];
    return member;
}

static uint64_t *sides_of(const constraints *c, uint32_t first) {
    return c->sides + (size_t)first * 2 * c->words;
}

bool constraints_allow(constraints *c, uint32_t a, uint32_t b) {
    if (!c->words) return true;
    const uint64_t *x = sides_of(c, constraints_first(c, a)), *y = sides_of(c, constraints_first(c, b));
    if (x == y) return true;
    for (size_t i = 0; i < c->words; i++) {
        if ((x[i] & y[c->words + i]) | (x[c->words + i] & y[i])) return false;
    }
    return true;
}

void constraints_unite(constraints *c, uint32_t a, uint32_t b) {
    uint32_t x = constraints_first(c, a), y = constraints_first(c, b);
    if (x == y) return;
    uint32_t first = x < y ? x : y, second = x ^ y ^ first;
    c->parents[second] = first;
    for (size_t i = 0; i < 2 * c->words; i++)
        sides_of(c, first)[i] |= sides_of(c, second)[i];
}

/* One block of them, as far as newer decisions allow: each joins the first of the blocks before it that it may. */
static void bring_together(constraints *c, const uint32_t *members, size_t count) {
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (constraints_first(c, members[i]) == constraints_first(c, members[j])) break;
            if (!constraints_allow(c, members[i], members[j])) continue;
            constraints_unite(c, members[i], members[j]);
            break;
        }
    }
}

static void keep_apart(constraints *c, const constraint *d, size_t number) {
    size_t word = number / WORD_BITS;
    uint64_t bit = (uint64_t)1 << (number % WORD_BITS);
    for (size_t i = 0; i < d->member_count; i++)
        sides_of(c, constraints_first(c, d->members[i]))[word] |= bit;
    for (size_t i = 0; i < d->other_count; i++)
        sides_of(c, constraints_first(c, d->others[i]))[c->words + word] |= bit;
}

int constraints_new(const constraint *list, size_t list_count, uint32_t count, wjz_arena *arena,
                    constraints **ret_constraints) {
    constraints *c = wjz_arena_calloc(arena, 1, sizeof *c);
    uint32_t *parents = wjz_arena_alloc(arena, count * sizeof *parents);
    if (!c || !parents) return -ENOMEM;
    for (size_t i = 0; i < list_count; i++) {
        if (list[i].kind != DECISION_MERGE) c->words = (list_count + WORD_BITS - 1) / WORD_BITS;
    }
    c->parents = parents;
    c->sides = wjz_arena_calloc(arena, 2 * c->words * count, sizeof *c->sides);
    if (!c->sides) return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        parents[i] = i;
    for (size_t i = 0; i < list_count; i++) {
        if (list[i].kind != DECISION_MERGE) keep_apart(c, &list[i], i);
        if (list[i].kind == DECISION_APART) continue;
        bring_together(c, list[i].members, list[i].member_count);
        bring_together(c, list[i].others, list[i].other_count);
    }
    *ret_constraints = c;
    return 0;
}
