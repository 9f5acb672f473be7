/* Lists of slots by key against plain arrays: the same after any mixture of insertions and removals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scoring/key_lists.h"

enum { KEYS = 300, MOST = 400, STEPS = 200000 };

static struct {
    uint32_t key, count, slots[MOST];
} plain[KEYS];

static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void assert_same(const key_lists *lists, uint32_t i) {
    slot_list list = key_lists_find(lists, plain[i].key);
    assert_int_equal(list.count, plain[i].count);
    if (list.count) assert_memory_equal(list.slots, plain[i].slots, list.count * sizeof *list.slots);
}

static void insert(key_lists *lists, uint32_t i, uint32_t at, uint32_t slot) {
    memmove(plain[i].slots + at + 1, plain[i].slots + at, (plain[i].count - at) * sizeof slot);
    plain[i].slots[at] = slot;
    plain[i].count++;
    assert_int_equal(key_lists_insert(lists, plain[i].key, at, slot), 0);
}

static void take_out(key_lists *lists, uint32_t i, uint32_t at) {
    memmove(plain[i].slots + at, plain[i].slots + at + 1, (plain[i].count - at - 1) * sizeof plain[i].slots[0]);
    plain[i].count--;
    assert_int_equal(key_lists_remove(lists, plain[i].key, at), 0);
}

static void test_as_plain_arrays(void **state) {
    (void)state;
    key_lists lists;
    uint32_t random = 7;
    assert_int_equal(key_lists_open(&lists), 0);
    for (uint32_t i = 0; i < KEYS; i++)
        plain[i].key = next_random(&random) << 8 | i | 1; /* some share their first bits, and so their home */
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t i = next_random(&random) % KEYS;
        if (i > 9) i = next_random(&random) % 3 ? i : 0; /* a few long ones */
        bool grow = plain[i].count < MOST && next_random(&random) % 9 < (step < STEPS / 2 ? 6U : 3U);
        if (grow)
            insert(&lists, i, next_random(&random) % (plain[i].count + 1), step);
        else if (plain[i].count)
            take_out(&lists, i, next_random(&random) % plain[i].count);
        assert_same(&lists, i);
    }
    for (uint32_t i = 0; i < KEYS; i++)
        assert_same(&lists, i);
    key_lists_close(&lists);
}

/* Rooms that were given back are used again: a list that grows and shrinks for ever takes no more memory. */
static void test_memory_is_used_again(void **state) {
    (void)state;
    key_lists lists;
    assert_int_equal(key_lists_open(&lists), 0);
    size_t most = 0;
    for (int round = 0; round < 100; round++) {
        for (uint32_t i = 0; i < 1000; i++)
            assert_int_equal(key_lists_insert(&lists, 4, i, i), 0);
        if (round == 1) most = key_lists_bytes(&lists);
        for (uint32_t i = 1000; i > 0; i--)
            assert_int_equal(key_lists_remove(&lists, 4, i - 1), 0);
        assert_int_equal(key_lists_find(&lists, 4).count, 0);
    }
    assert_int_equal(key_lists_bytes(&lists), most);
    key_lists_close(&lists);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_plain_arrays),
        cmocka_unit_test(test_memory_is_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
