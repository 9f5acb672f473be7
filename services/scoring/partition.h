/* Which complaints of a neighbourhood form one matter. The answer is a function of the set and of people's decisions
 * alone: whatever order its members arrived in, they are ranked by report time and identity, and the surest links are
 * taken first. Two groups become one only when their first members agree on the whole, so that no chain joins what does
 * not belong together, and when no person has decided otherwise. Where the answer hangs on little it is a question to
 * people. */
#ifndef SCORING_PARTITION_H
#define SCORING_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/constraints.h"
#include "scoring/matter.h"
#include "scoring/pair_memo.h"
#include "scoring/repeats.h"
#include "wjz/arena.h"

enum { PARTITION_JUDGES = 6 /* first members that speak for a group */ };

/* Two members, as indices, that may be linked: those that share a key (repeats_index.h). Each pair once. */
typedef struct near_pair {
    uint32_t a, b;
} near_pair;

typedef struct neighbourhood {
    const matter *const *members;
    size_t count;
    const near_pair *pairs;
    size_t pair_count;
    const constraint *constraints; /* by indices, the newest first */
    size_t constraint_count;
    pair_memo *memo; /* may be NULL */
} neighbourhood;

typedef enum doubt {
    DOUBT_WEAK_LINK, /* joined, but by nothing stronger than a weight just above 0 */
    DOUBT_NEAR_MISS, /* apart, by a weight just below 0 */
    DOUBT_OBJECTION, /* alike, but the groups' first members are against it */
} doubt;

/* Whether two members, and with them their groups, are one matter: a is before b in canonical order. */
typedef struct question {
    uint32_t a, b;
    double weight;
    doubt why;
} question;

/* groups[i]: index of the canonically first member of i's group. Members without pairs stand alone, so that a union of
 * neighbourhoods gives the same as each of them. questions: at most one for each group about another one, the surest of
 * the canonically later group's, and one for each weak link. They live in the arena. -ENOMEM. */
WJZ_MUST_CHECK int partition_make(const repeat_rules *rules, const neighbourhood *hood, wjz_arena *arena,
                                  uint32_t *groups, question **ret_questions, size_t *ret_count);

#endif
