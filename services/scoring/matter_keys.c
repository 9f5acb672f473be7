/* Keys: complaints of one matter share at least one, and few that are not of it do. */
#include <string.h>

#define XXH_INLINE_ALL /* keys are hashes of 16 bytes: less work than a call */
#include <xxhash.h>

#include "scoring/matter_parts.h"

enum {
    KEY_GRAMS = 8,
    KEY_GRAMS_ADDRESSED = 3, /* of one whose place is a key: they serve to meet those that have no address */
    KEY_TROUBLES = 3,        /* common pairs that are keys together with the place */
    KEY_NAMES = 3,
};

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
        if (!matter_is_told_by(anchor)) continue;
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

uint16_t matter_choose_keys(const matter *m, const uint32_t *heaviest, uint32_t gram_count, uint64_t copy,
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
