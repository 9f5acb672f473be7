/* The index of repeats and the journal that carries it: lists in canonical order, changes, and bytes that are no
 * journal. */
#include "repeats_fixture.h"

#include <errno.h>

#include "scoring/journal.h"

static wjz_arena *arena;

/* A matter with only what the index looks at. */
static matter plain(uint64_t self, int64_t at, const uint32_t *keys, uint16_t count) {
    return (matter){.self = self, .received_at_us = at, .keys = {keys, count}, .digest = (uint32_t)self};
}

static void count_slot(uint32_t slot, void *arg) {
    (void)slot;
    ++*(int *)arg;
}

static int near_count(const repeats_index *index, int64_t id) {
    int count = 0;
    repeats_index_near(index, repeats_index_find(index, id), 0, count_slot, &count);
    return count;
}

static void put(repeats_index *index, int64_t id, int64_t at, const uint32_t *keys, uint16_t count, int changed) {
    uint32_t slot;
    matter m = plain((uint64_t)id, at, keys, count);
    assert_int_equal(repeats_index_put(index, id, &m, NULL, NULL, &slot), changed);
    assert_int_equal(repeats_index_entry(index, slot)->complaint, id);
}

static void test_reach_is_bounded_and_symmetric(void **state) {
    (void)state;
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    static const uint32_t key = 77;
    enum { MANY = 100 };
    assert_int_equal(repeats_index_new(&index), 0);
    for (int64_t i = 0; i < MANY; i++)
        put(index, 1 + i * 37 % MANY, 1000 + i * 37 % MANY, &key, 1, 1);
    assert_int_equal(repeats_index_count(index), MANY);
    assert_int_equal(near_count(index, 1), REPEATS_REACH);
    assert_int_equal(near_count(index, MANY), REPEATS_REACH);
    assert_int_equal(near_count(index, MANY / 2), 2 * REPEATS_REACH);
    assert_int_equal(repeats_index_find(index, MANY + 1), REPEATS_NONE);
    assert_in_range(repeats_index_bytes(index), MANY * sizeof(uint32_t), 1 << 20);
}

static void test_a_change_moves_a_complaint(void **state) {
    (void)state;
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    static const uint32_t some[] = {5, 9}, others[] = {9, 11, 13};
    assert_int_equal(repeats_index_new(&index), 0);
    for (int64_t id = 1; id <= 5; id++)
        put(index, id, id, some, 2, 1);
    put(index, 3, 3, some, 2, 0);
    assert_int_equal(near_count(index, 3), 8);
    put(index, 3, 3, others, 3, 1);
    assert_int_equal(near_count(index, 3), 4);
    assert_int_equal(near_count(index, 2), 7);
    put(index, 3, 3, others + 1, 2, 1);
    assert_int_equal(near_count(index, 3), 0);
    put(index, 3, 3, some, 2, 1);
    assert_int_equal(near_count(index, 3), 8);
}

static void test_neighbourhoods_join(void **state) {
    (void)state;
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    static const uint32_t key = 5;
    assert_int_equal(repeats_index_new(&index), 0);
    for (int64_t id = 1; id <= 6; id++)
        put(index, id, id, &key, 1, 1);
    repeats_index_join(index, 0, 3);
    repeats_index_join(index, 4, 3);
    repeats_index_join(index, 0, 4);
    int members = 0;
    uint32_t at = 3;
    do {
        assert_int_equal(repeats_index_hood(index, at), repeats_index_hood(index, 0));
        at = repeats_index_entry(index, at)->next;
        members++;
    } while (at != 3);
    assert_int_equal(members, 3);
    assert_int_not_equal(repeats_index_hood(index, 5), repeats_index_hood(index, 0));
}

