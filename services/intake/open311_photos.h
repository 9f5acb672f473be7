/* Photos of an Open311 request that comes as multipart/form-data: its uploads "media". */
#ifndef INTAKE_OPEN311_PHOTOS_H
#define INTAKE_OPEN311_PHOTOS_H

#include "intake/attachment.h"
#include "intake/open311_reply.h"
#include "intake/submission.h"

typedef struct open311_photos {
    const wjz_upload *uploads[ATTACHMENTS_MOST];
    attachment examined[ATTACHMENTS_MOST];
    wjz_blob hashes[ATTACHMENTS_MOST]; /* of those examined */
    size_t count;
} open311_photos;

/* The request's uploads; an empty one is a form's file input that nobody used. False when the request has been answered:
 * one is none of "media", too large or one too many. */
bool open311_photos_find(const open311_reply *reply, open311_photos *ret_photos);
/* Examines and stores them all, or none. Waits. False when the request has been answered. */
bool open311_photos_keep(intake *it, const open311_reply *reply, int32_t region, open311_photos *photos);
/* taking.also: names the photos in the complaint's transaction. arg: open311_photos. */
int open311_photos_name(wjz_tx *tx, const submission *from, void *arg, wjz_err *err);

#endif
