/* The rules that a model was trained beside. They travel in model.bin behind the model. What the model gives a text is
 * measured against them and not against the rules of today, so that a rule that was added, changed or taken away since
 * moves the index by its points, and topics by its vote, until the next training. */
#ifndef SCORING_RULES_TAUGHT_H
#define SCORING_RULES_TAUGHT_H

#include "scoring/pack_files.h"
#include "scoring/rules_data.h"

/* A model with its rules, files of the pack that it was trained with (model.bin is left out), as one file that the
 * caller frees. -ENOMEM. */
WJZ_MUST_CHECK int taught_join(wjz_blob model, const pack_files *rules, char **ret_bytes, size_t *ret_length);
/* The two parts of such a file, which they point into; no rules (length 0) when there is only a model. */
void taught_split(wjz_blob file, wjz_blob *ret_model, wjz_blob *ret_rules);

/* Reads the rules of such a file beside those of the pack, whose model it is, into pack->taught; nothing when there are
 * none or they are the same. Rules that both have are not matched twice: the cost at run time is that of those that
 * differ. Errors name the file. */
WJZ_MUST_CHECK int taught_read(wjz_blob rules, const char *name, rule_pack *pack, wjz_err *err);

/* What the taught rules hit, from what the pack's rules hit and a look for those that differ; the list lives in the
 * arena. The pack has taught rules. Parts as in rules_match. */
WJZ_MUST_CHECK int taught_match(const rule_pack *pack, const rule_matches *matches, const normal_text *text,
                                int title_part, int reply_part, wjz_arena *arena, rule_matches *ret_matches);

#endif
