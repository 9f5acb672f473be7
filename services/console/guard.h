/* What the administrators are told by themselves: the audit's anchor of each day, and people who open unusually many
 * records with personal data. */
#ifndef CONSOLE_GUARD_H
#define CONSOLE_GUARD_H

#include "wjz/bus.h"
#include "wjz/db.h"
#include "wjz/err.h"

extern const wjz_emit_route CONSOLE_EMITS[];

/* Looks once, and asks for what is to be told, in the transaction. views_most: records that one may open in an hour.
 * Waits. */
WJZ_MUST_CHECK int guard_look(wjz_tx *tx, wjz_bus *bus, int views_most, wjz_err *err);

#endif
