/* XLS workbooks (Excel 97–2003). */
#ifndef INTAKE_XLS_READER_H
#define INTAKE_XLS_READER_H

#include "intake/table.h"

/* Calls fn for every row of every sheet that is not empty. -EINVAL when it is no readable workbook, or fn's result. The
 * whole workbook is in memory meanwhile; the format has at most 65,536 rows. */
WJZ_MUST_CHECK int xls_read(const void *data, size_t length, table_row_fn *fn, void *arg, wjz_err *err);

#endif
