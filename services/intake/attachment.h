/* Photos that belong to a complaint, the same for all who send them: examined, kept by their hash, then named by it in the
 * complaint's own transaction (store_put_photos). What no complaint names within two days is forgotten. */
#ifndef INTAKE_ATTACHMENT_H
#define INTAKE_ATTACHMENT_H

#include "intake/intake.h"
#include "intake/photo.h"
#include "intake/store_reports.h"

enum { ATTACHMENTS_MOST = 6 }; /* of one complaint */

typedef struct attachment {
    uint8_t hash[ATTACHMENT_HASH];
    const void *data; /* as it came, the caller's */
    size_t length;
    image image; /* its pictures lie in the arena */
} attachment;

/* Waits. -EFBIG: empty, or of more than PHOTO_BYTES; else as photo_examine. */
WJZ_MUST_CHECK int attachment_examine(intake *it, const void *data, size_t length, wjz_arena *arena,
                                      attachment *ret_attachment, wjz_err *err);
/* Stores all, or none. Waits. */
WJZ_MUST_CHECK int attachments_keep(intake *it, int32_t region, const attachment *list, size_t count, wjz_err *err);

#endif