static size_t decided_turn(decision_change decided, const void **ret_data) {
    static const uint32_t keys[] = {3, 8};
    static matter m[2];
    static regroup_member members[2];
    size_t length = 0;
    for (int i = 0; i < 2; i++) {
        m[i] = plain((uint64_t)i + 50, 1000 + i, keys, 2);
        members[i] = (regroup_member){.complaint = i + 1, .put = true, .rekeyed = true, .matter = &m[i]};
    }
    static const int64_t asked[] = {1};
    regroup_group group = {members, 2, 900};
    joined_pair pair = {1, 2};
    journal_change change = {&group, 1, &pair, 1, asked, 1, decided};
    assert_int_equal(journal_write(&change, arena, ret_data, &length), 0);
    return length;
}

static size_t one_turn(const void **ret_data) {
    return decided_turn((decision_change){0}, ret_data);
}

static void test_a_turn_is_replayed(void **state) {
    (void)state;
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    const void *data = NULL;
    size_t length = one_turn(&data);
    assert_int_equal(repeats_index_new(&index), 0);
    assert_int_equal(journal_replay(data, length, index), 0);
    assert_int_equal(repeats_index_count(index), 2);
    assert_int_equal(repeats_index_entry(index, 1)->clue, 900);
    assert_int_equal(repeats_index_hood(index, 0), repeats_index_hood(index, 1));
    assert_int_equal(near_count(index, 1), 2); /* once per key */
    assert_true(repeats_index_entry(index, 0)->asked);
    assert_false(repeats_index_entry(index, 1)->asked);
}

/* Turns were written so before they said whom people were asked about. */
static void test_of_an_old_turn_each_may_have_been_asked_about(void **state) {
    (void)state;
    enum { OLD_VERSION = 5, ASKED_BYTES = 4 + 8 };
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    const void *data = NULL;
    size_t length = one_turn(&data) - ASKED_BYTES;
    unsigned char *old = wjz_arena_alloc(arena, length);
    memcpy(old, data, length);
    old[0] = OLD_VERSION;
    assert_int_equal(repeats_index_new(&index), 0);
    assert_int_equal(journal_replay(old, length, index), 0);
    assert_int_equal(repeats_index_entry(index, 1)->clue, 900);
    assert_true(repeats_index_entry(index, 0)->asked);
    assert_true(repeats_index_entry(index, 1)->asked);
}

static void test_bytes_that_are_no_journal(void **state) {
    (void)state;
    const void *data = NULL;
    size_t length = one_turn(&data);
    unsigned char *copy = wjz_arena_alloc(arena, length + 1);
    for (size_t cut = 0; cut < length; cut++) {
        WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
        assert_int_equal(repeats_index_new(&index), 0);
        assert_int_equal(journal_replay(data, cut, index), -EBADMSG);
    }
    memcpy(copy, data, length);
    copy[length] = 0;
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    assert_int_equal(repeats_index_new(&index), 0);
    assert_int_equal(journal_replay(copy, length + 1, index), -EBADMSG);
    copy[0]++;
    assert_int_equal(journal_replay(copy, length, index), -EBADMSG);
}

static void test_decisions_travel_with_the_turn(void **state) {
    (void)state;
    static const int64_t sides[] = {1, 2};
    const decision split = {
        .id = 70, .kind = DECISION_SPLIT, .members = sides, .member_count = 1, .others = sides + 1, .other_count = 1};
    const void *data = NULL;
    size_t length = decided_turn((decision_change){.made = &split}, &data);
    WJZ_CLEANUP(repeats_index_destroy) repeats_index *index = NULL;
    assert_int_equal(repeats_index_new(&index), 0);
    assert_int_equal(journal_replay(data, length, index), 0);
    const decision *kept = decisions_find(repeats_index_decisions(index), 70);
    assert_non_null(kept);
    assert_int_equal(kept->kind, DECISION_SPLIT);
    assert_int_equal(kept->members[0], 1);
    assert_int_equal(kept->others[0], 2);
    assert_int_equal(journal_replay(data, length, index), -EBADMSG); /* twice */
    for (size_t cut = 0; cut < length; cut++) {
        WJZ_CLEANUP(repeats_index_destroy) repeats_index *other = NULL;
        assert_int_equal(repeats_index_new(&other), 0);
        assert_int_equal(journal_replay(data, cut, other), -EBADMSG);
    }
    length = decided_turn((decision_change){.undone = 70}, &data);
    assert_int_equal(journal_replay(data, length, index), 0);
    assert_null(decisions_find(repeats_index_decisions(index), 70));
    assert_int_equal(journal_replay(data, length, index), -EBADMSG); /* it stands no more */
}

