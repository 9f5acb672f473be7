/* A cell is eight bytes. Its key is a hash, so that the place of a key follows from it by one multiplication, whatever
 * the number of cells, and growing by half copies them in order. */
#include "scoring/key_lists.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct key_cell {
    uint32_t key; /* 0: free */
    uint32_t at;  /* the slot, or with MANY where in words; NOBODY when all have left */
};

#define MANY 0x80000000U
#define NOBODY 0x7fffffffU

enum { FIRST_CELLS = 1 << 12, LINE_WORDS = 16 /* of a line of memory */ };

static uint32_t *words_of(const key_lists *l) {
    return l->words.bytes;
}

int key_lists_open(key_lists *l) {
    *l = (key_lists){.cells_capacity = FIRST_CELLS, .words_used = 1};
    l->cells = calloc(l->cells_capacity, sizeof *l->cells);
    if (l->cells) return 0;
    key_lists_close(l);
    return -ENOMEM;
}

void key_lists_close(key_lists *l) {
    free(l->cells);
    large_free(&l->words);
    *l = (key_lists){0};
}

size_t key_lists_bytes(const key_lists *l) {
    return l->cells_capacity * sizeof *l->cells + l->words_used * sizeof(uint32_t);
}

/* --- cells --- */

static uint32_t home_of(const key_lists *l, uint32_t key) {
    return (uint32_t)((uint64_t)key * l->cells_capacity >> 32);
}

static key_cell *cell_of(const key_lists *l, uint32_t key) {
    uint32_t at = home_of(l, key);
    while (l->cells[at].key && l->cells[at].key != key)
        at = at + 1 == l->cells_capacity ? 0 : at + 1;
    return &l->cells[at];
}

void key_lists_fetch_cell(const key_lists *l, uint32_t key) {
    __builtin_prefetch(&l->cells[home_of(l, key)], 1);
}

void key_lists_fetch_list(const key_lists *l, uint32_t key) {
    const key_cell *cell = cell_of(l, key);
    if (cell->at & MANY) __builtin_prefetch(words_of(l) + (cell->at & ~MANY), 1);
}

void key_lists_fetch_part(const key_lists *l, uint32_t key, uint32_t part) {
    const key_cell *cell = cell_of(l, key);
    if (!(cell->at & MANY)) return;
    const uint32_t *room = words_of(l) + (cell->at & ~MANY);
    uint32_t at = (uint32_t)((uint64_t)room[0] * part >> 32);
    if (at >= LINE_WORDS / 2) __builtin_prefetch(room + at - LINE_WORDS / 2, 1);
    if (at >= LINE_WORDS / 2) __builtin_prefetch(room + at + LINE_WORDS / 2, 1);
}

static int more_cells(key_lists *l) {
    if (l->cells_used < l->cells_capacity / 5 * 4) return 0;
    key_cell *old = l->cells;
    uint32_t old_capacity = l->cells_capacity;
    l->cells = table_calloc(((size_t)old_capacity + old_capacity / 2) * sizeof *l->cells);
    if (!l->cells) {
        l->cells = old;
        return -ENOMEM;
    }
    l->cells_capacity = old_capacity + old_capacity / 2;
    l->cells_used = 0;
    for (uint32_t i = 0; i < old_capacity; i++) {
        if (!old[i].key || old[i].at == NOBODY) continue;
        *cell_of(l, old[i].key) = old[i];
        l->cells_used++;
    }
    free(old);
    return 0;
}

/* --- rooms --- */

/* Which room a list of so many has: four sizes between a number and its double. */
static uint32_t size_of(uint32_t count, uint32_t *ret_slots) {
    if (count <= 4) {
        *ret_slots = count;
        return count;
    }
    uint32_t top = 31 - (uint32_t)__builtin_clz(count - 1), step = top - 2, part = (count - 1) >> step; /* 4 to 7 */
    *ret_slots = (part + 1) << step;
    return 4 * top + part - 4;
}

