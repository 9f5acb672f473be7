/* Trace: a bounded list of lines in the turn's arena. */
#include "assignment/trace.h"

#include <stdarg.h>
#include <string.h>

void trace_add(trace *to, const char *format, ...) {
    if (to == NULL || to->count == TRACE_LINES) return;
    va_list args;
    va_start(args, format);
    char *line = wjz_arena_vprintf(to->arena, format, args);
    va_end(args);
    if (line != NULL) to->lines[to->count++] = line;
}

const char *trace_text(const trace *from) {
    size_t size = 1;
    for (size_t i = 0; i < from->count; i++)
        size += strlen(from->lines[i]) + 1;
    char *text = wjz_arena_alloc(from->arena, size);
    if (text == NULL) return "";
    char *end = text;
    for (size_t i = 0; i < from->count; i++) {
        if (i > 0) *end++ = '\n';
        end = stpcpy(end, from->lines[i]);
    }
    *end = '\0';
    return text;
}
