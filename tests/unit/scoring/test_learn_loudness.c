/* How loud columns are: n-grams that go with the outcome louder than those that do not, together as loud as before; a
 * vote as spread as it is told to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>

#include "scoring/learn_loudness.h"
#include "wjz/clean.h"

enum { ROWS = 8, GRAMS = 4, VOTE = GRAMS, COLUMNS = GRAMS + 2, WITHOUT = GRAMS + 1 };

typedef struct sample {
    struct feature_node nodes[ROWS][COLUMNS + 1];
    struct feature_node *x[ROWS];
    double y[ROWS];
    struct problem rows;
} sample;

/* Column 0 stands in the good half, 1 in the bad half, 2 in every second row, 3 in all; then a vote. */
static void make(sample *s) {
    for (int i = 0; i < ROWS; i++) {
        struct feature_node *at = s->nodes[i];
        const bool has[GRAMS] = {i < ROWS / 2, i >= ROWS / 2, i % 2 == 0, true};
        for (int c = 0; c < GRAMS; c++)
            if (has[c]) *at++ = (struct feature_node){c + 1, 0.5};
        if (i < 2) *at++ = (struct feature_node){VOTE + 1, 3};
        *at = (struct feature_node){-1, 0};
        s->x[i] = s->nodes[i];
        s->y[i] = i < ROWS / 2 ? 1 : -1;
    }
    s->rows = (struct problem){.l = ROWS, .n = COLUMNS, .y = s->y, .x = s->x, .bias = -1};
}

static void reset(double *factors) {
    for (int i = 0; i < COLUMNS; i++)
        factors[i] = 1;
}

static double length_of(const struct problem *rows, int columns) {
    double sum = 0;
    for (int i = 0; i < rows->l; i++)
        for (const struct feature_node *node = rows->x[i]; node->index > 0; node++)
            if (node->index <= columns) sum += node->value * node->value;
    return sum;
}

static void favours_what_goes_with_the_outcome(void **state) {
    (void)state;
    sample s;
    double factors[COLUMNS];
    struct problem heard;
    struct feature_node *nodes;
    make(&s);
    reset(factors);
    assert_int_equal(loudness_of_telling(&s.rows, GRAMS, factors), 0);
    assert_true(factors[0] > 1 && fabs(factors[0] - factors[1]) < 1e-9);
    assert_true(factors[2] > 0 && factors[2] < 1 && factors[3] > 0 && factors[3] < 1);
    assert_true(factors[VOTE] == 1 && factors[WITHOUT] == 1);
    assert_int_equal(loudness_apply(&s.rows, factors, &heard, &nodes), 0);
    assert_true(fabs(length_of(&heard, GRAMS) - length_of(&s.rows, GRAMS)) < 1e-9);
    assert_true(heard.l == ROWS && heard.y == s.y && heard.x[0][0].value == 0.5 * factors[0]);
    free(heard.x);
    free(nodes);
}

static void leaves_all_as_it_is_without_two_outcomes(void **state) {
    (void)state;
    sample s;
    double factors[COLUMNS];
    make(&s);
    reset(factors);
    for (int i = 0; i < ROWS; i++)
        s.y[i] = 3;
    assert_int_equal(loudness_of_telling(&s.rows, GRAMS, factors), 0);
    s.rows.l = 0;
    assert_int_equal(loudness_of_telling(&s.rows, GRAMS, factors), 0);
    for (int i = 0; i < COLUMNS; i++)
        assert_true(factors[i] == 1);
}

static void spreads_a_vote_as_told(void **state) {
    (void)state;
    sample s;
    double factors[COLUMNS], sum = 0, squares = 0;
    make(&s);
    reset(factors);
    loudness_to_spread(&s.rows, VOTE, 0.3, factors);
    loudness_to_spread(&s.rows, WITHOUT, 0.3, factors);
    for (int i = 0; i < ROWS; i++) {
        double value = i < 2 ? 3 * factors[VOTE] : 0;
        sum += value;
        squares += value * value;
    }
    assert_true(fabs(squares / ROWS - sum / ROWS * (sum / ROWS) - 0.3) < 1e-9);
    assert_true(factors[WITHOUT] == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(favours_what_goes_with_the_outcome),
        cmocka_unit_test(leaves_all_as_it_is_without_two_outcomes),
        cmocka_unit_test(spreads_a_vote_as_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
