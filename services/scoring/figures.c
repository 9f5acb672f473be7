/* See figures.h. */
#include "scoring/figures.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { HIGH = 4, TOP = 40, TOP_OF = 400 };

typedef struct ranked {
    double by, rank;
    size_t row;
} ranked;

static int rising(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->by != y->by) return x->by < y->by ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static int by_row(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Ranks from 1, equal ones share theirs; in the order of the rows. */
static void rank(ranked *list, size_t count) {
    qsort(list, count, sizeof *list, rising);
    for (size_t i = 0, j; i < count; i = j) {
        for (j = i + 1; j < count && list[j].by == list[i].by; j++)
            ;
        for (size_t k = i; k < j; k++)
            list[k].rank = (double)(i + j + 1) / 2;
    }
    qsort(list, count, sizeof *list, by_row);
}

static double correlation(const ranked *a, const ranked *b, size_t count) {
    double mean = (double)(count + 1) / 2, both = 0, of_a = 0, of_b = 0;
    for (size_t i = 0; i < count; i++) {
        both += (a[i].rank - mean) * (b[i].rank - mean);
        of_a += (a[i].rank - mean) * (a[i].rank - mean);
        of_b += (b[i].rank - mean) * (b[i].rank - mean);
    }
    return of_a > 0 && of_b > 0 ? both / sqrt(of_a * of_b) : 0;
}

/* By the sum of the high ones' ranks (Mann–Whitney). */
static double area(const ranked *index, const figure_row *rows, size_t count) {
    double sum = 0, high = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].value < HIGH) continue;
        sum += index[i].rank;
        high++;
    }
    double low = (double)count - high;
    return high > 0 && low > 0 ? (sum - high * (high + 1) / 2) / (high * low) : 0.5;
}

static int highest_first(const void *a, const void *b) {
    const figure_row *x = a, *y = b;
    if (x->valued != y->valued) return x->valued ? -1 : 1;
    return x->index > y->index ? -1 : x->index < y->index;
}

static double share(const figure_row *rows, size_t count) {
    size_t high = 0;
    for (size_t i = 0; i < count; i++)
        high += rows[i].value >= HIGH;
    return count > 0 ? (double)high / (double)count : 0;
}

static void count_classes(const figure_row *rows, size_t count, figures *ret) {
    size_t kind = 0, branch = 0, domain = 0;
    for (size_t i = 0; i < count; i++) {
        ret->classed += rows[i].classed;
        kind += rows[i].classed && rows[i].kind;
        branch += rows[i].classed && rows[i].branch;
        domain += rows[i].classed && rows[i].domain;
    }
    double all = ret->classed > 0 ? (double)ret->classed : 1;
    ret->kind = (double)kind / all;
    ret->branch = (double)branch / all;
    ret->domain = (double)domain / all;
}

int figures_find(figure_row *rows, size_t count, figures *ret_figures) {
    ranked *index = calloc(count + 1, sizeof *index), *value = calloc(count + 1, sizeof *value);
    bool ready = index && value;
    if (ready) {
        figures found = {0};
        qsort(rows, count, sizeof *rows, highest_first);
        while (found.valued < count && rows[found.valued].valued)
            found.valued++;
        for (size_t i = 0; i < found.valued; i++) {
            index[i] = (ranked){.by = rows[i].index, .row = i};
            value[i] = (ranked){.by = rows[i].value, .row = i};
        }
        rank(index, found.valued);
        rank(value, found.valued);
        found.spearman = correlation(index, value, found.valued);
        found.auc = area(index, rows, found.valued);
        found.precision = share(rows, found.valued >= TOP_OF ? TOP : (found.valued + 9) / 10);
        count_classes(rows, count, &found);
        *ret_figures = found;
    }
    free(index);
    free(value);
    return ready ? 0 : -ENOMEM;
}

void figures_print(const figures *f) {
    printf("texts %zu\n", f->valued > f->classed ? f->valued : f->classed);
    printf("value_spearman %.3f\nvalue_auc %.3f\nprecision_at_top %.3f\n", f->spearman, f->auc, f->precision);
    printf("kind_accuracy %.3f\nbranch_accuracy %.3f\ndomain_accuracy %.3f\n", f->kind, f->branch, f->domain);
}
