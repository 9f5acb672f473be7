/* What one complaint says: everything the score, the repeats and the score card need to know of its text, found in one
 * pass and kept, so that a matter can be grouped and scored again without reading texts again. Pure. */
#ifndef SCORING_ANALYSIS_H
#define SCORING_ANALYSIS_H

#include "proto/card.pb-c.h"
#include "scoring/complaint.h"
#include "scoring/gazetteer.h"
#include "scoring/normalise.h"
#include "scoring/rules.h"
#include "wjz/arena.h"
#include "wjz/err.h"

/* The finding lives in the arena. Bytes that are no UTF-8 count as spaces. -ENOMEM (also the arena's limit). The pack's
 * matcher has one scratch space: one thread at a time. */
WJZ_MUST_CHECK int analyse(const rule_pack *pack, const gazetteer *places, const complaint *report, wjz_arena *arena,
                           Wjz__Scoring__Finding **ret_finding, wjz_err *err);

/* The same, and the text in the form that was worked on (analysis_text). That and all that only the analysis needs
 * lives in `scratch`: a caller who drops it after each complaint works in the nearest cache. */
WJZ_MUST_CHECK int analyse_with_text(const rule_pack *pack, const gazetteer *places, const complaint *report,
                                     wjz_arena *arena, wjz_arena *scratch, Wjz__Scoring__Finding **ret_finding,
                                     const normal_text **ret_text, wjz_err *err);

/* The complaint's text as it is analysed; its last part is the agency's reply. It lives in the arena and borrows the
 * complaint's texts. -ENOMEM, -EMSGSIZE above 64 MB. */
WJZ_MUST_CHECK int analysis_text(const complaint *report, wjz_arena *arena, normal_text **ret_text);

#endif
