/* What a platform can ask about its feed: how it is, and what was wrong in its files. */
#ifndef INTAKE_FEED_HTTP_H
#define INTAKE_FEED_HTTP_H

#include "intake/intake.h"

/* GET /v1/feeds/{feed}/status */
void feed_status(wjz_request *request, void *arg);
/* GET /v1/feeds/{feed}/imports/{import}/errors: CSV that a spreadsheet opens without running anything. */
void feed_import_errors(wjz_request *request, void *arg);

#endif
