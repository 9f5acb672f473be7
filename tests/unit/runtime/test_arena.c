/* Arena: alignment, limits, reuse, protobuf-c's allocator. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "wjz/arena.h"

static void gives_aligned_pieces_that_do_not_overlap(WJZ_UNUSED void **state) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    unsigned char *pieces[200];
    for (size_t i = 0; i < WJZ_COUNT(pieces); i++) {
        size_t size = i * 37 % 9000;
        pieces[i] = wjz_arena_alloc(arena, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        memset(pieces[i], (int)i, size);
    }
    for (size_t i = 0; i < WJZ_COUNT(pieces); i++)
        for (size_t k = 0; k < i * 37 % 9000; k++)
            assert_int_equal(pieces[i][k], i);
}

static void keeps_its_limit(WJZ_UNUSED void **state) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(10000);
    assert_non_null(wjz_arena_alloc(arena, 9000));
    assert_null(wjz_arena_alloc(arena, 1100));
    assert_non_null(wjz_arena_alloc(arena, 900));
    assert_null(wjz_arena_alloc(arena, SIZE_MAX));
    wjz_arena_reset(arena);
    assert_int_equal(wjz_arena_used(arena), 0);
    assert_non_null(wjz_arena_alloc(arena, 9000));
}

static void keeps_its_largest_block_for_the_next_turn(WJZ_UNUSED void **state) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    const void *small = wjz_arena_alloc(arena, 100), *large = wjz_arena_alloc(arena, 60000);
    const void *huge = wjz_arena_alloc(arena, 1 << 20); /* too much to be kept */
    assert_non_null(small);
    assert_non_null(huge);
    wjz_arena_reset(arena);
    assert_int_equal(wjz_arena_used(arena), 0);
    assert_ptr_equal(wjz_arena_alloc(arena, 60000), large);
    wjz_arena_reset(arena);
    wjz_arena_reset(arena);
    assert_ptr_equal(wjz_arena_alloc(arena, 100), large);
}

static void refuses_products_that_overflow(WJZ_UNUSED void **state) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    assert_null(wjz_arena_calloc(arena, SIZE_MAX / 2, 3));
    const char *zeros = wjz_arena_calloc(arena, 100, 3);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(zeros[i], 0);
    assert_non_null(wjz_arena_calloc(arena, 0, 8));
}

static void copies_and_prints(WJZ_UNUSED void **state) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(0);
    assert_string_equal(wjz_arena_strdup(arena, "text"), "text");
    assert_string_equal(wjz_arena_strndup(arena, "text", 2), "te");
    assert_string_equal(wjz_arena_strndup(arena, NULL, 0), "");
    assert_string_equal(wjz_arena_printf(arena, "%d-%s", 5, "x"), "5-x");
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *small = wjz_arena_new(16);
    assert_null(wjz_arena_printf(small, "%040d", 1));
}

static void serves_protobuf(WJZ_UNUSED void **state) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(64);
    ProtobufCAllocator *allocator = wjz_arena_protobuf(arena);
    void *piece = allocator->alloc(allocator->allocator_data, 48);
    assert_non_null(piece);
    allocator->free(allocator->allocator_data, piece);
    assert_null(allocator->alloc(allocator->allocator_data, 48));
}

static void may_be_destroyed_twice(WJZ_UNUSED void **state) {
    wjz_arena *arena = wjz_arena_new(0);
    wjz_arena_destroy(&arena);
    assert_null(arena);
    wjz_arena_destroy(&arena);
    wjz_arena_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_aligned_pieces_that_do_not_overlap),
        cmocka_unit_test(keeps_its_limit),
        cmocka_unit_test(keeps_its_largest_block_for_the_next_turn),
        cmocka_unit_test(refuses_products_that_overflow),
        cmocka_unit_test(copies_and_prints),
        cmocka_unit_test(serves_protobuf),
        cmocka_unit_test(may_be_destroyed_twice),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
