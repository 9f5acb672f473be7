/* Which clue a matter is: clues go with their canonically first complaint. */
#include <errno.h>

#include "scoring/regroup.h"

static old_clue *find_clue(old_clue *clues, size_t count, int64_t clue) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (clues[middle].clue < clue)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && clues[low].clue == clue ? &clues[low] : NULL;
}

static bool better(const old_clue *a, const old_clue *b) {
    return a->told != b->told ? a->told : a->clue < b->clue;
}

/* For each clue the group that has its canonically first member; groups without any member of it do not count. */
static int find_homes(const regroup_group *groups, size_t group_count, old_clue *clues, size_t clue_count,
                      size_t *homes, wjz_arena *arena) {
    const matter **firsts = wjz_arena_calloc(arena, clue_count, sizeof *firsts);
    if (!firsts) return -ENOMEM;
    for (size_t i = 0; i < group_count; i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            const regroup_member *member = &groups[i].members[j];
            old_clue *old = member->clue ? find_clue(clues, clue_count, member->clue) : NULL;
            if (member->clue && !old) return -EINVAL;
            size_t at = old ? (size_t)(old - clues) : 0;
            if (!old || member->leaves || (firsts[at] && !matter_before(member->matter, firsts[at]))) continue;
            firsts[at] = member->matter;
            homes[at] = i;
        }
    }
    return 0;
}

int regroup_identify(regroup_group *groups, size_t group_count, old_clue *clues, size_t clue_count,
                     int64_t (*new_id)(void), wjz_arena *arena) {
    size_t *homes = wjz_arena_alloc(arena, clue_count * sizeof *homes);
    old_clue **heirs = wjz_arena_calloc(arena, group_count, sizeof *heirs);
    if (!homes || !heirs) return -ENOMEM;
    for (size_t i = 0; i < clue_count; i++)
        homes[i] = SIZE_MAX;
    int r = find_homes(groups, group_count, clues, clue_count, homes, arena);
    if (r) return r;
    for (size_t i = 0; i < clue_count; i++) {
        old_clue **heir = homes[i] == SIZE_MAX ? NULL : &heirs[homes[i]];
        if (heir && (!*heir || better(&clues[i], *heir))) *heir = &clues[i];
    }
    for (size_t i = 0; i < group_count; i++)
        groups[i].clue = heirs[i] ? heirs[i]->clue : new_id();
    for (size_t i = 0; i < clue_count; i++) {
        bool lives = homes[i] != SIZE_MAX && heirs[homes[i]] == &clues[i];
        clues[i].merged_into = homes[i] == SIZE_MAX || lives ? 0 : groups[homes[i]].clue;
    }
    return 0;
}
