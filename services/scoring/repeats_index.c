/* Slots are never freed: a complaint that is scored again keeps its own. Where complaints are stands beside their entries, in
 * a table of its own: near ones are chosen by that alone, which reads few lines of memory. */
#include "scoring/repeats_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/key_lists.h"

enum { FIRST_CELLS = 1 << 12, FIRST_ENTRIES = 1 << 10 };

struct repeats_index {
    repeats_entry *entries;
    uint32_t count, capacity;
    uint32_t *where; /* of each entry */
    uint32_t where_capacity;
    uint32_t *keys; /* of all entries */
    uint32_t keys_used, keys_capacity;
    key_lists lists;
    uint32_t *by_complaint; /* slot + 1; 0: free */
    uint32_t complaints_capacity;
    decisions *decisions;
};

int repeats_index_new(repeats_index **ret_index) {
    repeats_index *index = calloc(1, sizeof *index);
    if (!index) return -ENOMEM;
    index->complaints_capacity = FIRST_CELLS;
    index->by_complaint = calloc(index->complaints_capacity, sizeof *index->by_complaint);
    if (!index->by_complaint || key_lists_open(&index->lists) || decisions_new(&index->decisions)) {
        repeats_index_destroy(&index);
        return -ENOMEM;
    }
    *ret_index = index;
    return 0;
}

void repeats_index_destroy(repeats_index **index_at) {
    repeats_index *index = index_at ? *index_at : NULL;
    if (!index) return;
    decisions_destroy(&index->decisions);
    key_lists_close(&index->lists);
    free(index->by_complaint);
    free(index->entries);
    free(index->where);
    free(index->keys);
    free(index);
    *index_at = NULL;
}

decisions *repeats_index_decisions(repeats_index *index) {
    return index->decisions;
}

size_t repeats_index_count(const repeats_index *index) {
    return index->count;
}

size_t repeats_index_bytes(const repeats_index *index) {
    return sizeof *index + index->count * (sizeof *index->entries + sizeof *index->where) +
           index->keys_used * sizeof *index->keys + key_lists_bytes(&index->lists) +
           index->complaints_capacity * sizeof *index->by_complaint;
}

const repeats_entry *repeats_index_entry(const repeats_index *index, uint32_t slot) {
    return &index->entries[slot];
}

const uint32_t *repeats_index_keys(const repeats_index *index, uint32_t slot) {
    return index->keys + index->entries[slot].key_at;
}

uint32_t repeats_index_where(const repeats_index *index, uint32_t slot) {
    return index->where[slot];
}

void repeats_index_set_clue(repeats_index *index, uint32_t slot, int64_t clue) {
    index->entries[slot].clue = clue;
}

static int grow(void *items_at, uint32_t *capacity, uint32_t needed, size_t size) {
    if (needed <= *capacity) return 0;
    uint32_t bigger = *capacity ? *capacity : FIRST_ENTRIES;
    while (bigger < needed)
        bigger += bigger / 2;
    void *grown = realloc(*(void **)items_at, bigger * size);
    if (!grown) return -ENOMEM;
    *(void **)items_at = grown;
    *capacity = bigger;
    return 0;
}

/* --- complaint → slot --- */

static uint32_t complaint_cell(const repeats_index *index, int64_t id) {
    uint32_t hash = (uint32_t)((uint64_t)id * 0x9E3779B97F4A7C15U >> 32);
    uint32_t at = (uint32_t)((uint64_t)hash * index->complaints_capacity >> 32);
    while (index->by_complaint[at] && index->entries[index->by_complaint[at] - 1].complaint != id)
        at = at + 1 == index->complaints_capacity ? 0 : at + 1;
    return at;
}

uint32_t repeats_index_find(const repeats_index *index, int64_t id) {
    return index->by_complaint[complaint_cell(index, id)] - 1; /* 0 - 1 is REPEATS_NONE */
}

static int more_complaint_cells(repeats_index *index) {
    if (index->count < index->complaints_capacity / 4 * 3) return 0;
    uint32_t bigger = index->complaints_capacity + index->complaints_capacity / 2;
    uint32_t *cells = calloc(bigger, sizeof *cells);
    if (!cells) return -ENOMEM;
    free(index->by_complaint);
    index->by_complaint = cells;
    index->complaints_capacity = bigger;
    for (uint32_t slot = 0; slot < index->count; slot++)
        index->by_complaint[complaint_cell(index, index->entries[slot].complaint)] = slot + 1;
    return 0;
}

