/* An n-gram (grams.h) counts once however often it stands there, and values are scaled so that a long text weighs as
 * much as a short one. */
#include "scoring/features.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "scoring/grams.h"

enum { DENSE_LIMIT = 128 };

/* Keys of dense features stand apart by these numbers. */
enum { FIRST_VOTE = 1, FIRST_DOMAIN = 32, FIRST_MEASURE = 64, FIRST_UNIT = 80, FIRST_NAME = 96 };

/* The list under way, and the keys of n-grams that it has. */
typedef struct collector {
    feature_list list;
    const normal_text *text;
    uint32_t *seen; /* open table; 0: free */
    uint32_t seen_mask;
} collector;

static inline void add(collector *c, feature_block block, uint32_t key, float value, uint32_t from, uint32_t to) {
    c->list.items[c->list.count++] = (feature){key, value, from, to, block};
}

/* Adds an n-gram unless it is there. Its value is set when all are known. */
static inline void add_gram(collector *c, feature_block block, uint32_t key, uint32_t to, uint32_t length) {
    uint32_t at = key >> 8 & c->seen_mask;
    while (c->seen[at]) {
        if (c->seen[at] == key) return;
        at = (at + 1) & c->seen_mask;
    }
    c->seen[at] = key;
    add(c, block, key, 1, c->text->char_at[to - length], c->text->char_at[to]);
}

static inline void add_text_gram(void *arg, uint32_t key, uint32_t to, uint32_t length) {
    add_gram(arg, BLOCK_TEXT, key, to, length);
}

static inline void add_title_gram(void *arg, uint32_t key, uint32_t to, uint32_t length) {
    add_gram(arg, BLOCK_TITLE, key, to, length);
}

float gram_value(size_t count) {
    return count > 0 ? 1 / sqrtf((float)count) : 0;
}

static void scale(collector *c, size_t first, size_t grams) {
    for (size_t i = first; i < c->list.count; i++)
        c->list.items[i].value = gram_value(grams);
}

static void add_texts(collector *c, const feature_source *source) {
    gram_letters title, content;
    size_t in_title = gram_letters_of(source->text, source->title_part, &title);
    size_t in_content = gram_letters_of(source->text, source->content_part, &content);
    each_gram(&title, BLOCK_TEXT, add_text_gram, c);
    each_gram(&content, BLOCK_TEXT, add_text_gram, c);
    scale(c, 0, in_title + in_content);
    size_t first = c->list.count;
    each_gram(&title, BLOCK_TITLE, add_title_gram, c);
    scale(c, first, in_title);
}

static uint32_t rule_key(const char *id, feature_block block) {
    uint64_t hash = 1469598103934665603ull ^ (uint64_t)block;
    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * 1099511628211ull;
    return gram_mix(hash);
}

rule_features features_of_rule(const char *id) {
    return (rule_features){.hit = rule_key(id, BLOCK_RULE), .in_title = rule_key(id, BLOCK_RULE_TITLE)};
}

/* A rule that hits again is a little louder. */
static void add_rules(collector *c, const rule_matches *matches) {
    for (size_t i = 0; i < matches->count; i++) {
        const rule_match *match = &matches->list[i];
        float value = 1 + 0.5f * logf((float)match->count);
        add(c, BLOCK_RULE, match->rule->features.hit, value < 2 ? value : 2, match->from, match->to);
        if (match->in_title) add(c, BLOCK_RULE_TITLE, match->rule->features.in_title, 1, match->from, match->to);
    }
}

static uint32_t dense_key(feature_block block, uint32_t number) {
    return gram_mix((uint64_t)(block + 1) << 60 | number);
}

uint32_t features_branch_vote(size_t branch) {
    return dense_key(BLOCK_VOTE, FIRST_VOTE + KIND_COUNT + (uint32_t)branch);
}

uint32_t features_domain_vote(size_t domain) {
    return dense_key(BLOCK_VOTE, FIRST_DOMAIN + (uint32_t)domain);
}

static void add_dense(collector *c, feature_block block, uint32_t number, double value) {
    if (value > 0) add(c, block, dense_key(block, number), (float)log1p(value), 0, 0);
}

