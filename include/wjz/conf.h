/* Options as rows: one table per service says key, type, default, limits and help, and prints them.
 *
 * To add an option: a field in the service's conf struct, a row in its table, nothing else; --help and the
 * sample configuration come from the row. Precedence: default < file (--config, "key = value" lines, #
 * comments) < environment (WJZ_KEY in capitals) < command line (--key=value or --key value). */
#ifndef WJZ_CONF_H
#define WJZ_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "wjz/err.h"

typedef enum wjz_conf_type {
    WJZ_CONF_TEXT,     /* char *, owned by the struct; NULL when the default is NULL and nothing is set */
    WJZ_CONF_INT,      /* int64_t */
    WJZ_CONF_BOOL,     /* bool; yes/no, true/false, on/off, 1/0 */
    WJZ_CONF_DURATION, /* int64_t milliseconds; "250ms", "5s", "10m", "2h", "3d" */
    WJZ_CONF_SIZE,     /* int64_t bytes; "64k", "8M", "1G" */
    WJZ_CONF_SECRET    /* as TEXT; "file:PATH" reads the file's first line; never printed */
} wjz_conf_type;

typedef struct wjz_option {
    const char *key; /* lower_case_with_underscores */
    wjz_conf_type type;
    size_t offset;        /* of the field in the conf struct */
    const char *fallback; /* default as text; NULL only for TEXT and SECRET */
    int64_t least, most;  /* for INT, DURATION, SIZE; both 0: no limits */
    const char *help;     /* one line */
} wjz_option;

/* conf: the zeroed struct. tables: NULL-terminated list of tables, each ended by a row with key NULL; all have
 * fields in the same struct. Unknown keys, bad values and values out of limits are errors that name the place,
 * the value and what is allowed. argv[0], the program, stays; words that are no options, and all words after
 * "--", are left in order behind it and counted in *argc. An option's "_" may be written "-" on the command line.
 * --help prints to stdout and returns 1, --sample-config likewise. After an error conf is as wjz_conf_free leaves it. */
WJZ_MUST_CHECK int wjz_conf_load(void *conf, const wjz_option *const *tables, const char *program, const char *purpose, int *argc, char **argv, wjz_err *err);
/* Frees the texts and sets the struct's fields to zero. */
void wjz_conf_free(void *conf, const wjz_option *const *tables);

WJZ_MUST_CHECK int wjz_conf_parse_duration(const char *text, int64_t *ret_ms);
WJZ_MUST_CHECK int wjz_conf_parse_size(const char *text, int64_t *ret_bytes);

#endif
