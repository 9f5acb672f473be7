/* A cluster that was put there is found; where there is none, none is found more often than chance has it. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "scoring/scan.h"

static scan_options usual(void) {
    return (scan_options){.last_day = 20700,
                          .days = 180,
                          .most_window = 60,
                          .permutations = 999,
                          .seed = 1,
                          .most_share = 0.5,
                          .most_cells = 256,
                          .least_cases = 3,
                          .most_clusters = 5,
                          .most_ids = 200};
}

static double unit_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

/* Places and days drawn apart from each other, over a county of 40 × 30 km. */
static size_t scattered(scan_case *cases, size_t count, uint64_t seed) {
    for (size_t i = 0; i < count; i++)
        cases[i] = (scan_case){.id = (int64_t)i + 1,
                               .longitude = 103.4 + 0.4 * unit_random(&seed),
                               .latitude = 30.5 + 0.3 * unit_random(&seed),
                               .day = 20700 - (int32_t)(180 * unit_random(&seed))};
    return count;
}

static scan_result scanned(const scan_case *cases, size_t count, const scan_options *options, wjz_arena *arena) {
    scan_result result;
    assert_int_equal(scan_space_time(cases, count, options, NULL, arena, &result), 0);
    return result;
}

static void finds_what_was_planted(void **state) {
    (void)state;
    wjz_arena *arena = wjz_arena_new(0);
    scan_case cases[430];
    size_t count = scattered(cases, 400, 7);
    uint64_t seed = 3;
    for (size_t i = 0; i < 14; i++, count++)
        cases[count] = (scan_case){.id = 1000 + (int64_t)i,
                                   .longitude = 103.6 + 0.004 * unit_random(&seed),
                                   .latitude = 30.65 + 0.004 * unit_random(&seed),
                                   .day = 20700 - (int32_t)(6 * unit_random(&seed))};
    scan_options options = usual();
    scan_result found = scanned(cases, count, &options, arena);
    assert_int_equal(found.cases, count);
    assert_true(found.cells <= 256);
    assert_true(found.cluster_count >= 1);
    const scan_cluster *first = &found.clusters[0];
    assert_true(first->p_value <= 0.01);
    assert_true(fabs(first->longitude - 103.602) < 0.02 && fabs(first->latitude - 30.652) < 0.02);
    assert_true(first->cases >= 14 && first->cases > 3 * first->expected);
    assert_int_equal(first->to_day, 20700);
    assert_true(first->from_day >= 20700 - 13);
    size_t planted = 0;
    for (size_t i = 0; i < first->id_count; i++)
        planted += first->ids[i] >= 1000;
    assert_int_equal(planted, 14);
    for (size_t i = 1; i < found.cluster_count; i++)
        assert_true(found.clusters[i].statistic <= first->statistic && found.clusters[i].p_value >= first->p_value);
    wjz_arena_destroy(&arena);
}

/* p must be at most 0.05 about one time in twenty: with 200 draws between 2 and 20, or it is no p-value (the odds of
 * falling outside are one in a thousand; the seeds are fixed). */
static void finds_nothing_in_chance(void **state) {
    (void)state;
    static scan_case cases[150];
    scan_options options = usual();
    options.permutations = 99;
    options.most_cells = 64;
    int significant = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        wjz_arena *arena = wjz_arena_new(0);
        size_t count = scattered(cases, 150, seed * 977);
        options.seed = seed;
        scan_result found = scanned(cases, count, &options, arena);
        significant += found.cluster_count > 0 && found.clusters[0].p_value <= 0.05;
        wjz_arena_destroy(&arena);
    }
    assert_in_range(significant, 2, 20);
}

static void is_the_same_in_any_order(void **state) {
    (void)state;
    wjz_arena *arena = wjz_arena_new(0);
    scan_case cases[300], shuffled[300];
    size_t count = scattered(cases, 300, 11);
    for (size_t i = 0; i < count; i++)
        shuffled[(i * 7 + 13) % count] = cases[i];
    scan_options options = usual();
    options.permutations = 99;
    scan_result a = scanned(cases, count, &options, arena), b = scanned(shuffled, count, &options, arena);
    assert_int_equal(a.cluster_count, b.cluster_count);
    for (size_t i = 0; i < a.cluster_count; i++) {
        assert_true(a.clusters[i].statistic == b.clusters[i].statistic);
        assert_true(a.clusters[i].p_value == b.clusters[i].p_value);
        assert_true(a.clusters[i].longitude == b.clusters[i].longitude);
        assert_int_equal(a.clusters[i].id_count, b.clusters[i].id_count);
        assert_memory_equal(a.clusters[i].ids, b.clusters[i].ids, a.clusters[i].id_count * sizeof(int64_t));
    }
    wjz_arena_destroy(&arena);
}

/* A p-value is part of what was told to people: the same cases give the same one to the last bit, in every build, on
 * every machine. */
