/* Reading: the pairs of adjacent characters of a text are counted, once in whichever zones they stand. Request frames,
 * district codes and counted things part the text and are not kept. */
#include <endian.h>
#include <string.h>

#define XXH_INLINE_ALL /* districts and words are hashes of a few bytes: less work than a call */
#include <xxhash.h>

#include "scoring/extract.h"
#include "scoring/matter_parts.h"
#include "scoring/normalise.h"

enum { TITLE_SHARE = 3 };

/* --- units: a Chinese character, or a run of Latin letters and digits --- */

static bool is_name_dot(uint32_t code) {
    return code == '.' || code == 0xB7 || code == 0x2022 || code == 0x2027 || code == 0x30FB;
}

/* What is counted says nothing of the matter: 3月, 20层, 500元. */
static bool is_measure(const char *text, size_t length, size_t *ret_size) {
    static const char *const measures[] = {"年", "月", "日", "号楼", "点", "时", "分", "元", "万",
                                           "米", "楼", "层", "栋",   "天", "次", "个", "人", "户",
                                           "平", "岁", "块", "多",   "亿", "吨", "亩", NULL};
    return begins_any(text, length, measures, ret_size);
}

void matter_add_district(reader *in, const char *name, size_t length) {
    uint32_t hash = (uint32_t)XXH3_64bits(name, length);
    for (uint16_t i = 0; i < in->district_count; i++) {
        if (in->districts[i] == hash) return;
    }
    if (in->district_count < MATTER_DISTRICTS) in->districts[in->district_count++] = hash;
}

/* Anonymised districts look like a7县, a1区, b市; a city says little and is only passed over. */
static bool is_district_code(const char *text, size_t run, size_t length, size_t *ret_size, bool *ret_city) {
    static const char *const kinds[] = {"县", "区", NULL};
    static const char *const cities[] = {"市", "州", "省", NULL};
    if (run > 3 || text[0] > 'z' || text[0] < 'a') return false;
    for (size_t i = 1; i < run; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
    }
    size_t kind = 0;
    *ret_city = begins_any(text + run, length - run, cities, &kind);
    if (!*ret_city && !begins_any(text + run, length - run, kinds, &kind)) return false;
    *ret_size = run + kind;
    return true;
}

/* A villagers' group, a building or a house number is part of the place: 4组, 12栋. */
static void add_unit(reader *in, const char *number, size_t run, size_t length) {
    static const char *const kinds[] = {"组", "栋", "幢", "社", "号", NULL};
    size_t kind = 0;
    if (!begins_any(number + run, length - run, kinds, &kind)) return;
    uint32_t hash = (uint32_t)XXH3_64bits(number, run + kind);
    for (uint16_t i = 0; i < in->unit_count; i++) {
        if (in->units[i] == hash) return;
    }
    if (in->unit_count < MATTER_UNITS) in->units[in->unit_count++] = hash;
}

static inline bool begins_frame(const reader *in, uint32_t code) {
    return code > UINT16_MAX || (in->frame_firsts[code / 64] >> code % 64 & 1);
}

unit matter_next_unit(reader *in, const char *text, size_t length, bool districts_count) {
    size_t size = 0;
    if (!is_latin(text[0])) {
        uint32_t code = code_point(text, length, &size);
        size_t frame = begins_frame(in, code) ? repeat_rules_frame(in->rules, text, length) : 0;
        if (frame) return (unit){.length = frame, .parts = true};
        bool word = (code >= 0x3400 && code < 0xA000) || code >= 0x20000;
        if (is_name_dot(code)) return (unit){.length = size, .skipped = true};
        return (unit){.value = word ? code : 0, .length = size, .parts = !word};
    }
    size_t run = 1;
    while (run < length && is_latin(text[run]))
        run++;
    bool city = false;
    if (is_district_code(text, run, length, &size, &city)) {
        if (!city && districts_count) matter_add_district(in, text, size);
        return (unit){.length = size, .parts = true};
    }
    if (text[0] <= '9' && districts_count) add_unit(in, text, run, length);
    if (text[0] <= '9' && is_measure(text + run, length - run, &size))
        return (unit){.length = run + size, .parts = true};
    return (unit){.value = (uint32_t)XXH3_64bits(text, run) | 0x80000000U, .length = run};
}

