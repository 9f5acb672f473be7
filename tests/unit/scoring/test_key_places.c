/* Places of keys: one each, for none, few and very many; what is refused; how many strangers pass the filter. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scoring/key_places.h"

/* The n-th key of a set: different for different n, mixed as a model's keys are. */
static uint32_t key_of(uint32_t n) {
    n = (n ^ n >> 15) * 0x2C1B3C6Du;
    n = (n ^ n >> 12) * 0x297A2D39u;
    return n ^ n >> 15;
}

static uint32_t *some_keys(uint32_t count) {
    uint32_t *keys = malloc((count + 1) * sizeof *keys);
    assert_non_null(keys);
    for (uint32_t i = 0; i < count; i++)
        keys[i] = key_of(i);
    return keys;
}

static void gives_each_key_a_place_of_its_own(void **state) {
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, 3, 10, 1000, 82000, 1 << 20};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        uint32_t count = counts[i], *keys = some_keys(count);
        key_places places;
        assert_int_equal(key_places_make(keys, count, &places), 0);
        assert_in_range(places.place_count, count + 1, count + count / 4 + 8);
        char *taken = calloc(places.place_count, 1);
        assert_non_null(taken);
        for (uint32_t k = 0; k < count; k++) {
            uint32_t place = key_place(&places, keys[k]);
            assert_true(place < places.place_count && !taken[place]++);
            assert_int_equal(key_may_be(&places, keys[k]), 1);
        }
        free(taken);
        free(keys);
        key_places_free(&places);
        key_places_free(&places); /* twice is once */
    }
}

static void knows_most_strangers(void **state) {
    (void)state;
    enum { COUNT = 50000, STRANGERS = 100000 };
    uint32_t *keys = some_keys(COUNT), passed = 0;
    key_places places;
    assert_int_equal(key_places_make(keys, COUNT, &places), 0);
    for (uint32_t i = COUNT; i < COUNT + STRANGERS; i++) {
        passed += key_may_be(&places, key_of(i));
        assert_true(key_place(&places, key_of(i)) < places.place_count); /* a place all the same */
    }
    assert_in_range(passed, 1, STRANGERS / 5); /* some do pass: who asks must compare */
    free(keys);
    key_places_free(&places);
}

static void refuses_what_has_no_such_places(void **state) {
    (void)state;
    static const uint32_t twice[] = {1, 0x80000001, 1};
    uint32_t in_a_row[500];
    key_places places = {.place_count = 7};
    for (uint32_t i = 0; i < 500; i++)
        in_a_row[i] = i;
    assert_int_equal(key_places_make(twice, 3, &places), -EINVAL);
    assert_int_equal(key_places_make(in_a_row, 500, &places), -EINVAL);
    assert_int_equal(places.place_count, 7); /* left alone */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_each_key_a_place_of_its_own),
        cmocka_unit_test(knows_most_strangers),
        cmocka_unit_test(refuses_what_has_no_such_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
