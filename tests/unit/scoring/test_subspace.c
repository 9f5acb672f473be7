/* What words go together: directions of length 1 that do not lean on each other, the same each time, and words that no
 * text has in common stand apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "scoring/subspace.h"
#include "wjz/clean.h"

enum { TEXTS = 6, WORDS = 4 };

/* Three texts of words 0 and 1, louder, and three of words 2 and 3. */
static corpus two_topics(void) {
    static uint32_t words[TEXTS][2];
    static float values[TEXTS][2];
    static corpus_text texts[TEXTS];
    for (uint32_t i = 0; i < TEXTS; i++) {
        for (uint32_t k = 0; k < 2; k++) {
            words[i][k] = (i < 3 ? 0 : 2) + k;
            values[i][k] = i < 3 ? 2 : 1;
        }
        texts[i] = (corpus_text){.words = words[i], .values = values[i], .word_count = 2, .gram_count = 2};
    }
    return (corpus){.texts = texts, .text_count = TEXTS, .word_count = WORDS, .gram_count = WORDS};
}

static double dot(const float *a, const float *b) {
    double sum = 0;
    for (int w = 0; w < WORDS; w++)
        sum += (double)a[w] * b[w];
    return sum;
}

static void finds_the_topics(void **state) {
    (void)state;
    corpus data = two_topics();
    WJZ_CLEANUP(subspace_close) subspace space = {0};
    assert_int_equal(subspace_find(&data, 2, &space), 0);
    assert_int_equal(space.count, 2);
    const float *loud = space.directions, *quiet = space.directions + WORDS;
    assert_true(fabs(dot(loud, loud) - 1) < 1e-4 && fabs(dot(quiet, quiet) - 1) < 1e-4);
    assert_true(fabs(dot(loud, quiet)) < 1e-3);
    assert_true(fabsf(loud[0] - loud[1]) < 1e-3f && fabsf(loud[2]) < 1e-3f);
    assert_true(fabsf(quiet[2] - quiet[3]) < 1e-3f && fabsf(quiet[0]) < 1e-3f);
    assert_true(fabsf(space.positions[0]) > 2.8f && fabsf(space.positions[1]) < 1e-2f);
}

static void finds_the_same_again(void **state) {
    (void)state;
    corpus data = two_topics();
    WJZ_CLEANUP(subspace_close) subspace one = {0};
    WJZ_CLEANUP(subspace_close) subspace other = {0};
    assert_int_equal(subspace_find(&data, 2, &one), 0);
    assert_int_equal(subspace_find(&data, 2, &other), 0);
    assert_memory_equal(one.directions, other.directions, 2 * WORDS * sizeof(float));
}

static void finds_no_more_than_there_are_texts(void **state) {
    (void)state;
    corpus data = two_topics();
    WJZ_CLEANUP(subspace_close) subspace space = {0};
    assert_int_equal(subspace_find(&data, 50, &space), 0);
    assert_int_equal(space.count, TEXTS);
    for (size_t i = 0; i < TEXTS * space.count; i++)
        assert_true(isfinite(space.positions[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_topics),
        cmocka_unit_test(finds_the_same_again),
        cmocka_unit_test(finds_no_more_than_there_are_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
