/* Grouping must give the same matters whatever order complaints come in and however they are divided into batches. */
#include "repeats_fixture.h"

#include "scoring/journal.h"
#include "scoring/regroup.h"

enum { COMPLAINTS = 220, ORDERS = 50 };

static repeat_rules *rules;
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
    int64_t *ids = NULL;
    size_t count = 0;
    assert_int_equal(regroup_missing(g, &ids, &count), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(regroup_supply(g, ids[i], matters[ids[i] - 1]), 0);
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
    repeats_index_near(index, slot, false, note_near, &near);
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
    }
}

/* One batch: group, identify, journal; the copy of the index learns of it by the journal alone. */
static void take_batch(repeats_index *index, repeats_index *copy, const unsigned *order, size_t count) {
    WJZ_CLEANUP(regroup_destroy) regroup *g = NULL;
    regroup_group *groups = NULL;
    size_t group_count = 0, joined_count = 0, length = 0;
    const void *entries = NULL;
    old_clue clues[COMPLAINTS];
    assert_int_equal(regroup_new(rules, index, arena, &g), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(regroup_put(g, order[i] + 1, matters[order[i]]), 0);
    supply(g);
    assert_int_equal(regroup_link(g), 0);
    supply(g);
    assert_int_equal(regroup_groups(g, &groups, &group_count), 0);
    size_t clue_count = old_clues(groups, group_count, clues);
    assert_int_equal(regroup_identify(groups, group_count, clues, clue_count, next_id, arena), 0);
    const joined_pair *joined = regroup_joined(g, &joined_count);
    assert_int_equal(journal_write(groups, group_count, joined, joined_count, arena, &entries, &length), 0);
    for (size_t i = 0; i < group_count; i++) {
        for (size_t j = 0; j < groups[i].count; j++)
            repeats_index_set_clue(index, groups[i].members[j].slot, groups[i].clue);
    }
    if (length) assert_int_equal(journal_replay(entries, length, copy), 0);
    assert_same_index(index, copy);
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

static void group_in_random_order(unsigned seed, unsigned *first) {
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *copy = NULL;
    unsigned order[COMPLAINTS];
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
    }
    read_partition(index, first);
    for (unsigned i = 0; i < COMPLAINTS; i++)
        assert_int_equal(clue_of(index, i), clue_of(copy, i));
}

static void test_order_and_batches_do_not_matter(void **state) {
    (void)state;
    unsigned expected[COMPLAINTS], got[COMPLAINTS], matters_found = 0;
    group_in_random_order(1, expected);
    for (unsigned i = 0; i < COMPLAINTS; i++)
        matters_found += expected[i] == i;
    assert_in_range(matters_found, 5, COMPLAINTS / 3);
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

static int set_up(void **state) {
    (void)state;
    rules = fixture_rules();
    arena = wjz_arena_new(0);
    for (unsigned i = 0; i < COMPLAINTS; i++)
        matters[i] = fixture_numbered(rules, arena, i);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    wjz_arena_destroy(&arena);
    repeat_rules_destroy(&rules);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_batches_do_not_matter),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
