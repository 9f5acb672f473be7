/* Which pairs of characters to keep: each is weighed by how rare it is in complaints and how often this one says it,
 * the title three times. Request frames, district codes and counted things part the text and are not kept. */
#include "scoring/matter.h"

#include <endian.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define XXH_INLINE_ALL /* keys are hashes of 16 bytes: less work than a call */
#include <xxhash.h>

#include "scoring/extract.h"
#include "scoring/normalise.h"

enum {
    TITLE_SHARE = 3,
    CONTENT_BYTES = 12000, /* of the content that are read; repeats are told apart by what stands first */
    HEAD_BYTES = 120,      /* of the content that stand for a missing title */
    COPY_CHARACTERS = 20,  /* a shorter text is no evidence that two are copies */
    NAME_BYTES = 90,
    KEY_GRAMS = 8,
    KEY_GRAMS_ADDRESSED = 3, /* of one whose place is a key: they serve to meet those that have no address */
    KEY_TROUBLES = 3,        /* common pairs that are keys together with the place */
    KEY_NAMES = 3,
    DISTRICT_BYTES = 100, /* of the content in which districts count */
    GRAM_HASH_BITS = 25,
    FEW_SLOTS = 2048,     /* enough for most complaints */
    MOST_SLOTS = 1 << 16, /* a gram's number has 16 bits */
};

/* A name has at least one pair of characters that fewer than one complaint in fifty uses. */
static const double name_rarity = 4;

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

typedef enum zone { ZONE_TITLE, ZONE_CONTENT, ZONE_ADDRESS, ZONE_NAME, ZONE_DISTRICT } zone;

/* --- units: a Chinese character, or a run of Latin letters and digits --- */

typedef struct unit {
    uint32_t value; /* code point, or a hash with the high bit set; 0: nothing that can be paired */
    size_t length;  /* bytes, at least 1 */
    bool parts;     /* what follows is not next to what stood before */
    bool skipped;   /* what follows is next to what stood before: the dot inside of a name */
} unit;

static bool is_name_dot(uint32_t code) {
    return code == '.' || code == 0xB7 || code == 0x2022 || code == 0x2027 || code == 0x30FB;
}

static bool is_latin(char byte) {
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

static bool begins_any(const char *text, size_t length, const char *const *words, size_t *ret_size) {
    for (; *words; words++) {
        size_t size = begins(text, length, *words);
        if (size == 0) continue;
        *ret_size = size;
        return true;
    }
    return false;
}

/* What is counted says nothing of the matter: 3月, 20层, 500元. */
static bool is_measure(const char *text, size_t length, size_t *ret_size) {
    static const char *const measures[] = {"年", "月", "日", "号楼", "点", "时", "分", "元", "万",
                                           "米", "楼", "层", "栋",   "天", "次", "个", "人", "户",
                                           "平", "岁", "块", "多",   "亿", "吨", "亩", NULL};
    return begins_any(text, length, measures, ret_size);
}

static void add_district(reader *in, const char *name, size_t length) {
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

static unit next_unit(reader *in, const char *text, size_t length, bool districts_count) {
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
        if (!city && districts_count) add_district(in, text, size);
        return (unit){.length = size, .parts = true};
    }
    if (text[0] <= '9' && districts_count) add_unit(in, text, run, length);
    if (text[0] <= '9' && is_measure(text + run, length - run, &size))
        return (unit){.length = run + size, .parts = true};
    return (unit){.value = (uint32_t)XXH3_64bits(text, run) | 0x80000000U, .length = run};
}

/* --- counting --- */

static uint32_t gram_hash(uint32_t first, uint32_t second) {
    uint64_t mixed = ((uint64_t)first << 32 | second) * 0x9E3779B97F4A7C15U;
    mixed ^= mixed >> 29;
    mixed *= 0xBF58476D1CE4E5B9U;
    return (uint32_t)(mixed >> (64 - GRAM_HASH_BITS));
}

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
        unit u = next_unit(in, text + at, length - at, districts_count && where != ZONE_NAME);
        at += u.length;
        if (u.skipped) continue;
        if (previous && u.value && !u.parts) count_gram(in, previous, u.value, where);
        previous = u.parts ? 0 : u.value;
    }
}

