/* The map from ids to their owners, against a plain array. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/idmap.h"

static void test_empty(WJZ_UNUSED void **state) {
    wjz_idmap map = {0};
    assert_null(wjz_idmap_get(&map, 1));
    assert_null(wjz_idmap_take(&map, 1));
    wjz_idmap_clear(&map);
}

static void test_put_twice(WJZ_UNUSED void **state) {
    int a, b;
    wjz_idmap map = {0};
    assert_int_equal(wjz_idmap_put(&map, 0, &a), 0);
    assert_int_equal(wjz_idmap_put(&map, 0, &b), -EEXIST);
    assert_ptr_equal(wjz_idmap_get(&map, 0), &a);
    assert_ptr_equal(wjz_idmap_take(&map, 0), &a);
    assert_null(wjz_idmap_get(&map, 0));
    wjz_idmap_clear(&map);
}

/* Random puts and takes, with few ids so that chains collide and shrink in every order. */
static void test_against_array(WJZ_UNUSED void **state) {
    enum { IDS = 300, STEPS = 200000 };
    static int owners[IDS];
    bool present[IDS] = {0};
    wjz_idmap map = {0};
    uint32_t random = 1;
    size_t count = 0;
    for (int step = 0; step < STEPS; step++) {
        random = random * 1664525 + 1013904223;
        size_t i = (random >> 8) % IDS;
        uint64_t id = (uint64_t)i << 40; /* differs in high bits only */
        if (random & 1) {
            assert_int_equal(wjz_idmap_put(&map, id, &owners[i]), present[i] ? -EEXIST : 0);
            count += !present[i];
            present[i] = true;
        } else {
            assert_ptr_equal(wjz_idmap_take(&map, id), present[i] ? &owners[i] : NULL);
            count -= present[i];
            present[i] = false;
        }
        assert_int_equal(map.count, count);
    }
    for (size_t i = 0; i < IDS; i++)
        assert_ptr_equal(wjz_idmap_get(&map, (uint64_t)i << 40), present[i] ? &owners[i] : NULL);
    wjz_idmap_clear(&map);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_put_twice),
        cmocka_unit_test(test_against_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
