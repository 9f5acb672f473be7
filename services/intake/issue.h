/* What is wrong with an item, said so that its sender can mend it. */
#ifndef INTAKE_ISSUE_H
#define INTAKE_ISSUE_H

#include <stdbool.h>
#include <stddef.h>

#include "wjz/arena.h"

typedef struct issue {
    const char *
        code; /* missing, invalid, too_long, not_utf8, unknown_region, unknown_field, unknown_value, precision_lost … */
    const char *field;
    const char *value; /* shortened; "" when it is personal or unprintable */
    const char *message;
    const char *remedy;
    bool taken; /* the item is stored without the value */
} issue;

enum { ISSUES = 16 }; /* told of one item */

typedef struct issue_list {
    issue items[ISSUES];
    size_t count;
} issue_list;

/* Adds an issue; texts are copied to the arena, the value shortened to 40 characters and made printable. value may be
 * NULL. */
void issue_add(issue_list *list, wjz_arena *arena, bool taken, const char *code, const char *field, const char *value,
               const char *remedy, const char *format, ...) WJZ_PRINTF(8, 9);
/* The first that keeps the item from being stored; NULL when there is none. */
const issue *issue_first_fatal(const issue_list *list);

#endif