static int take_room(key_lists *l, uint32_t count, uint32_t *ret_at) {
    uint32_t slots, size = size_of(count, &slots);
    if (l->free_rooms[size]) {
        *ret_at = l->free_rooms[size];
        l->free_rooms[size] = words_of(l)[*ret_at];
        return 0;
    }
    uint64_t needed = (uint64_t)l->words_used + slots + 1;
    if (needed >= MANY || large_grow(&l->words, needed * sizeof(uint32_t))) return -ENOMEM;
    *ret_at = l->words_used;
    l->words_used += slots + 1;
    return 0;
}

static void give_room(key_lists *l, uint32_t at, uint32_t count) {
    uint32_t slots, size = size_of(count, &slots);
    words_of(l)[at] = l->free_rooms[size];
    l->free_rooms[size] = at;
}

static bool same_room(uint32_t a, uint32_t b) {
    uint32_t slots;
    return size_of(a, &slots) == size_of(b, &slots);
}

/* --- lists --- */

static slot_list list_of(const key_lists *l, const key_cell *cell) {
    if (!cell->key || cell->at == NOBODY) return (slot_list){NULL, 0};
    if (!(cell->at & MANY)) return (slot_list){&cell->at, 1};
    const uint32_t *room = words_of(l) + (cell->at & ~MANY);
    return (slot_list){room + 1, room[0]};
}

slot_list key_lists_find(const key_lists *l, uint32_t key) {
    return list_of(l, cell_of(l, key));
}

/* From one slot in the cell to a room for two. */
static int leave_cell(key_lists *l, key_cell *cell) {
    uint32_t room;
    int r = take_room(l, 2, &room);
    if (r) return r;
    words_of(l)[room] = 1;
    words_of(l)[room + 1] = cell->at;
    cell->at = room | MANY;
    return 0;
}

/* To the room of another count, without what is at a position; `count` and more leaves out nothing. */
static int move_room(key_lists *l, key_cell *cell, uint32_t to_count, uint32_t without) {
    uint32_t from = cell->at & ~MANY, count = words_of(l)[from], to;
    int r = take_room(l, to_count, &to);
    if (r) return r;
    uint32_t *words = words_of(l);
    for (uint32_t i = 0, kept = 0; i < count; i++)
        if (i != without) words[to + 1 + kept++] = words[from + 1 + i];
    words[to] = to_count;
    give_room(l, from, count);
    cell->at = to | MANY;
    return 0;
}

int key_lists_insert(key_lists *l, uint32_t key, uint32_t position, uint32_t slot) {
    int r = more_cells(l);
    if (r) return r;
    key_cell *cell = cell_of(l, key);
    uint32_t count = list_of(l, cell).count;
    if (!count) {
        if (!cell->key) l->cells_used++;
        *cell = (key_cell){key, slot};
        return 0;
    }
    if (count == 1)
        r = leave_cell(l, cell);
    else if (!same_room(count, count + 1))
        r = move_room(l, cell, count + 1, count);
    if (r) return r;
    uint32_t *room = words_of(l) + (cell->at & ~MANY), *list = room + 1;
    memmove(list + position + 1, list + position, (size_t)(count - position) * sizeof *list);
    list[position] = slot;
    room[0] = count + 1;
    return 0;
}

int key_lists_remove(key_lists *l, uint32_t key, uint32_t position) {
    key_cell *cell = cell_of(l, key);
    uint32_t count = list_of(l, cell).count;
    if (count <= 1) {
        cell->at = NOBODY;
        return 0;
    }
    uint32_t *list = words_of(l) + (cell->at & ~MANY) + 1;
    if (count == 2) {
        uint32_t other = list[1 - position];
        give_room(l, cell->at & ~MANY, 2);
        cell->at = other;
        return 0;
    }
    if (!same_room(count, count - 1)) return move_room(l, cell, count - 1, position);
    memmove(list + position, list + position + 1, (size_t)(count - position - 1) * sizeof *list);
    list[-1] = count - 1;
    return 0;
}
