/* What decisions of people allow among the members of one neighbourhood: blocks that must be together, and which of them
 * must not. Members are ranks in canonical order, 0 the first. Pure. */
#ifndef SCORING_CONSTRAINTS_H
#define SCORING_CONSTRAINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/decisions.h"
#include "wjz/arena.h"
#include "wjz/clean.h"

/* A decision among the members; those it names that are not members are left out. */
typedef struct constraint {
    decision_kind kind;
    const uint32_t *members, *others;
    size_t member_count, other_count;
} constraint;

typedef struct constraints constraints;

/* list: the newest first. Lives in the arena. -ENOMEM. */
WJZ_MUST_CHECK int constraints_new(const constraint *list, size_t list_count, uint32_t count, wjz_arena *arena,
                                   constraints **ret_constraints);

/* The first member of its block. */
uint32_t constraints_first(constraints *constraints, uint32_t member);
/* Whether the blocks of both may become one. */
bool constraints_allow(constraints *constraints, uint32_t a, uint32_t b);
/* Makes one block of two. */
void constraints_unite(constraints *constraints, uint32_t a, uint32_t b);

#endif
