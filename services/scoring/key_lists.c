/* A cell is eight bytes. Its key is a hash, so that the place of a key follows from it by one multiplication, whatever the
 * number of cells, and growing by half copies them in order. */
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

enum { FIRST_CELLS = 1 << 12, FIRST_WORDS = 1 << 12 };

int key_lists_open(key_lists *l) {
    *l = (key_lists){.cells_capacity = FIRST_CELLS, .words_capacity = FIRST_WORDS, .words_used = 1};
    l->cells = calloc(l->cells_capacity, sizeof *l->cells);
    l->words = malloc(l->words_capacity * sizeof *l->words);
    if (l->cells && l->words) return 0;
    key_lists_close(l);
    return -ENOMEM;
}

void key_lists_close(key_lists *l) {
    free(l->cells);
    free(l->words);
    *l = (key_lists){0};
}

size_t key_lists_bytes(const key_lists *l) {
    return l->cells_capacity * sizeof *l->cells + l->words_used * sizeof *l->words;
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

void key_lists_prefetch(const key_lists *l, uint32_t key) {
    __builtin_prefetch(&l->cells[home_of(l, key)]);
}

static int more_cells(key_lists *l) {
    if (l->cells_used < l->cells_capacity / 5 * 4) return 0;
    key_cell *old = l->cells;
    uint32_t old_capacity = l->cells_capacity;
    l->cells = calloc(old_capacity + old_capacity / 2, sizeof *l->cells);
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
        l->free_rooms[size] = l->words[*ret_at];
        return 0;
    }
    if (l->words_capacity - l->words_used < slots + 1) {
        uint64_t bigger = l->words_capacity + (uint64_t)l->words_capacity / 2 + slots + 1;
        uint32_t *grown = bigger < MANY ? realloc(l->words, bigger * sizeof *grown) : NULL;
        if (!grown) return -ENOMEM;
        l->words = grown;
        l->words_capacity = (uint32_t)bigger;
    }
    *ret_at = l->words_used;
    l->words_used += slots + 1;
    return 0;
}

static void give_room(key_lists *l, uint32_t at, uint32_t count) {
    uint32_t slots, size = size_of(count, &slots);
    l->words[at] = l->free_rooms[size];
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
    const uint32_t *room = l->words + (cell->at & ~MANY);
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
    l->words[room] = 1;
    l->words[room + 1] = cell->at;
    cell->at = room | MANY;
    return 0;
}

/* To the room of another count, without what is at a position; `count` and more leaves out nothing. */
static int move_room(key_lists *l, key_cell *cell, uint32_t to_count, uint32_t without) {
    uint32_t from = cell->at & ~MANY, count = l->words[from], to;
    int r = take_room(l, to_count, &to);
    if (r) return r;
    for (uint32_t i = 0, kept = 0; i < count; i++)
        if (i != without) l->words[to + 1 + kept++] = l->words[from + 1 + i];
    l->words[to] = to_count;
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
    uint32_t *room = l->words + (cell->at & ~MANY), *list = room + 1;
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
    uint32_t *list = l->words + (cell->at & ~MANY) + 1;
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
