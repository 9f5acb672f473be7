/* Photos: what is accepted, what is shown of them, and that nothing of the original's metadata is. */
#include <gd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake/image.h"
#include "wjz/clock.h"

/* Left half red, right half blue. */
static gdImagePtr picture(int width, int height) {
    gdImagePtr made = gdImageCreateTrueColor(width, height);
    gdImageFilledRectangle(made, 0, 0, width / 2 - 1, height, gdTrueColor(255, 0, 0));
    gdImageFilledRectangle(made, width / 2, 0, width, height, gdTrueColor(0, 0, 255));
    return made;
}

typedef void *encoder(gdImagePtr, int *);
static void *as_jpeg(gdImagePtr made, int *length) {
    return gdImageJpegPtr(made, length, 90);
}
static void *as_webp(gdImagePtr made, int *length) {
    return gdImageWebpPtrEx(made, length, 90);
}

static uint8_t *encoded(int width, int height, encoder *with, size_t *ret_length) {
    int length = 0;
    gdImagePtr made = picture(width, height);
    void *data = with(made, &length);
    uint8_t *copy = malloc((size_t)length);
    memcpy(copy, data, (size_t)length);
    gdFree(data);
    gdImageDestroy(made);
    *ret_length = (size_t)length;
    return copy;
}

static void put16(uint8_t **at, unsigned value) {
    *(*at)++ = (uint8_t)(value >> 8);
    *(*at)++ = (uint8_t)value;
}

static void put32(uint8_t **at, uint32_t value) {
    put16(at, value >> 16);
    put16(at, value & 0xffff);
}

static void entry(uint8_t **at, unsigned tag, unsigned type, uint32_t count, uint32_t value) {
    put16(at, tag);
    put16(at, type);
    put32(at, count);
    put32(at, value);
}

static void angle(uint8_t **at, unsigned degrees, unsigned minutes, unsigned seconds) {
    const unsigned parts[] = {degrees, minutes, seconds};
    for (int i = 0; i < 3; i++) {
        put32(at, parts[i]);
        put32(at, 1);
    }
}

/* A JPEG with an orientation, a time and a position (30°36'36" N, 103°40'12" E), as cameras write them: big-endian TIFF, IFD 0 at 8,
 * Exif IFD at 50, GPS IFD at 68, values from 122 on. */
static uint8_t *with_exif(int orientation, size_t *ret_length) {
    enum { TIFF = 190 };
    size_t length = 0;
    uint8_t *jpeg = encoded(64, 32, as_jpeg, &length), tiff[TIFF] = {0}, *at = tiff;
    memcpy(at, "MM\0*", 4);
    at += 4;
    put32(&at, 8);
    put16(&at, 3);
    entry(&at, 0x0112, 3, 1, (uint32_t)orientation << 16);
    entry(&at, 0x8769, 4, 1, 50);
    entry(&at, 0x8825, 4, 1, 68);
    put32(&at, 0);
    put16(&at, 1);
    entry(&at, 0x9003, 2, 20, 122);
    put32(&at, 0);
    put16(&at, 4);
    entry(&at, 1, 2, 2, (uint32_t)'N' << 24);
    entry(&at, 2, 5, 3, 142);
    entry(&at, 3, 2, 2, (uint32_t)'E' << 24);
    entry(&at, 4, 5, 3, 166);
    put32(&at, 0);
    memcpy(tiff + 122, "2026:05:04 09:30:00", 20);
    at = tiff + 142;
    angle(&at, 30, 36, 36);
    angle(&at, 103, 40, 12);
    uint8_t *made = malloc(length + TIFF + 10), *to = made;
    memcpy(to, jpeg, 2);
    to += 2;
    put16(&to, 0xffe1);
    put16(&to, TIFF + 8);
    memcpy(to, "Exif\0\0", 6);
    memcpy(to + 6, tiff, TIFF);
    memcpy(to + 6 + TIFF, jpeg + 2, length - 2);
    free(jpeg);
    *ret_length = length + TIFF + 10;
    return made;
}

static bool is_red(gdImagePtr of, int x, int y) {
    int pixel = gdImageGetTrueColorPixel(of, x, y);
    return gdTrueColorGetRed(pixel) > 180 && gdTrueColorGetBlue(pixel) < 90;
}

