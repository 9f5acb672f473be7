/* Slots are never freed: a complaint that is scored again keeps its own. Lists of up to two complaints, which is most
 * of them, live inside the key's cell. */
#include "scoring/repeats_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { INLINE_SLOTS = 2, FIRST_CELLS = 1 << 12, FIRST_ENTRIES = 1 << 10 };

typedef struct key_cell {
    uint32_t key;
    uint32_t count; /* 0: free when there is no key either, else all complaints have left */
    union {
        uint32_t few[INLINE_SLOTS];
        uint32_t *many; /* capacity: the power of two that holds count */
    } slots;
} key_cell;

struct repeats_index {
    repeats_entry *entries;
    uint32_t count, capacity;
    uint32_t *keys; /* of all entries */
    uint32_t keys_used, keys_capacity;
    key_cell *cells;
    uint32_t cells_used, cells_capacity;
    uint32_t *by_complaint; /* slot + 1; 0: free */
    uint32_t complaints_capacity;
    size_t list_bytes;
    decisions *decisions;
};

int repeats_index_new(repeats_index **ret_index) {
    repeats_index *index = calloc(1, sizeof *index);
    if (!index) return -ENOMEM;
    index->cells_capacity = FIRST_CELLS;
    index->complaints_capacity = FIRST_CELLS;
    index->cells = calloc(index->cells_capacity, sizeof *index->cells);
    index->by_complaint = calloc(index->complaints_capacity, sizeof *index->by_complaint);
    if (!index->cells || !index->by_complaint || decisions_new(&index->decisions)) {
        repeats_index_destroy(&index);
        return -ENOMEM;
    }
    *ret_index = index;
    return 0;
}

void repeats_index_destroy(repeats_index **index_at) {
    repeats_index *index = index_at ? *index_at : NULL;
    if (!index) return;
    for (uint32_t i = 0; index->cells && i < index->cells_capacity; i++) {
        if (index->cells[i].count > INLINE_SLOTS) free(index->cells[i].slots.many);
    }
    decisions_destroy(&index->decisions);
    free(index->cells);
    free(index->by_complaint);
    free(index->entries);
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
    return sizeof *index + index->capacity * sizeof *index->entries + index->keys_capacity * sizeof *index->keys +
           index->cells_capacity * sizeof *index->cells + index->complaints_capacity * sizeof *index->by_complaint +
           index->list_bytes;
}

const repeats_entry *repeats_index_entry(const repeats_index *index, uint32_t slot) {
    return &index->entries[slot];
}

const uint32_t *repeats_index_keys(const repeats_index *index, uint32_t slot) {
    return index->keys + index->entries[slot].key_at;
}

void repeats_index_set_clue(repeats_index *index, uint32_t slot, int64_t clue) {
    index->entries[slot].clue = clue;
}

static int grow(void *items_at, uint32_t *capacity, uint32_t needed, size_t size) {
    if (needed <= *capacity) return 0;
    uint32_t bigger = *capacity ? *capacity : FIRST_ENTRIES;
    while (bigger < needed)
        bigger *= 2;
    void *grown = realloc(*(void **)items_at, bigger * size);
    if (!grown) return -ENOMEM;
    *(void **)items_at = grown;
    *capacity = bigger;
    return 0;
}

/* --- complaint → slot --- */

static uint32_t complaint_cell(const repeats_index *index, int64_t id) {
    uint64_t hash = (uint64_t)id * 0x9E3779B97F4A7C15U;
    uint32_t at = (uint32_t)(hash >> 32) & (index->complaints_capacity - 1);
    while (index->by_complaint[at] && index->entries[index->by_complaint[at] - 1].complaint != id)
        at = (at + 1) & (index->complaints_capacity - 1);
    return at;
}

uint32_t repeats_index_find(const repeats_index *index, int64_t id) {
    return index->by_complaint[complaint_cell(index, id)] - 1; /* 0 - 1 is REPEATS_NONE */
}

