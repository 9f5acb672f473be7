/* Names: towns from the gazetteer, domains with their law and duty holders from the rules, the rest from names.yaml;
 * organs, stations, people and feeds from the store. */
#ifndef CONSOLE_REFERENCE_H
#define CONSOLE_REFERENCE_H

#include <jansson.h>

#include "wjz/db.h"
#include "wjz/err.h"

typedef struct reference reference;
struct console;
struct exchange;

/* Reads the files that the options name. */
WJZ_MUST_CHECK int reference_load(struct console *c, reference **ret_reference, wjz_err *err);
void reference_destroy(reference **reference);
/* Stores the towns' names. In a fiber. */
WJZ_MUST_CHECK int reference_store(const reference *r, wjz_db *db, wjz_err *err);

/* The endpoint. */
WJZ_MUST_CHECK int reference_answer(struct exchange *x, wjz_err *err);
/* [{id, zh, en}]; a new reference. */
json_t *reference_domains(const reference *r);
/* The name of a town by its nine digits, "" when it is not known. */
const char *reference_town(const reference *r, int32_t code);
/* {domain, agencies, laws}; a new reference. */
json_t *reference_law(const reference *r, const char *domain);
/* GeoJSON of the towns, as text; NULL: none. */
const char *reference_outlines(const reference *r);

#endif
