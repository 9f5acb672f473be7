/* A complaint's matter from its texts and what the analysis found: the pairs of characters that say most, the title's
 * three times, its names, and its keys. */
#include "scoring/matter.h"

#include <errno.h>
#include <string.h>

#include "scoring/matter_parts.h"
#include "scoring/normalise.h"

enum {
    CONTENT_BYTES = 12000, /* of the content that are read; repeats are told apart by what stands first */
    HEAD_BYTES = 120,      /* of the content that stand for a missing title */
    COPY_CHARACTERS = 20,  /* a shorter text is no evidence that two are copies */
    FEW_SLOTS = 2048,      /* enough for most complaints */
    MOST_SLOTS = 1 << 16,  /* a gram's number has 16 bits */
};

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
    matter_read_zone(in, title.bytes, title.length, ZONE_TITLE);
    matter_read_zone(in, content.bytes, content.length, ZONE_CONTENT);
    matter_read_zone(in, address.bytes, address.length, ZONE_ADDRESS);
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
    matter_read_address(&in, in.address, in.address_length);
    if (finding) matter_read_names(&in, finding);
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
    uint32_t count = matter_list_grams(&in, all);
    matter_order_by_weight(all, count, ordered);
    m->grams = (word_list){grams, matter_choose_grams(all, ordered, count, grams)};
    sort_few(in.districts, in.district_count);
    sort_few(in.units, in.unit_count);
    r = keep(in.districts, in.district_count, arena, &m->districts);
    if (!r) r = keep(in.units, in.unit_count, arena, &m->units);
    if (!r) r = keep(in.names, in.name_count, arena, &m->names);
    if (r) return r;
    m->keys = (word_list){keys, matter_choose_keys(m, ordered, count, copy, finding, keys)};
    matter_sum_up(m);
    *ret_matter = m;
    return 0;
}