static void read_zone(reader *in, const char *text, size_t length, zone where) {
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

/* --- names the analysis found --- */

/* Only a name that stands where a matter is named tells it apart; further down others are named as well. */
static bool stands_in_front(const Wjz__Scoring__Anchor *anchor) {
    if (!anchor->span) return false;
    Wjz__Scoring__Field field = anchor->span->field;
    return field == WJZ__SCORING__FIELD__FIELD_TITLE || field == WJZ__SCORING__FIELD__FIELD_ADDRESS ||
           (field == WJZ__SCORING__FIELD__FIELD_CONTENT && anchor->span->from < DISTRICT_BYTES);
}

static bool ends_any(const char *text, size_t length, const char *const *words) {
    for (; *words; words++) {
        size_t size = strlen(*words);
        if (length > size && memcmp(text + length - size, *words, size) == 0) return true;
    }
    return false;
}

#define ALSO(text) text,

static bool tells_places_apart(const Wjz__Scoring__Anchor *anchor) {
    static const char *const firms[] = {"公司", "集团", "厂", "矿业", SHORT_FIRMS(ALSO) NULL};
    size_t length = strlen(anchor->name);
    bool kind = anchor->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_VILLAGE ||
                anchor->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_ESTATE ||
                anchor->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_SCHOOL ||
                (anchor->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_COMPANY && ends_any(anchor->name, length, firms));
    return kind && length <= NAME_BYTES && stands_in_front(anchor);
}

/* The rarest pair of a name: 大道 and 小区 are no names, however they are marked. */
static double rarest(const wording *words, const char *name, size_t length) {
    double most = 0;
    uint32_t previous = 0;
    for (size_t at = 0, size = 0; at < length; at += size) {
        uint32_t code = code_point(name + at, length - at, &size);
        double rarity = previous ? wording_find(words, wording_pair(words, previous, code))->rarity : 0;
        if (rarity > most) most = rarity;
        previous = code;
    }
    return most;
}

/* The name without what may be said or left out. */
static size_t core_length(const char *name, size_t length) {
    static const char *const optional[] = {"小区", "社区", NULL};
    size_t suffix = strlen(optional[0]);
    return length >= 2 * suffix && ends_any(name, length, optional) ? length - suffix : length;
}

static void add_name(reader *in, const char *name, size_t length) {
    uint32_t grams[MATTER_NAME_GRAMS], previous = 0;
    uint16_t count = 0;
    for (size_t at = 0; at < length && count < MATTER_NAME_GRAMS;) {
        unit u = next_unit(in, name + at, length - at, false);
        at += u.length;
        if (u.skipped) continue;
        if (previous && u.value && !u.parts) grams[count++] = gram_hash(previous, u.value) << 1;
        previous = u.parts ? 0 : u.value;
    }
    if (!count || in->name_count + count > MATTER_NAME_GRAMS) return;
    grams[count - 1] |= 1;
    memcpy(in->names + in->name_count, grams, count * sizeof *grams);
    in->name_count = (uint16_t)(in->name_count + count);
    read_zone(in, name, length, ZONE_NAME);
}

/* Where an address goes on behind its districts; 0 when it has none, or nothing behind them. */
static size_t behind_districts(const char *address, size_t length) {
    static const char *const wide[] = {"省", "市", "县", NULL};
    static const char *const towns[] = {"街道", "镇", "乡", NULL};
    size_t from = 0;
    for (size_t at = 0, size = 0; at < length && at < DISTRICT_BYTES; at += size) {
        bool town = at > from && begins_any(address + at, length - at, towns, &size);
        if (town || (at > from && begins_any(address + at, length - at, wide, &size))) {
            if (at + size < length && utf8_begins(address[at + size]) && address[at + size] != '\n') from = at + size;
            if (town) break;
        } else {
            code_point(address + at, length - at, &size);
        }
    }
    return from;
}

/* An address names its place behind the districts and before the house number. */
static void add_address(reader *in, const char *address, size_t length) {
    size_t from = behind_districts(address, length), to = from;
    while (to < length && address[to] != '\n' && !is_latin(address[to]))
        to++;
    add_name(in, address + from, core_length(address + from, to - from));
    in->has_address = in->name_count > 0;
}

static void read_names(reader *in, const Wjz__Scoring__Finding *finding) {
    in->town = finding->place ? finding->place->town : 0;
    for (size_t i = 0; i < finding->n_anchors; i++) {
        const Wjz__Scoring__Anchor *anchor = finding->anchors[i];
        size_t length = core_length(anchor->name, strlen(anchor->name));
        if (anchor->kind == WJZ__SCORING__ANCHOR_KIND__ANCHOR_TOWN && stands_in_front(anchor)) {
            add_district(in, anchor->name, length);
            read_zone(in, anchor->name, length, ZONE_DISTRICT);
        } else if (tells_places_apart(anchor) && rarest(in->wording, anchor->name, length) >= name_rarity) {
            add_name(in, anchor->name, length);
        }
    }
}

/* --- choosing --- */

/* Puts a value into its place among `count` that are sorted. */
static inline void put_sorted(uint32_t *values, uint32_t count, uint32_t value) {
    uint32_t at = count;
    for (; at > 0 && values[at - 1] > value; at--)
        values[at] = values[at - 1];
    values[at] = value;
}

static void sort_few(uint32_t *values, uint16_t count) {
    for (uint16_t i = 1; i < count; i++)
        put_sorted(values, i, values[i]);
}

static uint32_t weighed(const reader *in, const counted *gram) {
    const pair_sort *sort = wording_find(in->wording, gram->pair);
    return gram->hash << GRAM_HASH_SHIFT | gram->marks | (sort->rare ? GRAM_RARE : 0) |
           wording_weight(sort, gram->count);
}

/* Lists the grams by hash; returns how many they are. The slots have that order but for a few that were taken before.
 */
static uint32_t list_grams(const reader *in, uint32_t *grams) {
    uint32_t count = 0;
    for (uint32_t word = 0; word < in->slots / 64; word++)
        for (uint64_t left = in->taken[word]; left; left &= left - 1) {
            const counted *gram = &in->grams[in->table[word * 64 + (uint32_t)__builtin_ctzll(left)]];
            if (gram->count) put_sorted(grams, count++, weighed(in, gram));
        }
    return count;
}

/* From the order of hashes to that of what to keep and of what to make keys of: heaviest first, then by hash, which is
 * the same in every text. */
static void order_by_weight(const uint32_t *grams, uint32_t count, uint32_t *ret_ordered) {
    uint32_t at[GRAM_WEIGHT + 1] = {0}, before = 0;
    for (uint32_t i = 0; i < count; i++)
        at[grams[i] & GRAM_WEIGHT]++;
    for (int weight = GRAM_WEIGHT; weight >= 0; weight--) {
        uint32_t same = at[weight];
        at[weight] = before;
        before += same;
    }
    for (uint32_t i = 0; i < count; i++)
        ret_ordered[at[grams[i] & GRAM_WEIGHT]++] = grams[i];
}

/* A gram's place in that order, as a number. */
static uint32_t rank_of(uint32_t gram) {
    return (GRAM_WEIGHT - (gram & GRAM_WEIGHT)) << 28 | gram >> 4;
}

/* Keeps the first of the order and some more that are named, by hash. There is room for one more than is kept. */
static uint16_t choose_grams(const uint32_t *grams, const uint32_t *ordered, uint32_t count, uint32_t *ret_grams) {
    uint32_t named = 0, to = count ? rank_of(ordered[(count < MATTER_GRAMS ? count : MATTER_GRAMS) - 1]) : 0;
    uint32_t named_to = to;
    for (uint32_t i = MATTER_GRAMS; i < count && named < MATTER_NAMED_GRAMS; i++) {
        if (!(ordered[i] & (GRAM_TITLE | GRAM_PLACE))) continue;
        named_to = rank_of(ordered[i]);
        named++;
    }
    uint16_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool is_named = grams[i] & (GRAM_TITLE | GRAM_PLACE);
        ret_grams[kept] = grams[i];
        kept += rank_of(grams[i]) <= (is_named ? named_to : to);
    }
    return kept;
}

