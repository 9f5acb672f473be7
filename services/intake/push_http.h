/* The HTTP door: platforms push complaints, enforcement records and feedback as JSON or NDJSON. */
#ifndef INTAKE_PUSH_HTTP_H
#define INTAKE_PUSH_HTTP_H

#include "intake/intake.h"

/* POST /v1/feeds/{feed}/complaints | enforcement-records | feedback */
void push_complaints(wjz_request *request, void *arg);
void push_records(wjz_request *request, void *arg);
void push_feedback(wjz_request *request, void *arg);

/* The feed whose key the request shows: "Authorization: Bearer …", or the text given in key. NULL when it has been
 * answered: 401 without a good key, 403 for another feed's or a disabled feed. name NULL: any feed. */
feed *http_authorise(const intake *it, wjz_request *request, const char *name, const char *key);
/* Answers a taking that was not carried out: 503 or 429 with Retry-After, 422 for a key used twice, or 500. */
void http_refuse_taking(wjz_request *request, int result, uint32_t retry_ms, const wjz_err *err);

#endif
