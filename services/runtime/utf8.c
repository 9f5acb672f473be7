/* UTF-8 checking, once at every door: PostgreSQL refuses a whole batch for one bad byte, and protobuf-c
 * does not look. Where the processor can, a text is first looked at by 32 bytes at once; what is wrong with it, and
 * where, is found byte by byte, with runs of ASCII by eight. */
#include "wjz/utf8.h"

#include <stdint.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { WIDE = 32 };

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

/* Whether byte by byte is not needed. */
static bool known_good(const char *text, size_t length);

size_t wjz_utf8_check(const char *text, size_t length) {
    if (length >= WIDE / 2 && known_good(text, length)) return length;
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

/* --- many bytes at once --- */

#ifdef __x86_64__
/* J. Keiser, D. Lemire: Validating UTF-8 In Less Than One Instruction Per Byte (2021). What can be wrong with two
 * neighbouring bytes shows in three half bytes: each names the faults it allows, and what all three name is one.
 * Whether a third and a fourth byte must continue tells the lead two and three bytes before; two continuations in a row
 * are right exactly there. */
enum {
    TOO_SHORT = 1 << 0,  /* a lead, then no continuation */
    TOO_LONG = 1 << 1,   /* ASCII, then a continuation */
    OVERLONG_3 = 1 << 2, /* E0 80 to E0 9F */
    TOO_LARGE = 1 << 3,  /* F4 90 and above */
    SURROGATE = 1 << 4,  /* ED A0 to ED BF */
    OVERLONG_2 = 1 << 5, /* C0, C1 */
    OVERLONG_4 = 1 << 6, /* F0 80 to F0 8F */
    TOO_LARGE_F5 = 1 << 6,
    TWO_TAILS = 1 << 7,
    ALWAYS = TOO_SHORT | TOO_LONG | TWO_TAILS, /* whatever the first byte's low half is */
    BEYOND = ALWAYS | TOO_LARGE | TOO_LARGE_F5,
    TAIL = TOO_LONG | OVERLONG_2 | TWO_TAILS,
};
#define ROW(...)                                                                                                       \
    { __VA_ARGS__, __VA_ARGS__ } /* each half of a register looks up for itself */
static const uint8_t FIRST_HIGH[WIDE] =
    ROW(TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TWO_TAILS, TWO_TAILS, TWO_TAILS,
        TWO_TAILS, TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
        TOO_SHORT | TOO_LARGE | TOO_LARGE_F5 | OVERLONG_4);
static const uint8_t FIRST_LOW[WIDE] =
    ROW(ALWAYS | OVERLONG_3 | OVERLONG_2 | OVERLONG_4, ALWAYS | OVERLONG_2, ALWAYS, ALWAYS, ALWAYS | TOO_LARGE, BEYOND,
        BEYOND, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND, BEYOND | SURROGATE, BEYOND, BEYOND);
static const uint8_t SECOND_HIGH[WIDE] =
    ROW(TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
        TAIL | OVERLONG_3 | TOO_LARGE_F5 | OVERLONG_4, TAIL | OVERLONG_3 | TOO_LARGE, TAIL | SURROGATE | TOO_LARGE,
        TAIL | SURROGATE | TOO_LARGE, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT);
#undef ROW

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i load(const void *from) {
    return _mm256_loadu_si256(from);
}

/* The bytes that stand so many places before those of now. */
#define BEFORE(now, last, places) _mm256_alignr_epi8(now, _mm256_permute2x128_si256(last, now, 0x21), 16 - (places))

AVX2 static inline __m256i faults_of(__m256i now, __m256i last) {
    const __m256i half = _mm256_set1_epi8(0x0F);
    __m256i first = BEFORE(now, last, 1);
    __m256i first_high = _mm256_shuffle_epi8(load(FIRST_HIGH), _mm256_and_si256(_mm256_srli_epi16(first, 4), half));
    __m256i first_low = _mm256_shuffle_epi8(load(FIRST_LOW), _mm256_and_si256(first, half));
    __m256i second_high = _mm256_shuffle_epi8(load(SECOND_HIGH), _mm256_and_si256(_mm256_srli_epi16(now, 4), half));
    __m256i pair = _mm256_and_si256(_mm256_and_si256(first_high, first_low), second_high);
    __m256i third = _mm256_subs_epu8(BEFORE(now, last, 2), _mm256_set1_epi8((char)(0xE0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(BEFORE(now, last, 3), _mm256_set1_epi8((char)(0xF0 - 0x80)));
    __m256i tails = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)TWO_TAILS));
    __m256i nul = _mm256_cmpeq_epi8(now, _mm256_setzero_si256());
    return _mm256_or_si256(_mm256_xor_si256(tails, pair), nul);
}

/* The end is filled up with blanks, before which a character that is cut off shows; there is always such an end. */
AVX2 static bool wide_good(const char *text, size_t length) {
    __m256i last = _mm256_setzero_si256(), faults = last;
    for (; length >= WIDE; text += WIDE, length -= WIDE) {
        __m256i now = load(text);
        faults = _mm256_or_si256(faults, faults_of(now, last));
        last = now;
    }
    char end[WIDE];
    memset(end, ' ', sizeof end);
    memcpy(end, text, length);
    faults = _mm256_or_si256(faults, faults_of(load(end), last));
    return _mm256_testz_si256(faults, faults) != 0;
}

static bool known_good(const char *text, size_t length) {
    return __builtin_cpu_supports("avx2") && wide_good(text, length);
}
#else
static bool known_good(const char *text, size_t length) {
    (void)text;
    (void)length;
    return false;
}
#endif
