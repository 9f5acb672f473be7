/* When a watch has reached its threshold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scoring/alarm.h"
#include "wjz/clock.h"

enum { HITS_MOST = 16 };

/* Hits by day and clue; the first clue is 1, 0 ends. */
typedef struct alarm_case {
    int days[HITS_MOST], clues[HITS_MOST];
    size_t count;
    int within;
    bool of_clues;
    size_t runs;
    int from, crossed, to; /* of the first run */
    size_t complaints, distinct;
} alarm_case;

static const alarm_case CASES[] = {
    {{1, 2, 3}, {1, 2, 3}, 3, 7, false, 1, 1, 3, 3, 3, 3},
    {{1, 2}, {1, 2}, 3, 7, false, 0, 0, 0, 0, 0, 0},
    {{1, 4, 8}, {1, 2, 3}, 3, 7, false, 0, 0, 0, 0, 0, 0}, /* day 8 is seven days after day 1: out */
    {{2, 4, 8}, {1, 2, 3}, 3, 7, false, 1, 2, 8, 8, 3, 3},
    {{1, 1, 1}, {5, 5, 5}, 3, 7, true, 0, 0, 0, 0, 0, 0}, /* one clue, however often */
    {{1, 1, 2, 3}, {5, 5, 6, 7}, 3, 7, true, 1, 1, 3, 3, 4, 3},
    {{1, 2, 3, 4, 9, 10}, {1, 2, 3, 4, 5, 6}, 3, 7, false, 1, 1, 3, 10, 6, 6}, /* goes on while every hit reaches it */
    {{1, 2, 3, 40, 41, 42}, {1, 2, 3, 4, 5, 6}, 3, 7, false, 2, 1, 3, 3, 3, 3},
    {{1, 2, 3, 9, 10, 11}, {1, 2, 3, 4, 5, 6}, 3, 4, false, 2, 1, 3, 3, 3, 3},
    {{1, 2, 3, 6, 7}, {1, 2, 3, 4, 5}, 3, 5, false, 1, 1, 3, 7, 5, 5}, /* the second time shares hits with the first */
    {{7}, {1}, 1, 1, false, 1, 7, 7, 7, 1, 1},
};

static void tells_each_time_the_threshold_is_reached(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const alarm_case *c = &CASES[i];
        wjz_arena *arena = wjz_arena_new(0);
        alarm_hit hits[HITS_MOST];
        alarm_run *runs = NULL;
        size_t count = 0, found = 9;
        for (; count < HITS_MOST && c->clues[count]; count++)
            hits[count] = (alarm_hit){c->days[count] * WJZ_DAY_US, c->clues[count], count % 2 == 0};
        assert_int_equal(alarm_runs(hits, count, c->count, c->within, c->of_clues, arena, &runs, &found), 0);
        if (found != c->runs) fail_msg("case %zu: %zu runs", i, found);
        if (found) {
            assert_int_equal(runs[0].from_us / WJZ_DAY_US, c->from);
            assert_int_equal(runs[0].crossed_us / WJZ_DAY_US, c->crossed);
            assert_int_equal(runs[0].to_us / WJZ_DAY_US, c->to);
            assert_int_equal(runs[0].complaints, c->complaints);
            assert_int_equal(runs[0].clues, c->distinct);
            assert_int_equal(runs[0].undated, c->complaints / 2);
        }
        wjz_arena_destroy(&arena);
    }
}

static void needs_a_hit(void **state) {
    (void)state;
    wjz_arena *arena = wjz_arena_new(0);
    alarm_run *runs = NULL;
    size_t found = 9;
    assert_int_equal(alarm_runs(NULL, 0, 1, 1, false, arena, &runs, &found), 0);
    assert_int_equal(found, 0);
    wjz_arena_destroy(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_each_time_the_threshold_is_reached),
        cmocka_unit_test(needs_a_hit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
