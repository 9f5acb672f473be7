/* See issue.h. */
#include "intake/issue.h"

#include <stdarg.h>
#include <string.h>

#include "wjz/utf8.h"

enum { VALUE_BYTES = 120 };

static const char *shorten(wjz_arena *arena, const char *value) {
    if (value == NULL) return "";
    size_t length = strnlen(value, VALUE_BYTES + 1);
    bool cut = length > VALUE_BYTES;
    if (cut) {
        length = VALUE_BYTES;
        while (length > 0 && ((unsigned char)value[length] & 0xC0) == 0x80)
            length--;
    }
    if (!wjz_utf8_ok(value, length)) return "";
    char *copy = wjz_arena_alloc(arena, length + 4);
    if (copy == NULL) return "";
    for (size_t i = 0; i < length; i++)
        copy[i] = (unsigned char)value[i] < 32 ? ' ' : value[i];
    strcpy(copy + length, cut ? "…" : "");
    return copy;
}

static const char *or_empty(const char *text) {
    return text != NULL ? text : "";
}

void issue_add(issue_list *list, wjz_arena *arena, bool taken, const char *code, const char *field, const char *value,
               const char *remedy, const char *format, ...) {
    if (list->count == ISSUES) {
        if (taken) return;
        list->count--; /* what keeps an item out is worth more than what does not */
    }
    va_list args;
    va_start(args, format);
    const char *message = wjz_arena_vprintf(arena, format, args);
    va_end(args);
    list->items[list->count++] = (issue){.code = code,
                                         .field = shorten(arena, field),
                                         .value = shorten(arena, value),
                                         .message = or_empty(message),
                                         .remedy = or_empty(wjz_arena_strdup(arena, remedy)),
                                         .taken = taken};
}

const issue *issue_first_fatal(const issue_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        if (!list->items[i].taken) return &list->items[i];
    }
    return NULL;
}
