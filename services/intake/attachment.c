/* See attachment.h. */
#include "intake/attachment.h"

#include <errno.h>
#include <sodium.h>

_Static_assert(ATTACHMENT_HASH == crypto_hash_sha256_BYTES, "attachments are known by their SHA-256");

int attachment_examine(intake *it, const void *data, size_t length, wjz_arena *arena, attachment *ret_attachment,
                       wjz_err *err) {
    if (length == 0 || length > PHOTO_BYTES) return wjz_err_set(err, -EFBIG, "a photo has 1 byte to 10 MB");
    attachment made = {.data = data, .length = length};
    int r = photo_examine(it->loop, &it->photos, data, length, arena, &made.image, err);
    if (r < 0) return r;
    crypto_hash_sha256(made.hash, data, length);
    *ret_attachment = made;
    return 0;
}

int attachments_keep(intake *it, int32_t region, const attachment *list, size_t count, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(it->db, &tx, err);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = store_put_attachment(tx, region, list[i].hash, list[i].data, list[i].length, &list[i].image);
    return r == 0 ? wjz_tx_commit(&tx, err) : r;
}