static int64_t no_new_id(void) {
    fail_msg("a clue was there");
    return 0;
}

static void test_identity_of_merged_clues(void **state) {
    (void)state;
    static const uint32_t key = 1;
    matter m[3] = {plain(1, 10, &key, 1), plain(2, 20, &key, 1), plain(3, 30, &key, 1)};
    regroup_member members[3] = {{.complaint = 1, .clue = 100, .matter = &m[0]},
                                 {.complaint = 2, .clue = 200, .matter = &m[1]},
                                 {.complaint = 3, .clue = 300, .matter = &m[2]}};
    regroup_group group = {members, 3, 0};
    old_clue clues[] = {{.clue = 100}, {.clue = 200, .told = true}, {.clue = 300, .told = true}};
    assert_int_equal(regroup_identify(&group, 1, clues, 3, no_new_id, arena), 0);
    assert_int_equal(group.clue, 200); /* told, and the older one of those */
    assert_int_equal(clues[0].merged_into, 200);
    assert_int_equal(clues[1].merged_into, 0);
    assert_int_equal(clues[2].merged_into, 200);
    assert_int_equal(regroup_identify(&group, 1, clues, 2, no_new_id, arena), -EINVAL);
}

static int64_t new_id(void) {
    return 4000;
}

static void test_identity_of_a_split_clue(void **state) {
    (void)state;
    static const uint32_t key = 1;
    matter m[2] = {plain(1, 10, &key, 1), plain(2, 20, &key, 1)};
    regroup_member later = {.complaint = 2, .clue = 100, .matter = &m[1]};
    regroup_member first = {.complaint = 1, .clue = 100, .matter = &m[0]};
    regroup_group groups[] = {{&later, 1, 0}, {&first, 1, 0}};
    old_clue clue = {.clue = 100};
    assert_int_equal(regroup_identify(groups, 2, &clue, 1, new_id, arena), 0);
    assert_int_equal(groups[0].clue, 4000);
    assert_int_equal(groups[1].clue, 100);
    assert_int_equal(clue.merged_into, 0);
}

/* --- clues that live again once the decision 500 is undone --- */

enum { UNDONE = 500 };

/* Complaints 1 and 2, in 200 and 600, were in 100 then; 3 has been in 200 all the time. */
static const matter back_matters[] = {{.received_at_us = 10}, {.received_at_us = 20}, {.received_at_us = 30}};
static const returning to_100 = {100, UNDONE};
static const regroup_member one_back = {
    .complaint = 1, .clue = 200, .matter = &back_matters[0], .leaves = true, .returns = &to_100};
static const regroup_member two_back = {
    .complaint = 2, .clue = 600, .matter = &back_matters[1], .leaves = true, .returns = &to_100};
static const regroup_member three = {.complaint = 3, .clue = 200, .matter = &back_matters[2]};

static void test_a_clue_lives_again_where_its_complaints_are(void **state) {
    (void)state;
    regroup_member back[] = {one_back, two_back}, stays = three;
    regroup_group groups[] = {{back, 2, 0}, {&stays, 1, 0}};
    old_clue clues[] = {{.clue = 100, .returns_after = UNDONE}, {.clue = 200, .told = true}, {.clue = 600}};
    assert_int_equal(regroup_identify(groups, 2, clues, 3, no_new_id, arena), 0);
    assert_int_equal(groups[0].clue, 100);
    assert_int_equal(groups[1].clue, 200); /* though its first complaint went */
    assert_int_equal(clues[0].merged_into, 0);
    assert_int_equal(clues[1].merged_into, 0);
    assert_int_equal(clues[2].merged_into, 100);
}

