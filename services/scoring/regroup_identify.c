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

/* Whether a clue that lives again takes the place of the heir. What was there before the decision is not disturbed. */
static bool gives_way(const old_clue *heir, const old_clue *to) {
    return !heir || ((heir->returns_after || heir->clue > to->returns_after) && better(to, heir));
}

/* The group that has a clue's first member; of those that leave it only when none stays. */
typedef struct home {
    const regroup_member *first; /* NULL: none was found */
    size_t group;
} home;

static void lead_home(home *at, const regroup_member *member, size_t group) {
    bool first = !at->first || (member->leaves != at->first->leaves ? !member->leaves
                                                                    : matter_before(member->matter, at->first->matter));
    if (first) *at = (home){member, group};
}

/* Of each clue that members are in or return to. */
static int find_homes(const regroup_group *groups, size_t group_count, old_clue *clues, size_t clue_count,
                      home *homes) {
    for (size_t i = 0; i < group_count; i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            const regroup_member *member = &groups[i].members[j];
            old_clue *old = member->clue ? find_clue(clues, clue_count, member->clue) : NULL;
            old_clue *again = member->returns ? find_clue(clues, clue_count, member->returns->clue) : NULL;
            if ((member->clue && !old) || (member->returns && !again)) return -EINVAL;
            if (old) lead_home(&homes[old - clues], member, i);
            if (again) lead_home(&homes[again - clues], member, i);
        }
    }
    return 0;
}

/* For each group the clue that it will be, NULL: a new one. */
static void find_heirs(old_clue *clues, size_t clue_count, const home *homes, old_clue **heirs) {
    for (size_t i = 0; i < clue_count; i++) {
        old_clue **heir = homes[i].first && !clues[i].returns_after ? &heirs[homes[i].group] : NULL;
        if (heir && (!*heir || better(&clues[i], *heir))) *heir = &clues[i];
    }
    for (size_t i = 0; i < clue_count; i++) {
        old_clue **heir = homes[i].first && clues[i].returns_after ? &heirs[homes[i].group] : NULL;
        if (heir && gives_way(*heir, &clues[i])) *heir = &clues[i];
    }
}

int regroup_identify(regroup_group *groups, size_t group_count, old_clue *clues, size_t clue_count,
                     int64_t (*new_id)(void), wjz_arena *arena) {
    home *homes = wjz_arena_calloc(arena, clue_count, sizeof *homes);
    old_clue **heirs = wjz_arena_calloc(arena, group_count, sizeof *heirs);
    if (!homes || !heirs) return -ENOMEM;
    int r = find_homes(groups, group_count, clues, clue_count, homes);
    if (r) return r;
    find_heirs(clues, clue_count, homes, heirs);
    for (size_t i = 0; i < group_count; i++)
        groups[i].clue = heirs[i] ? heirs[i]->clue : new_id();
    for (size_t i = 0; i < clue_count; i++) {
        bool lives = !homes[i].first || heirs[homes[i].group] == &clues[i];
        clues[i].merged_into = lives ? 0 : groups[homes[i].group].clue;
    }
    return 0;
}
