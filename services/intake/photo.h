/* Photos from outside, examined in a helper process, so that one that is made to harm harms nothing. */
#ifndef INTAKE_PHOTO_H
#define INTAKE_PHOTO_H

#include "intake/image.h"
#include "wjz/arena.h"
#include "wjz/err.h"
#include "wjz/loop.h"

enum {
    PHOTO_BYTES = 10 * 1000 * 1000,
    PHOTOS_AT_ONCE = 2,
    PHOTO_PATIENCE_MS = 25000, /* more than the processor time that the helper has */
};

/* How many are being examined by this process: each is a process of its own with up to 700 MB. */
typedef struct photo_desk {
    int busy;
    uint64_t patience_ms; /* for one photo; 0: PHOTO_PATIENCE_MS */
} photo_desk;

/* The image's pointers lie in the arena. Waits. -EAGAIN: too many at once, or the machine is too busy, try again;
 * -EINVAL: it is no photo that can be used, and err says why in words for its sender; else why the helper could not be
 * run. */
WJZ_MUST_CHECK int photo_examine(wjz_loop *loop, photo_desk *desk, const void *data, size_t length, wjz_arena *arena,
                                 image *ret_image, wjz_err *err);

#endif
