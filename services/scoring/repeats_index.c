/* Slots are never freed: a complaint that is scored again keeps its own. Where and when complaints are stands beside
 * their entries, in a table of its own: places in lists are found and near ones are chosen by that alone, which reads
 * few lines of memory. What a large index costs is waiting for memory, so all that a complaint will read is asked for
 * beforehand. */
#include "scoring/repeats_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/key_lists.h"

enum {
    FIRST_CELLS = 1 << 12,
    MOST_KEYS_USED = UINT32_MAX - MATTER_KEYS,
    TAIL = 2 * REPEATS_REACH, /* of a list, where most complaints are near each other */
    TIME_SHIFT = 20,          /* from microseconds to a little more than seconds */
};

typedef struct spot {
    uint32_t where; /* as matter_where */
    uint32_t when;  /* when it was reported, coarsely: where two differ, their canonical order is known */
} spot;

struct repeats_index {
    large_array entries, spots; /* repeats_entry, spot: of each slot */
    uint32_t count;
    large_array keys; /* uint32_t, of all entries */
    uint32_t keys_used;
    key_lists lists;
    uint32_t *by_complaint; /* slot + 1; 0: free */
    uint32_t complaints_capacity;
    decisions *decisions;
};

static repeats_entry *entry_at(const repeats_index *index, uint32_t slot) {
    return (repeats_entry *)index->entries.bytes + slot;
}

static spot *spot_at(const repeats_index *index, uint32_t slot) {
    return (spot *)index->spots.bytes + slot;
}

static uint32_t *keys_at(const repeats_index *index, uint32_t at) {
    return (uint32_t *)index->keys.bytes + at;
}

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
    large_free(&index->entries);
    large_free(&index->spots);
    large_free(&index->keys);
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
    return sizeof *index + index->count * (sizeof(repeats_entry) + sizeof(spot)) + index->keys_used * sizeof(uint32_t) +
           key_lists_bytes(&index->lists) + index->complaints_capacity * sizeof *index->by_complaint;
}

const repeats_entry *repeats_index_entry(const repeats_index *index, uint32_t slot) {
    return entry_at(index, slot);
}

const uint32_t *repeats_index_keys(const repeats_index *index, uint32_t slot) {
    return keys_at(index, entry_at(index, slot)->key_at);
}

void repeats_index_set_clue(repeats_index *index, uint32_t slot, int64_t clue) {
    entry_at(index, slot)->clue = clue;
}

void repeats_index_set_asked(repeats_index *index, uint32_t slot) {
    entry_at(index, slot)->asked = true;
}

/* --- complaint → slot --- */

static uint32_t complaint_home(const repeats_index *index, int64_t id) {
    uint32_t hash = (uint32_t)((uint64_t)id * 0x9E3779B97F4A7C15U >> 32);
    return (uint32_t)((uint64_t)hash * index->complaints_capacity >> 32);
}

static uint32_t complaint_cell(const repeats_index *index, int64_t id) {
    uint32_t at = complaint_home(index, id);
    while (index->by_complaint[at] && entry_at(index, index->by_complaint[at] - 1)->complaint != id)
        at = at + 1 == index->complaints_capacity ? 0 : at + 1;
    return at;
}

uint32_t repeats_index_find(const repeats_index *index, int64_t id) {
    return index->by_complaint[complaint_cell(index, id)] - 1; /* 0 - 1 is REPEATS_NONE */
}

static int more_complaint_cells(repeats_index *index) {
    if (index->count < index->complaints_capacity / 4 * 3) return 0;
    uint32_t bigger = index->complaints_capacity + index->complaints_capacity / 2;
    uint32_t *cells = table_calloc(bigger * sizeof *cells);
    if (!cells) return -ENOMEM;
    free(index->by_complaint);
    index->by_complaint = cells;
    index->complaints_capacity = bigger;
    for (uint32_t slot = 0; slot < index->count; slot++)
        index->by_complaint[complaint_cell(index, entry_at(index, slot)->complaint)] = slot + 1;
    return 0;
}

/* --- key → list of slots --- */

/* In the order of canon_before. */
static uint32_t coarse(int64_t received_at_us) {
    uint64_t when = ((uint64_t)received_at_us - 1) >> TIME_SHIFT;
    return when < UINT32_MAX ? (uint32_t)when : UINT32_MAX;
}

