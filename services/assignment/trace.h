/* Why a clue went where it went, line by line, for the person who asks. Chinese first, English after the slash. */
#ifndef WJZ_ASSIGNMENT_TRACE_H
#define WJZ_ASSIGNMENT_TRACE_H

#include <stddef.h>

#include "wjz/arena.h"

enum { TRACE_LINES = 48 };

typedef struct trace {
    wjz_arena *arena; /* the lines' owner */
    char *lines[TRACE_LINES];
    size_t count;
} trace;

/* Adds a line; one that finds no place any more (memory, TRACE_LINES) is left out. to may be NULL. */
void trace_add(trace *to, const char *format, ...) WJZ_PRINTF(2, 3);
/* All lines, one a line, in the arena; "" when there are none or there is no memory. */
const char *trace_text(const trace *from);

#endif
