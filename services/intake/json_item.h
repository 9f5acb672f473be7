/* Items as JSON: the fields of item.h under their names, times as RFC 3339, days as "2026-03-05", money in yuan. */
#ifndef INTAKE_JSON_ITEM_H
#define INTAKE_JSON_ITEM_H

#include <jansson.h>

#include "intake/issue.h"
#include "intake/item.h"
#include "wjz/err.h"

enum { JSON_DEPTH = 16 /* nesting that is read */, JSON_VALUES = 256 * 1024 /* at most, in one text */ };

/* Parses text; nesting beyond JSON_DEPTH, repeated keys and malformed UTF-8 are refused before they can do harm. NULL
 * with err (-EINVAL, "line 3, column 7: ..."; -E2BIG: more than JSON_VALUES). The caller drops the reference. */
json_t *json_read(const char *text, size_t length, wjz_err *err);

/* The item that a JSON object describes, in the arena; NULL when it has a fault that keeps it out (then in issues).
 * Unknown fields are faults: what is misspelt would be lost in silence. */
Wjz__Intake__FeedItem *json_to_item(const json_t *object, item_kind kind, wjz_arena *arena, issue_list *issues);
/* The same with what could be read of one that has such a fault, its number above all; NULL when it is no object. */
Wjz__Intake__FeedItem *json_read_item(const json_t *object, item_kind kind, wjz_arena *arena, issue_list *issues);

#endif