static void each_type_is_known_by_content(void **state) {
    static const struct {
        encoder *with;
        image_type type;
    } CASES[] = {{as_jpeg, IMAGE_JPEG}, {gdImagePngPtr, IMAGE_PNG}, {as_webp, IMAGE_WEBP}};
    (void)state;
    for (size_t i = 0; i < WJZ_COUNT(CASES); i++) {
        size_t length = 0;
        uint8_t *data = encoded(60, 40, CASES[i].with, &length);
        image of;
        assert_int_equal(image_examine(data, length, &of), IMAGE_FINE);
        assert_int_equal(of.type, CASES[i].type);
        assert_int_equal(of.width, 60);
        assert_int_equal(of.height, 40);
        assert_int_equal(of.display.width, 60);
        assert_int_equal(image_type_of(of.display.data, (size_t)of.display.length), IMAGE_JPEG);
        image_free(&of);
        free(data);
    }
}

static void what_is_shown_is_small(void **state) {
    size_t length = 0;
    uint8_t *data = encoded(4000, 1000, gdImagePngPtr, &length);
    image of;
    (void)state;
    assert_int_equal(image_examine(data, length, &of), IMAGE_FINE);
    assert_int_equal(of.width, 4000);
    assert_int_equal(of.display.width, IMAGE_DISPLAY);
    assert_int_equal(of.display.height, IMAGE_DISPLAY / 4);
    assert_int_equal(of.thumbnail.width, IMAGE_THUMBNAIL);
    image_free(&of);
    free(data);
}

static void the_cameras_words_are_read_and_not_passed_on(void **state) {
    size_t length = 0;
    uint8_t *data = with_exif(1, &length);
    image of;
    (void)state;
    assert_int_equal(image_examine(data, length, &of), IMAGE_FINE);
    assert_true(of.has_position);
    assert_float_equal(of.latitude, 30.61, 1e-6);
    assert_float_equal(of.longitude, 103.67, 1e-6);
    assert_int_equal(of.taken_at_us, wjz_clock_from_day((wjz_day){2026, 5, 4}, 9 * 3600 + 30 * 60));
    assert_null(memmem(of.display.data, (size_t)of.display.length, "Exif", 4));
    assert_null(memmem(of.thumbnail.data, (size_t)of.thumbnail.length, "Exif", 4));
    image_free(&of);
    free(data);
}

/* Where the red half lies after turning; TIFF 6.0, tag 274. */
static void it_is_shown_upright(void **state) {
    static const struct {
        int orientation;
        bool turned, red_left, red_top;
    } CASES[] = {{1, false, true, false},  {2, false, false, false}, {3, false, false, false}, {4, false, true, false},
                 {5, true, false, true},   {6, true, false, true},   {7, true, false, false},  {8, true, false, false},
                 {99, false, true, false}};
    (void)state;
    for (size_t i = 0; i < WJZ_COUNT(CASES); i++) {
        size_t length = 0;
        uint8_t *data = with_exif(CASES[i].orientation, &length);
        image of;
        assert_int_equal(image_examine(data, length, &of), IMAGE_FINE);
        assert_int_equal(of.width, CASES[i].turned ? 32 : 64);
        gdImagePtr shown = gdImageCreateFromJpegPtr(of.display.length, of.display.data);
        assert_int_equal(gdImageSX(shown), of.width);
        if (CASES[i].turned)
            assert_int_equal(is_red(shown, 16, 8), CASES[i].red_top);
        else
            assert_int_equal(is_red(shown, 8, 16), CASES[i].red_left);
        gdImageDestroy(shown);
        image_free(&of);
        free(data);
    }
}

static void what_is_no_photo_is_refused(void **state) {
    image of;
    (void)state;
    assert_int_equal(image_examine((const uint8_t *)"<svg onload=alert(1)>", 21, &of), IMAGE_NO_IMAGE);
    assert_int_equal(image_examine((const uint8_t *)"GIF89a\1\0\1\0\0\0\0;", 14, &of), IMAGE_NO_IMAGE);
    assert_int_equal(image_examine((const uint8_t *)"", 0, &of), IMAGE_NO_IMAGE);
}

static void half_a_photo_is_refused(void **state) {
    size_t length = 0;
    uint8_t *data = encoded(200, 200, gdImagePngPtr, &length);
    image of;
    (void)state;
    assert_int_equal(image_examine(data, 40, &of), IMAGE_DAMAGED);
    free(data);
}

int main(void) {
    gdSetErrorMethod(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_is_known_by_content),
        cmocka_unit_test(what_is_shown_is_small),
        cmocka_unit_test(the_cameras_words_are_read_and_not_passed_on),
        cmocka_unit_test(it_is_shown_upright),
        cmocka_unit_test(what_is_no_photo_is_refused),
        cmocka_unit_test(half_a_photo_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
