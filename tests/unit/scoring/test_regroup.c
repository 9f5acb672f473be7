/* Grouping must give the same matters whatever order complaints come in and however they are divided into batches. */
#include "repeats_fixture.h"

#include "scoring/journal.h"
#include "scoring/regroup.h"

enum { COMPLAINTS = 220, ORDERS = 50 };

static repeat_rules *rules;
static pair_memo *memo;
static wjz_arena *arena;
static const matter *matters[COMPLAINTS]; /* of complaint i + 1 */
static int64_t last_id;

static int64_t next_id(void) {
    return ++last_id;
}

static unsigned next_random(unsigned *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void supply(regroup *g) {
    regroup_want *wants = NULL;
    size_t count = 0;
    assert_int_equal(regroup_missing(g, &wants, &count), 0);
    for (size_t i = 0; i < count; i++)
        regroup_supply(g, &wants[i], matters[wants[i].complaint - 1]);
}

static int by_clue(const void *a, const void *b) {
    int64_t x = ((const old_clue *)a)->clue, y = ((const old_clue *)b)->clue;
    return (x > y) - (x < y);
}

typedef struct near_ids {
    const repeats_index *index;
    int64_t *ids;
    int count;
} near_ids;

static void note_near(uint32_t slot, void *arg) {
    near_ids *near = arg;
    near->ids[near->count++] = repeats_index_entry(near->index, slot)->complaint;
}

static int ids_near(const repeats_index *index, uint32_t slot, int64_t *ids) {
    near_ids near = {index, ids, 0};
    repeats_index_near(index, slot, 0, note_near, &near);
    return near.count;
}

/* The clues the members were in, as the store would say; clues with an odd number count as told. */
static size_t old_clues(const regroup_group *groups, size_t count, old_clue *clues) {
    size_t all = 0, unique = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            if (groups[i].members[j].clue)
                clues[all++] = (old_clue){.clue = groups[i].members[j].clue, .told = groups[i].members[j].clue & 1};
        }
    }
    qsort(clues, all, sizeof *clues, by_clue);
    for (size_t i = 0; i < all; i++) {
        if (unique == 0 || clues[unique - 1].clue != clues[i].clue) clues[unique++] = clues[i];
    }
    return unique;
}

/* Both know the same complaints, near ones and neighbourhoods. */
static void assert_same_index(repeats_index *a, repeats_index *b) {
    int64_t near_a[4096], near_b[4096];
    assert_int_equal(repeats_index_count(a), repeats_index_count(b));
    for (uint32_t slot = 0; slot < repeats_index_count(a); slot++) {
        int64_t id = repeats_index_entry(a, slot)->complaint;
        uint32_t other = repeats_index_find(b, id);
        assert_int_not_equal(other, REPEATS_NONE);
        int count = ids_near(a, slot, near_a);
        assert_int_equal(count, ids_near(b, other, near_b));
        assert_memory_equal(near_a, near_b, (size_t)count * sizeof *near_a);
        uint32_t root = repeats_index_hood(a, slot);
        uint32_t other_root = repeats_index_find(b, repeats_index_entry(a, root)->complaint);
        assert_int_equal(repeats_index_hood(b, other), repeats_index_hood(b, other_root));
        assert_int_equal(repeats_index_entry(a, slot)->asked, repeats_index_entry(b, other)->asked);
    }
}

/* Groups, identifies, journals; the copy of the index learns of it by the journal alone. */
static void finish_turn(regroup *g, repeats_index *index, repeats_index *copy) {
    regroup_group *groups = NULL;
    size_t group_count = 0, length = 0;
    const void *entries = NULL;
    old_clue clues[COMPLAINTS];
    supply(g);
    assert_int_equal(regroup_link(g), 0);
    supply(g);
    assert_int_equal(regroup_groups(g, &groups, &group_count), 0);
    size_t clue_count = old_clues(groups, group_count, clues);
    assert_int_equal(regroup_identify(groups, group_count, clues, clue_count, next_id, arena), 0);
    journal_change change = {.groups = groups, .group_count = group_count, .decided = regroup_decided(g)};
    change.joined = regroup_joined(g, &change.joined_count);
    change.asked = regroup_asked(g, &change.asked_count);
    assert_int_equal(journal_write(&change, arena, &entries, &length), 0);
    for (size_t i = 0; i < group_count; i++) {
        for (size_t j = 0; j < groups[i].count; j++)
            repeats_index_set_clue(index, groups[i].members[j].slot, groups[i].clue);
    }
    if (length) assert_int_equal(journal_replay(entries, length, copy), 0);
    assert_same_index(index, copy);
}

