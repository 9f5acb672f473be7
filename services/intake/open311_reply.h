/* Answers of the Open311 door in the format that the address asks for. */
#ifndef INTAKE_OPEN311_REPLY_H
#define INTAKE_OPEN311_REPLY_H

#include <jansson.h>

#include "intake/intake.h"

typedef struct open311_reply {
    wjz_request *request;
    bool xml;
} open311_reply;

/* Takes ".json" or ".xml" off the last part of the path, writing the rest to name, and checks the query's jurisdiction_id.
 * False when the request has been answered. */
bool open311_reply_begin(const intake *it, wjz_request *request, const char *segment, char *name, size_t size,
                         open311_reply *ret_reply);
/* Whether jurisdiction_id is absent, empty or ours. False when the request has been answered. */
bool open311_is_here(const intake *it, const open311_reply *reply, const char *jurisdiction);
/* Sends and drops the value. root and item name XML elements, see open311_to_xml. */
void open311_send(const open311_reply *reply, int status, json_t *value, const char *root, const char *item);
/* The specification's error body. */
void open311_error(const open311_reply *reply, int status, const char *description);
/* The same with a pause in which it is not to be sent again. */
void open311_error_for_now(const open311_reply *reply, int status, uint32_t retry_ms, const char *description);
/* 400: a field's value cannot be taken. */
void open311_refuse(const open311_reply *reply, const char *field, const char *value, const char *remedy);
/* The feed of the key; NULL when it has been answered with 403. */
feed *open311_authorise(const intake *it, const open311_reply *reply, const char *key);

#endif
