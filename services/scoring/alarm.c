/* A window slides over the hits; how often each clue is in it is counted by the clue's place in a sorted list. */
#include "scoring/alarm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wjz/clock.h"
#include "wjz/id.h"

typedef struct window {
    const alarm_hit *hits;
    size_t *clue_of;    /* place of each hit's clue */
    uint32_t *in_it;    /* by place */
    size_t from, clues; /* hits from `from` on are in it */
} window;

static int open_window(window *w, const alarm_hit *hits, size_t count, wjz_arena *arena) {
    int64_t *clues = wjz_arena_alloc(arena, count * sizeof *clues);
    *w = (window){.hits = hits,
                  .clue_of = wjz_arena_alloc(arena, count * sizeof *w->clue_of),
                  .in_it = wjz_arena_calloc(arena, count, sizeof *w->in_it)};
    if (!clues || !w->clue_of || !w->in_it) return -ENOMEM;
    size_t unique = 0;
    for (size_t i = 0; i < count; i++)
        clues[i] = hits[i].clue;
    qsort(clues, count, sizeof *clues, wjz_id_order);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || clues[i] != clues[unique - 1]) clues[unique++] = clues[i];
    for (size_t i = 0; i < count; i++)
        w->clue_of[i] = (size_t)((int64_t *)bsearch(&hits[i].clue, clues, unique, sizeof *clues, wjz_id_order) - clues);
    return 0;
}

/* Takes the hit in, and out what is older than the days before it. */
static void slide(window *w, size_t to, int64_t span_us) {
    if (w->in_it[w->clue_of[to]]++ == 0) w->clues++;
    for (; w->hits[w->from].at_us <= w->hits[to].at_us - span_us; w->from++)
        if (--w->in_it[w->clue_of[w->from]] == 0) w->clues--;
}

static void count_run(const window *w, size_t from, size_t to, uint32_t *seen, alarm_run *run) {
    run->complaints = to - from + 1;
    run->clues = run->undated = 0;
    for (size_t i = from; i <= to; i++) {
        run->clues += seen[w->clue_of[i]]++ == 0;
        run->undated += !w->hits[i].dated;
    }
    for (size_t i = from; i <= to; i++)
        seen[w->clue_of[i]] = 0;
}

int alarm_runs(const alarm_hit *hits, size_t hit_count, size_t count, int days, bool of_clues, wjz_arena *arena,
               alarm_run **ret_runs, size_t *ret_count) {
    window w;
    alarm_run *runs = wjz_arena_alloc(arena, hit_count * sizeof *runs);
    size_t *first = wjz_arena_alloc(arena, hit_count * sizeof *first),
           *last = wjz_arena_alloc(arena, hit_count * sizeof *last);
    uint32_t *seen = wjz_arena_calloc(arena, hit_count, sizeof *seen);
    if (!runs || !first || !last || !seen || open_window(&w, hits, hit_count, arena) < 0) return -ENOMEM;
    size_t found = 0;
    for (size_t i = 0; i < hit_count; i++) {
        slide(&w, i, days * WJZ_DAY_US);
        if ((of_clues ? w.clues : i - w.from + 1) < count) continue;
        if (found == 0 || w.from > last[found - 1]) {
            runs[found].crossed_us = hits[i].at_us;
            first[found++] = w.from;
        }
        last[found - 1] = i;
    }
    for (size_t i = 0; i < found; i++) {
        runs[i].from_us = hits[first[i]].at_us;
        runs[i].to_us = hits[last[i]].at_us;
        count_run(&w, first[i], last[i], seen, &runs[i]);
    }
    *ret_runs = runs;
    *ret_count = found;
    return 0;
}