static void test_a_clue_that_was_there_before_is_not_disturbed(void **state) {
    (void)state;
    regroup_member all[] = {one_back, two_back, three};
    regroup_group group = {all, 3, 0};
    old_clue clues[] = {{.clue = 100, .told = true, .returns_after = UNDONE}, {.clue = 200}, {.clue = 600, .told = true}};
    assert_int_equal(regroup_identify(&group, 1, clues, 2, no_new_id, arena), -EINVAL); /* 600 is not known */
    clues[2].told = false;
    assert_int_equal(regroup_identify(&group, 1, clues, 3, no_new_id, arena), 0);
    assert_int_equal(group.clue, 200);
    assert_int_equal(clues[0].merged_into, 200);
    assert_int_equal(clues[2].merged_into, 200);
    assert_int_equal(regroup_identify(&group, 1, clues + 1, 2, no_new_id, arena), -EINVAL); /* nor 100 */
}

static void test_of_two_clues_that_live_again_the_told_one_does(void **state) {
    (void)state;
    static const returning to_300 = {300, UNDONE};
    regroup_member other = two_back;
    other.returns = &to_300;
    regroup_member all[] = {one_back, other};
    regroup_group group = {all, 2, 0};
    old_clue clues[] = {{.clue = 100, .returns_after = UNDONE},
                        {.clue = 300, .told = true, .returns_after = UNDONE},
                        {.clue = 501, .told = true}, /* made after the decision */
                        {.clue = 600}};
    all[0].clue = 501;
    assert_int_equal(regroup_identify(&group, 1, clues, 4, no_new_id, arena), 0);
    assert_int_equal(group.clue, 300);
    assert_int_equal(clues[0].merged_into, 300);
    assert_int_equal(clues[1].merged_into, 0);
    assert_int_equal(clues[2].merged_into, 300);
    assert_int_equal(clues[3].merged_into, 300);
}

static void test_a_clue_that_all_leave_goes_with_its_first_complaint(void **state) {
    (void)state;
    regroup_member later = {.complaint = 2, .clue = 100, .leaves = true, .matter = &back_matters[1]};
    regroup_member first = {.complaint = 1, .clue = 100, .leaves = true, .matter = &back_matters[0]};
    regroup_group groups[] = {{&later, 1, 0}, {&first, 1, 0}};
    old_clue clue = {.clue = 100};
    assert_int_equal(regroup_identify(groups, 2, &clue, 1, new_id, arena), 0);
    assert_int_equal(groups[0].clue, 4000);
    assert_int_equal(groups[1].clue, 100);
}

static int set_up(void **state) {
    (void)state;
    arena = wjz_arena_new(0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    wjz_arena_destroy(&arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reach_is_bounded_and_symmetric),
        cmocka_unit_test(test_a_change_moves_a_complaint),
        cmocka_unit_test(test_neighbourhoods_join),
        cmocka_unit_test(test_a_turn_is_replayed),
        cmocka_unit_test(test_of_an_old_turn_each_may_have_been_asked_about),
        cmocka_unit_test(test_bytes_that_are_no_journal),
        cmocka_unit_test(test_decisions_travel_with_the_turn),
        cmocka_unit_test(test_identity_of_merged_clues),
        cmocka_unit_test(test_identity_of_a_split_clue),
        cmocka_unit_test(test_a_clue_lives_again_where_its_complaints_are),
        cmocka_unit_test(test_a_clue_that_was_there_before_is_not_disturbed),
        cmocka_unit_test(test_of_two_clues_that_live_again_the_told_one_does),
        cmocka_unit_test(test_a_clue_that_all_leave_goes_with_its_first_complaint),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
