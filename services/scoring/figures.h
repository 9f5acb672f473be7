/* How well indexes and classes agree with raters. Pure but for printing. */
#ifndef SCORING_FIGURES_H
#define SCORING_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

/* One text that raters judged. */
typedef struct figure_row {
    double index;
    double value;              /* the raters' mean, 1 to 5 */
    bool valued, classed;      /* whether they said a value, classes */
    bool kind, branch, domain; /* whether the class is one that a rater gave */
} figure_row;

typedef struct figures {
    size_t valued, classed;
    double spearman; /* rank correlation of index and value; 0 when one of them does not differ */
    double auc;      /* chance that a text of value 4 or more outranks one below; 0.5 when there is none of either */
    double
        precision; /* share of value 4 or more among the 40 highest indexes, or the highest tenth of fewer than 400 */
    double kind, branch, domain; /* shares that agree with a rater */
} figures;

/* Sorts the rows. -ENOMEM. */
int figures_find(figure_row *rows, size_t count, figures *ret_figures);
/* One `name value` line a figure. */
void figures_print(const figures *figures);

#endif
