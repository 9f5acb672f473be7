#include "scoring/matter_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const uint32_t grams[] = {5, 9, 12}, keys[] = {70, 80};

static matter sample(uint32_t digest) {
    return (matter){.received_at_us = 17,
                    .digest = digest,
                    .town = 510184001,
                    .all_norm = 2.5f,
                    .grams = {grams, 3},
                    .keys = {keys, 2}};
}

typedef struct held {
    matter_cache *cache;
    wjz_arena *arena;
} held;

static int set_up(void **state) {
    static held h;
    h = (held){.arena = wjz_arena_new(0)};
    *state = &h;
    return matter_cache_new(&h.cache);
}

static int tear_down(void **state) {
    held *h = *state;
    matter_cache_destroy(&h->cache);
    matter_cache_destroy(&h->cache);
    wjz_arena_destroy(&h->arena);
    return 0;
}

static matter *get(held *h, int64_t id, uint32_t digest) {
    matter *m = NULL;
    assert_int_equal(matter_cache_get(h->cache, id, digest, h->arena, &m), 0);
    return m;
}

static void a_matter_comes_back_as_it_was_put(void **state) {
    held *h = *state;
    matter put = sample(1);
    matter_cache_put(h->cache, 42, &put);
    matter *m = get(h, 42, 1);
    assert_non_null(m);
    matter other = sample(2);
    matter_cache_put(h->cache, 42, &other); /* what was given is a copy */
    assert_int_equal(m->digest, 1);
    assert_int_equal(m->town, 510184001);
    assert_true(m->all_norm == 2.5f);
    assert_int_equal(m->grams.count, 3);
    assert_memory_equal(m->grams.items, grams, sizeof grams);
    assert_memory_equal(m->keys.items, keys, sizeof keys);
    assert_int_equal(m->units.count, 0);
}

static void another_state_is_not_given(void **state) {
    held *h = *state;
    matter put = sample(1);
    matter_cache_put(h->cache, 42, &put);
    matter_cache_put_finding(h->cache, 42, 1, (wjz_blob){"old", 3});
    assert_null(get(h, 42, 2));
    assert_null(get(h, 43, 1));
    assert_null(matter_cache_finding(h->cache, 42, 2).data);
    put.digest = 2;
    matter_cache_put(h->cache, 42, &put);
    matter_cache_put_finding(h->cache, 42, 2, (wjz_blob){"newer", 5});
    assert_null(get(h, 42, 1));
    assert_non_null(get(h, 42, 2));
    wjz_blob finding = matter_cache_finding(h->cache, 42, 2);
    assert_int_equal(finding.length, 5);
    assert_memory_equal(finding.data, "newer", 5);
}

static void newcomers_displace_what_was_used_longest_ago(void **state) {
    held *h = *state;
    enum { MANY = 4 * MATTER_CACHE_PLACES };
    matter put = sample(1);
    for (int64_t id = 1; id <= MANY; id++) {
        matter_cache_put(h->cache, id, &put);
        if (id > 1) assert_non_null(get(h, 1, 1)); /* which is used all the time, and stays */
    }
    size_t there = 0, last = 0;
    for (int64_t id = 1; id <= MANY; id++) {
        bool found = get(h, id, 1);
        there += found;
        last += found && id > MANY - MATTER_CACHE_PLACES / 2;
        wjz_arena_reset(h->arena);
    }
    assert_in_range(there, MATTER_CACHE_PLACES / 2, MATTER_CACHE_PLACES);
    assert_in_range(last, MATTER_CACHE_PLACES * 4 / 10, MATTER_CACHE_PLACES / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_matter_comes_back_as_it_was_put, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_state_is_not_given, set_up, tear_down),
        cmocka_unit_test_setup_teardown(newcomers_displace_what_was_used_longest_ago, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
