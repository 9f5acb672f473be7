/* The citizen's page: what it asks without a login, and what observers and liaisons ask with one. */
#ifndef CONSOLE_CITIZEN_H
#define CONSOLE_CITIZEN_H

#include "console/rate.h"
#include "wjz/err.h"

typedef struct citizen citizen;

/* Reads the privacy notice (deploy/config/privacy-notice.yaml). -EINVAL with file and line. */
WJZ_MUST_CHECK int citizen_new(const char *notice_file, double reports_per_hour, citizen **ret_citizen, wjz_err *err);
void citizen_destroy(citizen **citizen);

#endif
