/* Open311 answers: one structure, written as JSON or as XML. */
#ifndef INTAKE_OPEN311_RENDER_H
#define INTAKE_OPEN311_RENDER_H

#include <jansson.h>
#include <stdbool.h>

/* XML of a JSON value under a root element. A list becomes one element per item, called as the list without its plural
 * s
 * ("services" → "service"), or item when that is not NULL. The caller frees; NULL when out of memory. */
char *open311_to_xml(const json_t *value, const char *root, const char *item);

#endif
