/* A photo from a stranger: what it is, and what of it may be shown. Decoders of images have a long history of being made to crash,
 * so this runs in a helper process (see photo.h), never in the service. */
#ifndef INTAKE_IMAGE_H
#define INTAKE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wjz/clean.h"

enum {
    IMAGE_PIXELS = 50 * 1000 * 1000, /* more are refused; the largest phones have 50 million */
    IMAGE_DISPLAY = 1600,            /* longest side of what is shown */
    IMAGE_THUMBNAIL = 240,
};

typedef enum image_type { IMAGE_UNKNOWN, IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP, IMAGE_HEIC } image_type;

typedef enum image_fault {
    IMAGE_FINE,
    IMAGE_UNREADY,    /* it was not looked at: wjz_child_confine ends the helper with this, too */
    IMAGE_NO_IMAGE,   /* none of the types */
    IMAGE_TOO_LARGE,  /* too many pixels */
    IMAGE_DAMAGED,    /* cannot be decoded */
    IMAGE_NO_MEMORY,
} image_fault;

typedef struct image_shown {
    uint8_t *data; /* JPEG, freed by image_free */
    int32_t length, width, height;
} image_shown;

typedef struct image {
    image_type type;
    int32_t width, height;       /* upright */
    int64_t taken_at_us;         /* as the camera says, taken as Asia/Shanghai; 0: it does not */
    bool has_position;
    double longitude, latitude;  /* degrees */
    image_shown display, thumbnail; /* encoded anew: upright, on white, nothing of the original's metadata */
} image;

/* By the first bytes alone, as RFC 9110 would have a server say; never by a name. */
image_type image_type_of(const uint8_t *data, size_t length);
/* "image/jpeg" …; NULL for IMAGE_UNKNOWN. */
const char *image_type_name(image_type type);

/* *ret_image is the caller's, to be freed; untouched unless IMAGE_FINE. */
WJZ_MUST_CHECK image_fault image_examine(const uint8_t *data, size_t length, image *ret_image);
void image_free(image *it);

/* The helper process: reads a photo from standard input, writes an image_answer, the display and the thumbnail to standard output.
 * Ends the process; its status is an image_fault. */
_Noreturn void image_command(void);

/* What the helper writes first; of the same program, so in the machine's own order. */
typedef struct image_answer {
    char magic[8]; /* IMAGE_MAGIC */
    image told;    /* its pointers mean nothing */
} image_answer;
#define IMAGE_MAGIC "wjzimg1"

#endif
