/* The words that moved the learned points: runs of characters, the strongest first, of one direction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "scoring/reasons.h"

/* Of characters that are one byte each. */
static normal_text text_of(const char *bytes) {
    static uint32_t char_at[100];
    for (uint32_t i = 0; i < 100; i++)
        char_at[i] = i;
    return (normal_text){.bytes = (char *)bytes, .length = (uint32_t)strlen(bytes), .char_at = char_at};
}

static void put(float *steps, uint32_t from, uint32_t to, float points) {
    steps[from] += points / (float)(to - from);
    steps[to] -= points / (float)(to - from);
}

static void overlapping_words_make_one_run(void **state) {
    (void)state;
    normal_text text = text_of("abcdefghij");
    float steps[11] = {0};
    reason reasons[REASONS_LIMIT];
    put(steps, 2, 4, 2);
    put(steps, 3, 6, 3);
    assert_int_equal(reasons_find(&text, text.length, steps, 1, reasons), 1);
    assert_int_equal(reasons[0].from, 2);
    assert_int_equal(reasons[0].to, 6);
    assert_true(reasons[0].points > 4.9f && reasons[0].points < 5.1f);
}

static void the_strongest_come_first_and_few(void **state) {
    (void)state;
    normal_text text = text_of("abcdefghijklmnop");
    float steps[17] = {0};
    reason reasons[REASONS_LIMIT];
    for (uint32_t i = 0; i < 5; i++)
        put(steps, i * 3, i * 3 + 2, 2 + (float)i);
    assert_int_equal(reasons_find(&text, text.length, steps, 1, reasons), REASONS_LIMIT);
    assert_int_equal(reasons[0].from, 12);
    assert_int_equal(reasons[1].from, 9);
    assert_int_equal(reasons[2].from, 6);
}

static void only_the_direction_asked_for(void **state) {
    (void)state;
    normal_text text = text_of("abcdef");
    float steps[7] = {0};
    reason reasons[REASONS_LIMIT];
    put(steps, 0, 2, 4);
    put(steps, 3, 6, -6);
    assert_int_equal(reasons_find(&text, text.length, steps, -1, reasons), 1);
    assert_int_equal(reasons[0].from, 3);
    assert_true(reasons[0].points < -5.9f);
}

static void nothing_is_no_reason(void **state) {
    (void)state;
    normal_text text = text_of("abc");
    float steps[4] = {0};
    reason reasons[REASONS_LIMIT];
    assert_int_equal(reasons_find(&text, text.length, steps, 1, reasons), 0);
    put(steps, 0, 3, 0.1f);
    assert_int_equal(reasons_find(&text, text.length, steps, 1, reasons), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlapping_words_make_one_run),
        cmocka_unit_test(the_strongest_come_first_and_few),
        cmocka_unit_test(only_the_direction_asked_for),
        cmocka_unit_test(nothing_is_no_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
