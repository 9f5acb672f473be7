/* XLSX workbooks, streamed: neither the sheets nor their strings are ever in memory as a whole, and nothing in the file
 * decides how much of the machine it may use. Formulas are not evaluated; the value that was saved with them is taken.
 */
#ifndef INTAKE_XLSX_READER_H
#define INTAKE_XLSX_READER_H

#include "intake/table.h"

typedef struct xlsx_limits {
    uint64_t entry_bytes;       /* most that one part may inflate to; 0: 2 GiB */
    uint32_t ratio;             /* most times its packed size, above 1 MiB; 0: 300 */
    uint64_t rows;              /* in all sheets; 0: 2,000,000 */
    const table_breath *breath; /* NULL: none */
} xlsx_limits;

/* Calls fn for every row of every visible sheet that is not empty. limits may be NULL. -EINVAL when it is no readable
 * workbook, -E2BIG over a limit, or fn's result. */
WJZ_MUST_CHECK int xlsx_read(const void *data, size_t length, const xlsx_limits *limits, table_row_fn *fn, void *arg,
                             wjz_err *err);

#endif
