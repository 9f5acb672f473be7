/* See photo.h. What the helper answers is checked as if a stranger had: it may have been taken over by its input. */
#include "intake/photo.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "wjz/child.h"

enum { OUTPUT_LIMIT = 4 << 20 };

static int refuse(int status, wjz_err *err) {
    switch (status) {
    case IMAGE_UNREADY: return wjz_err_set(err, -EIO, "the examination of a photo could not begin");
    case IMAGE_NO_IMAGE: return wjz_err_set(err, -EINVAL, "not a JPEG, PNG, WebP or HEIC picture");
    case IMAGE_TOO_LARGE: return wjz_err_set(err, -EINVAL, "more than %d million pixels", IMAGE_PIXELS / 1000000);
    default:
        return wjz_err_set(err, -EINVAL, "cannot be decoded: damaged, or of more than %d million pixels",
                           IMAGE_PIXELS / 1000000);
    }
}

static bool is_shown(const image_shown *it, int side) {
    return it->length > 0 && it->length <= OUTPUT_LIMIT && it->width > 0 && it->width <= side && it->height > 0 &&
           it->height <= side;
}

static bool is_sound(const image *it) {
    return it->type > IMAGE_UNKNOWN && it->type <= IMAGE_HEIC && it->width > 0 && it->height > 0 &&
           (int64_t)it->width * it->height <= IMAGE_PIXELS && is_shown(&it->display, IMAGE_DISPLAY) &&
           is_shown(&it->thumbnail, IMAGE_THUMBNAIL) &&
           (!it->has_position || (fabs(it->latitude) <= 90 && fabs(it->longitude) <= 180));
}

/* Whether it is the JPEG that it must be, and not something that a browser would take for more. */
static bool starts_as_jpeg(const image_shown *it) {
    return it->length > 3 && memcmp(it->data, "\xff\xd8\xff", 3) == 0;
}

static int read_answer(uint8_t *output, size_t length, image *ret_image, wjz_err *err) {
    image_answer answer;
    if (length < sizeof answer) return wjz_err_set(err, -EIO, "the examination of a photo said nothing");
    memcpy(&answer, output, sizeof answer);
    image *told = &answer.told;
    if (memcmp(answer.magic, IMAGE_MAGIC, sizeof answer.magic) != 0 || !is_sound(told) ||
        length != sizeof answer + (size_t)told->display.length + (size_t)told->thumbnail.length)
        return wjz_err_set(err, -EIO, "the examination of a photo gave nonsense");
    told->display.data = output + sizeof answer;
    told->thumbnail.data = told->display.data + told->display.length;
    if (!starts_as_jpeg(&told->display) || !starts_as_jpeg(&told->thumbnail))
        return wjz_err_set(err, -EIO, "the examination of a photo made no picture");
    *ret_image = *told;
    return 0;
}

int photo_examine(wjz_loop *loop, photo_desk *desk, const void *data, size_t length, wjz_arena *arena, image *ret_image,
                  wjz_err *err) {
    static const char *const ARGUMENTS[] = {"examine-image", NULL};
    if (desk->busy >= PHOTOS_AT_ONCE) return wjz_err_set(err, -EAGAIN, "other photos are being examined");
    uint64_t patience_ms = desk->patience_ms ? desk->patience_ms : PHOTO_PATIENCE_MS;
    wjz_child_work work = {ARGUMENTS, data, length, OUTPUT_LIMIT, patience_ms};
    uint8_t *output = NULL;
    size_t told = 0;
    int status = 0;
    desk->busy++;
    int r = wjz_child_run(loop, &work, arena, &output, &told, &status, err);
    desk->busy--;
    /* What would run for ever has used up its processor time before: it is the machine that had none to give. */
    if (r == -ETIMEDOUT) return wjz_err_set(err, -EAGAIN, "the photo could not be examined in time");
    if (r < 0) return r;
    return status == IMAGE_FINE ? read_answer(output, told, ret_image, err) : refuse(status, err);
}
