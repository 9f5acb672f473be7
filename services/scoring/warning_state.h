/* The states of an area warning.
 *
 *              issue            acknowledge
 *   proposed ─────────▶ issued ─────────────▶ acknowledged
 *     │  │                │                        │
 *     │  └──── clear ─────┴──────── clear ─────────┤
 *     └─ lapse (scoring: its rules hold no more) ──┴──▶ cleared
 *
 * Pure. */
#ifndef SCORING_WARNING_STATE_H
#define SCORING_WARNING_STATE_H

#include "proto/warning.pb-c.h"

typedef enum warning_act {
    WARNING_PROPOSE,
    WARNING_ISSUE,
    WARNING_ACKNOWLEDGE,
    WARNING_CLEAR,
    WARNING_LAPSE
} warning_act;

/* The state that the act leads to; WARNING_NONE when it is not allowed in this one. */
Wjz__Scoring__WarningState warning_enter(Wjz__Scoring__WarningState from, warning_act act);

/* "proposed" …, as stored; "" for none. */
const char *warning_state_name(Wjz__Scoring__WarningState state);
Wjz__Scoring__WarningState warning_state_of(const char *name);

#endif
