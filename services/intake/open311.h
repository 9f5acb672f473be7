/* Open311 GeoReport v2: the door for citizens' apps of other makers (https://wiki.open311.org/GeoReport_v2).
 *
 * Without a key a request's state can be read, but not what it says; the key of the feed shows all. */
#ifndef INTAKE_OPEN311_H
#define INTAKE_OPEN311_H

#include "intake/intake.h"

/* Reads the list of services into it->open311. */
WJZ_MUST_CHECK int open311_open(intake *it, wjz_err *err);
void open311_close(intake *it);

/* GET /open311/v2/{resource}: discovery, services, requests, each with .json or .xml */
void open311_get(wjz_request *request, void *arg);
/* GET /open311/v2/{resource}/{item}: services, requests, tokens */
void open311_get_item(wjz_request *request, void *arg);
/* POST /open311/v2/requests.json or .xml */
void open311_post(wjz_request *request, void *arg);
/* Whether the request's address is of this door; and what the server itself refuses there, told as the door tells errors. */
bool open311_serves(const wjz_request *request);
void open311_refusal(wjz_request *request, int status, const wjz_problem *problem);

#endif
