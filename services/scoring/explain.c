/* See explain.h. */
#include "scoring/explain.h"

#include <errno.h>
#include <string.h>

#include "scoring/analysis.h"
#include "scoring/outline.h"
#include "scoring/refuse.h"
#include "scoring/score.h"
#include "scoring/scoring.h"
#include "wjz/clock.h"

static complaint as_complaint(const Wjz__Scoring__ExplainText *asked, int32_t region, int64_t now_us) {
    return (complaint){.id = 1,
                       .region = region,
                       .feed = "",
                       .external_id = "",
                       .order_type = "",
                       .title = asked->title,
                       .content = asked->text,
                       .categories = "",
                       .incident_address = "",
                       .town = "",
                       .village = "",
                       .received_at_us = now_us,
                       .handler_unit = asked->handler_unit,
                       .handle_result = asked->reply,
                       .status = "",
                       .satisfaction =
                           asked->satisfaction <= UNREACHABLE ? (satisfaction)asked->satisfaction : NOT_RATED,
                       .visit_note = "",
                       .parent_id = ""};
}

int explain(const rule_pack *pack, const gazetteer *places, const Wjz__Scoring__ExplainText *asked, int32_t region,
            int64_t now_us, wjz_arena *arena, Wjz__Scoring__Explanation *ret, wjz_err *err) {
    size_t bytes = strlen(asked->text) + strlen(asked->title) + strlen(asked->reply) + strlen(asked->handler_unit);
    if (bytes > EXPLAIN_BYTES)
        return wjz_err_set(err, -EMSGSIZE, "the text has %zu bytes, at most %d can be explained", bytes, EXPLAIN_BYTES);
    complaint c = as_complaint(asked, region, now_us);
    matter_context context = {0};
    wjz__scoring__explanation__init(ret);
    ret->outline = outline_of(pack, arena);
    if (!ret->outline) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = analyse(pack, places, &c, arena, &ret->finding, err);
    const Wjz__Scoring__Finding *finding = ret->finding;
    return r ? r : score_matter(pack, &finding, &c.id, 1, &context, arena, &ret->card, err);
}

/* The pack is not shared while it matches: no fiber gives way between the loading and the reply. */
int on_explain_text(wjz_call *call, void *state, wjz_err *err) {
    scoring_service *self = state;
    const Wjz__Scoring__ExplainText *body = (const Wjz__Scoring__ExplainText *)wjz_call_message(call)->body;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    WJZ_CLEANUP(held_drop) held_pack *pack = NULL;
    Wjz__Scoring__Explanation reply;
    wjz_err wrong = {0};
    if (!*body->title && !text_given(call, "text", body->text)) return 0;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (!r) r = versions_load(self->packs, tx, body->version, &pack, &wrong);
    if (store_is_away(r)) return refuse_busy(call);
    if (r == -ENOENT) return refuse_invalid(call, "version", body->version, wrong.text, "wjz rules list");
    if (r) return wjz_err_set(err, r, "%s", wrong.text);
    r = explain(held_rules(pack), self->places, body, wjz_call_message(call)->region, wjz_clock_us(),
                wjz_call_arena(call), &reply, &wrong);
    if (r == -EMSGSIZE) return refuse_invalid(call, "text", NULL, wrong.text, NULL);
    return r ? wjz_err_set(err, r, "%s", wrong.text) : wjz_call_reply(call, &reply.base);
}
