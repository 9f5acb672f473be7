/* See open311_photos.h. */
#include "intake/open311_photos.h"

#include <errno.h>
#include <string.h>

/* "media", "media[]", "media[0]" … */
static bool is_media(const char *field) {
    static const char NAME[] = "media";
    size_t length = sizeof NAME - 1;
    return strncmp(field, NAME, length) == 0 && (field[length] == '\0' || field[length] == '[');
}

/* Which file, what is wrong, what to do. */
static void refuse_file(const open311_reply *reply, int status, const wjz_upload *file, const char *message,
                        const char *remedy) {
    const char *field = strlen(file->field) <= 64 ? file->field : "…";
    const char *name = strlen(file->filename) <= 64 ? file->filename : "…";
    const char *text =
        wjz_arena_printf(wjz_request_arena(reply->request), "%s \"%s\": %s; %s", field, name, message, remedy);
    open311_error(reply, status, text != NULL ? text : message);
}

bool open311_photos_find(const open311_reply *reply, open311_photos *ret_photos) {
    const wjz_upload *file = NULL;
    ret_photos->count = 0;
    for (size_t i = 0; (file = wjz_request_upload(reply->request, i)) != NULL; i++) {
        if (file->length == 0) continue;
        if (!is_media(file->field)) {
            refuse_file(reply, 400, file, "no such file is taken", "send photos as media");
            return false;
        }
        if (file->length > PHOTO_BYTES) {
            refuse_file(reply, 413, file, "a photo has at most 10 MB", "send it smaller");
            return false;
        }
        if (ret_photos->count == ATTACHMENTS_MOST) {
            refuse_file(reply, 400, file, "at most 6 photos are taken", "send fewer");
            return false;
        }
        ret_photos->uploads[ret_photos->count++] = file;
    }
    return true;
}

static bool examine(intake *it, const open311_reply *reply, open311_photos *photos) {
    for (size_t i = 0; i < photos->count; i++) {
        const wjz_upload *file = photos->uploads[i];
        attachment *photo = &photos->examined[i];
        wjz_err why = {0};
        int r = attachment_examine(it, file->data, file->length, wjz_request_arena(reply->request), photo, &why);
        if (r == -EINVAL) {
            refuse_file(reply, 400, file, why.text, "send a JPEG, PNG, WebP or HEIC photo");
            return false;
        }
        if (r < 0) {
            open311_error_for_now(reply, 503, 1000, "the photos could not be examined; send the request again later");
            return false;
        }
        photos->hashes[i] = (wjz_blob){photo->hash, ATTACHMENT_HASH};
    }
    return true;
}

bool open311_photos_keep(intake *it, const open311_reply *reply, int32_t region, open311_photos *photos) {
    wjz_err err = {0};
    if (photos->count == 0) return true;
    if (!examine(it, reply, photos)) return false;
    if (attachments_keep(it, region, photos->examined, photos->count, &err) == 0) return true;
    open311_error_for_now(reply, 503, (uint32_t)it->conf->retry_after,
                          "the store is away; nothing was kept, send the request again later");
    return false;
}

int open311_photos_name(wjz_tx *tx, const submission *from, void *arg, wjz_err *err) {
    const open311_photos *photos = arg;
    const submitted_item *made = &from->items[0];
    if (made->outcome == REJECTED) return 0;
    int r = store_put_photos(tx, made->region, made->id, photos->hashes, photos->count);
    return r < 0 ? wjz_err_set(err, r, "could not store the photos of a request") : 0;
}
