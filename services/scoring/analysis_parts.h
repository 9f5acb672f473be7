/* Parts of the analysis that training uses as well. */
#ifndef SCORING_ANALYSIS_PARTS_H
#define SCORING_ANALYSIS_PARTS_H

#include "scoring/analysis.h"
#include "scoring/classify.h"
#include "scoring/features.h"

/* analyse, and with ret_features not NULL also what a model would see, in the arena. */
WJZ_MUST_CHECK int analyse_features(const rule_pack *pack, const gazetteer *places, const complaint *report,
                                    wjz_arena *arena, Wjz__Scoring__Finding **ret_finding, feature_list *ret_features,
                                    wjz_err *err);

void analysis_set_class(const rule_pack *pack, const class_decision *decision, Wjz__Scoring__Finding *finding);

#endif
