/* See learn_loudness.h. */
#include "scoring/learn_loudness.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An n-gram that says nothing of the outcome is still this telling: its t statistic is a guess, too. */
static const double least_telling = 0.05;

/* A column over all rows. */
typedef struct tally {
    double rows, outcomes; /* how many have it; the sum of their outcomes, in deviations from the mean */
    double squares;
} tally;

static void count_columns(const struct problem *rows, size_t count, double mean, double deviation, tally *columns) {
    for (int i = 0; i < rows->l; i++) {
        double outcome = (rows->y[i] - mean) / deviation;
        for (const struct feature_node *node = rows->x[i]; node->index > 0; node++) {
            if ((size_t)node->index > count) continue;
            tally *column = &columns[node->index - 1];
            column->rows++;
            column->outcomes += outcome;
            column->squares += node->value * node->value;
        }
    }
}

static double telling(const tally *column, double rows) {
    double variance = column->rows * (1 - column->rows / rows);
    return fmax(least_telling, fabs(column->outcomes) / sqrt(fmax(variance, 0.5)));
}

int loudness_of_telling(const struct problem *rows, size_t count, double *factors) {
    double sum = 0, squares = 0, before = 0, after = 0;
    for (int i = 0; i < rows->l; i++) {
        sum += rows->y[i];
        squares += rows->y[i] * rows->y[i];
    }
    double mean = rows->l > 0 ? sum / rows->l : 0, variance = rows->l > 0 ? squares / rows->l - mean * mean : 0;
    if (variance < 1e-12) return 0;
    tally *columns = calloc(count + 1, sizeof *columns);
    if (!columns) return -ENOMEM;
    count_columns(rows, count, mean, sqrt(variance), columns);
    for (size_t i = 0; i < count; i++) {
        before += columns[i].squares;
        after += columns[i].squares * telling(&columns[i], rows->l);
    }
    for (size_t i = 0; i < count && after > 0; i++)
        factors[i] *= sqrt(telling(&columns[i], rows->l) * before / after);
    free(columns);
    return 0;
}

static double value_in(const struct feature_node *row, size_t column) {
    while (row->index > 0 && (size_t)row->index != column + 1)
        row++;
    return row->index > 0 ? row->value : 0;
}

void loudness_to_spread(const struct problem *rows, size_t column, double part, double *factors) {
    double sum = 0, squares = 0;
    for (int i = 0; i < rows->l; i++) {
        double value = value_in(rows->x[i], column);
        sum += value;
        squares += value * value;
    }
    double mean = rows->l > 0 ? sum / rows->l : 0, variance = rows->l > 0 ? squares / rows->l - mean * mean : 0;
    if (variance > 1e-12) factors[column] = sqrt(part / variance);
}

int loudness_apply(const struct problem *rows, const double *factors, struct problem *ret_rows,
                   struct feature_node **ret_nodes) {
    size_t count = 0;
    for (int i = 0; i < rows->l; i++, count++)
        for (const struct feature_node *node = rows->x[i]; node->index > 0; node++)
            count++;
    struct feature_node *nodes = malloc((count + 1) * sizeof *nodes), *at = nodes;
    struct feature_node **x = malloc(((size_t)rows->l + 1) * sizeof(struct feature_node *));
    if (!nodes || !x) {
        free(nodes);
        free(x);
        return -ENOMEM;
    }
    for (int i = 0; i < rows->l; i++) {
        x[i] = at;
        for (const struct feature_node *node = rows->x[i]; node->index > 0; node++)
            *at++ = (struct feature_node){node->index, node->value * factors[node->index - 1]};
        *at++ = (struct feature_node){-1, 0};
    }
    *ret_rows = *rows;
    ret_rows->x = x;
    *ret_nodes = nodes;
    return 0;
}
