/* An array that grows from ordinary memory into large pages, and on, keeps what is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scoring/large.h"

static void assert_counts(const large_array *array, size_t count) {
    const uint32_t *numbers = array->bytes;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(numbers[i], i);
}

static void test_what_was_in_it_stays(void **state) {
    (void)state;
    large_array array = {0};
    size_t count = 0;
    static const size_t sizes[] = {1,          1000,           LARGE_PAGE / 4 - 1, LARGE_PAGE / 4 + 1,
                                   LARGE_PAGE, 3 * LARGE_PAGE, 9 * LARGE_PAGE};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(large_grow(&array, sizes[i] * sizeof(uint32_t)), 0);
        assert_true(array.capacity >= sizes[i] * sizeof(uint32_t));
        for (uint32_t *numbers = array.bytes; count < sizes[i]; count++)
            numbers[count] = (uint32_t)count;
        assert_counts(&array, count);
    }
    void *before = array.bytes;
    assert_int_equal(large_grow(&array, 1), 0); /* there is room already */
    assert_ptr_equal(array.bytes, before);
    large_free(&array);
    assert_null(array.bytes);
    large_free(&array);
}

static void test_too_much_changes_nothing(void **state) {
    (void)state;
    large_array array = {0};
    assert_int_equal(large_grow(&array, 100), 0);
    large_array before = array;
    assert_true(large_grow(&array, SIZE_MAX / 2) < 0);
    assert_true(large_grow(&array, (size_t)1 << 60) < 0);
    assert_ptr_equal(array.bytes, before.bytes);
    assert_int_equal(array.capacity, before.capacity);
    large_free(&array);
}

static void test_tables_are_empty(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 4096, LARGE_PAGE, 2 * LARGE_PAGE + 5};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        unsigned char *table = table_calloc(sizes[i]);
        assert_non_null(table);
        for (size_t at = 0; at < sizes[i]; at++)
            assert_int_equal(table[at], 0);
        free(table);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_in_it_stays),
        cmocka_unit_test(test_too_much_changes_nothing),
        cmocka_unit_test(test_tables_are_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
