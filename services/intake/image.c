/* See image.h. libgd decodes and encodes, libmagic names the content, libexif reads what the camera wrote. */
#include "intake/image.h"

#include <gd.h>
#include <libexif/exif-data.h>
#include <magic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wjz/child.h"
#include "wjz/clock.h"

enum {
    INPUT_LIMIT = 16 << 20,
    MEMORY = 700 << 20, /* of the process: 50 million pixels of 4 bytes, turned once */
    PROCESSOR_S = 20,
    DISPLAY_QUALITY = 82,
    THUMBNAIL_QUALITY = 78,
};

/* --- what it is --- */

static const struct {
    image_type type;
    const char *mime;
} TYPES[] = {{IMAGE_JPEG, "image/jpeg"},
             {IMAGE_PNG, "image/png"},
             {IMAGE_WEBP, "image/webp"},
             {IMAGE_HEIC, "image/heic"},
             {IMAGE_HEIC, "image/heif"}};

/* Opened before the process confines itself: libmagic reads its database from a file. */
static magic_t book;

static bool open_book(void) {
    if (book == NULL) {
        book = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR);
        if (book != NULL && magic_load(book, NULL) < 0) {
            magic_close(book);
            book = NULL;
        }
    }
    return book != NULL;
}

image_type image_type_of(const uint8_t *data, size_t length) {
    const char *mime = open_book() ? magic_buffer(book, data, length) : NULL;
    for (size_t i = 0; mime != NULL && i < WJZ_COUNT(TYPES); i++) {
        if (strcmp(TYPES[i].mime, mime) == 0) return TYPES[i].type;
    }
    return IMAGE_UNKNOWN;
}

const char *image_type_name(image_type type) {
    for (size_t i = 0; i < WJZ_COUNT(TYPES); i++) {
        if (TYPES[i].type == type) return TYPES[i].mime;
    }
    return NULL;
}

/* --- what the camera wrote --- */

static double rational(const ExifEntry *entry, ExifByteOrder order, unsigned index) {
    ExifRational value = exif_get_rational(entry->data + index * 8, order);
    return value.denominator == 0 ? NAN : (double)value.numerator / value.denominator;
}

/* Degrees, minutes, seconds. NAN when there is nothing usable. */
static double read_angle(ExifContent *gps, ExifByteOrder order, int tag, int side_tag, char negative) {
    const ExifEntry *angle = exif_content_get_entry(gps, (ExifTag)tag);
    const ExifEntry *side = exif_content_get_entry(gps, (ExifTag)side_tag);
    if (angle == NULL || side == NULL || angle->format != EXIF_FORMAT_RATIONAL || angle->components != 3 ||
        angle->size < 24 || side->size < 1)
        return NAN;
    double degrees = rational(angle, order, 0) + rational(angle, order, 1) / 60 + rational(angle, order, 2) / 3600;
    return side->data[0] == (unsigned char)negative ? -degrees : degrees;
}

static void read_position(ExifData *exif, ExifByteOrder order, image *to) {
    enum { LATITUDE_REF = 1, LATITUDE, LONGITUDE_REF, LONGITUDE };
    ExifContent *gps = exif->ifd[EXIF_IFD_GPS];
    double latitude = read_angle(gps, order, LATITUDE, LATITUDE_REF, 'S');
    double longitude = read_angle(gps, order, LONGITUDE, LONGITUDE_REF, 'W');
    if (!(fabs(latitude) <= 90) || !(fabs(longitude) <= 180)) return; /* NAN too */
    if (latitude == 0 && longitude == 0) return;                      /* what cameras without a fix write */
    to->has_position = true;
    to->latitude = latitude;
    to->longitude = longitude;
}