static void take_batch(repeats_index *index, repeats_index *copy, const unsigned *order, size_t count) {
    WJZ_CLEANUP(regroup_destroy) regroup *g = NULL;
    regroup_item items[COMPLAINTS];
    for (size_t i = 0; i < count; i++)
        items[i] = (regroup_item){order[i] + 1, matters[order[i]]};
    assert_int_equal(regroup_new(rules, index, memo, arena, &g), 0);
    assert_int_equal(regroup_put(g, items, count), 0);
    finish_turn(g, index, copy);
}

static int64_t clue_of(const repeats_index *index, unsigned i) {
    return repeats_index_entry(index, repeats_index_find(index, i + 1))->clue;
}

/* For each complaint the first one of its matter. */
static void read_partition(const repeats_index *index, unsigned *first) {
    for (unsigned i = 0; i < COMPLAINTS; i++) {
        first[i] = i;
        for (unsigned j = 0; j < i; j++) {
            if (clue_of(index, j) == clue_of(index, i)) {
                first[i] = j;
                break;
            }
        }
    }
}

/* --- decisions of people, in the order they were made; complaints as 1 + their number, 0 ends a side --- */

typedef struct scripted {
    decision_kind kind;
    int64_t members[8], others[8];
    int64_t undoes; /* number of the decision it takes back, from 1 */
} scripted;

static scripted script[8];
static size_t script_length;

static size_t side(const int64_t *complaints) {
    size_t count = 0;
    while (complaints[count])
        count++;
    return count;
}

static void decide(repeats_index *index, repeats_index *copy, size_t number) {
    WJZ_CLEANUP(regroup_destroy) regroup *g = NULL;
    const scripted *s = &script[number];
    decision made = {.id = 1000 + (int64_t)number,
                     .kind = s->kind,
                     .members = s->members,
                     .others = s->others,
                     .member_count = side(s->members),
                     .other_count = side(s->others)};
    assert_int_equal(regroup_new(rules, index, memo, arena, &g), 0);
    if (s->undoes)
        assert_int_equal(regroup_undo(g, 999 + s->undoes, NULL, 0), 0);
    else
        assert_int_equal(regroup_decide(g, &made, s->kind == DECISION_SPLIT), 0);
    finish_turn(g, index, copy);
}

static bool is_there(const repeats_index *index, const int64_t *complaints) {
    for (; *complaints; complaints++) {
        if (repeats_index_find(index, *complaints) == REPEATS_NONE) return false;
    }
    return true;
}

static bool can_decide(const repeats_index *index, size_t number) {
    return is_there(index, script[number].members) && is_there(index, script[number].others);
}

/* Batches of random size in random order; decisions somewhere among them, as soon as their complaints are there or
 * later. */
static void group_in_random_order(unsigned seed, unsigned *first) {
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *copy = NULL;
    unsigned order[COMPLAINTS];
    size_t decided = 0;
    assert_int_equal(repeats_index_new(&index), 0);
    assert_int_equal(repeats_index_new(&copy), 0);
    for (unsigned i = 0; i < COMPLAINTS; i++)
        order[i] = i;
    for (unsigned i = COMPLAINTS - 1; i > 0; i--) {
        unsigned j = next_random(&seed) % (i + 1), other = order[i];
        order[i] = order[j];
        order[j] = other;
    }
    for (unsigned from = 0, size; from < COMPLAINTS; from += size) {
        size = 1 + next_random(&seed) % 40;
        if (size > COMPLAINTS - from) size = COMPLAINTS - from;
        bool other = next_random(&seed) & 1; /* two workers: what one does the other follows */
        take_batch(other ? copy : index, other ? index : copy, order + from, size);
        for (; decided < script_length && can_decide(index, decided) && next_random(&seed) & 1; decided++)
            decide(other ? index : copy, other ? copy : index, decided);
    }
    for (; decided < script_length; decided++)
        decide(index, copy, decided);
    read_partition(index, first);
    for (unsigned i = 0; i < COMPLAINTS; i++)
        assert_int_equal(clue_of(index, i), clue_of(copy, i));
}

