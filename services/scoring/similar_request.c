/* Candidates from the store, each compared with the clue, the most similar ones told with why. */
#include "scoring/similar_request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/similar.pb-c.h"
#include "scoring/refuse.h"
#include "scoring/scoring.h"
#include "scoring/similar.h"
#include "scoring/store_similar.h"
#include "wjz/clock.h"

enum { TOLD = 5, TOLD_MOST = 50, REASONS_MOST = SIMILAR_PARTS - 1 + SIMILAR_RULES_TOLD, SLICE_US = 3000 };

typedef Wjz__Scoring__SimilarClue similar_clue;
typedef Wjz__Scoring__SimilarReason similar_reason;

static int out_of_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

static int profile_of(const similar_row *row, wjz_arena *arena, similar_profile *ret, wjz_err *err) {
    matter *m = NULL;
    Wjz__Scoring__Finding *finding =
        wjz__scoring__finding__unpack(wjz_arena_protobuf(arena), row->finding.length, row->finding.data);
    if (!finding || matter_unpack(row->matter.data, row->matter.length, arena, &m) < 0)
        return wjz_err_set(err, -EIO, "cannot read what was found for clue %" PRId64, row->clue);
    *ret = (similar_profile){.clue = row->clue,
                             .domain = row->domain,
                             .branch = row->branch,
                             .subject = row->subject,
                             .town = row->town,
                             .finding = finding,
                             .matter = m};
    return 0;
}

/* A verdict and the row that it is about. */
typedef struct judged {
    similar_verdict verdict; /* first: what similar_order looks at */
    const similar_row *row;
} judged;

static int judge_all(wjz_loop *loop, const similar_row *asked, const similar_row *rows, size_t count, wjz_arena *arena,
                     judged *list, wjz_err *err) {
    similar_profile own, other;
    int64_t slice = wjz_clock_monotonic_us();
    int r = profile_of(asked, arena, &own, err);
    for (size_t i = 0; r == 0 && i < count; i++) {
        r = profile_of(&rows[i], arena, &other, err);
        if (r == 0) list[i] = (judged){similar_compare(&own, &other), &rows[i]};
        if (wjz_clock_monotonic_us() - slice < SLICE_US) continue;
        wjz_fiber_yield(loop);
        slice = wjz_clock_monotonic_us();
    }
    if (r == 0 && count) qsort(list, count, sizeof *list, similar_order);
    return r;
}

/* --- the answer --- */

static void add_reason(similar_clue *clue, const char *kind, const char *value, double weight) {
    if (weight <= 0) return;
    similar_reason *reason = clue->reasons[clue->n_reasons++];
    wjz__scoring__similar_reason__init(reason);
    reason->kind = (char *)kind;
    reason->value = (char *)value;
    reason->weight = weight;
}

static int by_weight(const void *a, const void *b) {
    const similar_reason *x = *(similar_reason *const *)a, *y = *(similar_reason *const *)b;
    return (x->weight < y->weight) - (x->weight > y->weight);
}

static int tell_reasons(const judged *j, wjz_arena *arena, similar_clue *clue) {
    const similar_verdict *v = &j->verdict;
    similar_reason *reasons = wjz_arena_alloc(arena, REASONS_MOST * sizeof *reasons);
    clue->reasons = wjz_arena_alloc(arena, REASONS_MOST * sizeof *clue->reasons);
    char *words = wjz_arena_printf(arena, "%zu", v->shared_words);
    char *town = wjz_arena_printf(arena, "%" PRIu32, j->row->town);
    if (!reasons || !clue->reasons || !words || !town) return -ENOMEM;
    for (size_t i = 0; i < REASONS_MOST; i++)
        clue->reasons[i] = &reasons[i];
    size_t rules = 0;
    while (rules < SIMILAR_RULES_TOLD && v->rules[rules])
        rules++;
    add_reason(clue, "domain", j->row->domain, v->parts[SIMILAR_DOMAIN]);
    for (size_t i = 0; i < rules; i++)
        add_reason(clue, "rule", v->rules[i], v->parts[SIMILAR_RULES] / (double)rules);
    add_reason(clue, "words", words, v->parts[SIMILAR_WORDS]);
    add_reason(clue, "name", j->row->subject, v->parts[SIMILAR_SUBJECT]);
    add_reason(clue, "town", town, v->parts[SIMILAR_TOWN]);
    if (clue->n_reasons) qsort(clue->reasons, clue->n_reasons, sizeof *clue->reasons, by_weight);
    return 0;
}

static int tell(wjz_call *call, const judged *list, size_t count, wjz_err *err) {
    wjz_arena *arena = wjz_call_arena(call);
    Wjz__Scoring__SimilarClues told = WJZ__SCORING__SIMILAR_CLUES__INIT;
    similar_clue *clues = wjz_arena_alloc(arena, count * sizeof *clues);
    told.clues = wjz_arena_alloc(arena, count * sizeof *told.clues);
    if (!clues || !told.clues) return out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        const similar_row *row = list[i].row;
        similar_clue *clue = told.clues[told.n_clues++] = &clues[i];
        wjz__scoring__similar_clue__init(clue);
        clue->clue = (uint64_t)row->clue;
        clue->similarity = list[i].verdict.similarity;
        clue->outcome = (char *)row->outcome;
        clue->outcome_at_us = row->outcome_at_us;
        clue->index = row->index;
        clue->stars = (uint32_t)row->stars;
        clue->branch = (char *)row->branch;
        clue->domain = (char *)row->domain;
        clue->town = row->town;
        if (tell_reasons(&list[i], arena, clue) < 0) return out_of_memory(err);
    }
    return wjz_call_reply(call, &told.base);
}

int on_find_similar(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const Wjz__Scoring__FindSimilar *asked = (const Wjz__Scoring__FindSimilar *)wjz_call_message(call)->body;
    int32_t region = wjz_call_message(call)->region;
    size_t limit = asked->limit ? asked->limit : TOLD, count = 0;
    if (!region_given(call)) return 0;
    if (limit > TOLD_MOST) return refuse_invalid(call, "limit", NULL, "最多 50 / at most 50", NULL);
    wjz_arena *arena = wjz_call_arena(call);
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    similar_row own, *rows = NULL;
    bool found = false;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = store_load_similar_asked(tx, region, (int64_t)asked->clue, arena, &own, &found, err);
    if (r == 0 && !found) return refuse_not_found(call, "clue", (int64_t)asked->clue, "wjz clues list");
    if (r == 0) r = store_load_similar(tx, region, &own, arena, &rows, &count, err);
    if (r) return store_is_away(r) ? refuse_busy(call) : r;
    wjz_tx_abort(&tx);
    judged *list = wjz_arena_alloc(arena, count * sizeof *list);
    if (!list) return out_of_memory(err);
    r = judge_all(self->loop, &own, rows, count, arena, list, err);
    return r ? r : tell(call, list, count < limit ? count : limit, err);
}