static int more_complaint_cells(repeats_index *index) {
    if ((uint64_t)index->count * 2 < index->complaints_capacity) return 0;
    uint32_t *cells = calloc(index->complaints_capacity * 2, sizeof *cells);
    if (!cells) return -ENOMEM;
    free(index->by_complaint);
    index->by_complaint = cells;
    index->complaints_capacity *= 2;
    for (uint32_t slot = 0; slot < index->count; slot++)
        index->by_complaint[complaint_cell(index, index->entries[slot].complaint)] = slot + 1;
    return 0;
}

/* --- key → list of slots --- */

static key_cell *cell_of(const repeats_index *index, uint32_t key) {
    uint32_t at = (key * 2654435761U) & (index->cells_capacity - 1);
    while (index->cells[at].key && index->cells[at].key != key)
        at = (at + 1) & (index->cells_capacity - 1);
    return &index->cells[at];
}

static int more_cells(repeats_index *index) {
    if ((uint64_t)(index->cells_used + MATTER_KEYS) * 3 < (uint64_t)index->cells_capacity * 2) return 0;
    key_cell *old = index->cells;
    uint32_t old_capacity = index->cells_capacity;
    index->cells = calloc((size_t)old_capacity * 2, sizeof *index->cells);
    if (!index->cells) {
        index->cells = old;
        return -ENOMEM;
    }
    index->cells_capacity = old_capacity * 2;
    index->cells_used = 0;
    for (uint32_t i = 0; i < old_capacity; i++) {
        if (!old[i].count) continue;
        *cell_of(index, old[i].key) = old[i];
        index->cells_used++;
    }
    free(old);
    return 0;
}

static uint32_t *list_of(key_cell *cell) {
    return cell->count > INLINE_SLOTS ? cell->slots.many : cell->slots.few;
}

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

static int put_in_list(repeats_index *index, key_cell *cell, uint32_t slot, repeats_slot_fn *fn, void *arg) {
    uint32_t count = cell->count;
    if (count >= INLINE_SLOTS && (count & (count - 1)) == 0) { /* a power of two is full */
        uint32_t *many = realloc(count > INLINE_SLOTS ? cell->slots.many : NULL, (size_t)count * 2 * sizeof *many);
        if (!many) return -ENOMEM;
        if (count == INLINE_SLOTS) memcpy(many, cell->slots.few, sizeof cell->slots.few);
        index->list_bytes += (count == INLINE_SLOTS ? 2 * count : count) * sizeof *many;
        cell->slots.many = many;
    }
    cell->count++;
    uint32_t *list = list_of(cell), at = position(index, list, count, slot);
    disturb_by_coming(index, list, count, at, fn, arg);
    memmove(list + at + 1, list + at, (count - at) * sizeof *list);
    list[at] = slot;
    return 0;
}

static void take_from_list(repeats_index *index, key_cell *cell, uint32_t slot, repeats_slot_fn *fn, void *arg) {
    uint32_t *list = list_of(cell), at = position(index, list, cell->count, slot);
    memmove(list + at, list + at + 1, (cell->count - at - 1) * sizeof *list);
    cell->count--;
    disturb_by_leaving(list, cell->count, at, fn, arg);
    uint32_t count = cell->count;
    if (count > INLINE_SLOTS && (count & (count - 1)) == 0) index->list_bytes -= count * sizeof *list; /* used again */
    if (count == INLINE_SLOTS) {
        uint32_t *many = list;
        memcpy(cell->slots.few, many, sizeof cell->slots.few);
        free(many);
        index->list_bytes -= 2 * INLINE_SLOTS * sizeof *many;
    }
}

/* --- complaints --- */

static void leave_lists(repeats_index *index, uint32_t slot, repeats_slot_fn *fn, void *arg) {
    const repeats_entry *entry = &index->entries[slot];
    for (uint16_t i = 0; i < entry->key_count; i++)
        take_from_list(index, cell_of(index, index->keys[entry->key_at + i]), slot, fn, arg);
}

