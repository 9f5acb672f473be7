/* What became of clues, as something to learn from: the texts of complaints whose clue has an outcome of casework, and
 * the value that the outcome stands for, written as files that `train` reads. */
#ifndef SCORING_OUTCOMES_H
#define SCORING_OUTCOMES_H

#include "scoring/rules.h"

/* Reads the store of WJZ_DATABASE_URL as role wjz_scoring; writes texts.tsv (table.h) and labels.tsv (corpus.h; class
 * columns empty: an outcome says what a matter was worth, not what it was) into the folder, readable by the owner
 * alone. What an outcome is worth stands in the pack of rules_dir. An exit status; errors go to stderr, the number of
 * outcomes to stdout. */
int outcomes_command(const char *folder, const char *rules_dir);

/* The value, 1 to 5, that an outcome stands for; 0 when there is nothing to learn from it, or for a word that is none.
 */
double outcome_value(const rule_pack *pack, const char *outcome);

#endif
