/* Digits count as one, marks end an n-gram, Latin letters are kept. Values are scaled so that a long text weighs as
 * much as a short one. */
#include "scoring/features.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { CHARACTERS_LIMIT = 1500, DENSE_LIMIT = 128 };

typedef enum feature_space {
    SPACE_TITLE = 1,
    SPACE_CONTENT,
    SPACE_REPLY,
    SPACE_RULE,
    SPACE_RULE_TITLE,
    SPACE_DENSE
} feature_space;

static inline uint32_t mix(uint64_t value) {
    value *= 0x9E3779B97F4A7C15ull;
    value ^= value >> 29;
    value *= 0xBF58476D1CE4E5B9ull;
    return (uint32_t)(value >> 32);
}

static void add(feature_list *list, uint32_t key, float value, uint32_t from, uint32_t to, const pack_rule *rule) {
    list->items[list->count++] = (feature){key, value, from, to, rule};
}

/* The character at `at` as n-grams see it: 0 for a mark, '0' for any digit. */
static inline uint32_t letter(const unsigned char *text, uint32_t at, uint32_t *ret_next) {
    unsigned char c = text[at];
    if (c < 0x80) {
        *ret_next = at + 1;
        return c >= '0' && c <= '9' ? '0' : c >= 'a' && c <= 'z' ? c : c == '?' || c == '!' ? c : 0;
    }
    if ((c & 0xF0) == 0xE0) {
        uint32_t code = (uint32_t)(c & 0x0F) << 12 | (uint32_t)(text[at + 1] & 0x3F) << 6 | (text[at + 2] & 0x3F);
        *ret_next = at + 3;
        return code >= 0x3400 && code <= 0x9FFF ? code : 0;
    }
    *ret_next = at + ((c & 0xE0) == 0xC0 ? 2 : 4);
    return 0;
}

static void add_grams(const normal_text *text, size_t part, feature_space space, int least, feature_list *list) {
    const unsigned char *bytes = (const unsigned char *)text->bytes;
    uint32_t to = text->part_from[part + 1], next;
    uint64_t before = 0, before2 = 0;
    uint32_t from = 0, from2 = 0;
    size_t first = list->count;
    int characters = 0;
    for (uint32_t at = text->part_from[part]; at < to && characters < CHARACTERS_LIMIT; at = next, characters++) {
        uint64_t code = letter(bytes, at, &next);
        if (code == 0) {
            before = before2 = 0;
            continue;
        }
        uint64_t head = (uint64_t)space << 60;
        if (least <= 1) add(list, mix(head | code), 1, at, next, NULL);
        if (before) add(list, mix(head | before << 20 | code), 1, from, next, NULL);
        if (before2) add(list, mix(head | before2 << 40 | before << 20 | code), 1, from2, next, NULL);
        before2 = before;
        from2 = from;
        before = code;
        from = at;
    }
    float scale = list->count > first ? 1 / sqrtf((float)(list->count - first)) : 0;
    for (size_t i = first; i < list->count; i++)
        list->items[i].value = scale;
}

static uint32_t rule_key(const pack_rule *rule, feature_space space) {
    uint64_t hash = 1469598103934665603ull ^ (uint64_t)space;
    for (const char *c = rule->id; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211ull;
    return mix(hash);
}

static void add_rules(const rule_matches *matches, feature_list *list) {
    for (size_t i = 0; i < matches->count; i++) {
        const rule_match *match = &matches->list[i];
        add(list, rule_key(match->rule, SPACE_RULE), 0.15f, match->from, match->to, match->rule);
        if (match->in_title)
            add(list, rule_key(match->rule, SPACE_RULE_TITLE), 0.15f, match->from, match->to, match->rule);
    }
}

static void add_dense(feature_list *list, uint32_t number, double value) {
    if (value != 0) add(list, mix((uint64_t)SPACE_DENSE << 60 | number), (float)value, 0, 0, NULL);
}

static double squashed(double value) {
    return value > 0 ? log1p(value) * 0.15 : 0;
}

static void add_measures(const feature_source *source, feature_list *list) {
    const class_votes *votes = source->votes;
    uint32_t number = 1;
    for (int i = 0; i < KIND_COUNT; i++)
        add_dense(list, number++, squashed(votes->kinds[i]));
    for (int i = 0; i < BRANCH_COUNT; i++)
        add_dense(list, number++, squashed(votes->branches[i]));
    number = 32;
    for (size_t i = 0; i < source->domain_count; i++)
        add_dense(list, number++, squashed(votes->domains[i]));
    number = 64;
    add_dense(list, number++, squashed(votes->private_dispute));
    const normal_text *text = source->text;
    uint32_t title = text->part_from[source->title_part + 1] - text->part_from[source->title_part];
    uint32_t content = text->part_from[source->content_part + 1] - text->part_from[source->content_part];
    add_dense(list, number++, squashed(title) * 0.5);
    add_dense(list, number++, squashed(content) * 0.5);
    add_dense(list, number++, squashed(source->votes_for));
    uint32_t questions = 0;
    for (uint32_t at = 0; at < text->part_from[source->content_part + 1]; at++)
        questions += text->bytes[at] == '?';
    add_dense(list, number++, squashed(questions));
    number = 80;
    double largest[WJZ__SCORING__UNIT__UNIT_TIMES + 1] = {0};
    for (size_t i = 0; i < source->quantity_count; i++)
        if (source->quantities[i].value > largest[source->quantities[i].unit])
            largest[source->quantities[i].unit] = source->quantities[i].value;
    for (size_t i = 0; i < WJZ_COUNT(largest); i++)
        add_dense(list, number++, squashed(largest[i]) * 0.5);
    number = 96;
    double kinds[WJZ__SCORING__ANCHOR_KIND__ANCHOR_WATER + 1] = {0};
    for (size_t i = 0; i < source->name_count; i++)
        kinds[source->names[i].kind]++;
    for (size_t i = 0; i < WJZ_COUNT(kinds); i++)
        add_dense(list, number++, squashed(kinds[i]));
}

static size_t count_characters(const normal_text *text) {
    size_t count = 0;
    for (uint32_t at = 0; at < text->length; at++)
        count += utf8_begins(text->bytes[at]);
    return count;
}

int features_of(const feature_source *source, wjz_arena *arena, feature_list *ret_features) {
    size_t characters = count_characters(source->text);
    if (characters > 3 * CHARACTERS_LIMIT) characters = 3 * CHARACTERS_LIMIT;
    size_t most = characters * 3 + source->matches->count * 2 + DENSE_LIMIT;
    feature_list list = {.items = wjz_arena_alloc(arena, most * sizeof *list.items)};
    if (!list.items) return -ENOMEM;
    add_grams(source->text, source->title_part, SPACE_TITLE, 1, &list);
    add_grams(source->text, source->content_part, SPACE_CONTENT, 1, &list);
    add_grams(source->text, source->reply_part, SPACE_REPLY, 2, &list);
    add_rules(source->matches, &list);
    add_measures(source, &list);
    *ret_features = list;
    return 0;
}
