/* What changes in the matters of a region when complaints join or change: finds their neighbours in the index, links
 * them, and partitions the neighbourhoods that were touched. Asks for the matters it needs instead of reading them, so
 * it is pure; between the calls the caller may wait for the store. */
#ifndef SCORING_REGROUP_H
#define SCORING_REGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/matter.h"
#include "scoring/repeats_index.h"
#include "scoring/repeats_rules.h"
#include "wjz/arena.h"

typedef struct regroup regroup;

/* Works on the index at once: when what follows fails, the index must be thrown away. -ENOMEM. */
WJZ_MUST_CHECK int regroup_new(const repeat_rules *rules, repeats_index *index, wjz_arena *arena,
                               regroup **ret_regroup);
void regroup_destroy(regroup **regroup);

/* A complaint that is new or was scored again. Each once, all before the rest. */
WJZ_MUST_CHECK int regroup_put(regroup *regroup, int64_t id, const matter *matter);

/* Complaints whose matters must be supplied before going on; ids live in the arena. */
WJZ_MUST_CHECK int regroup_missing(regroup *regroup, int64_t **ret_ids, size_t *ret_count);
WJZ_MUST_CHECK int regroup_supply(regroup *regroup, int64_t id, const matter *matter);

/* Links what was put with what is near it. After it more matters may be missing: those of the whole neighbourhoods. */
WJZ_MUST_CHECK int regroup_link(regroup *regroup);

typedef struct regroup_member {
    int64_t complaint;
    int64_t clue; /* that it was in, 0: none */
    uint32_t slot;
    bool put;     /* by regroup_put */
    bool rekeyed; /* … and it is not as it was */
    const matter *matter;
} regroup_member;

/* One matter, its members in canonical order. */
typedef struct regroup_group {
    regroup_member *members;
    size_t count;
    int64_t clue; /* filled by regroup_identify */
} regroup_group;

/* The matters of the neighbourhoods that were touched, in canonical order of their first members. Live in the arena. */
WJZ_MUST_CHECK int regroup_groups(regroup *regroup, regroup_group **ret_groups, size_t *ret_count);

/* A clue that members of the groups were in. */
typedef struct old_clue {
    int64_t clue;
    bool told;           /* others know of it */
    int64_t merged_into; /* filled by regroup_identify: the clue it has become part of, 0: it lives on */
} old_clue;

/* Gives each group its clue: of the clues whose canonically first member it has, one that was told before one that was
 * not, then the oldest; the others are merged into it. A group with none gets new_id(). The same groups and clues give
 * the same outcome in whatever order. clues: sorted by clue, all that members name. */
WJZ_MUST_CHECK int regroup_identify(regroup_group *groups, size_t group_count, old_clue *clues, size_t clue_count,
                                    int64_t (*new_id)(void), wjz_arena *arena);

/* Pairs of complaints whose neighbourhoods were made one, for the journal. */
typedef struct joined_pair {
    int64_t a, b;
} joined_pair;
const joined_pair *regroup_joined(const regroup *regroup, size_t *ret_count);

#endif