static uint32_t key_of(uint64_t kind, uint64_t value) {
    const uint64_t both[2] = {kind, value};
    return (uint32_t)XXH3_64bits(both, sizeof both);
}

uint64_t matter_self(const char *feed, const char *external_id) {
    uint64_t hash = XXH3_64bits_withSeed(external_id, strlen(external_id), XXH3_64bits(feed, strlen(feed)));
    return hash ? hash : 1;
}

static uint16_t add_any_key(uint32_t *keys, uint16_t count, uint32_t key) {
    for (uint16_t i = 0; i < count; i++) {
        if (keys[i] == key) return count;
    }
    if (count < MATTER_KEYS) keys[count++] = key;
    return count;
}

/* 0 is no key. */
static uint16_t add_key(uint32_t *keys, uint16_t count, uint64_t kind, uint64_t value) {
    uint32_t key = key_of(kind, value) & ~1U;
    return add_any_key(keys, count, key ? key : 2);
}

/* The key that stands for a self, shared with the complaints that name it as their parent. */
static uint16_t add_tie(uint32_t *keys, uint16_t count, uint64_t self) {
    return add_any_key(keys, count, key_of('p', self) | 1);
}

/* The names together with the domain, so that a village with many complaints is no single crowd. */
static uint16_t add_name_keys(uint32_t *keys, uint16_t count, const Wjz__Scoring__Finding *finding) {
    int names = 0;
    uint64_t domain = XXH3_64bits(finding->domain, strlen(finding->domain));
    for (size_t i = 0; i < finding->n_anchors && names < KEY_NAMES; i++) {
        const Wjz__Scoring__Anchor *anchor = finding->anchors[i];
        if (!tells_places_apart(anchor)) continue;
        count = add_key(keys, count, domain, XXH3_64bits(anchor->name, strlen(anchor->name)));
        names++;
    }
    return count;
}

