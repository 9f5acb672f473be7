/* Numbers on a card are told as printf tells them, whichever way they are made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "scoring/card.h"

enum { ROUNDS = 20000 };

static void is_told_as_printf_does(wjz_arena *arena, double value) {
    char expected[32];
    card_writer writer;
    wjz_arena_reset(arena);
    card_begin(&writer, arena);
    Wjz__Scoring__Factor *factor = card_factor(&writer, "some", 1);
    card_note(&writer, factor, "value", value);
    assert_false(writer.failed);
    assert_int_equal(factor->n_notes, 1);
    snprintf(expected, sizeof expected, "%.10g", value);
    assert_string_equal(factor->notes[0]->value, expected);
}

static void numbers_are_told_as_printf_tells_them(void **state) {
    (void)state;
    static const double edges[] = {
        0,     0.5,          0.99999994f, 1,         -1,         1.0000001f, 9.999999f, 10,      10.5,  -2.5,
        12.05, 99.99999f,    1234567.5,   999999999, 1000000000, -1e-9,      1e300,     1.0 / 3, 0.01f, 0.0099999998f,
        0.1f,  0.099999994f, -0.3f,       0.9f};
    wjz_arena *arena = wjz_arena_new(0);
    for (size_t i = 0; i < WJZ_COUNT(edges); i++)
        is_told_as_printf_does(arena, edges[i]);
    uint64_t chance = 1;
    for (int i = 0; i < ROUNDS; i++) {
        chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        double value = ((double)(chance >> 40) / (1 << 17) - 64) * (i % 4 ? 1 : 1e-3);
        is_told_as_printf_does(arena, (double)(float)value);
        is_told_as_printf_does(arena, (double)(float)(value / 64));
        is_told_as_printf_does(arena, value / 3);
    }
    wjz_arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_told_as_printf_tells_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