static bool before(const repeats_index *index, uint32_t a, uint32_t b) {
    uint32_t a_when = spot_at(index, a)->when, b_when = spot_at(index, b)->when;
    if (a_when != b_when) return a_when < b_when;
    const repeats_entry *x = entry_at(index, a), *y = entry_at(index, b);
    return canon_before(x->received_at_us, x->self, y->received_at_us, y->self);
}

/* Where the slot is in the list, or would be put. */
static uint32_t position(const repeats_index *index, const uint32_t *list, uint32_t count, uint32_t slot) {
    /* Most lists are short, and most complaints come in the order of their time. */
    if (count && list[count - 1] == slot) return count - 1;
    if (!count || before(index, list[count - 1], slot)) return count;
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (before(index, list[middle], slot))
            low = middle + 1;
        else
            high = middle;
    }
    while (low < count && list[low] != slot && !before(index, slot, list[low]))
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
    const repeats_entry *entry = entry_at(index, slot);
    int r = 0;
    for (uint32_t i = 0; !r && i < entry->key_count; i++)
        r = take_from_list(index, *keys_at(index, entry->key_at + i), slot, fn, arg);
    return r;
}

static bool same_lists(const repeats_index *index, const repeats_entry *entry, const matter *m) {
    return entry->self == m->self && entry->received_at_us == m->received_at_us && entry->key_count == m->keys.count &&
           memcmp(keys_at(index, entry->key_at), m->keys.items, m->keys.count * sizeof *m->keys.items) == 0;
}

static int new_slot(repeats_index *index, int64_t id, uint32_t *ret_slot) {
    int r = large_grow(&index->entries, (index->count + (size_t)1) * sizeof(repeats_entry));
    if (!r) r = large_grow(&index->spots, (index->count + (size_t)1) * sizeof(spot));
    if (!r) r = more_complaint_cells(index);
    if (r) return r;
    uint32_t slot = index->count, cell = complaint_cell(index, id);
    *entry_at(index, slot) = (repeats_entry){.complaint = id, .next = slot, .hood = slot};
    index->by_complaint[cell] = slot + 1;
    index->count++;
    *ret_slot = slot;
    return 0;
}

static int enter_lists(repeats_index *index, uint32_t slot, const word_list *keys, repeats_slot_fn *fn, void *arg) {
    repeats_entry *entry = entry_at(index, slot);
    if (keys->count > entry->key_count) {
        entry->key_at = index->keys_used;
        index->keys_used += keys->count;
    }
    entry->key_count = 0;
    for (uint16_t i = 0; i < keys->count; i++) {
        int r = put_in_list(index, keys->items[i], slot, fn, arg);
        if (r) return r;
        *keys_at(index, entry->key_at + entry->key_count++) = keys->items[i];
    }
    return 0;
}

int repeats_index_put(repeats_index *index, int64_t id, const matter *m, repeats_slot_fn *disturbed, void *arg,
                      uint32_t *ret_slot) {
    uint32_t slot = repeats_index_find(index, id);
    if (index->keys_used > MOST_KEYS_USED) return -ENOMEM;
    int r = large_grow(&index->keys, (index->keys_used + (size_t)MATTER_KEYS) * sizeof(uint32_t));
    if (!r && slot == REPEATS_NONE) r = new_slot(index, id, &slot);
    if (r) return r;
    *ret_slot = slot;
    repeats_entry *entry = entry_at(index, slot);
    bool same_digest = entry->digest == m->digest;
    entry->digest = m->digest;
    spot_at(index, slot)->where = matter_where(m->town, m->spot);
    if (same_lists(index, entry, m)) return !same_digest;
    r = leave_lists(index, slot, disturbed, arg);
    if (r) return r;
    entry->self = m->self;
    entry->received_at_us = m->received_at_us;
    spot_at(index, slot)->when = coarse(m->received_at_us);
    r = enter_lists(index, slot, &m->keys, disturbed, arg);
    return r ? r : 1;
}

/* How far down its lists a slot is likely to be, of 2^32: complaints of a key come all the time. */
static uint32_t part_of(const repeats_index *index, uint32_t slot) {
    return slot < index->count ? (uint32_t)(((uint64_t)slot << 32) / index->count) : UINT32_MAX;
}

