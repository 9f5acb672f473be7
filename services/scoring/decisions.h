/* What people decided about which complaints are one matter, as far as it stands. The partition into matters is a function
 * of the complaints and of these, in the order in which they were made: where two contradict each other, the newer one
 * holds. Held with the index of repeats and carried by the same journal. Plain memory, no I/O. */
#ifndef SCORING_DECISIONS_H
#define SCORING_DECISIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/arena.h"
#include "wjz/clean.h"

typedef enum decision_kind {
    DECISION_MERGE = 1, /* all members are one matter */
    DECISION_SPLIT,     /* the members are one matter, the others are another one */
    DECISION_APART,     /* no member is one matter with any of the others */
} decision_kind;

enum { DECISION_COMPLAINTS = 10000 /* most that one decision names */ };

typedef struct decision {
    int64_t id;
    decision_kind kind;
    const int64_t *members, *others; /* complaints */
    size_t member_count, other_count;
} decision;

typedef struct decisions decisions;

WJZ_MUST_CHECK int decisions_new(decisions **ret_decisions);
void decisions_destroy(decisions **decisions);

/* The newest one; copied. -ENOMEM, -EEXIST for an id that is known. */
WJZ_MUST_CHECK int decisions_add(decisions *decisions, const decision *made);
/* Takes one back. -ENOENT when none of that id stands. */
WJZ_MUST_CHECK int decisions_remove(decisions *decisions, int64_t id);
/* NULL when none of that id stands. */
const decision *decisions_find(const decisions *decisions, int64_t id);
/* Those that stand. */
size_t decisions_count(const decisions *decisions);

/* Those that name at least one of the complaints, each once, the newest first. The array lives in the arena, what it points to
 * until the next change. -ENOMEM. */
WJZ_MUST_CHECK int decisions_about(const decisions *decisions, const int64_t *complaints, size_t count,
                                   wjz_arena *arena, const decision ***ret_list, size_t *ret_count);

#endif
