/* Grouping without a store: which complaints of a file are one matter, and why two are or are not. For those who tune
 * deploy/repeats, and for tests. */
#ifndef SCORING_OFFLINE_H
#define SCORING_OFFLINE_H

#include "scoring/gazetteer.h"
#include "scoring/repeats_rules.h"
#include "scoring/rules.h"

/* file: complaints as in table.h. pack and places may be NULL: then no names are found. Both return an exit status;
 * errors go to stderr. Prints external_id and clue, which is the canonically first member's external_id. */
int offline_group(const char *file, const repeat_rules *repeats, const rule_pack *pack, const gazetteer *places);
/* pairs: tab-separated with header columns id_a and id_b. Prints both, the weight, and every sign. */
int offline_compare(const char *file, const char *pairs, const repeat_rules *repeats, const rule_pack *pack,
                    const gazetteer *places);

#endif
