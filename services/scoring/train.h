/* The commands that make and measure deploy/rules/model.bin from files, offline and reproducibly: the same files give
 * the same model. Files as in corpus.h. Errors go to stderr, a summary to stdout; both return an exit status. */
#ifndef SCORING_TRAIN_H
#define SCORING_TRAIN_H

/* out: the model file. */
int train_command(const char *texts, const char *labels, const char *rules_dir, const char *gazetteer_dir,
                  const char *out);

/* Scores each labelled text alone with a model that never saw it, and prints one line a text as `score` does (columns
 * external_id, index, stars, kind, branch, domain, …). */
int evaluate_command(const char *texts, const char *labels, const char *rules_dir, const char *gazetteer_dir,
                     int folds);

#endif
