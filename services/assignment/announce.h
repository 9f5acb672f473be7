/* Tells the other services what a turn changed. */
#ifndef WJZ_ASSIGNMENT_ANNOUNCE_H
#define WJZ_ASSIGNMENT_ANNOUNCE_H

#include "assignment/ledger.h"
#include "wjz/bus.h"

/* Emits AssignmentsChanged and NoticesRequested for the ledger's changes, in messages of one region and at most 256
 * items. */
WJZ_MUST_CHECK int announce(wjz_bus *bus, wjz_tx *tx, const ledger *book, wjz_err *err);

#endif