/* The rule that says most of what is complained of; the domain where there is none. */
static const char *trouble_of(const Wjz__Scoring__Finding *finding) {
    const Wjz__Scoring__Hit *best = NULL;
    for (size_t i = 0; i < finding->n_hits; i++) {
        const Wjz__Scoring__Hit *hit = finding->hits[i];
        if (hit->tier == 0 || (best && hit->tier < best->tier)) continue;
        if (!best || hit->tier > best->tier || strcmp(hit->rule, best->rule) < 0) best = hit;
    }
    return best ? best->rule : finding->domain;
}

/* The place together with what is said of it: so that neither a place nor a trouble with very many complaints is a
 * single crowd. heaviest: grams, the heaviest first. */
static uint16_t add_place_keys(uint32_t *keys, uint16_t count, const matter *m, const Wjz__Scoring__Finding *finding,
                               const uint32_t *heaviest, uint32_t gram_count) {
    uint64_t place = m->town, spot = (uint64_t)m->town << 32 | m->spot;
    if (finding) {
        size_t end = 0; /* of the first name, which is that of the address */
        while (end + 1 < m->names.count && !(m->names.items[end] & 1))
            end++;
        place = XXH3_64bits_withSeed(m->names.items, (end + 1) * sizeof *m->names.items, place);
        const char *trouble = trouble_of(finding);
        count = add_key(keys, count, place, XXH3_64bits(trouble, strlen(trouble)));
    }
    for (uint32_t i = 0, taken = 0; i < gram_count && taken < KEY_TROUBLES; i++) {
        if (heaviest[i] & (GRAM_RARE | GRAM_PLACE)) continue;
        count = add_key(keys, count, spot, heaviest[i] >> GRAM_HASH_SHIFT);
        taken++;
    }
    return count;
}

/* heaviest: grams, the heaviest first. */
static uint16_t choose_keys(const matter *m, const uint32_t *heaviest, uint32_t gram_count, uint64_t copy,
                            const Wjz__Scoring__Finding *finding, uint32_t *keys) {
    uint16_t count = 0;
    if (copy) count = add_key(keys, count, 'c', copy);
    count = add_tie(keys, count, m->self);
    if (m->parent) count = add_tie(keys, count, m->parent);
    if (finding) count = add_name_keys(keys, count, finding);
    if (m->spot) count = add_place_keys(keys, count, m, finding, heaviest, gram_count);
    uint32_t most = m->spot ? KEY_GRAMS_ADDRESSED : KEY_GRAMS;
    for (uint32_t i = 0; i < gram_count && i < most; i++)
        count = add_key(keys, count, 'g', heaviest[i] >> GRAM_HASH_SHIFT);
    sort_few(keys, count);
    return count;
}

enum { LANES = 4 };
typedef uint32_t lanes __attribute__((vector_size(LANES * sizeof(uint32_t))));

static inline uint32_t sum_of(lanes x) {
    return x[0] + x[1] + x[2] + x[3];
}