/* --- key → list of slots --- */

static bool before(const repeats_entry *a, const repeats_entry *b) {
    return canon_before(a->received_at_us, a->self, b->received_at_us, b->self);
}

/* Where the slot is in the list, or would be put. */
static uint32_t position(const repeats_index *index, const uint32_t *list, uint32_t count, uint32_t slot) {
    /* Most lists are short, and most complaints come in the order of their time. */
    if (count && list[count - 1] == slot) return count - 1;
    if (!count || before(&index->entries[list[count - 1]], &index->entries[slot])) return count;
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (before(&index->entries[list[middle]], &index->entries[slot]))
            low = middle + 1;
        else
            high = middle;
    }
    while (low < count && list[low] != slot && !before(&index->entries[slot], &index->entries[list[low]]))
        low++;
    return low;
}

/* Whom a newcomer at the position puts out of each other's reach. It matters within a neighbourhood alone. */
static void disturb_by_coming(repeats_index *index, const uint32_t *list, uint32_t count, uint32_t at,
                              repeats_slot_fn *fn, void *arg) {
    if (!fn) return;
    for (uint32_t i = at > REPEATS_REACH ? at - REPEATS_REACH : 0; i < at && i + REPEATS_REACH < count; i++) {
        if (repeats_index_hood(index, list[i]) == repeats_index_hood(index, list[i + REPEATS_REACH])) fn(list[i], arg);
    }
}

/* Whom one that was at the position lets come within each other's reach. */
static void disturb_by_leaving(const uint32_t *list, uint32_t count, uint32_t at, repeats_slot_fn *fn, void *arg) {
    if (!fn || count <= REPEATS_REACH) return;
    for (uint32_t i = at > REPEATS_REACH ? at - REPEATS_REACH : 0; i < count && i < at + REPEATS_REACH; i++)
        fn(list[i], arg);
}

static int put_in_list(repeats_index *index, uint32_t key, uint32_t slot, repeats_slot_fn *fn, void *arg) {
    slot_list list = key_lists_find(&index->lists, key);
    uint32_t at = position(index, list.slots, list.count, slot);
    disturb_by_coming(index, list.slots, list.count, at, fn, arg);
    return key_lists_insert(&index->lists, key, at, slot);
}

static int take_from_list(repeats_index *index, uint32_t key, uint32_t slot, repeats_slot_fn *fn, void *arg) {
    slot_list list = key_lists_find(&index->lists, key);
    uint32_t at = position(index, list.slots, list.count, slot);
    int r = key_lists_remove(&index->lists, key, at);
    list = key_lists_find(&index->lists, key);
    if (!r) disturb_by_leaving(list.slots, list.count, at, fn, arg);
    return r;
}

/* --- complaints --- */

static int leave_lists(repeats_index *index, uint32_t slot, repeats_slot_fn *fn, void *arg) {
    const repeats_entry *entry = &index->entries[slot];
    int r = 0;
    for (uint32_t i = 0; !r && i < entry->key_count; i++)
        r = take_from_list(index, index->keys[entry->key_at + i], slot, fn, arg);
    return r;
}

static bool same_lists(const repeats_index *index, const repeats_entry *entry, const matter *m) {
    return entry->self == m->self && entry->received_at_us == m->received_at_us && entry->key_count == m->keys.count &&
           memcmp(index->keys + entry->key_at, m->keys.items, m->keys.count * sizeof *m->keys.items) == 0;
}

static int new_slot(repeats_index *index, int64_t id, uint32_t *ret_slot) {
    int r = grow(&index->entries, &index->capacity, index->count + 1, sizeof *index->entries);
    if (!r) r = grow(&index->where, &index->where_capacity, index->count + 1, sizeof *index->where);
    if (!r) r = more_complaint_cells(index);
    if (r) return r;
    uint32_t slot = index->count, cell = complaint_cell(index, id);
    index->entries[slot] = (repeats_entry){.complaint = id, .next = slot, .hood = slot};
    index->by_complaint[cell] = slot + 1;
    index->count++;
    *ret_slot = slot;
    return 0;
}

