/* Agreement with raters: ranks with ties, the edges where a figure means nothing, texts without a class. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "scoring/figures.h"
#include "wjz/clean.h"

static figures found(figure_row *rows, size_t count) {
    figures f;
    assert_int_equal(figures_find(rows, count, &f), 0);
    return f;
}

static void same_order_is_perfect(void **state) {
    (void)state;
    figure_row rows[] = {{.index = 10, .value = 1, .valued = true},
                         {.index = 70, .value = 5, .valued = true},
                         {.index = 30, .value = 2, .valued = true},
                         {.index = 60, .value = 4, .valued = true}};
    figures f = found(rows, 4);
    assert_true(fabs(f.spearman - 1) < 1e-9 && fabs(f.auc - 1) < 1e-9 && f.precision == 1);
}

static void opposite_order_is_the_worst(void **state) {
    (void)state;
    figure_row rows[] = {{.index = 90, .value = 1, .valued = true}, {.index = 20, .value = 5, .valued = true}};
    figures f = found(rows, 2);
    assert_true(fabs(f.spearman + 1) < 1e-9 && f.auc == 0 && f.precision == 0);
}

/* Ranks of equal ones are shared: (1.5, 1.5, 3) against (1, 2, 3) gives √3 / 2. */
static void equal_indexes_share_their_rank(void **state) {
    (void)state;
    figure_row rows[] = {{.index = 5, .value = 1, .valued = true},
                         {.index = 5, .value = 2, .valued = true},
                         {.index = 9, .value = 5, .valued = true}};
    assert_true(fabs(found(rows, 3).spearman - sqrt(3) / 2) < 1e-9);
}

static void says_nothing_without_a_difference(void **state) {
    (void)state;
    figure_row rows[] = {{.index = 5, .value = 2, .valued = true}, {.index = 7, .value = 2, .valued = true}};
    figures f = found(rows, 2);
    assert_true(f.spearman == 0 && f.auc == 0.5 && f.precision == 0);
    f = found(rows, 0);
    assert_true(f.spearman == 0 && f.auc == 0.5 && f.kind == 0);
}

static void classes_count_where_they_were_given(void **state) {
    (void)state;
    figure_row rows[] = {{.index = 5, .classed = true, .kind = true, .domain = true},
                         {.index = 6, .classed = true, .kind = true},
                         {.index = 7, .value = 5, .valued = true}};
    figures f = found(rows, 3);
    assert_int_equal(f.classed, 2);
    assert_int_equal(f.valued, 1);
    assert_true(f.kind == 1 && f.branch == 0 && f.domain == 0.5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_order_is_perfect),
        cmocka_unit_test(opposite_order_is_the_worst),
        cmocka_unit_test(equal_indexes_share_their_rank),
        cmocka_unit_test(says_nothing_without_a_difference),
        cmocka_unit_test(classes_count_where_they_were_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
