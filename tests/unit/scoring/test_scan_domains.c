/* Domains apart, and all of it beside a loop that turns meanwhile. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scoring/scan_domains.h"
#include "wjz/loop.h"

enum { MANY = 300, LAST_DAY = 20700 };

static const scan_domains_options USUAL = {
    .day = LAST_DAY, .days = 180, .most_window = 60, .permutations = 199, .seed = 51018420700};

static double unit_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

/* Of three domains: one with a cluster, one by chance, one with too few to be scanned. */
static size_t make_clues(scan_clue *clues) {
    uint64_t seed = 7;
    size_t count = 0;
    for (; count < MANY - 20; count++)
        clues[count] = (scan_clue){.id = (int64_t)count + 1,
                                   .longitude = 103.4 + 0.4 * unit_random(&seed),
                                   .latitude = 30.5 + 0.3 * unit_random(&seed),
                                   .day = LAST_DAY - (int32_t)(180 * unit_random(&seed)),
                                   .domain = count < 9   ? "minors"
                                             : count % 2 ? "eco_env"
                                                         : "work_safety"};
    for (; count < MANY; count++)
        clues[count] = (scan_clue){.id = (int64_t)count + 1,
                                   .longitude = 103.6 + 0.004 * unit_random(&seed),
                                   .latitude = 30.65 + 0.004 * unit_random(&seed),
                                   .day = LAST_DAY - (int32_t)(6 * unit_random(&seed)),
                                   .domain = "eco_env"};
    return count;
}

static void scans_each_domain_by_itself(void **state) {
    (void)state;
    wjz_arena *arena = wjz_arena_new(0);
    scan_clue clues[MANY];
    scan_domains_result found;
    assert_int_equal(scan_domains(clues, make_clues(clues), &USUAL, NULL, arena, &found), 0);
    assert_int_equal(found.scans, 2);
    assert_true(found.cells > 2 && found.cells <= 512);
    assert_true(found.cluster_count >= 1);
    const scan_cluster_row *first = &found.clusters[0];
    assert_string_equal(first->domain, "eco_env");
    assert_true(first->cluster.p_value <= 0.01);
    assert_true(first->p_run == 2 * first->cluster.p_value);
    for (size_t i = 1; i < found.cluster_count; i++) {
        assert_true(found.clusters[i].cluster.p_value <= 0.05 && found.clusters[i].p_run <= 1);
        assert_true(found.clusters[i].cluster.p_value >= found.clusters[i - 1].cluster.p_value);
    }
    wjz_arena_destroy(&arena);
}

static void has_nothing_to_say_of_nothing(void **state) {
    (void)state;
    wjz_arena *arena = wjz_arena_new(0);
    scan_clue clues[MANY];
    make_clues(clues);
    scan_domains_result found;
    assert_int_equal(scan_domains(NULL, 0, &USUAL, NULL, arena, &found), 0);
    assert_int_equal(found.scans + found.cells + found.cluster_count, 0);
    assert_int_equal(scan_domains(clues, SCAN_LEAST_OF_DOMAIN - 1, &USUAL, NULL, arena, &found), 0);
    assert_int_equal(found.scans + found.cells + found.cluster_count, 0);
    wjz_arena_destroy(&arena);
}

/* --- beside a loop --- */

typedef struct beside {
    scan_clue clues[MANY];
    size_t count;
    scan_domains_options options;
    atomic_bool stop;
    wjz_arena *arena;
    scan_domains_result found;
    int result;
    /* the loop's */
    wjz_loop *loop;
    wjz_event done;
    wjz_timer *timer;
    int turns;
} beside;

static void compute(void *arg) {
    beside *b = arg;
    b->result = scan_domains(b->clues, b->count, &b->options, &b->stop, b->arena, &b->found);
}

static void begin(beside *b, int permutations) {
    *b = (beside){.options = USUAL, .arena = wjz_arena_new(0)};
    b->count = make_clues(b->clues);
    b->options.permutations = permutations;
    assert_int_equal(wjz_loop_new(&b->loop, NULL), 0);
    assert_int_equal(wjz_loop_compute_idle(b->loop, compute, b, &b->done), 0);
}

static void end(beside *b) {
    assert_true(b->done.set);
    wjz_loop_destroy(&b->loop);
    wjz_arena_destroy(&b->arena);
}

/* Who computes it, and beside what, is nothing to the p-values. */
static void finds_the_same_beside_a_loop(void **state) {
    (void)state;
    wjz_arena *arena = wjz_arena_new(0);
    scan_clue clues[MANY];
    scan_domains_result here;
    static beside b;
    assert_int_equal(scan_domains(clues, make_clues(clues), &USUAL, NULL, arena, &here), 0);
    begin(&b, USUAL.permutations);
    wjz_loop_run(b.loop);
    assert_int_equal(b.result, 0);
    assert_int_equal(b.found.cluster_count, here.cluster_count);
    for (size_t i = 0; i < here.cluster_count; i++) {
        assert_string_equal(b.found.clusters[i].domain, here.clusters[i].domain);
        assert_true(b.found.clusters[i].p_run == here.clusters[i].p_run);
        assert_true(b.found.clusters[i].cluster.statistic == here.clusters[i].cluster.statistic);
    }
    end(&b);
    wjz_arena_destroy(&arena);
}

static void turn(void *arg) {
    beside *b = arg;
    if (++b->turns < 5) return;
    assert_false(b->done.set);
    atomic_store(&b->stop, true);
    wjz_timer_close(&b->timer);
}

/* It would take days: that this ends shows that the loop turned while it computed, and that it ended when it was told
 * to. */
static void leaves_the_loop_turning_and_ends_when_told_to(void **state) {
    (void)state;
    static beside b;
    begin(&b, 1000000000);
    assert_int_equal(wjz_timer_open(b.loop, 1, 1, turn, &b, &b.timer), 0);
    wjz_loop_run(b.loop);
    assert_int_equal(b.turns, 5);
    assert_int_equal(b.result, -ECANCELED);
    end(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scans_each_domain_by_itself),
        cmocka_unit_test(has_nothing_to_say_of_nothing),
        cmocka_unit_test(finds_the_same_beside_a_loop),
        cmocka_unit_test(leaves_the_loop_turning_and_ends_when_told_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
