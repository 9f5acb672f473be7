/* A platform's file, whatever its format, as checked items: the way from bytes to what may be stored, without store. */
#ifndef INTAKE_FILE_READER_H
#define INTAKE_FILE_READER_H

#include "intake/check.h"
#include "intake/profile.h"

typedef struct file_row {
    int sheet;
    int64_t line;
    Wjz__Intake__FeedItem *item; /* NULL: refused, issues say why */
    const issue_list *issues;    /* fields named as the file's columns */
} file_row;

/* Called for every row that is a record or should be one. 0 to go on, anything else ends the reading with that result.
 */
typedef int file_row_fn(const file_row *row, void *arg, wjz_err *err);

typedef struct file_request {
    const void *data;
    size_t length;
    const profile *profile;
    const check_rules *rules;
    wjz_arena *arena; /* items and issues are made in it; fn may reset it */
    file_row_fn *fn;
    void *arg;
    const table_breath *breath; /* NULL: none */
    bool old_workbooks;         /* XLS is read, too; libfreexl does not withstand files made to harm it */
} file_request;

/* *ret_encoding (static text: "XLSX", "XLS", "UTF-8", "GB18030" …) is set before the first row. -EINVAL when the file
 * as a whole cannot be used, or fn's result. */
WJZ_MUST_CHECK int file_read(const file_request *request, const char **ret_encoding, wjz_err *err);

#endif
