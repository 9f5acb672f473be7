/* What went wrong, for a program (code) and for a person (text).
 *
 * Fallible functions return 0 or a negative errno value and touch their outputs only on success. Where a
 * person needs more than the number, they also take a `wjz_err *`, which may be NULL. The grammar of the
 * text: lower case, no full stop, no function name, the offending value quoted; "could not" for what may
 * work later, "cannot" for what never will. No complaint text and no personal data. */
#ifndef WJZ_ERR_H
#define WJZ_ERR_H

#include "wjz/clean.h"

typedef struct wjz_err {
    int code;       /* 0 or a negative errno value */
    char text[500]; /* NUL-terminated UTF-8; cut at a character boundary */
} wjz_err;

/* Fills err (when not NULL) and returns code, so that `return wjz_err_set(err, -EINVAL, ...)` reads well. */
int wjz_err_set(wjz_err *err, int code, const char *format, ...) WJZ_PRINTF(3, 4);

/* Puts "prefix: " before the text already there; returns err's code. err must not be NULL. */
int wjz_err_prefix(wjz_err *err, const char *format, ...) WJZ_PRINTF(2, 3);

#endif
