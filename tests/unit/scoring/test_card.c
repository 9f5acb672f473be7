/* Numbers on a card are told as printf tells them, whichever way they are made; what is kept of a card. */
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

static void a_head_outlives_its_card(void **state) {
    (void)state;
    wjz_arena *scratch = wjz_arena_new(0), *kept = wjz_arena_new(0);
    Wjz__Scoring__ScoreCard *head = NULL;
    char water[] = "water";
    card_writer writer;
    card_begin(&writer, scratch);
    card_offer(&writer, card_factor(&writer, "some", 5), 3, 1, NULL, "rule");
    card_gate(&writer, "gate");
    char **agencies = wjz_arena_alloc(scratch, sizeof *agencies);
    assert_non_null(agencies);
    agencies[0] = water;
    writer.card->agencies = agencies;
    writer.card->n_agencies = 1;
    writer.card->index = 56;
    assert_int_equal(card_head(writer.card, kept, &head), 0);
    wjz_arena_destroy(&scratch);
    assert_true(head->index == 56);
    assert_int_equal(head->n_agencies, 1);
    assert_string_equal(head->agencies[0], "water");
    assert_int_equal(head->n_factors + head->n_adjustments + head->n_gates + head->n_collisions, 0);
    wjz_arena_destroy(&kept);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_told_as_printf_tells_them),
        cmocka_unit_test(a_head_outlives_its_card),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