static void add_votes(collector *c, const feature_source *source) {
    const class_votes *votes = source->votes;
    uint32_t number = FIRST_VOTE;
    for (int i = 0; i < KIND_COUNT; i++)
        add_dense(c, BLOCK_VOTE, number++, votes->kinds[i]);
    for (int i = 0; i < BRANCH_COUNT; i++)
        add_dense(c, BLOCK_VOTE, number++, votes->branches[i]);
    add_dense(c, BLOCK_VOTE, number, votes->private_dispute);
    for (size_t i = 0; i < source->domain_count; i++)
        add_dense(c, BLOCK_VOTE, FIRST_DOMAIN + (uint32_t)i, votes->domains[i]);
}

static size_t count_bytes(const normal_text *text, size_t part, char byte) {
    const char *at = text->bytes + text->part_from[part], *to = text->bytes + text->part_from[part + 1];
    size_t count = 0;
    while ((at = memchr(at, byte, (size_t)(to - at)))) {
        count++;
        at++;
    }
    return count;
}

static void add_measures(collector *c, const feature_source *source) {
    const normal_text *text = source->text;
    size_t title = source->title_part, content = source->content_part;
    uint32_t number = FIRST_MEASURE;
    add_dense(c, BLOCK_MEASURE, number++, text->part_from[title + 1] - text->part_from[title]);
    add_dense(c, BLOCK_MEASURE, number++, text->part_from[content + 1] - text->part_from[content]);
    add_dense(c, BLOCK_MEASURE, number++, source->votes_for);
    add_dense(c, BLOCK_MEASURE, number++, (double)count_bytes(text, title, '?'));
    add_dense(c, BLOCK_MEASURE, number++, (double)count_bytes(text, content, '?'));
    add_dense(c, BLOCK_MEASURE, number++, (double)count_bytes(text, content, '!'));
    double largest[WJZ__SCORING__UNIT__UNIT_TIMES + 1] = {0};
    for (size_t i = 0; i < source->quantity_count; i++)
        if (source->quantities[i].value > largest[source->quantities[i].unit])
            largest[source->quantities[i].unit] = source->quantities[i].value;
    for (size_t i = 0; i < WJZ_COUNT(largest); i++)
        add_dense(c, BLOCK_MEASURE, FIRST_UNIT + (uint32_t)i, largest[i]);
    double kinds[WJZ__SCORING__ANCHOR_KIND__ANCHOR_WATER + 1] = {0};
    for (size_t i = 0; i < source->name_count; i++)
        kinds[source->names[i].kind]++;
    for (size_t i = 0; i < WJZ_COUNT(kinds); i++)
        add_dense(c, BLOCK_MEASURE, FIRST_NAME + (uint32_t)i, kinds[i]);
}

static void add_rest(collector *c, const feature_source *source) {
    add_rules(c, source->matches);
    add_votes(c, source);
    add_measures(c, source);
}

int features_beside_text(const feature_source *source, wjz_arena *arena, feature_list *ret_features) {
    collector c = {.text = source->text};
    c.list.items = wjz_arena_alloc(arena, (source->matches->count * 2 + DENSE_LIMIT) * sizeof *c.list.items);
    if (!c.list.items) return -ENOMEM;
    add_rest(&c, source);
    *ret_features = c.list;
    return 0;
}

int features_of(const feature_source *source, wjz_arena *arena, feature_list *ret_features) {
    size_t grams = grams_most(source->text, source->content_part) + 2 * grams_most(source->text, source->title_part);
    size_t slots = 1024;
    while (slots < grams * 2)
        slots *= 2;
    collector c = {
        .text = source->text, .seen = wjz_arena_calloc(arena, slots, sizeof *c.seen), .seen_mask = (uint32_t)slots - 1};
    c.list.items = wjz_arena_alloc(arena, (grams + source->matches->count * 2 + DENSE_LIMIT) * sizeof *c.list.items);
    if (!c.seen || !c.list.items) return -ENOMEM;
    add_texts(&c, source);
    add_rest(&c, source);
    *ret_features = c.list;
    return 0;
}
