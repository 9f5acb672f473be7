/* See offline_score.h. */
#include "scoring/offline_score.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "scoring/analysis.h"
#include "scoring/score.h"
#include "scoring/table.h"
#include "wjz/clock.h"

typedef struct complaints {
    wjz_arena *arena;
    complaint *items;
    size_t count, capacity;
} complaints;

typedef struct scorer {
    rule_pack *pack;
    gazetteer *places;
    wjz_arena *turn;
} scorer;

static void complaints_close(complaints *all) {
    wjz_arena_destroy(&all->arena);
    free(all->items);
}

static void scorer_close(scorer *s) {
    rule_pack_destroy(&s->pack);
    gazetteer_destroy(&s->places);
    wjz_arena_destroy(&s->turn);
}

static int read_complaints(const char *file, complaints *all, wjz_err *err) {
    WJZ_CLEANUP(table_close) table t = {0};
    int r = table_open(&t, file, err);
    if (r < 0) return r;
    while ((r = table_next(&t, err)) > 0) {
        if (all->count == all->capacity) {
            size_t capacity = all->capacity ? all->capacity * 2 : 1024;
            complaint *items = realloc(all->items, capacity * sizeof *items);
            if (!items) return wjz_err_set(err, -ENOMEM, "could not read \"%s\": no memory", file);
            all->items = items;
            all->capacity = capacity;
        }
        r = table_complaint(&t, all->arena, &all->items[all->count], err);
        if (r < 0) return r;
        all->items[all->count].id = (int64_t)all->count + 1;
        all->count++;
    }
    return r;
}

int offline_card(const rule_pack *pack, const gazetteer *places, const complaint *c, wjz_arena *turn,
                 Wjz__Scoring__ScoreCard **ret_card, wjz_err *err) {
    static const matter_context nothing_more = {0};
    Wjz__Scoring__Finding *finding;
    wjz_arena_reset(turn);
    int r = analyse(pack, places, c, turn, &finding, err);
    if (r < 0) return r;
    const Wjz__Scoring__Finding *findings[] = {finding};
    return score_matter(pack, findings, &c->id, 1, &nothing_more, turn, ret_card, err);
}

static double adjustment(const Wjz__Scoring__ScoreCard *card) {
    double sum = 0;
    for (size_t i = 0; i < card->n_adjustments; i++)
        sum += card->adjustments[i]->points;
    return sum;
}

void offline_print(const complaint *c, const Wjz__Scoring__ScoreCard *card, bool headed) {
    if (headed) {
        printf("external_id\tindex\tstars\tkind\tbranch\tdomain\tmediation");
        for (size_t i = 0; i < card->n_factors; i++)
            printf("\t%s", card->factors[i]->id);
        printf("\tadjustments\n");
    }
    printf("%s\t%.3f\t%u\t%s\t%s\t%s\t%c", c->external_id, card->index, card->stars, card->kind, card->branch,
           card->domain, card->mediation ? 'y' : 'n');
    for (size_t i = 0; i < card->n_factors; i++)
        printf("\t%g", card->factors[i]->points);
    printf("\t%.2f\n", adjustment(card));
}

static int score_all(scorer *s, const complaints *all, bool print, wjz_err *err) {
    for (size_t i = 0; i < all->count; i++) {
        Wjz__Scoring__ScoreCard *card;
        int r = offline_card(s->pack, s->places, &all->items[i], s->turn, &card, err);
        if (r < 0) return r;
        if (print) offline_print(&all->items[i], card, i == 0);
    }
    return 0;
}

int offline_score(const char *file, const char *rules_dir, const char *gazetteer_dir, int rounds) {
    WJZ_CLEANUP(complaints_close) complaints all = {.arena = wjz_arena_new(0)};
    WJZ_CLEANUP(scorer_close) scorer s = {.turn = wjz_arena_new(0)};
    wjz_err err = {0};
    int r = all.arena && s.turn ? 0 : wjz_err_set(&err, -ENOMEM, "could not start: no memory");
    if (r == 0) r = rule_pack_load(rules_dir, &s.pack, &err);
    if (r == 0) r = gazetteer_load(gazetteer_dir, &s.places, &err);
    if (r == 0) r = read_complaints(file, &all, &err);
    if (r == 0) r = score_all(&s, &all, true, &err);
    int64_t began = wjz_clock_monotonic_us();
    for (int i = 1; r == 0 && i < rounds; i++)
        r = score_all(&s, &all, false, &err);
    if (r < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (rounds > 1 && all.count > 0)
        fprintf(stderr, "%.2f us a complaint\n",
                (double)(wjz_clock_monotonic_us() - began) / ((double)all.count * (rounds - 1)));
    return 0;
}
