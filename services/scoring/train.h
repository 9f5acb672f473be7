/* Makes deploy/rules/model.bin from labels, offline and reproducibly: the same files give the same model. */
#ifndef SCORING_TRAIN_H
#define SCORING_TRAIN_H

/* texts: complaints (table.h), all that there are: n-grams seen in few of them are left out. labels: columns
 * external_id, kind, branch, domain (several by '|'), value (1–5), mediation (y, n); an id may have several rows, one
 * for each rater. out: the model file. An exit status; errors go to stderr, a summary to stdout. */
int train_command(const char *texts, const char *labels, const char *rules_dir, const char *gazetteer_dir,
                  const char *out);

#endif
