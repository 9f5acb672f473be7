/* The W3C trace context of the work at hand: kept per fiber, written into every envelope that it emits. */
#ifndef WJZ_TRACE_H
#define WJZ_TRACE_H

enum { WJZ_TRACE_TEXT = 56 }; /* "00-" 32 hex "-" 16 hex "-01" and NUL */

/* The running fiber's traceparent; "" outside a fiber or before one was set. */
const char *wjz_trace(void);
/* Goes on with the trace of a received parent (a new span of it), or starts a new trace when parent is NULL,
 * empty or malformed. */
void wjz_trace_continue(const char *parent);

#endif