/* The first place of a slot that is not before `slot`, looked for from a guess in steps that double. */
static uint32_t search(slot_list list, uint32_t slot, uint32_t guess) {
    uint32_t low = 0, high = list.count, step = REPEATS_REACH;
    if (list.slots[guess] < slot) {
        for (low = guess + 1; low + step < high && list.slots[low + step] < slot; step *= 2)
            low += step + 1;
        if (low + step < high) high = low + step;
    } else {
        for (high = guess; high > step && list.slots[high - step] >= slot; step *= 2)
            high -= step;
        if (high > step) low = high - step;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (list.slots[middle] < slot)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Where a slot that is in the list is: mostly at the end. Where complaints came in the order of their time, slots are
 * in order, too, and the list alone tells. */
static uint32_t place_in_list(const repeats_index *index, slot_list list, uint32_t slot) {
    for (uint32_t i = list.count; i > 0 && i + TAIL > list.count; i--)
        if (list.slots[i - 1] == slot) return i - 1;
    uint32_t at = search(list, slot, (uint32_t)((uint64_t)list.count * part_of(index, slot) >> 32));
    return at < list.count && list.slots[at] == slot ? at : position(index, list.slots, list.count, slot);
}

void repeats_index_near_by(const repeats_index *index, uint32_t slot, const word_list *keys, unsigned choice,
                           repeats_slot_fn *fn, void *arg) {
    const spot *spots = index->spots.bytes;
    const uint32_t own = spots[slot].where;
    for (uint32_t k = 0; k < keys->count; k++) {
        slot_list list = key_lists_find(&index->lists, keys->items[k]);
        if (list.count <= 1) continue;
        bool anywhere = !(choice & NEAR_HERE) || matter_key_ties(keys->items[k]);
        uint32_t at = place_in_list(index, list, slot);
        uint32_t from = choice & NEAR_AFTER ? at : at > REPEATS_REACH ? at - REPEATS_REACH : 0;
        for (uint32_t i = from; i < list.count && i <= at + REPEATS_REACH; i++) {
            if (i != at && (anywhere || !where_differs(own, spots[list.slots[i]].where))) fn(list.slots[i], arg);
        }
    }
}

void repeats_index_near(const repeats_index *index, uint32_t slot, unsigned choice, repeats_slot_fn *fn, void *arg) {
    const repeats_entry *entry = entry_at(index, slot);
    const word_list keys = {keys_at(index, entry->key_at), (uint16_t)entry->key_count};
    repeats_index_near_by(index, slot, &keys, choice, fn, arg);
}

/* --- fetching beforehand --- */

static void fetch_spots(const repeats_index *index, uint32_t key, uint32_t slot) {
    slot_list list = key_lists_find(&index->lists, key);
    if (!list.count) return;
    uint32_t at = slot < index->count ? place_in_list(index, list, slot) : list.count;
    for (uint32_t i = at > REPEATS_REACH ? at - REPEATS_REACH : 0; i < list.count && i <= at + REPEATS_REACH; i++)
        __builtin_prefetch(spot_at(index, list.slots[i]));
}

void repeats_index_fetch(const repeats_index *index, const word_list *keys, uint32_t slot, fetch_step step) {
    uint32_t part = part_of(index, slot);
    for (uint16_t i = 0; i < keys->count; i++) {
        uint32_t key = keys->items[i];
        if (step == FETCH_CELLS)
            key_lists_fetch_cell(&index->lists, key);
        else if (step == FETCH_LISTS)
            key_lists_fetch_list(&index->lists, key);
        else if (step == FETCH_PLACES)
            key_lists_fetch_part(&index->lists, key, part);
        else
            fetch_spots(index, key, slot);
    }
}

void repeats_index_fetch_id(const repeats_index *index, int64_t id) {
    __builtin_prefetch(&index->by_complaint[complaint_home(index, id)], 1);
}

void repeats_index_fetch_entry(const repeats_index *index, uint32_t slot) {
    __builtin_prefetch(entry_at(index, slot), 1);
}

/* --- neighbourhoods --- */

uint32_t repeats_index_hood(repeats_index *index, uint32_t slot) {
    repeats_entry *entries = index->entries.bytes;
    while (entries[slot].hood != slot)
        slot = entries[slot].hood = entries[entries[slot].hood].hood;
    return slot;
}

void repeats_index_join(repeats_index *index, uint32_t a, uint32_t b) {
    uint32_t x = repeats_index_hood(index, a), y = repeats_index_hood(index, b);
    if (x == y) return;
    uint32_t root = x < y ? x : y;
    entry_at(index, x ^ y ^ root)->hood = root;
    uint32_t next = entry_at(index, x)->next; /* swapping two links makes one ring of two */
    entry_at(index, x)->next = entry_at(index, y)->next;
    entry_at(index, y)->next = next;
}