static bool same_lists(const repeats_index *index, const repeats_entry *entry, const matter *m) {
    return entry->self == m->self && entry->received_at_us == m->received_at_us && entry->key_count == m->keys.count &&
           memcmp(index->keys + entry->key_at, m->keys.items, m->keys.count * sizeof *m->keys.items) == 0;
}

static int new_slot(repeats_index *index, int64_t id, uint32_t *ret_slot) {
    int r = grow(&index->entries, &index->capacity, index->count + 1, sizeof *index->entries);
    if (!r) r = more_complaint_cells(index);
    if (r) return r;
    uint32_t slot = index->count, cell = complaint_cell(index, id);
    index->entries[slot] = (repeats_entry){.complaint = id, .next = slot, .hood = slot};
    index->by_complaint[cell] = slot + 1;
    index->count++;
    *ret_slot = slot;
    return 0;
}

int repeats_index_put(repeats_index *index, int64_t id, const matter *m, repeats_slot_fn *disturbed, void *arg,
                      uint32_t *ret_slot) {
    uint32_t slot = repeats_index_find(index, id);
    int r = grow(&index->keys, &index->keys_capacity, index->keys_used + MATTER_KEYS, sizeof *index->keys);
    if (!r) r = more_cells(index);
    if (!r && slot == REPEATS_NONE) r = new_slot(index, id, &slot);
    if (r) return r;
    *ret_slot = slot;
    repeats_entry *entry = &index->entries[slot];
    bool same_digest = entry->digest == m->digest;
    entry->digest = m->digest;
    entry->town = m->town;
    if (same_lists(index, entry, m)) return !same_digest;
    leave_lists(index, slot, disturbed, arg);
    if (m->keys.count > entry->key_count) {
        entry->key_at = index->keys_used;
        index->keys_used += m->keys.count;
    }
    entry->key_count = 0;
    entry->self = m->self;
    entry->received_at_us = m->received_at_us;
    for (uint16_t i = 0; i < m->keys.count; i++) {
        key_cell *cell = cell_of(index, m->keys.items[i]);
        if (!cell->key) index->cells_used++;
        cell->key = m->keys.items[i];
        r = put_in_list(index, cell, slot, disturbed, arg);
        if (r) return r;
        index->keys[entry->key_at + entry->key_count++] = m->keys.items[i];
    }
    return 1;
}

void repeats_index_near(const repeats_index *index, uint32_t slot, bool after_only, repeats_slot_fn *fn, void *arg) {
    const repeats_entry *entry = &index->entries[slot];
    for (uint16_t k = 0; k < entry->key_count; k++) {
        key_cell *cell = cell_of(index, index->keys[entry->key_at + k]);
        const uint32_t *list = list_of(cell);
        uint32_t at = position(index, list, cell->count, slot);
        uint32_t from = after_only ? at : at > REPEATS_REACH ? at - REPEATS_REACH : 0;
        for (uint32_t i = from; i < cell->count && i <= at + REPEATS_REACH; i++) {
            if (i != at) fn(list[i], arg);
        }
    }
}

/* Complaints share the key of a self when one is named by the other as its parent. */
static bool is_self_key(uint32_t key, const repeats_entry *a, const repeats_entry *b) {
    return key == matter_self_key(a->self) || key == matter_self_key(b->self);
}

void repeats_index_near_in_town(const repeats_index *index, uint32_t slot, repeats_slot_fn *fn, void *arg) {
    const repeats_entry *entry = &index->entries[slot];
    for (uint16_t k = 0; k < entry->key_count; k++) {
        uint32_t key = index->keys[entry->key_at + k];
        key_cell *cell = cell_of(index, key);
        const uint32_t *list = list_of(cell);
        uint32_t at = position(index, list, cell->count, slot);
        for (uint32_t i = at > REPEATS_REACH ? at - REPEATS_REACH : 0; i < cell->count && i <= at + REPEATS_REACH; i++) {
            const repeats_entry *other = &index->entries[list[i]];
            bool elsewhere = entry->town && other->town && entry->town != other->town;
            if (i != at && (!elsewhere || is_self_key(key, entry, other))) fn(list[i], arg);
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
