/* What the parts of matter share while one complaint is read: the pairs of characters counted so far, and the names. */
#ifndef SCORING_MATTER_PARTS_H
#define SCORING_MATTER_PARTS_H

#include "scoring/matter.h"

enum {
    DISTRICT_BYTES = 100, /* of the content in which districts count */
    GRAM_HASH_BITS = 25,
};

typedef struct counted {
    uint32_t hash; /* 25 bits */
    uint32_t pair; /* as wording.h knows it */
    uint16_t count;
    uint8_t marks;
} counted;

typedef struct reader {
    const repeat_rules *rules;
    const wording *wording;       /* of the rules */
    const uint64_t *frame_firsts; /* as well */
    counted *grams;               /* as they came, by number from 1 */
    uint16_t *table;              /* number of a gram, open, its slots in the order of the hashes; 0: free */
    uint64_t *taken;              /* a bit for each slot that is not free */
    const char *title;            /* normalised, or the head of the content */
    size_t title_length;
    uint32_t slots, used;
    uint32_t districts[MATTER_DISTRICTS];
    uint32_t names[MATTER_NAME_GRAMS];
    uint32_t units[MATTER_UNITS];
    uint16_t district_count, name_count, unit_count;
    bool has_address;
    uint32_t town;
    const char *address;
    size_t address_length;
} reader;

/* Where a text stands: what its pairs count, and how they are marked. */
typedef enum zone { ZONE_TITLE, ZONE_CONTENT, ZONE_ADDRESS, ZONE_NAME, ZONE_DISTRICT } zone;

/* A Chinese character, or a run of Latin letters and digits. */
typedef struct unit {
    uint32_t value; /* code point, or a hash with the high bit set; 0: nothing that can be paired */
    size_t length;  /* bytes, at least 1 */
    bool parts;     /* what follows is not next to what stood before */
    bool skipped;   /* what follows is next to what stood before: the dot inside of a name */
} unit;

/* --- matter_read.c --- */

/* Counts the pairs of the text; notes districts and numbered units that it names. The byte behind it can be read. */
void matter_read_zone(reader *in, const char *text, size_t length, zone where);
/* What the text, of at least one byte, begins with. */
unit matter_next_unit(reader *in, const char *text, size_t length, bool districts_count);
void matter_add_district(reader *in, const char *name, size_t length);

/* --- matter_names.c --- */

/* The name that the address field gives, first of all names. */
void matter_read_address(reader *in, const char *address, size_t length);
void matter_read_names(reader *in, const Wjz__Scoring__Finding *finding);
/* Whether it is the name of a village, an estate, a school or a company that stands where a matter is named. */
bool matter_is_told_by(const Wjz__Scoring__Anchor *anchor);

/* --- matter_choose.c --- */

/* Lists the grams by hash, with their weights and marks; returns how many they are, at most in->used. */
uint32_t matter_list_grams(const reader *in, uint32_t *grams);
/* From the order of hashes to that of what to keep and of what to make keys of: heaviest first, then by hash, which is
 * the same in every text. */
void matter_order_by_weight(const uint32_t *grams, uint32_t count, uint32_t *ret_ordered);
/* Keeps the first of the order and some more that are named, by hash. There is room for one more than is kept. */
uint16_t matter_choose_grams(const uint32_t *grams, const uint32_t *ordered, uint32_t count, uint32_t *ret_grams);

/* --- matter_keys.c --- */

/* The keys of a matter whose grams and names are there, sorted; at most MATTER_KEYS. heaviest: grams, the heaviest
 * first. copy: matter_copy_of, finding: may be NULL. */
uint16_t matter_choose_keys(const matter *m, const uint32_t *heaviest, uint32_t gram_count, uint64_t copy,
                            const Wjz__Scoring__Finding *finding, uint32_t *keys);

/* --- small ones for all of them --- */

static inline bool is_latin(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}

static inline uint32_t code_point(const char *text, size_t length, size_t *ret_size) {
    const unsigned char *b = (const unsigned char *)text;
    if ((b[0] & 0xF0) == 0xE0 && length >= 3) {
        *ret_size = 3;
        return (uint32_t)(b[0] & 0x0F) << 12 | (uint32_t)(b[1] & 0x3F) << 6 | (b[2] & 0x3F);
    }
    size_t size = b[0] < 0x80 ? 1 : b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : 4;
    if (size > length) size = length;
    uint32_t code = size == 1 ? b[0] : b[0] & (0x3F >> (size - 1));
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (b[i] & 0x3F);
    *ret_size = size;
    return code;
}

/* The length of the word if the text begins with it; else 0, mostly after a byte or two. */
static inline size_t begins(const char *text, size_t length, const char *word) {
    size_t size = 0;
    while (word[size] && size < length && text[size] == word[size])
        size++;
    return word[size] ? 0 : size;
}

static inline bool begins_any(const char *text, size_t length, const char *const *words, size_t *ret_size) {
    for (; *words; words++) {
        size_t size = begins(text, length, *words);
        if (size == 0) continue;
        *ret_size = size;
        return true;
    }
    return false;
}

static inline uint32_t gram_hash(uint32_t first, uint32_t second) {
    uint64_t mixed = ((uint64_t)first << 32 | second) * 0x9E3779B97F4A7C15U;
    mixed ^= mixed >> 29;
    mixed *= 0xBF58476D1CE4E5B9U;
    return (uint32_t)(mixed >> (64 - GRAM_HASH_BITS));
}

/* Puts a value into its place among `count` that are sorted. */
static inline void put_sorted(uint32_t *values, uint32_t count, uint32_t value) {
    uint32_t at = count;
    for (; at > 0 && values[at - 1] > value; at--)
        values[at] = values[at - 1];
    values[at] = value;
}

static inline void sort_few(uint32_t *values, uint16_t count) {
    for (uint16_t i = 1; i < count; i++)
        put_sorted(values, i, values[i]);
}

#endif
