/* What changes in the matters of a region when complaints join or change: finds their neighbours in the index, links
 * them, and partitions the neighbourhoods that were touched. Asks for the matters it needs instead of reading them, so
 * it is pure; between the calls the caller may wait for the store. */
#ifndef SCORING_REGROUP_H
#define SCORING_REGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/decisions.h"
#include "scoring/matter.h"
#include "scoring/pair_memo.h"
#include "scoring/partition.h"
#include "scoring/repeats_index.h"
#include "scoring/repeats_rules.h"
#include "wjz/arena.h"

typedef struct regroup regroup;

/* Works on the index at once: when what follows fails, the index must be thrown away. memo may be NULL. -ENOMEM. */
WJZ_MUST_CHECK int regroup_new(const repeat_rules *rules, repeats_index *index, pair_memo *memo, wjz_arena *arena,
                               regroup **ret_regroup);
void regroup_destroy(regroup **regroup);

/* A complaint that is new or was scored again. */
typedef struct regroup_item {
    int64_t complaint;
    const matter *matter;
} regroup_item;

/* All complaints of a batch, each once; once, before the rest. -ENOMEM. */
WJZ_MUST_CHECK int regroup_put(regroup *regroup, const regroup_item *items, size_t count);

/* A person's decision, the newest one, about complaints that are in the index; copied. With leave the members take no
 * clue along: the clues they are in stay with the others. -ENOENT for a complaint that is not in the index; -EEXIST. */
WJZ_MUST_CHECK int regroup_decide(regroup *regroup, const decision *made, bool leave);
/* The clue that a complaint is in, before this turn; 0: none. */
int64_t regroup_clue(const regroup *regroup, int64_t complaint);

/* The clue that a complaint was in when a decision about it was made. */
typedef struct was_in {
    int64_t clue;
    bool ended; /* it has been merged away since */
} was_in;

/* Takes a decision back: its complaints go back to the clues that they were in, as far as these live or may live again
 * (regroup_identify), and leave those that they are in to others there. were_in: one for each complaint that the
 * decision names, members first; or none, when it is not known. -ENOENT when none of that id stands; -EINVAL for
 * another count. */
WJZ_MUST_CHECK int regroup_undo(regroup *regroup, int64_t id, const was_in *were_in, size_t count);

/* A complaint whose matter must be supplied before going on. */
typedef struct regroup_want {
    int64_t complaint;
    uint32_t digest; /* of the state that the index knows */
    uint32_t hand;   /* for regroup_supply */
} regroup_want;

/* In no order; they live in the arena. -ENOMEM. */
WJZ_MUST_CHECK int regroup_missing(regroup *regroup, regroup_want **ret_wants, size_t *ret_count);
void regroup_supply(regroup *regroup, const regroup_want *want, const matter *matter);

/* Links what was put with what is near it. After it more matters may be missing: those of the whole neighbourhoods. */
WJZ_MUST_CHECK int regroup_link(regroup *regroup);

/* A clue that was merged away, and the undone decision before which a complaint was in it. */
typedef struct returning {
    int64_t clue, decision;
} returning;

typedef struct regroup_member {
    int64_t complaint;
    int64_t clue; /* that it was in, 0: none */
    uint32_t slot;
    bool put;     /* by regroup_put */
    bool rekeyed; /* … and it is not as it was */
    bool leaves;  /* … the clue that it was in to the others, by a person's decision */
    const returning *returns;
    const matter *matter;
} regroup_member;

/* One matter, its members in canonical order. */
typedef struct regroup_group {
    regroup_member *members;
    size_t count;
    int64_t clue; /* filled by regroup_identify */
} regroup_group;

/* Whether two complaints, a before b, are one matter, which hangs on little: for a person to say. */
typedef struct regroup_question {
    uint32_t slot_a, slot_b;
    int64_t a, b; /* complaints */
    const matter *matter_a, *matter_b;
    double weight;
    doubt why;
    bool first; /* nobody was asked about a before this turn */
} regroup_question;

/* The matters of the neighbourhoods that were touched, in canonical order of their first members. Live in the arena. */
WJZ_MUST_CHECK int regroup_groups(regroup *regroup, regroup_group **ret_groups, size_t *ret_count);
/* All questions that arise in these neighbourhoods, after regroup_groups. */
const regroup_question *regroup_questions(const regroup *regroup, size_t *ret_count);
/* Their complaints a that nobody was asked about before; noted in the index, for the journal. */
const int64_t *regroup_asked(const regroup *regroup, size_t *ret_count);

/* A clue that members of the groups were in. */
typedef struct old_clue {
    int64_t clue;
    bool told;             /* others know of it */
    int64_t returns_after; /* 0: it lives; else it was merged away, and members return now that this decision is undone */
    int64_t merged_into;   /* filled by regroup_identify: the clue it has become part of, 0: it lives on, or again */
} old_clue;

/* Gives each group its clue: of the clues whose canonically first member it has, one that was told before one that was
 * not, then the oldest; the others are merged into it. Members that leave a clue count when nobody stays in it. A clue
 * that members return to lives again where its first one is, unless there is a clue that was there before the decision.
 * A group with none gets new_id(). The same groups and clues give the same outcome in whatever order. clues: sorted by
 * clue, all that members name. */
WJZ_MUST_CHECK int regroup_identify(regroup_group *groups, size_t group_count, old_clue *clues, size_t clue_count,
                                    int64_t (*new_id)(void), wjz_arena *arena);

/* What people decided and took back in this turn, for the journal; either may be absent. */
typedef struct decision_change {
    const decision *made; /* NULL: none */
    int64_t undone;       /* 0: none */
} decision_change;
decision_change regroup_decided(const regroup *regroup);

/* Pairs of complaints whose neighbourhoods were made one, for the journal. */
typedef struct joined_pair {
    int64_t a, b;
} joined_pair;
const joined_pair *regroup_joined(const regroup *regroup, size_t *ret_count);

#endif