static void read_time(ExifData *exif, image *to) {
    const ExifEntry *entry = exif_content_get_entry(exif->ifd[EXIF_IFD_EXIF], EXIF_TAG_DATE_TIME_ORIGINAL);
    char text[20] = "";
    wjz_day day;
    int hour, minute, second;
    if (entry == NULL || entry->size < 19) return;
    memcpy(text, entry->data, 19);
    if (sscanf(text, "%4d:%2d:%2d %2d:%2d:%2d", &day.year, &day.month, &day.day, &hour, &minute, &second) != 6) return;
    if (day.year < 1990 || day.year > 2199 || day.month < 1 || day.month > 12 || day.day < 1 || day.day > 31) return;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return;
    to->taken_at_us = wjz_clock_from_day(day, hour * 3600 + minute * 60 + second);
}

/* Fills to; returns the orientation, 1 to 8 (TIFF 6.0), 1 where nothing is said. */
static int read_exif(const uint8_t *data, size_t length, image *to) {
    ExifData *exif = exif_data_new_from_data(data, (unsigned)length);
    if (exif == NULL) return 1;
    ExifByteOrder order = exif_data_get_byte_order(exif);
    const ExifEntry *turned = exif_content_get_entry(exif->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    int orientation = 1;
    if (turned != NULL && turned->format == EXIF_FORMAT_SHORT && turned->size >= 2)
        orientation = exif_get_short(turned->data, order);
    read_position(exif, order, to);
    read_time(exif, to);
    exif_data_unref(exif);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/* --- decoding and encoding --- */

static void free_picture(gdImagePtr *picture) {
    if (*picture != NULL) gdImageDestroy(*picture);
    *picture = NULL;
}

static gdImagePtr decode(image_type type, const uint8_t *data, size_t length) {
    void *bytes = (void *)(uintptr_t)data; /* libgd has no const; it only reads */
    switch (type) {
    case IMAGE_JPEG: return gdImageCreateFromJpegPtr((int)length, bytes);
    case IMAGE_PNG: return gdImageCreateFromPngPtr((int)length, bytes);
    case IMAGE_WEBP: return gdImageCreateFromWebpPtr((int)length, bytes);
    case IMAGE_HEIC: return gdImageCreateFromHeifPtr((int)length, bytes);
    case IMAGE_UNKNOWN: break;
    }
    return NULL;
}

/* At most side pixels long, on white. NULL when out of memory. */
static gdImagePtr shrink(gdImagePtr from, int side) {
    int width = gdImageSX(from), height = gdImageSY(from), longest = width > height ? width : height;
    if (longest > side) {
        width = (int)((int64_t)width * side / longest);
        height = (int)((int64_t)height * side / longest);
    }
    if (width < 1) width = 1;
    if (height < 1) height = 1;
    gdImagePtr made = gdImageCreateTrueColor(width, height);
    if (made == NULL) return NULL;
    gdImageFilledRectangle(made, 0, 0, width, height, gdTrueColor(255, 255, 255));
    gdImageCopyResampled(made, from, 0, 0, 0, 0, width, height, gdImageSX(from), gdImageSY(from));
    return made;
}

/* As the orientation says: first mirrored, then turned counter-clockwise. */
static int turn_upright(gdImagePtr *picture, int orientation) {
    static const struct {
        bool mirrored;
        int angle;
    } TURNS[9] = {[2] = {true, 0},   [3] = {false, 180}, [4] = {true, 180}, [5] = {true, 90},
                  [6] = {false, 270}, [7] = {true, 270},  [8] = {false, 90}};
    if (TURNS[orientation].mirrored) gdImageFlipHorizontal(*picture);
    if (TURNS[orientation].angle == 0) return 0;
    gdImagePtr turned = gdImageRotateInterpolated(*picture, (float)TURNS[orientation].angle, 0);
    if (turned == NULL) return -1;
    free_picture(picture);
    *picture = turned;
    return 0;
}

static int encode(gdImagePtr picture, int quality, image_shown *ret) {
    int length = 0;
    void *made = gdImageJpegPtr(picture, &length, quality);
    uint8_t *copy = made != NULL ? malloc((size_t)length) : NULL;
    if (copy != NULL) {
        memcpy(copy, made, (size_t)length);
        *ret = (image_shown){copy, length, gdImageSX(picture), gdImageSY(picture)};
    }
    gdFree(made);
    return copy != NULL ? 0 : -1;
}

/* Small first, so that only little is turned. */
static int make_shown(gdImagePtr picture, int orientation, image *to) {
    WJZ_CLEANUP(free_picture) gdImagePtr display = shrink(picture, IMAGE_DISPLAY);
    if (display == NULL || turn_upright(&display, orientation) < 0) return -1;
    WJZ_CLEANUP(free_picture) gdImagePtr thumbnail = shrink(display, IMAGE_THUMBNAIL);
    if (thumbnail == NULL || encode(display, DISPLAY_QUALITY, &to->display) < 0) return -1;
    return encode(thumbnail, THUMBNAIL_QUALITY, &to->thumbnail);
}

image_fault image_examine(const uint8_t *data, size_t length, image *ret_image) {
    image made = {.type = image_type_of(data, length)};
    if (made.type == IMAGE_UNKNOWN || length > INPUT_LIMIT) return IMAGE_NO_IMAGE;
    WJZ_CLEANUP(free_picture) gdImagePtr picture = decode(made.type, data, length);
    if (picture == NULL) return IMAGE_DAMAGED;
    if ((int64_t)gdImageSX(picture) * gdImageSY(picture) > IMAGE_PIXELS) return IMAGE_TOO_LARGE;
    /* libheif turns by itself. */
    int orientation = read_exif(data, length, &made);
    if (made.type == IMAGE_HEIC) orientation = 1;
    made.width = orientation > 4 ? gdImageSY(picture) : gdImageSX(picture);
    made.height = orientation > 4 ? gdImageSX(picture) : gdImageSY(picture);
    if (make_shown(picture, orientation, &made) < 0) {
        image_free(&made);
        return IMAGE_NO_MEMORY;
    }
    *ret_image = made;
    return IMAGE_FINE;
}

void image_free(image *it) {
    free(it->display.data);
    free(it->thumbnail.data);
    *it = (image){0};
}

/* --- the helper process --- */

/* malloced; NULL when there is more than the limit, or no memory. */
static uint8_t *read_input(size_t *ret_length) {
    uint8_t *data = malloc(INPUT_LIMIT + 1);
    size_t length = 0;
    for (ssize_t got = 1; data != NULL && got > 0 && length <= INPUT_LIMIT; length += (size_t)(got > 0 ? got : 0))
        got = read(STDIN_FILENO, data + length, INPUT_LIMIT + 1 - length);
    if (length > INPUT_LIMIT) {
        free(data);
        return NULL;
    }
    *ret_length = length;
    return data;
}

static bool write_all(const void *data, size_t length) {
    const char *at = data;
    for (size_t done = 0; done < length;) {
        ssize_t put = write(STDOUT_FILENO, at + done, length - done);
        if (put <= 0) return false;
        done += (size_t)put;
    }
    return true;
}

static int examine_input(void) {
    size_t length = 0;
    uint8_t *data = read_input(&length);
    if (data == NULL) return IMAGE_NO_MEMORY;
    image_answer answer = {.magic = IMAGE_MAGIC};
    image_fault fault = image_examine(data, length, &answer.told);
    free(data);
    if (fault != IMAGE_FINE) return (int)fault;
    bool told = write_all(&answer, sizeof answer) && write_all(answer.told.display.data, (size_t)answer.told.display.length) &&
                write_all(answer.told.thumbnail.data, (size_t)answer.told.thumbnail.length);
    image_free(&answer.told);
    return told ? IMAGE_FINE : IMAGE_NO_MEMORY;
}

void image_command(void) {
    if (!open_book()) _exit(IMAGE_UNREADY);
    wjz_child_confine(MEMORY, PROCESSOR_S);
    gdSetErrorMethod(NULL);
    _exit(examine_input()); /* nothing that runs at an exit could open a file any more */
}
