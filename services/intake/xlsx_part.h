/* A part of an XLSX package as an XML reader that cannot be fed more than the limits allow. */
#ifndef INTAKE_XLSX_PART_H
#define INTAKE_XLSX_PART_H

#include <libxml/xmlreader.h>
#include <stdbool.h>
#include <stdint.h>
#include <zip.h>

#include "intake/xlsx_reader.h"

typedef struct xlsx_part {
    zip_file_t *file;
    xmlTextReaderPtr reader;
    const char *name;
    uint64_t read, limit; /* inflated bytes */
    const table_breath *breath;
    unsigned nodes; /* since the last breath */
    bool over;      /* the limit was hit */
    bool broken;    /* the archive was */
} xlsx_part;

/* -ENOENT when the package has no such part (err untouched), -E2BIG, -EINVAL. part stays in place until the close. */
WJZ_MUST_CHECK int xlsx_part_open(zip_t *package, const char *name, const xlsx_limits *limits, xlsx_part *part,
                                  wjz_err *err);
void xlsx_part_close(xlsx_part *part);

/* Moves to the next node: 1, 0 at the end, or negative with err. A document type declaration is refused. */
WJZ_MUST_CHECK int xlsx_part_next(xlsx_part *part, wjz_err *err);

/* Of the present node. */
bool xlsx_at_element(const xlsx_part *part, const char *local_name);
bool xlsx_at_end(const xlsx_part *part, const char *local_name);
/* Value of an attribute by local name; "" when absent. out is cut to size. */
void xlsx_attribute(const xlsx_part *part, const char *local_name, char *out, size_t size);

#endif
