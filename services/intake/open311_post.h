/* POST /open311/v2/requests: a citizen's report as a complaint. */
#ifndef INTAKE_OPEN311_POST_H
#define INTAKE_OPEN311_POST_H

#include "intake/open311_reply.h"

void open311_post_request(intake *it, const open311_reply *reply);

#endif
