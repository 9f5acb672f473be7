/* See card_diff.h. */
#include "scoring/card_diff.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef Wjz__Scoring__ScoreCard score_card;
typedef Wjz__Scoring__FactorChange change;
typedef Wjz__Scoring__ChangeReasons reasons;

#define LEAST_DIFFERENCE 0.05 /* points that a person would call a change */

static const Wjz__Scoring__Factor *item(const score_card *card, size_t i) {
    return i < card->n_factors ? card->factors[i] : card->adjustments[i - card->n_factors];
}

static size_t item_count(const score_card *card) {
    return card->n_factors + card->n_adjustments;
}

static double points_of(const score_card *card, const char *id) {
    for (size_t i = 0; i < item_count(card); i++)
        if (strcmp(item(card, i)->id, id) == 0) return item(card, i)->points;
    return 0;
}

static bool is_listed(const reasons *r, const char *id) {
    for (size_t i = 0; i < r->n_factors; i++)
        if (strcmp(r->factors[i]->id, id) == 0) return true;
    return false;
}

static int by_difference(const void *a, const void *b) {
    const change *x = *(change *const *)a, *y = *(change *const *)b;
    double more = fabs(y->after - y->before) - fabs(x->after - x->before);
    return more > 0 ? 1 : more < 0 ? -1 : strcmp(x->id, y->id);
}

static int add_changes(const score_card *from, const score_card *before, const score_card *after, wjz_arena *arena,
                       reasons *r) {
    for (size_t i = 0; i < item_count(from); i++) {
        const char *id = item(from, i)->id;
        double was = points_of(before, id), is = points_of(after, id);
        if (fabs(is - was) < LEAST_DIFFERENCE || is_listed(r, id)) continue;
        change *c = wjz_arena_alloc(arena, sizeof *c);
        if (!c) return -ENOMEM;
        wjz__scoring__factor_change__init(c);
        c->id = (char *)id;
        c->before = was;
        c->after = is;
        r->factors[r->n_factors++] = c;
    }
    return 0;
}

static int add_class(const score_card *before, const score_card *after, wjz_arena *arena, reasons *r) {
    if (strcmp(before->kind, after->kind) == 0 && strcmp(before->branch, after->branch) == 0 &&
        strcmp(before->domain, after->domain) == 0)
        return 0;
    r->class_before = wjz_arena_printf(arena, "%s/%s/%s", before->kind, before->branch, before->domain);
    r->class_after = wjz_arena_printf(arena, "%s/%s/%s", after->kind, after->branch, after->domain);
    return r->class_before && r->class_after ? 0 : -ENOMEM;
}

reasons *card_diff(const score_card *before, const score_card *after, wjz_arena *arena) {
    reasons *r = wjz_arena_alloc(arena, sizeof *r);
    if (!r) return NULL;
    wjz__scoring__change_reasons__init(r);
    r->factors = wjz_arena_alloc(arena, (item_count(before) + item_count(after)) * sizeof *r->factors);
    if (!r->factors || add_changes(before, before, after, arena, r) || add_changes(after, before, after, arena, r) ||
        add_class(before, after, arena, r))
        return NULL;
    if (r->n_factors) qsort(r->factors, r->n_factors, sizeof *r->factors, by_difference);
    r->gates_before = before->gates;
    r->n_gates_before = before->n_gates;
    r->gates_after = after->gates;
    r->n_gates_after = after->n_gates;
    return r;
}
