/* The commands that make and measure deploy/rules/model.bin from files, offline and reproducibly: the same files give
 * the same model. Files as in corpus.h. Errors go to stderr, a summary to stdout; both return an exit status. */
#ifndef SCORING_TRAIN_H
#define SCORING_TRAIN_H

#include <stdbool.h>

/* files: pairs of a texts and a labels file, count of them; out: the model file. */
int train_command(const char *out, const char *const *files, int count, const char *rules_dir,
                  const char *gazetteer_dir);

/* Scores each labelled text alone with a model that never saw it. Prints how well that agrees with the raters
 * (figures.h); or, with lines, one line a text as `score` does (columns external_id, index, stars, kind, …). */
int evaluate_command(const char *const *files, int count, const char *rules_dir, const char *gazetteer_dir, int folds,
                     bool lines);

#endif
