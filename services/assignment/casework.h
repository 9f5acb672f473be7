/* Casework: what people ask of one assignment — accept, verify, return, transfer, end, recuse — and whether they may.
 *
 * Pure: each verb checks the actor and the state, and makes changes in the turn's ledger. What it will not do it
 * answers with a refusal that says why and what to do instead. */
#ifndef WJZ_ASSIGNMENT_CASEWORK_H
#define WJZ_ASSIGNMENT_CASEWORK_H

#include "assignment/dispatch.h"
#include "wjz/bus.h"

typedef struct casework {
    const dispatch *on;
    const clue *told;
    assignment *open; /* the one that is asked about; it may have ended */
    const char *actor;
    wjz_refusal *refusal;  /* filled when a verb returns -EPERM */
    assignment *successor; /* result: the one it went on to, NULL when none */
} casework;

/* All return 0, -EPERM with the refusal, or another negative error with err. Accepting or verifying again is answered
 * like the first time, without a change. */
WJZ_MUST_CHECK int casework_accept(casework *work, wjz_err *err);
WJZ_MUST_CHECK int casework_verify(casework *work, wjz_err *err);
WJZ_MUST_CHECK int casework_return(casework *work, const char *reason_code, const char *reason, wjz_err *err);
/* To another organ, or within the own one to a person; the other is "". */
WJZ_MUST_CHECK int casework_transfer(casework *work, const char *organ_code, const char *person_code,
                                     const char *reason, wjz_err *err);
WJZ_MUST_CHECK int casework_close(casework *work, const char *outcome, wjz_err *err);
/* *ret_suspends: whether the person was taken off at once (civil, criminal), or goes on until it is decided (pil). */
WJZ_MUST_CHECK int casework_declare_recusal(casework *work, const char *ground, const char *procedure,
                                            bool *ret_suspends, wjz_err *err);
/* person_code: who declared it. Granted, the clue goes on to the next person if it is still with him. */
WJZ_MUST_CHECK int casework_decide_recusal(casework *work, const char *person_code, bool granted, wjz_err *err);

#endif
