/* See neighbourhood.h. */
#include "scoring/neighbourhood.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/store_near.h"
#include "wjz/clock.h"

struct neighbourhood {
    near_question asked;
    near_row *penalties, *others, *outcomes; /* the first two by subject */
    size_t penalty_count, other_count, outcome_count;
};

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts, and keeps each that says anything once. */
static size_t unique_texts(const char **texts, size_t count) {
    size_t kept = 0;
    if (count) qsort(texts, count, sizeof *texts, by_text);
    for (size_t i = 0; i < count; i++)
        if (*texts[i] && (!kept || strcmp(texts[kept - 1], texts[i]) != 0)) texts[kept++] = texts[i];
    return kept;
}

static int compare(int64_t x, int64_t y) {
    return (x > y) - (x < y);
}

/* By subject, then when it was, then its number: ids tell the order of arrival, and come last. */
static int by_subject(const void *a, const void *b) {
    const near_row *x = a, *y = b;
    int order = strcmp(x->subject, y->subject);
    if (!order) order = compare((int64_t)x->fact.state, (int64_t)y->fact.state);
    if (!order) order = compare(x->fact.at_us, y->fact.at_us);
    if (!order) order = strcmp(x->fact.number, y->fact.number);
    return order ? order : compare(x->fact.id, y->fact.id);
}

int neighbourhood_ask(wjz_tx *tx, int32_t region, const char **subjects, size_t subject_count, const int64_t *clues,
                      size_t clue_count, wjz_arena *arena, neighbourhood **ret_near, wjz_err *err) {
    neighbourhood *n = wjz_arena_calloc(arena, 1, sizeof *n);
    if (!n) return wjz_err_set(err, -ENOMEM, "out of memory");
    int32_t today = wjz_day_number(wjz_clock_day(wjz_clock_us()));
    int r = store_ask_near(tx, region, subjects, unique_texts(subjects, subject_count), clues, clue_count, today,
                           &n->asked);
    if (r) return wjz_err_set(err, r, "could not ask what is near matters of region %d", (int)region);
    *ret_near = n;
    return 0;
}

int neighbourhood_answer(neighbourhood *n, wjz_tx *tx, int32_t region, bool locked, wjz_arena *arena, wjz_err *err) {
    int r = store_answer_near(tx, &n->asked, arena, &n->penalties, &n->penalty_count, &n->outcomes, &n->outcome_count);
    if (r) return wjz_err_set(err, r, "out of memory");
    if (!n->penalty_count) return 0;
    if (!locked) return -EBUSY;
    qsort(n->penalties, n->penalty_count, sizeof *n->penalties, by_subject);
    const char **punished = wjz_arena_alloc(arena, n->penalty_count * sizeof *punished);
    if (!punished) return wjz_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < n->penalty_count; i++)
        punished[i] = n->penalties[i].subject;
    size_t count = unique_texts(punished, n->penalty_count);
    r = store_read_other_matters(tx, region, punished, count, arena, &n->others, &n->other_count, err);
    if (!r && n->other_count) qsort(n->others, n->other_count, sizeof *n->others, by_subject);
    return r;
}

int neighbourhood_read(wjz_tx *tx, int32_t region, const char **subjects, size_t subject_count, const int64_t *clues,
                       size_t clue_count, wjz_arena *arena, neighbourhood **ret_near, wjz_err *err) {
    neighbourhood *n = NULL;
    int r = neighbourhood_ask(tx, region, subjects, subject_count, clues, clue_count, arena, &n, err);
    if (!r) r = wjz_tx_wait(tx, NULL, err);
    if (!r) r = neighbourhood_answer(n, tx, region, true, arena, err);
    if (!r) *ret_near = n;
    return r;
}

static bool is_own(const int64_t *own, size_t count, int64_t clue) {
    for (size_t i = 0; i < count; i++)
        if (own[i] == clue) return true;
    return false;
}

/* The first row about the subject, count when there is none. */
static size_t first_of(const near_row *rows, size_t count, const char *subject) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(rows[middle].subject, subject) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && strcmp(rows[low].subject, subject) == 0 ? low : count;
}

static int subjects_of(const Wjz__Scoring__Finding *const *findings, size_t count, wjz_arena *arena,
                       const char ***ret_subjects, size_t *ret_count) {
    const char **subjects = wjz_arena_alloc(arena, count * sizeof *subjects);
    if (!subjects) return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        subjects[i] = findings[i]->subject;
    *ret_count = unique_texts(subjects, count);
    *ret_subjects = subjects;
    return 0;
}

int neighbourhood_of(const neighbourhood *n, const Wjz__Scoring__Finding *const *findings, size_t count,
                     const int64_t *own, size_t own_count, wjz_arena *arena, near_fact **ret_facts, size_t *ret_count) {
    const char **subjects = NULL;
    size_t subject_count = 0, made = 0;
    *ret_count = 0;
    if (!n->penalty_count && !n->outcome_count) return 0;
    near_fact *facts = wjz_arena_alloc(arena, (n->penalty_count + n->other_count + n->outcome_count) * sizeof *facts);
    if (!facts || subjects_of(findings, count, arena, &subjects, &subject_count)) return -ENOMEM;
    for (size_t s = 0; s < subject_count; s++) {
        for (size_t i = first_of(n->penalties, n->penalty_count, subjects[s]);
             i < n->penalty_count && strcmp(n->penalties[i].subject, subjects[s]) == 0; i++)
            facts[made++] = n->penalties[i].fact;
        for (size_t i = first_of(n->others, n->other_count, subjects[s]);
             i < n->other_count && strcmp(n->others[i].subject, subjects[s]) == 0; i++)
            if (!is_own(own, own_count, n->others[i].fact.id)) facts[made++] = n->others[i].fact;
    }
    for (size_t i = 0; i < n->outcome_count; i++)
        if (is_own(own, own_count, n->outcomes[i].clue)) facts[made++] = n->outcomes[i].fact;
    *ret_facts = facts;
    *ret_count = made;
    return 0;
}

int neighbourhood_others(const neighbourhood *n, const Wjz__Scoring__Finding *const *findings, size_t count,
                         const int64_t *own, size_t own_count, wjz_arena *arena, uint64_t **ret_complaints,
                         size_t *ret_count) {
    const char **subjects = NULL;
    size_t subject_count = 0, made = 0;
    *ret_count = 0;
    if (!n->other_count) return 0;
    uint64_t *complaints = wjz_arena_alloc(arena, n->other_count * sizeof *complaints);
    if (!complaints || subjects_of(findings, count, arena, &subjects, &subject_count)) return -ENOMEM;
    for (size_t s = 0; s < subject_count; s++)
        for (size_t i = first_of(n->others, n->other_count, subjects[s]);
             i < n->other_count && strcmp(n->others[i].subject, subjects[s]) == 0; i++)
            if (n->others[i].complaint && !is_own(own, own_count, n->others[i].fact.id))
                complaints[made++] = (uint64_t)n->others[i].complaint;
    *ret_complaints = complaints;
    *ret_count = made;
    return 0;
}