/* All at once, so that the lists of all keys come from memory together. */
static void prefetch(const repeats_index *index, const word_list *keys) {
    for (uint16_t i = 0; i < keys->count; i++)
        key_lists_prefetch(&index->lists, keys->items[i]);
}

static int enter_lists(repeats_index *index, uint32_t slot, const word_list *keys, repeats_slot_fn *fn, void *arg) {
    repeats_entry *entry = &index->entries[slot];
    if (keys->count > entry->key_count) {
        entry->key_at = index->keys_used;
        index->keys_used += keys->count;
    }
    entry->key_count = 0;
    for (uint16_t i = 0; i < keys->count; i++) {
        int r = put_in_list(index, keys->items[i], slot, fn, arg);
        if (r) return r;
        index->keys[entry->key_at + entry->key_count++] = keys->items[i];
    }
    return 0;
}

int repeats_index_put(repeats_index *index, int64_t id, const matter *m, repeats_slot_fn *disturbed, void *arg,
                      uint32_t *ret_slot) {
    prefetch(index, &m->keys);
    uint32_t slot = repeats_index_find(index, id);
    int r = grow(&index->keys, &index->keys_capacity, index->keys_used + MATTER_KEYS, sizeof *index->keys);
    if (!r && slot == REPEATS_NONE) r = new_slot(index, id, &slot);
    if (r) return r;
    *ret_slot = slot;
    repeats_entry *entry = &index->entries[slot];
    bool same_digest = entry->digest == m->digest;
    entry->digest = m->digest;
    index->where[slot] = matter_where(m->town, m->spot);
    if (same_lists(index, entry, m)) return !same_digest;
    r = leave_lists(index, slot, disturbed, arg);
    if (r) return r;
    entry->self = m->self;
    entry->received_at_us = m->received_at_us;
    r = enter_lists(index, slot, &m->keys, disturbed, arg);
    return r ? r : 1;
}

/* Where a slot that is in the list is. Where complaints came in the order of their time, slots are in order, too, and the list alone
 * tells. */
static uint32_t place_in_list(const repeats_index *index, slot_list list, uint32_t slot) {
    uint32_t low = 0, high = list.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (list.slots[middle] < slot)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list.count && list.slots[low] == slot ? low : position(index, list.slots, list.count, slot);
}

void repeats_index_near(const repeats_index *index, uint32_t slot, unsigned choice, repeats_slot_fn *fn, void *arg) {
    const repeats_entry *entry = &index->entries[slot];
    const uint32_t *where = index->where, own = where[slot];
    for (uint32_t k = 0; k < entry->key_count; k++) {
        uint32_t key = index->keys[entry->key_at + k];
        slot_list list = key_lists_find(&index->lists, key);
        if (list.count <= 1) continue;
        bool anywhere = !(choice & NEAR_HERE) || matter_key_ties(key);
        uint32_t at = place_in_list(index, list, slot);
        uint32_t from = choice & NEAR_AFTER ? at : at > REPEATS_REACH ? at - REPEATS_REACH : 0;
        for (uint32_t i = from; i < list.count && i <= at + REPEATS_REACH; i++) {
            if (i != at && (anywhere || !where_differs(own, where[list.slots[i]]))) fn(list.slots[i], arg);
        }
    }
}

/* --- neighbourhoods --- */

uint32_t repeats_index_hood(repeats_index *index, uint32_t slot) {
    repeats_entry *entries = index->entries;
    while (entries[slot].hood != slot)
        slot = entries[slot].hood = entries[entries[slot].hood].hood;
    return slot;
}

void repeats_index_join(repeats_index *index, uint32_t a, uint32_t b) {
    uint32_t x = repeats_index_hood(index, a), y = repeats_index_hood(index, b);
    if (x == y) return;
    uint32_t root = x < y ? x : y;
    index->entries[x ^ y ^ root].hood = root;
    uint32_t next = index->entries[x].next; /* swapping two links makes one ring of two */
    index->entries[x].next = index->entries[y].next;
    index->entries[y].next = next;
}
