/* What intake does by itself, every few seconds: reads the feeds again, writes their health down, brings early feedback
 * to its complaint, tells operators of gaps, forgets old receipts. */
#ifndef INTAKE_UPKEEP_H
#define INTAKE_UPKEEP_H

#include "intake/intake.h"

typedef struct upkeep upkeep;

WJZ_MUST_CHECK int upkeep_open(intake *it, upkeep **ret_upkeep, wjz_err *err);
/* Writes what is left of the feeds' counts. Only from a fiber. */
void upkeep_close(upkeep **upkeep);

#endif