static void gives_p_values_to_the_last_bit(void **state) {
    (void)state;
    static const struct {
        uint64_t cases_seed, seed;
        double p_value[3];
    } runs[] = {
        {11, 1, {0x1.47ae147ae147bp-7, 0x1p+0, 0x1p+0}},
        {12, 2, {0x1.47ae147ae147bp-6, 0x1.999999999999ap-1, 0x1.d47ae147ae148p-1}},
        {13, 51018420700, {0x1.47ae147ae147bp-7, 0x1.fae147ae147aep-1, 0x1p+0}},
    };
    for (size_t i = 0; i < WJZ_COUNT(runs); i++) {
        wjz_arena *arena = wjz_arena_new(0);
        scan_case cases[320];
        size_t count = scattered(cases, 300, runs[i].cases_seed);
        for (int k = 0; k < 5; k++, count++) /* something that is nearly chance, so that p is neither end */
            cases[count] = (scan_case){1000 + k, 103.6 + 0.001 * k, 30.65, 20700 - k};
        scan_options options = usual();
        options.permutations = 199;
        options.seed = runs[i].seed;
        scan_result found = scanned(cases, count, &options, arena);
        assert_true(found.cluster_count >= WJZ_COUNT(runs[i].p_value));
        for (size_t k = 0; k < WJZ_COUNT(runs[i].p_value); k++)
            if (memcmp(&found.clusters[k].p_value, &runs[i].p_value[k], sizeof(double)) != 0)
                fail_msg("run %zu, cluster %zu: p is %a", i, k, found.clusters[k].p_value);
        wjz_arena_destroy(&arena);
    }
}

static void copes_with_ties_and_with_nothing(void **state) {
    (void)state;
    wjz_arena *arena = wjz_arena_new(0);
    scan_options options = usual();
    options.permutations = 19;
    scan_result found = scanned(NULL, 0, &options, arena);
    assert_int_equal(found.cases + found.cells + found.cluster_count, 0);
    scan_case same[40];
    for (int i = 0; i < 40; i++) /* one place, one day: nothing stands out */
        same[i] = (scan_case){.id = i, .longitude = 103.5, .latitude = 30.6, .day = 20700};
    found = scanned(same, 40, &options, arena);
    assert_int_equal(found.cells, 1);
    assert_int_equal(found.cluster_count, 0);
    for (int i = 0; i < 40; i++) /* two places alike */
        same[i] = (scan_case){.id = i, .longitude = i % 2 ? 103.5 : 103.7, .latitude = 30.6, .day = 20700 - i / 2 * 4};
    found = scanned(same, 40, &options, arena);
    assert_int_equal(found.cells, 2);
    for (size_t i = 0; i < found.cluster_count; i++)
        assert_true(found.clusters[i].p_value > 0.05);
    wjz_arena_destroy(&arena);
}

static void leaves_out_what_has_no_place_or_other_days(void **state) {
    (void)state;
    wjz_arena *arena = wjz_arena_new(0);
    scan_options options = usual();
    options.permutations = 9;
    scan_case cases[] = {{1, 103.5, 30.6, 20701},
                         {2, 103.5, 30.6, 20520},
                         {3, NAN, 30.6, 20690},
                         {4, 103.5, 30.6, 20700},
                         {5, 103.5, 30.6, 20521}};
    assert_int_equal(scanned(cases, 5, &options, arena).cases, 2);
    wjz_arena_destroy(&arena);
}

static void refuses_options_without_sense(void **state) {
    (void)state;
    wjz_arena *arena = wjz_arena_new(0);
    scan_result result;
    for (int i = 0; i < 5; i++) {
        scan_options o = usual();
        if (i == 0) o.most_window = 91;
        if (i == 1) o.days = 1;
        if (i == 2) o.most_share = 0;
        if (i == 3) o.most_cells = 0;
        if (i == 4) o.least_cases = 0;
        assert_int_equal(scan_space_time(NULL, 0, &o, NULL, arena, &result), -EINVAL);
    }
    wjz_arena_destroy(&arena);
}

/* Two hundred thousand clues: the cells bound the work. */
static void bounds_its_work(void **state) {
    (void)state;
    enum { MANY = 200000 };
    wjz_arena *arena = wjz_arena_new(0);
    scan_case *cases = malloc(MANY * sizeof *cases);
    assert_non_null(cases);
    scattered(cases, MANY, 5);
    scan_options options = usual();
    options.permutations = 9;
    scan_result result = scanned(cases, MANY, &options, arena);
    assert_int_equal(result.cases, MANY);
    assert_true(result.cells <= 256);
    free(cases);
    wjz_arena_destroy(&arena);
}

static void ends_when_it_is_told_to(void **state) {
    (void)state;
    wjz_arena *arena = wjz_arena_new(0);
    scan_case cases[300];
    size_t count = scattered(cases, 300, 11);
    scan_options options = usual();
    options.permutations = 10000000; /* hours */
    atomic_bool stop = true;
    scan_result result = {.cases = 7};
    assert_int_equal(scan_space_time(cases, count, &options, &stop, arena, &result), -ECANCELED);
    assert_int_equal(result.cases, 7);
    wjz_arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_planted),
        cmocka_unit_test(finds_nothing_in_chance),
        cmocka_unit_test(is_the_same_in_any_order),
        cmocka_unit_test(gives_p_values_to_the_last_bit),
        cmocka_unit_test(copes_with_ties_and_with_nothing),
        cmocka_unit_test(leaves_out_what_has_no_place_or_other_days),
        cmocka_unit_test(refuses_options_without_sense),
        cmocka_unit_test(bounds_its_work),
        cmocka_unit_test(ends_when_it_is_told_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
