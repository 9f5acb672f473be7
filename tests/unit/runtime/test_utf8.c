/* UTF-8: the well-formed byte sequences of Unicode's table 3-7, and nothing else. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "wjz/clean.h"
#include "wjz/utf8.h"

#define ROW(text, bad)                                                                                                 \
    { text, sizeof(text) - 1, bad }
static const struct {
    const char *text;
    size_t length, bad; /* bad == length: well-formed */
} ROWS[] = {
    ROW("", 0),
    ROW("plain ascii text of more than eight bytes", 41),
    ROW("\xE6\xA3\x80\xE5\xAF\x9F", 6),
    ROW("a\xE6\xA3\x80z", 5),
    ROW("\xC2\x80\xDF\xBF", 4),
    ROW("\xE0\xA0\x80\xEF\xBF\xBF", 6),
    ROW("\xED\x9F\xBF\xEE\x80\x80", 6),
    ROW("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 8),
    ROW("ab\0cd", 2),
    ROW("12345678\0", 8),
    ROW("1234567\0", 7),
    ROW("\x80", 0),
    ROW("abc\xBF", 3),
    ROW("\xC0\x80", 0), /* overlong */
    ROW("\xC1\xBF", 0),
    ROW("\xE0\x9F\xBF", 0),
    ROW("\xF0\x8F\xBF\xBF", 0),
    ROW("\xED\xA0\x80", 0), /* surrogate */
    ROW("\xED\xBF\xBF", 0),
    ROW("\xF4\x90\x80\x80", 0), /* above U+10FFFF */
    ROW("\xF5\x80\x80\x80", 0),
    ROW("\xFF", 0),
    ROW("\xC2", 0), /* cut */
    ROW("ok\xE6\xA3", 2),
    ROW("ok\xF0\x90\x80", 2),
    ROW("\xE6\x41\x80", 0),
    ROW("\xE6\xA3\x41", 0),
    ROW("\xF0\x90\x41\x80", 0),
    ROW("\xC2\x41", 0),
};

static void says_where_it_is_bad(WJZ_UNUSED void **state) {
    for (size_t i = 0; i < WJZ_COUNT(ROWS); i++)
        assert_int_equal(wjz_utf8_check(ROWS[i].text, ROWS[i].length), ROWS[i].bad);
}

/* Every bad byte at every offset of a long text, so that no word-wise path misses it; text on the heap, so that a
 * sanitizer sees a read beyond it. */
static void misses_nothing_at_any_offset(WJZ_UNUSED void **state) {
    for (size_t length = 1; length < 40; length++) {
        char *text = malloc(length);
        for (size_t bad = 0; bad < length; bad++) {
            static const unsigned char bytes[] = {0x00, 0x80, 0xC0, 0xE6, 0xFF};
            for (size_t b = 0; b < sizeof(bytes); b++) {
                memset(text, 'a', length);
                text[bad] = (char)bytes[b];
                assert_int_equal(wjz_utf8_check(text, length), bad);
            }
        }
        memset(text, 0x01, length);
        assert_true(wjz_utf8_ok(text, length));
        free(text);
    }
}

/* Against a plain decoder: all sequences of up to three bytes, and four with all that matters, within longer texts. */
static bool plain(const unsigned char *p, size_t length) {
    for (size_t i = 0; i < length;) {
        unsigned c = p[i];
        size_t n = c < 0x80 ? 1 : c >= 0xC0 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF8 ? 4 : 0;
        if (n == 0 || i + n > length || c == 0) return false;
        unsigned value = n == 1 ? c : n == 2 ? c & 0x1F : n == 3 ? c & 0x0F : c & 0x07;
        for (size_t k = 1; k < n; k++) {
            if ((p[i + k] & 0xC0) != 0x80) return false;
            value = value << 6 | (p[i + k] & 0x3F);
        }
        static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (value < least[n] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return false;
        i += n;
    }
    return true;
}

static void agrees_with_a_plain_decoder(WJZ_UNUSED void **state) {
    for (uint32_t all = 0; all < 1u << 24; all++) {
        unsigned char bytes[3] = {(unsigned char)all, (unsigned char)(all >> 8), (unsigned char)(all >> 16)};
        if (wjz_utf8_ok((const char *)bytes, 3) != plain(bytes, 3)) fail_msg("disagree on %06x", all);
    }
}

/* Long enough to be looked at by many bytes at once, on both sides of where these end, and cut off there. */
static void agrees_within_a_long_text(WJZ_UNUSED void **state) {
    static const unsigned char ends[] = {0x41, 0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xE6, 0xFF};
    static const size_t places[] = {13, 29, 30, 31, 32};
    for (uint32_t all = 0; all < 1u << 16; all++) {
        unsigned char text[40];
        size_t place = places[all % WJZ_COUNT(places)];
        size_t fourths = all >> 8 < 0xE0 ? 1 : WJZ_COUNT(ends); /* behind shorter characters: ASCII */
        for (size_t k = 0; k < WJZ_COUNT(ends) * fourths; k++) {
            memset(text, 'a', sizeof text);
            memcpy(text + place,
                   (unsigned char[]){(unsigned char)(all >> 8), (unsigned char)all, ends[k % WJZ_COUNT(ends)],
                                     ends[k / WJZ_COUNT(ends)]},
                   4);
            if (wjz_utf8_ok((const char *)text, sizeof text) != plain(text, sizeof text))
                fail_msg("disagree on %04x %zu at %zu", all, k, place);
        }
        if (wjz_utf8_ok((const char *)text, place + 2) != plain(text, place + 2))
            fail_msg("disagree on a cut %04x", all);
    }
}

/* Chinese with a bad byte anywhere: on the heap, and told where. */
static void finds_the_place_in_chinese(WJZ_UNUSED void **state) {
    static const char WORD[] = "\xE6\xA3\x80\xE5\xAF\x9F";
    for (size_t length = 6; length < 140; length += 6) {
        char *text = malloc(length);
        for (size_t at = 0; at < length; at += 6)
            memcpy(text + at, WORD, 6);
        assert_int_equal(wjz_utf8_check(text, length), length);
        for (size_t bad = 0; bad < length; bad++) {
            char right = text[bad];
            text[bad] = 0;
            assert_int_equal(wjz_utf8_check(text, length), bad / 3 * 3);
            text[bad] = right;
        }
        assert_int_equal(wjz_utf8_check(text, length - 1), length - 3);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_where_it_is_bad),        cmocka_unit_test(misses_nothing_at_any_offset),
        cmocka_unit_test(agrees_with_a_plain_decoder), cmocka_unit_test(agrees_within_a_long_text),
        cmocka_unit_test(finds_the_place_in_chinese),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
