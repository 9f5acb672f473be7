/* One form for every way of writing: NFKC, ASCII small, no white space but single blanks between Latin words. Keeps the
 * way back, so that evidence can be shown in the original. Pure. */
#ifndef SCORING_NORMALISE_H
#define SCORING_NORMALISE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "wjz/arena.h"
#include "wjz/clean.h"

typedef struct text_part {
    Wjz__Scoring__Field field;
    const char *text;
    size_t length;
} text_part;

/* Bytes that advance together in the normalised and the original text; or, when `one` is set, the outcome of original
 * characters that belong together and have no finer correspondence. */
typedef struct text_piece {
    uint32_t from;     /* in the normalised text */
    uint32_t original; /* in its part */
    uint16_t one;      /* length in the original, 0: byte for byte */
    uint16_t part;
} text_piece;

typedef struct normal_text {
    char *bytes; /* the parts, each followed by '\n', and a NUL */
    uint32_t length;
    uint32_t *part_from; /* of each part; count + 1 entries */
    const text_part *parts;
    size_t part_count;
    text_piece *pieces;
    uint32_t piece_count;
    /* The same as characters, so that nobody else has to take UTF-8 apart. */
    uint32_t *codes;   /* code points */
    uint32_t *char_at; /* first byte of each; one more for the end */
    uint32_t char_count;
    uint32_t *part_char; /* first character of each part; count + 1 entries */
} normal_text;

/* parts is borrowed for the text's life. Malformed UTF-8 and control characters count as white space. -ENOMEM,
 * -EMSGSIZE above 64 MB. */
WJZ_MUST_CHECK int normalise(const text_part *parts, size_t count, wjz_arena *arena, normal_text **ret_text);

/* Part index of a byte of the normalised text. */
size_t normal_part(const normal_text *text, uint32_t at);
/* Index of the character that a byte of the normalised text belongs to; char_count for its end. */
uint32_t normal_char(const normal_text *text, uint32_t at);
/* Where [from, to) was in the original; from < to, both in one part. */
void normal_span(const normal_text *text, uint32_t from, uint32_t to, Wjz__Scoring__Span *ret_span);

/* Whether a byte begins a character. */
static inline int utf8_begins(char byte) {
    return ((unsigned char)byte & 0xC0) != 0x80;
}

/* The character of three bytes that a number begins with, its high byte first; 0 when it begins with none. */
static inline uint32_t utf8_of_three(uint32_t four) {
    if ((four & 0xF0C0C000) != 0xE0808000) return 0;
    return (four >> 12 & 0xF000) | (four >> 10 & 0xFC0) | (four >> 8 & 0x3F);
}

#endif
