/* JSON values against the schemas of the OpenAPI document (JSON Schema 2020-12, as far as the document uses it): type,
 * enum, oneOf, $ref, properties, required, additionalProperties, maxProperties, items, minItems, maxItems, minLength,
 * maxLength, pattern (POSIX extended), format date and date-time, minimum, maximum. */
#ifndef CONSOLE_SCHEMA_H
#define CONSOLE_SCHEMA_H

#include <jansson.h>

#include "wjz/err.h"

typedef struct schema_fault {
    char field[200];  /* "items[3].name"; "" for the value itself */
    char detail[200]; /* what is wrong, for a person */
} schema_fault;

/* root: the document, for $ref. -EINVAL with *ret_fault filled. */
WJZ_MUST_CHECK int schema_check(const json_t *root, const json_t *schema, const json_t *value, schema_fault *ret_fault);
/* A text of a query or path, taken as the type that the schema wants: a new reference, NULL when it is no such thing.
 */
json_t *schema_take_text(const json_t *schema, const char *text);
/* What "#/…" names within the root; NULL when there is nothing. */
const json_t *schema_resolve(const json_t *root, const char *reference);

#endif
