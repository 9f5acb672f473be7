/* UTF-8 checking, once at every door: PostgreSQL refuses a whole batch for one bad byte, and protobuf-c
 * does not look. Runs of ASCII go by eight bytes at a time. */
#include "wjz/utf8.h"

#include <stdint.h>
#include <string.h>

static const uint64_t ONES = UINT64_C(0x0101010101010101);
static const uint64_t HIGHS = UINT64_C(0x8080808080808080);

static bool tail(unsigned char byte) {
    return (byte & 0xC0) == 0x80;
}

/* Length of the well-formed character of two to four bytes at p (RFC 3629, section 4), 0 when it is none. */
static size_t multibyte(const unsigned char *p, size_t left) {
    unsigned char lead = p[0];
    if (lead >= 0xE0 && lead < 0xF0) { /* Chinese text is mostly this case */
        if (left < 3 || !tail(p[1]) || !tail(p[2])) return 0;
        if ((lead == 0xE0 && p[1] < 0xA0) || (lead == 0xED && p[1] > 0x9F)) return 0;
        return 3;
    }
    if (lead < 0xC2 || lead > 0xF4) return 0;
    if (lead < 0xE0) return left >= 2 && tail(p[1]) ? 2 : 0;
    if (left < 4 || !tail(p[1]) || !tail(p[2]) || !tail(p[3])) return 0;
    if ((lead == 0xF0 && p[1] < 0x90) || (lead == 0xF4 && p[1] > 0x8F)) return 0;
    return 4;
}

size_t wjz_utf8_check(const char *text, size_t length) {
    const unsigned char *p = (const unsigned char *)text;
    size_t at = 0;
    while (at < length) {
        if (p[at] >= 0x80) {
            size_t bytes = multibyte(p + at, length - at);
            if (!bytes) return at;
            at += bytes;
            continue;
        }
        uint64_t word;
        while (length - at >= sizeof word) {
            memcpy(&word, p + at, sizeof word);
            if ((word | (word - ONES)) & HIGHS) break; /* a byte above 127, or a NUL (its borrow) */
            at += sizeof word;
        }
        while (at < length && p[at] < 0x80) {
            if (p[at] == 0) return at;
            at++;
        }
    }
    return length;
}
