/* CSV files, separated by commas, semicolons or tabs, in any encoding that charset.h knows. */
#ifndef INTAKE_CSV_READER_H
#define INTAKE_CSV_READER_H

#include "intake/table.h"

/* Calls fn for every row that is not empty. A quotation that never ends spoils its own line, not what follows. encoding
 * (static text) is set before the first row. -EINVAL when the file as a whole cannot be read, or fn's result.
 * breath: NULL for none. */
WJZ_MUST_CHECK int csv_read(const void *data, size_t length, const table_breath *breath, const char **ret_encoding,
                            table_row_fn *fn, void *arg, wjz_err *err);

#endif
