/* Names of people by their codes, kept for a minute: lists name the same few again and again, and who may see a list
 * may see them. */
#ifndef CONSOLE_PEOPLE_H
#define CONSOLE_PEOPLE_H

#include "wjz/db.h"

typedef struct people people;

/* NULL when out of memory. */
people *people_new(void);
void people_destroy(people **at);
/* Queues reading the names when they are old; *ret_at is the index of its rows then, else 0. */
WJZ_MUST_CHECK int people_ask(const people *p, wjz_tx *tx, int *ret_at);
/* Keeps what came. */
WJZ_MUST_CHECK int people_keep(people *p, const wjz_rows *rows);
/* The name, until people_keep; the code itself where there is none: then the names are old. */
const char *people_name(people *p, const char *code);

#endif
