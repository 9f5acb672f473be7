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

/* One of several. */
typedef struct analysis_item {
    const complaint *report;
    Wjz__Scoring__Finding *finding; /* set by the analysis, like the text in the form that was worked on */
    const normal_text *text;
} analysis_item;

/* The same for several, all of them in each step: what a step looks things up in is larger than the nearest caches, and
 * stays there meanwhile. The texts and all that only the analysis needs live in `scratch`, which a caller who drops it
 * after some kilobytes of texts has in the nearest cache, too. */
WJZ_MUST_CHECK int analyse_several(const rule_pack *pack, const gazetteer *places, analysis_item *items, size_t count,
                                   wjz_arena *arena, wjz_arena *scratch, wjz_err *err);

/* The complaint's text as it is analysed; its last part is the agency's reply. It lives in the arena and borrows the
 * complaint's texts. -ENOMEM, -EMSGSIZE above 64 MB. */
WJZ_MUST_CHECK int analysis_text(const complaint *report, wjz_arena *arena, normal_text **ret_text);

#endif
