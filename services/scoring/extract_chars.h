/* What single characters mean to extraction, by one look into a table instead of a comparison with each. */
#ifndef SCORING_EXTRACT_CHARS_H
#define SCORING_EXTRACT_CHARS_H

#include <stdint.h>

enum {
    CHAR_STOPS = 1,        /* no name goes on across it */
    CHAR_NUMERAL = 2,      /* 零 to 亿, 半, 几, 数 */
    CHAR_ADDRESS = 4,      /* may end a house number, a building, a group */
    CHAR_TIME = 8,         /* 日, 点 */
    CHAR_ENDING_SHIFT = 4, /* the high half: which group of name endings it closes, 0 for none */
};

enum name_ending_group {
    ENDING_DISTRICT = 1,
    ENDING_GARDEN,
    ENDING_HOUSE,
    ENDING_ESTATE,
    ENDING_ROAD,
    ENDING_AREA,
    ENDING_COMPANY,
    ENDING_SCHOOL,
    ENDING_SITE,
    ENDING_WATER,
    ENDING_GROUPS,
};

/* By code point up to U+FFFF. */
extern const uint8_t char_classes[0x10000];

/* The code point at a character of three bytes, the byte itself below U+0080, U+FFFD for others. */
static inline uint32_t code_at(const char *text, uint32_t at) {
    const unsigned char *c = (const unsigned char *)text + at;
    if (c[0] < 0x80) return c[0];
    if ((c[0] & 0xF0) == 0xE0) return (uint32_t)(c[0] & 0x0F) << 12 | (uint32_t)(c[1] & 0x3F) << 6 | (c[2] & 0x3F);
    return 0xFFFD;
}

static inline uint8_t class_at(const char *text, uint32_t at) {
    return char_classes[code_at(text, at)];
}

#endif
