/* See charset.h. */
#include "intake/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uchardet/uchardet.h>

#include "intake/spool.h"
#include "wjz/utf8.h"

struct charset_text {
    const char *encoding;
    const char *data;
    size_t length;
    spool *converted; /* NULL: data is the caller's */
};

enum {
    SAMPLE = 256 * 1024, /* what the detector looks at */
    BLOCK = 32 * 1024,
    BLOCKS_IN_A_BREATH = 32,
};

static bool starts_with(const char *data, size_t length, const char *mark, size_t mark_length) {
    return length >= mark_length && memcmp(data, mark, mark_length) == 0;
}

/* The verdict on text that is not well-formed UTF-8 throughout: broken at a few places, or another encoding. */
static const char *guess(const char *data, size_t length, size_t first_bad) {
    size_t from = first_bad > SAMPLE / 4 ? first_bad - SAMPLE / 4 : 0;
    size_t count = length - from < SAMPLE ? length - from : SAMPLE;
    uchardet_t detector = uchardet_new();
    if (detector == NULL) return "GB18030";
    const char *verdict = "GB18030";
    if (uchardet_handle_data(detector, data + from, count) == 0) {
        uchardet_data_end(detector);
        if (strcmp(uchardet_get_charset(detector), "UTF-8") == 0) verdict = "UTF-8";
    }
    uchardet_delete(detector);
    return verdict;
}

/* Share of bytes that no text has; a picture or an archive is not taken for GB18030. */
static bool is_binary(const char *data, size_t length) {
    size_t sample = length < SAMPLE ? length : SAMPLE;
    size_t control = 0;
    for (size_t i = 0; i < sample; i++) {
        unsigned char c = (unsigned char)data[i];
        control += c < 32 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1a;
    }
    return control * 100 > sample;
}

static const char *detect(const char *data, size_t length, size_t *ret_mark) {
    *ret_mark = 2;
    if (starts_with(data, length, "\xFF\xFE", 2)) return "UTF-16LE";
    if (starts_with(data, length, "\xFE\xFF", 2)) return "UTF-16BE";
    *ret_mark = 3;
    if (starts_with(data, length, "\xEF\xBB\xBF", 3)) return "UTF-8";
    *ret_mark = 0;
    if (starts_with(data, length, "\x84\x31\x95\x33", 4)) { /* the mark in GB18030 */
        *ret_mark = 4;
        return "GB18030";
    }
    size_t bad = wjz_utf8_check(data, length);
    return bad == length ? "UTF-8" : guess(data, length, bad);
}

static int convert(iconv_t converter, const char *data, size_t length, const table_breath *breath, spool *to,
                   wjz_err *err) {
    char block[BLOCK];
    char *in = (char *)(uintptr_t)data; /* iconv does not write to it */
    size_t left = length;
    size_t undecodable = 0;
    int blocks = 0;
    while (left > 0) {
        char *out = block;
        size_t room = sizeof block - 1;
        if (breath != NULL && ++blocks % BLOCKS_IN_A_BREATH == 0) breath->fn(breath->arg);
        size_t result = iconv(converter, &in, &left, &out, &room);
        if (result == (size_t)-1 && errno != E2BIG) { /* EILSEQ, or EINVAL at the end of the data */
            *out++ = '\xFF';
            in++;
            left--;
            if (++undecodable > 1000 && undecodable * 10 > (size_t)(in - data)) {
                return wjz_err_set(err, -EINVAL,
                                   "文件的编码既不是 UTF-8 也不是 GB18030，请另存为 CSV UTF-8 或 XLSX / "
                                   "the file is neither UTF-8 nor GB18030 text: save it as CSV UTF-8, or as XLSX");
            }
        }
        int r = spool_write(to, block, (size_t)(out - block), err);
        if (r < 0) return r;
    }
    return 0;
}

static int convert_all(charset_text *text, const char *data, size_t length, const table_breath *breath, wjz_err *err) {
    iconv_t converter = iconv_open("UTF-8", text->encoding);
    if (converter == (iconv_t)-1) {
        return wjz_err_set(
            err, -ENOTSUP,
            "此处不能读取编码 %s，请另存为 CSV UTF-8 或 XLSX / cannot read %s here: save it as CSV UTF-8, or as XLSX",
            text->encoding, text->encoding);
    }
    int r = spool_new(&text->converted, err);
    if (r == 0) r = convert(converter, data, length, breath, text->converted, err);
    (void)iconv_close(converter);
    if (r < 0) return r;
    const void *mapped = NULL;
    r = spool_map(text->converted, &mapped, err);
    if (r < 0) return r;
    text->data = mapped;
    text->length = spool_size(text->converted);
    return 0;
}

int charset_read(const void *data, size_t length, const table_breath *breath, charset_text **ret_text, wjz_err *err) {
    WJZ_CLEANUP(charset_text_destroy) charset_text *text = calloc(1, sizeof *text);
    if (text == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    size_t mark = 0;
    text->encoding = detect(data, length, &mark);
    text->data = (const char *)data + mark;
    text->length = length - mark;
    if (strncmp(text->encoding, "UTF-16", 6) != 0 && is_binary(text->data, text->length)) {
        return wjz_err_set(err, -EINVAL, "文件不是文本，请上传 CSV 或 XLSX / the file is no text: upload CSV or XLSX");
    }
    if (strcmp(text->encoding, "UTF-8") != 0) {
        int r = convert_all(text, text->data, text->length, breath, err);
        if (r < 0) return r;
    }
    *ret_text = WJZ_STEAL(text);
    return 0;
}

void charset_text_destroy(charset_text **text) {
    if (text == NULL || *text == NULL) return;
    spool_destroy(&(*text)->converted);
    free(*text);
    *text = NULL;
}

const char *charset_text_data(const charset_text *text) {
    return text->data;
}

size_t charset_text_length(const charset_text *text) {
    return text->length;
}

const char *charset_text_encoding(const charset_text *text) {
    return text->encoding;
}