/* What the comparison divides by: every matter that is compared is summed up. Four grams at a time, with the vectors of
 * any processor; the last ones are filled up with grams that weigh nothing. */
void matter_sum_up(matter *m) {
    lanes all = {0}, common = {0}, title_common = {0}, title_rare = {0}, title_rare_count = {0};
    for (uint32_t i = 0; i < m->grams.count; i += LANES) {
        const uint32_t *from = m->grams.items + i;
        lanes gram = {0};
        if (m->grams.count - i >= LANES)
            memcpy(&gram, from, sizeof gram); /* of a size that the compiler knows */
        else
            memcpy(&gram, from, (m->grams.count - i) * sizeof *from);
        lanes weight = gram & GRAM_WEIGHT, square = weight * weight;
        lanes word = (lanes)((gram & (GRAM_RARE | GRAM_PLACE)) == 0); /* that says what is the matter, not where */
        lanes title = (lanes)((gram & GRAM_TITLE) != 0), rare = (lanes)((gram & GRAM_RARE) != 0);
        all += square;
        common += square & word;
        title_common += square & word & title;
        title_rare += square & rare & title;
        title_rare_count -= rare & title; /* all bits are minus one */
    }
    m->title_rare_count = (uint16_t)sum_of(title_rare_count);
    m->all_norm = sqrtf((float)sum_of(all));
    m->common_norm = sqrtf((float)sum_of(common));
    m->title_common = (float)sum_of(title_common);
    m->title_rare = (float)sum_of(title_rare);
}

/* A part as it was normalised, with the line's end behind it. */
typedef struct part_text {
    const char *bytes;
    size_t length;
} part_text;

/* Of the field; the number of parts when there is none. */
static size_t part_number(const normal_text *text, Wjz__Scoring__Field field) {
    size_t part = 0;
    while (part < text->part_count && text->parts[part].field != field)
        part++;
    return part;
}

static part_text part_of(const normal_text *text, Wjz__Scoring__Field field) {
    size_t part = part_number(text, field);
    if (part == text->part_count) return (part_text){"\n", 1};
    return (part_text){text->bytes + text->part_from[part], text->part_from[part + 1] - text->part_from[part]};
}

static part_text content_of(const normal_text *text) {
    part_text content = part_of(text, WJZ__SCORING__FIELD__FIELD_CONTENT);
    if (content.length > CONTENT_BYTES) content.length = CONTENT_BYTES;
    return content;
}

/* Punctuation and blanks are what copying changes. */
uint64_t matter_copy_of(const normal_text *text) {
    size_t part = part_number(text, WJZ__SCORING__FIELD__FIELD_CONTENT);
    if (part == text->part_count) return 0;
    uint64_t hash = 0;
    size_t words = 0;
    uint32_t limit = text->part_from[part] + CONTENT_BYTES;
    for (uint32_t i = text->part_char[part]; i < text->part_char[part + 1] && text->char_at[i + 1] <= limit; i++) {
        uint32_t code = text->codes[i];
        bool counts = (code >= 0x3400) | (code - 'a' < 26) | (code - '0' < 10);
        uint64_t with = (hash ^ code) * 0x9E3779B97F4A7C15U;
        with ^= with >> 31;
        hash = counts ? with : hash; /* where marks stand is chance: nothing branches on it */
        words += counts;
    }
    return words >= COPY_CHARACTERS ? hash : 0;
}

static int read_complaint(reader *in, const normal_text *text, wjz_arena *arena) {
    part_text title = part_of(text, WJZ__SCORING__FIELD__FIELD_TITLE);
    part_text content = content_of(text);
    part_text address = part_of(text, WJZ__SCORING__FIELD__FIELD_ADDRESS);
    for (in->slots = 256; in->slots < MOST_SLOTS && in->slots < (title.length + content.length) * 2 / 3 + 256;)
        in->slots *= 2;
    if (in->slots > FEW_SLOTS) {
        in->table = wjz_arena_alloc(arena, in->slots * sizeof *in->table);
        in->taken = wjz_arena_alloc(arena, in->slots / 8);
        in->grams = wjz_arena_alloc(arena, (in->slots / 2 + 1) * sizeof *in->grams);
        if (!in->table || !in->taken || !in->grams) return -ENOMEM;
    }
    memset(in->table, 0, in->slots * sizeof *in->table);
    memset(in->taken, 0, in->slots / 8);
    if (title.length <= 1) { /* nothing but the line's end: the head of the content stands for it */
        title = (part_text){content.bytes, content.length < HEAD_BYTES ? content.length : HEAD_BYTES};
        while (title.length < content.length && !utf8_begins(title.bytes[title.length]))
            title.length++;
    }
    in->title = title.bytes;
    in->title_length = title.length;
    in->address = address.bytes;
    in->address_length = address.length;
    read_zone(in, title.bytes, title.length, ZONE_TITLE);
    read_zone(in, content.bytes, content.length, ZONE_CONTENT);
    read_zone(in, address.bytes, address.length, ZONE_ADDRESS);
    return 0;
}

