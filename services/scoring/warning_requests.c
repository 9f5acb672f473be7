/* What people do with a warning: lock it, change its state, write it down. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "scoring/refuse.h"
#include "scoring/store.h"
#include "scoring/store_warnings.h"
#include "scoring/warnings.h"

typedef struct warning_wish {
    int64_t warning;
    warning_act act;
    const char *actor, *note;
    const char *department, *superior; /* NULL or "": as it is */
} warning_wish;

static int refuse_change(wjz_call *call, const open_warning *w) {
    return wjz_call_refuse(call,
                           &(wjz_refusal){.code = WJZ_REFUSAL_CONFLICT,
                                          .field = "warning",
                                          .value = warning_state_name(w->state),
                                          .message = "预警当前状态不允许此操作 / the warning's state does not allow it",
                                          .remedy = "wjz warnings show"});
}

static int change(wjz_tx *tx, int32_t region, const warning_wish *wish, open_warning *w) {
    Wjz__Scoring__WarningState before = w->state;
    bool cleared = wish->act == WARNING_CLEAR, counts = cleared && w->level > 0;
    w->state = warning_enter(before, wish->act);
    w->revision++;
    if (cleared) w->level = 0;
    if (wish->department && *wish->department) w->department = wish->department;
    if (wish->superior && *wish->superior) w->superior = wish->superior;
    int r = store_move_warning(tx, region, w, wish->actor, wish->note, !counts);
    if (!r) r = store_add_warning_event(tx, region, w, before, wish->actor, wish->note);
    if (!r && counts) r = store_raise_warning_version(tx, region);
    if (!r && counts) r = store_hurry_round(tx, region, "warnings");
    return r;
}

static int carry_out(wjz_call *call, scoring_service *self, const warning_wish *wish, wjz_err *err) {
    int32_t region = wjz_call_message(call)->region;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    open_warning w;
    bool found = false;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0 && wish->act == WARNING_CLEAR && store_ask_lock(tx, region))
        r = wjz_err_set(err, -ENOMEM, "out of memory");
    if (r == 0) r = store_lock_warning(tx, region, wish->warning, wjz_call_arena(call), &w, &found, err);
    if (r) return store_is_away(r) ? refuse_busy(call) : r;
    if (!found) return refuse_not_found(call, "warning", wish->warning, "wjz warnings list");
    if (warning_enter(w.state, wish->act) == WJZ__SCORING__WARNING_STATE__WARNING_NONE) return refuse_change(call, &w);
    r = change(tx, region, wish, &w);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r) return store_is_away(r) ? refuse_busy(call) : r;
    Wjz__Scoring__WarningAnswer told = WJZ__SCORING__WARNING_ANSWER__INIT;
    told.warning = (uint64_t)w.id;
    told.state = w.state;
    told.level = (uint32_t)w.level;
    return wjz_call_reply(call, &told.base);
}

/* Region and actor are there, and a note where one is needed. */
static int check_and_carry_out(wjz_call *call, scoring_service *self, const warning_wish *wish, wjz_err *err) {
    if (!region_given(call) || !text_given(call, "actor", wish->actor)) return 0;
    if (wish->act == WARNING_CLEAR && !text_given(call, "note", wish->note)) return 0;
    return carry_out(call, self, wish, err);
}

int on_issue_warning(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Scoring__IssueWarning *asked = (const Wjz__Scoring__IssueWarning *)wjz_call_message(call)->body;
    const warning_wish wish = {(int64_t)asked->warning, WARNING_ISSUE,  asked->actor, asked->note,
                               asked->department,       asked->superior};
    return check_and_carry_out(call, state, &wish, err);
}

int on_acknowledge_warning(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Scoring__AcknowledgeWarning *asked =
        (const Wjz__Scoring__AcknowledgeWarning *)wjz_call_message(call)->body;
    const warning_wish wish = {
        .warning = (int64_t)asked->warning, .act = WARNING_ACKNOWLEDGE, .actor = asked->actor, .note = asked->note};
    return check_and_carry_out(call, state, &wish, err);
}

int on_clear_warning(wjz_call *call, void *state, wjz_err *err) {
    const Wjz__Scoring__ClearWarning *asked = (const Wjz__Scoring__ClearWarning *)wjz_call_message(call)->body;
    const warning_wish wish = {
        .warning = (int64_t)asked->warning, .act = WARNING_CLEAR, .actor = asked->actor, .note = asked->note};
    return check_and_carry_out(call, state, &wish, err);
}
