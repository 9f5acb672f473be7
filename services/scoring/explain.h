/* What a text that somebody types in would be worth, and why: the same analysis and score card as for a complaint, of a
 * matter that has nothing but this text. Nothing is kept. */
#ifndef SCORING_EXPLAIN_H
#define SCORING_EXPLAIN_H

#include <stdint.h>

#include "proto/rules.pb-c.h"
#include "scoring/gazetteer.h"
#include "scoring/rules.h"
#include "wjz/arena.h"
#include "wjz/bus.h"
#include "wjz/err.h"

enum { EXPLAIN_BYTES = 256 << 10 /* of all texts together */ };

/* Pure. asked is well-formed UTF-8; region: the county that it is taken to come from, 0: none; now_us: when it is taken to
 * be reported. -EMSGSIZE above EXPLAIN_BYTES, -ENOMEM. */
WJZ_MUST_CHECK int explain(const rule_pack *pack, const gazetteer *places, const Wjz__Scoring__ExplainText *asked,
                           int32_t region, int64_t now_us, wjz_arena *arena, Wjz__Scoring__Explanation *ret_explanation,
                           wjz_err *err);

int on_explain_text(wjz_call *call, void *state, wjz_err *err);

#endif
