/* The fiber's inside, for the loop and for what is kept per fiber. */
#ifndef RUNTIME_FIBER_H
#define RUNTIME_FIBER_H

#include "runtime/loop.h"

/* The running fiber's buffer of WJZ_TRACE_TEXT bytes, "" when the fiber starts; NULL outside a fiber. */
char *wjz_fiber_trace(void);

/* Starts closing the handles of all fibers, whose stacks go with them; the loop has to run once more. */
void wjz_fibers_close(wjz_loop *loop);

#endif
