/* What time does: holds run out, appointments come near, visits wait, and the rota grows by a day. */
#ifndef SCHEDULING_SWEEP_H
#define SCHEDULING_SWEEP_H

#include "wjz/err.h"

struct scheduling;
struct sweep;

WJZ_MUST_CHECK int sweep_open(struct scheduling *self, struct sweep **ret_sweep, wjz_err *err);
/* Waits for a round that runs. Only in a fiber. Accepts NULL. */
void sweep_close(struct sweep **sweep);

#endif