/* --- counting --- */

/* The slot of a gram, or the free one where it belongs: number 0 takes any hash that is looked for. */
static uint32_t find(const reader *in, uint32_t hash) {
    uint32_t at = (uint32_t)((uint64_t)hash * in->slots >> GRAM_HASH_BITS);
    in->grams[0].hash = hash;
    while (in->grams[in->table[at]].hash != hash)
        at = (at + 1) & (in->slots - 1);
    return at;
}

/* Whether a gram was met before is chance, so nothing branches on it. Inlined for each zone apart. */
__attribute__((always_inline)) static inline void count_gram(reader *in, uint32_t first, uint32_t second, zone where) {
    uint32_t hash = gram_hash(first, second), pair = wording_pair(in->wording, first, second);
    uint32_t at = find(in, hash);
    uint32_t number = in->table[at], met = number != 0;
    if (where == ZONE_DISTRICT && !met) return;
    if (in->used * 2 >= in->slots && !met) return;
    in->used += !met;
    number |= in->used & (met - 1); /* the next one's unless it has one */
    in->table[at] = (uint16_t)number;
    in->taken[at / 64] |= UINT64_C(1) << at % 64;
    counted *gram = &in->grams[number];
    gram->hash = hash;
    gram->pair = met ? gram->pair : pair;
    uint32_t marks = met ? gram->marks : 0, count = met ? gram->count : 0;
    if (where == ZONE_TITLE) marks |= GRAM_TITLE;
    if (where == ZONE_NAME || where == ZONE_ADDRESS) marks |= GRAM_PLACE;
    uint32_t more = where == ZONE_TITLE ? TITLE_SHARE : where == ZONE_NAME || where == ZONE_DISTRICT ? 0 : 1;
    if (where == ZONE_DISTRICT) count = 0;
    gram->marks = (uint8_t)marks;
    gram->count = (uint16_t)(count + more <= UINT16_MAX ? count + more : count);
}

/* The Chinese character of a text that begins with one which begins no frame; 0 for anything else. Most do. The byte
 * behind a text can be read: it is a line's end or 0. */
static inline uint32_t bare_han(const reader *in, const char *text, size_t length) {
    uint32_t four;
    if (length < 3) return 0;
    memcpy(&four, text, sizeof four);
    uint32_t code = utf8_of_three(be32toh(four));
    return code - 0x3400 < 0x6C00 && !begins_frame(in, code) ? code : 0;
}

__attribute__((always_inline)) static inline void read_zone_as(reader *in, const char *text, size_t length,
                                                               zone where) {
    uint32_t previous = 0;
    for (size_t at = 0; at < length;) {
        uint32_t code = bare_han(in, text + at, length - at);
        if (code) {
            if (previous) count_gram(in, previous, code, where);
            previous = code;
            at += 3;
            continue;
        }
        bool districts_count = where == ZONE_TITLE || where == ZONE_ADDRESS || at < DISTRICT_BYTES;
        unit u = matter_next_unit(in, text + at, length - at, districts_count && where != ZONE_NAME);
        at += u.length;
        if (u.skipped) continue;
        if (previous && u.value && !u.parts) count_gram(in, previous, u.value, where);
        previous = u.parts ? 0 : u.value;
    }
}

void matter_read_zone(reader *in, const char *text, size_t length, zone where) {
    switch (where) {
    case ZONE_TITLE:
        return read_zone_as(in, text, length, ZONE_TITLE);
    case ZONE_CONTENT:
        return read_zone_as(in, text, length, ZONE_CONTENT);
    case ZONE_ADDRESS:
        return read_zone_as(in, text, length, ZONE_ADDRESS);
    case ZONE_NAME:
        return read_zone_as(in, text, length, ZONE_NAME);
    case ZONE_DISTRICT:
        return read_zone_as(in, text, length, ZONE_DISTRICT);
    }
}
