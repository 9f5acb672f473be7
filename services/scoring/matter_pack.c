/* A matter as stored: little-endian; version, numbers, then each list with its length. The sums are made anew. The first
 * version did not say at which spot it is. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <xxhash.h>

#include "scoring/bytes.h"
#include "scoring/matter.h"

enum { PACK_SPOTLESS = 1, PACK_VERSION, LISTS = 5, SPOT_BYTES = 4, SPOTLESS_HEAD = 1 + 4 * 8 + 4 + 1 + LISTS };
enum { PACK_HEAD = SPOTLESS_HEAD + SPOT_BYTES };

static const uint16_t most[LISTS] = {MATTER_GRAMS + MATTER_NAMED_GRAMS, MATTER_DISTRICTS, MATTER_KEYS, MATTER_UNITS,
                                     MATTER_NAME_GRAMS};

int matter_pack(matter *m, wjz_arena *arena, const void **ret_data, size_t *ret_length) {
    const word_list *const lists[LISTS] = {&m->grams, &m->districts, &m->keys, &m->units, &m->names};
    size_t length = PACK_HEAD;
    for (size_t i = 0; i < LISTS; i++)
        length += 4U * lists[i]->count;
    unsigned char *data = wjz_arena_alloc(arena, length), *at = data;
    if (!data) return -ENOMEM;
    at = put_bytes(at, PACK_VERSION, 1);
    at = put_bytes(at, m->reporter, 8);
    at = put_bytes(at, (uint64_t)m->received_at_us, 8);
    at = put_bytes(at, m->self, 8);
    at = put_bytes(at, m->parent, 8);
    at = put_bytes(at, m->town, 4);
    at = put_bytes(at, m->has_address, 1);
    at = put_bytes(at, m->spot, SPOT_BYTES);
    for (size_t i = 0; i < LISTS; i++)
        at = put_bytes(at, lists[i]->count, 1);
    for (size_t i = 0; i < LISTS; i++) {
        for (uint16_t j = 0; j < lists[i]->count; j++)
            at = put_bytes(at, lists[i]->items[j], 4);
    }
    m->digest = XXH32(data, length, 0);
    *ret_data = data;
    *ret_length = length;
    return 0;
}

int matter_unpack(const void *data, size_t length, wjz_arena *arena, matter **ret_matter) {
    const unsigned char *at = data;
    if (length < SPOTLESS_HEAD || (at[0] != PACK_SPOTLESS && at[0] != PACK_VERSION)) return -EBADMSG;
    const size_t head = at[0] == PACK_SPOTLESS ? SPOTLESS_HEAD : PACK_HEAD;
    if (length < head) return -EBADMSG;
    matter *m = wjz_arena_calloc(arena, 1, sizeof *m);
    uint32_t *values = wjz_arena_alloc(arena, length - head);
    if (!m || !values) return -ENOMEM;
    word_list *const lists[LISTS] = {&m->grams, &m->districts, &m->keys, &m->units, &m->names};
    const unsigned char *counts = at + head - LISTS;
    size_t words = 0;
    for (size_t i = 0; i < LISTS; i++) {
        if (counts[i] > most[i]) return -EBADMSG;
        *lists[i] = (word_list){values + words, counts[i]};
        words += counts[i];
    }
    if (length != head + 4 * words) return -EBADMSG;
    memcpy(values, at + head, 4 * words);
    for (size_t i = 0; i < words; i++)
        values[i] = le32toh(values[i]);
    m->reporter = get_bytes(at + 1, 8);
    m->received_at_us = (int64_t)get_bytes(at + 9, 8);
    m->self = get_bytes(at + 17, 8);
    m->parent = get_bytes(at + 25, 8);
    m->town = (uint32_t)get_bytes(at + 33, 4);
    m->has_address = at[37] != 0;
    m->spot = head == PACK_HEAD ? (uint32_t)get_bytes(at + 38, SPOT_BYTES) : 0;
    m->digest = XXH32(data, length, 0);
    matter_sum_up(m);
    *ret_matter = m;
    return 0;
}

size_t matter_size(const matter *m) {
    size_t words = (size_t)m->grams.count + m->districts.count + m->keys.count + m->units.count + m->names.count;
    return sizeof *m + words * sizeof(uint32_t);
}

matter *matter_copy(const matter *m, void *memory) {
    matter *copy = memory;
    *copy = *m;
    uint32_t *values = (uint32_t *)(copy + 1);
    word_list *const lists[LISTS] = {&copy->grams, &copy->districts, &copy->keys, &copy->units, &copy->names};
    for (size_t i = 0; i < LISTS; i++) {
        if (lists[i]->count) memcpy(values, lists[i]->items, lists[i]->count * sizeof *values);
        lists[i]->items = values;
        values += lists[i]->count;
    }
    return copy;
}