static void assert_same_in_all_orders(const unsigned *expected) {
    unsigned got[COMPLAINTS];
    for (unsigned seed = 2; seed <= ORDERS; seed++) {
        group_in_random_order(seed, got);
        for (unsigned i = 0; i < COMPLAINTS; i++) {
            if (got[i] != expected[i])
                fail_msg("order %u: complaint %u is with %u, not %u", seed, i, got[i], expected[i]);
        }
        wjz_arena_reset(arena);
        for (unsigned i = 0; i < COMPLAINTS; i++)
            matters[i] = fixture_numbered(rules, arena, i);
    }
}

static void test_order_and_batches_do_not_matter(void **state) {
    (void)state;
    unsigned expected[COMPLAINTS], matters_found = 0;
    script_length = 0;
    group_in_random_order(1, expected);
    for (unsigned i = 0; i < COMPLAINTS; i++)
        matters_found += expected[i] == i;
    assert_in_range(matters_found, 5, COMPLAINTS / 3);
    assert_same_in_all_orders(expected);
}

/* The members of i's matter, from the one that is `skip`th on, as complaints. */
static void members_of(const unsigned *first, unsigned i, size_t skip, size_t most, int64_t *ret) {
    size_t count = 0;
    for (unsigned j = 0; j < COMPLAINTS && count < most; j++) {
        if (first[j] != first[i]) continue;
        if (skip)
            skip--;
        else
            ret[count++] = j + 1;
    }
    ret[count] = 0;
}

static unsigned size_of(const unsigned *first, unsigned i) {
    unsigned size = 0;
    for (unsigned j = 0; j < COMPLAINTS; j++)
        size += first[j] == first[i];
    return size;
}

/* The two largest matters, and two others. */
static void choose_matters(const unsigned *first, unsigned *ret) {
    for (int k = 0; k < 4; k++) {
        unsigned best = COMPLAINTS;
        for (unsigned i = 0; i < COMPLAINTS; i++) {
            bool taken = first[i] != i;
            for (int l = 0; l < k; l++)
                taken |= ret[l] == i;
            if (!taken && (best == COMPLAINTS || size_of(first, i) > size_of(first, best))) best = i;
        }
        ret[k] = best;
    }
}

static void test_decisions_hold_in_every_order(void **state) {
    (void)state;
    unsigned machine[COMPLAINTS], decided[COMPLAINTS], of[4];
    script_length = 0;
    group_in_random_order(1, machine);
    choose_matters(machine, of);
    assert_in_range(size_of(machine, of[3]), 4, COMPLAINTS);
    memset(script, 0, sizeof script);
    /* The largest one is split, two are merged of which one was to be kept apart from another, and one was split in
     * vain. */
    script[0].kind = DECISION_SPLIT;
    members_of(machine, of[0], 0, 2, script[0].members);
    members_of(machine, of[0], 2, 4, script[0].others);
    script[1].kind = DECISION_APART;
    members_of(machine, of[1], 0, 1, script[1].members);
    members_of(machine, of[2], 0, 1, script[1].others);
    script[2].kind = DECISION_MERGE;
    members_of(machine, of[1], 0, 2, script[2].members);
    members_of(machine, of[2], 0, 2, script[2].members + 2);
    script[3].kind = DECISION_SPLIT;
    members_of(machine, of[3], 0, 1, script[3].members);
    members_of(machine, of[3], 1, 3, script[3].others);
    script[4].undoes = 4;
    script_length = 5;
    group_in_random_order(1, decided);
    unsigned a = (unsigned)script[0].members[0] - 1, b = (unsigned)script[0].others[0] - 1;
    assert_int_equal(decided[a], decided[script[0].members[1] - 1]);
    assert_int_equal(decided[b], decided[script[0].others[3] - 1]);
    assert_int_not_equal(decided[a], decided[b]);
    assert_int_equal(decided[of[1]], decided[of[2]]);
    assert_int_equal(size_of(decided, of[1]), size_of(machine, of[1]) + size_of(machine, of[2]));
    assert_int_equal(size_of(decided, of[3]), size_of(machine, of[3]));
    assert_same_in_all_orders(decided);
}

static int set_up(void **state) {
    (void)state;
    rules = fixture_rules();
    assert_int_equal(pair_memo_new(&memo), 0);
    arena = wjz_arena_new(0);
    for (unsigned i = 0; i < COMPLAINTS; i++)
        matters[i] = fixture_numbered(rules, arena, i);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    wjz_arena_destroy(&arena);
    pair_memo_destroy(&memo);
    repeat_rules_destroy(&rules);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_batches_do_not_matter),
        cmocka_unit_test(test_decisions_hold_in_every_order),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
