/* Imports: files that operators upload are read here, by whichever instance is free. Everything about an import lies in
 * the store, and each portion of rows is stored together with how far it is: an import whose instance was killed goes
 * on at the next row. */
#ifndef INTAKE_IMPORTER_H
#define INTAKE_IMPORTER_H

#include "intake/intake.h"

typedef struct importer importer;

WJZ_MUST_CHECK int importer_open(intake *it, importer **ret_importer, wjz_err *err);
/* Looks for work at once. */
void importer_wake(importer *importer);
/* Leaves what it is at to the others. Only from a fiber. */
void importer_close(importer **importer);

#endif
