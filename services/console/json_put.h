/* JSON as bytes, for lists of which a page has thousands of values: each is put where `at` points, which has room for
 * it, and the end of it is returned. Nothing is terminated. */
#ifndef CONSOLE_JSON_PUT_H
#define CONSOLE_JSON_PUT_H

#include <stdint.h>

/* In quotes; at most six times its length, and two. */
char *json_put_text(char *at, const char *text);
/* At most twenty bytes. */
char *json_put_int(char *at, int64_t value);
/* With one decimal, halves away from zero. |value| below 1e15. */
char *json_put_tenths(char *at, double value);

#endif
