/* A row per allowed change. */
#include "scoring/warning_state.h"

#include <stddef.h>
#include <string.h>

#include "wjz/clean.h"

#define STATE(name) WJZ__SCORING__WARNING_STATE__WARNING_##name

static const struct {
    Wjz__Scoring__WarningState from;
    warning_act act;
    Wjz__Scoring__WarningState to;
} CHANGES[] = {
    {STATE(NONE), WARNING_PROPOSE, STATE(PROPOSED)},
    {STATE(PROPOSED), WARNING_ISSUE, STATE(ISSUED)},
    {STATE(ISSUED), WARNING_ACKNOWLEDGE, STATE(ACKNOWLEDGED)},
    {STATE(PROPOSED), WARNING_CLEAR, STATE(CLEARED)},
    {STATE(ISSUED), WARNING_CLEAR, STATE(CLEARED)},
    {STATE(ACKNOWLEDGED), WARNING_CLEAR, STATE(CLEARED)},
    {STATE(PROPOSED), WARNING_LAPSE, STATE(CLEARED)},
};

static const char *const NAMES[] = {"", "proposed", "issued", "acknowledged", "cleared"};

Wjz__Scoring__WarningState warning_enter(Wjz__Scoring__WarningState from, warning_act act) {
    for (size_t i = 0; i < WJZ_COUNT(CHANGES); i++)
        if (CHANGES[i].from == from && CHANGES[i].act == act) return CHANGES[i].to;
    return STATE(NONE);
}

const char *warning_state_name(Wjz__Scoring__WarningState state) {
    return (size_t)state < WJZ_COUNT(NAMES) ? NAMES[state] : "";
}

Wjz__Scoring__WarningState warning_state_of(const char *name) {
    for (size_t i = 0; i < WJZ_COUNT(NAMES); i++)
        if (strcmp(NAMES[i], name) == 0) return (Wjz__Scoring__WarningState)i;
    return STATE(NONE);
}
