/* How a question over the bus or at the feed door is refused. */
#ifndef INTAKE_REFUSAL_H
#define INTAKE_REFUSAL_H

#include "wjz/bus.h"

/* Returns 0, so that a handler can end with it. */
int refuse(wjz_call *call, wjz_refusal_code code, const char *field, const char *message, const char *remedy);

#endif
