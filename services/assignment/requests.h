/* Requests: what people ask of an assignment, each in one transaction. */
#ifndef WJZ_ASSIGNMENT_REQUESTS_H
#define WJZ_ASSIGNMENT_REQUESTS_H

#include "proto/assignment.pb-c.h"
#include "wjz/bus.h"

int on_accept_assignment(wjz_call *call, void *state, wjz_err *err);
int on_begin_verification(wjz_call *call, void *state, wjz_err *err);
int on_return_assignment(wjz_call *call, void *state, wjz_err *err);
int on_transfer_assignment(wjz_call *call, void *state, wjz_err *err);
int on_record_outcome(wjz_call *call, void *state, wjz_err *err);
int on_declare_recusal(wjz_call *call, void *state, wjz_err *err);
int on_decide_recusal(wjz_call *call, void *state, wjz_err *err);
int on_renew_directory(wjz_call *call, void *state, wjz_err *err);
int on_trace_routing(wjz_call *call, void *state, wjz_err *err);

#endif
