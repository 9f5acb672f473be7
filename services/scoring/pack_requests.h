/* Requests about rule packs: hand in, approve, activate, roll back, describe. The author and the approver are two
 * people; the store's constraints say so too. */
#ifndef SCORING_PACK_REQUESTS_H
#define SCORING_PACK_REQUESTS_H

#include "wjz/bus.h"

int on_submit_rule_pack(wjz_call *call, void *state, wjz_err *err);
int on_approve_rule_pack(wjz_call *call, void *state, wjz_err *err);
int on_activate_rule_pack(wjz_call *call, void *state, wjz_err *err);
int on_roll_back_rule_pack(wjz_call *call, void *state, wjz_err *err);
int on_describe_rule_packs(wjz_call *call, void *state, wjz_err *err);

#endif