static int keep(const uint32_t *items, uint16_t count, wjz_arena *arena, word_list *ret_list) {
    uint32_t *copy = wjz_arena_alloc(arena, count * sizeof *copy);
    if (!copy) return -ENOMEM;
    memcpy(copy, items, count * sizeof *copy);
    *ret_list = (word_list){copy, count};
    return 0;
}

int matter_of(const repeat_rules *rules, const complaint *c, const Wjz__Scoring__Finding *finding, wjz_arena *arena,
              matter **ret_matter) {
    const text_part parts[] = {
        {WJZ__SCORING__FIELD__FIELD_TITLE, c->title, strlen(c->title)},
        {WJZ__SCORING__FIELD__FIELD_CONTENT, c->content, strlen(c->content)},
        {WJZ__SCORING__FIELD__FIELD_ADDRESS, c->incident_address, strlen(c->incident_address)},
    };
    normal_text *text = NULL;
    int r = normalise(parts, WJZ_COUNT(parts), arena, &text);
    return r ? r : matter_of_text(rules, c, finding, text, arena, ret_matter);
}

int matter_of_text(const repeat_rules *rules, const complaint *c, const Wjz__Scoring__Finding *finding,
                   const normal_text *text, wjz_arena *arena, matter **ret_matter) {
    uint16_t table[FEW_SLOTS]; /* the arena's memory is new for each complaint and never in the cache */
    uint64_t taken[FEW_SLOTS / 64];
    counted few[FEW_SLOTS / 2 + 1];
    reader in = {.rules = rules,
                 .wording = repeat_rules_wording(rules),
                 .frame_firsts = repeat_rules_frame_firsts(rules),
                 .table = table,
                 .taken = taken,
                 .grams = few};
    uint64_t copy = finding ? finding->copy : matter_copy_of(text);
    int r = read_complaint(&in, text, arena);
    if (r) return r;
    add_address(&in, in.address, in.address_length);
    if (finding) read_names(&in, finding);
    matter *m = wjz_arena_calloc(arena, 1, sizeof *m);
    uint32_t *all = wjz_arena_alloc(arena, in.used * sizeof *all);
    uint32_t *ordered = wjz_arena_alloc(arena, in.used * sizeof *ordered);
    uint32_t *grams = wjz_arena_alloc(arena, (MATTER_GRAMS + MATTER_NAMED_GRAMS + 1) * sizeof *grams);
    uint32_t *keys = wjz_arena_alloc(arena, MATTER_KEYS * sizeof *keys);
    if (!m || !all || !ordered || !grams || !keys) return -ENOMEM;
    m->reporter = c->reporter;
    m->received_at_us = c->received_at_us;
    m->town = in.town;
    m->spot = in.has_address ? in.names[0] >> 1 << GRAM_HASH_SHIFT : 0; /* without the mark of a name's end */
    m->has_address = in.has_address;
    m->self = matter_self(c->feed, c->external_id);
    m->parent = c->parent_id[0] ? matter_self(c->feed, c->parent_id) : 0;
    uint32_t count = list_grams(&in, all);
    order_by_weight(all, count, ordered);
    m->grams = (word_list){grams, choose_grams(all, ordered, count, grams)};
    sort_few(in.districts, in.district_count);
    sort_few(in.units, in.unit_count);
    r = keep(in.districts, in.district_count, arena, &m->districts);
    if (!r) r = keep(in.units, in.unit_count, arena, &m->units);
    if (!r) r = keep(in.names, in.name_count, arena, &m->names);
    if (r) return r;
    m->keys = (word_list){keys, choose_keys(m, ordered, count, copy, finding, keys)};
    matter_sum_up(m);
    *ret_matter = m;
    return 0;
}
