/* Lists of slots by key, packed: most keys have one slot, which lives in the key's cell; the others' lists share one
 * block of memory, each in a room of a size that follows from its count. Plain memory, no I/O. */
#ifndef SCORING_KEY_LISTS_H
#define SCORING_KEY_LISTS_H

#include <stddef.h>
#include <stdint.h>

#include "scoring/large.h"
#include "wjz/clean.h"

enum { KEY_LISTS_SIZES = 128 };

typedef struct key_cell key_cell;

typedef struct key_lists {
    key_cell *cells; /* open, in the order of keys but for what was displaced */
    uint32_t cells_used, cells_capacity;
    large_array words; /* uint32_t, of all lists: count, then slots */
    uint32_t words_used;
    uint32_t free_rooms[KEY_LISTS_SIZES]; /* by size, linked by their first words; 0: none */
} key_lists;

/* A list as it is now: until the next insert or remove. */
typedef struct slot_list {
    const uint32_t *slots;
    uint32_t count;
} slot_list;

/* -ENOMEM. */
WJZ_MUST_CHECK int key_lists_open(key_lists *lists);
void key_lists_close(key_lists *lists);
size_t key_lists_bytes(const key_lists *lists);

/* Empty when there is none. key is not 0. */
slot_list key_lists_find(const key_lists *lists, uint32_t key);
/* Start to fetch what will be read: the key's cell; then what the cell leads to; then a part of its list, which says
 * how far down it is as a fraction of 2^32. Each needs what the one before it fetched. */
void key_lists_fetch_cell(const key_lists *lists, uint32_t key);
void key_lists_fetch_list(const key_lists *lists, uint32_t key);
void key_lists_fetch_part(const key_lists *lists, uint32_t key, uint32_t part);
/* Puts the slot at a position of its list, at most its count. Slots are below 2^31 - 1. -ENOMEM: nothing was changed.
 */
WJZ_MUST_CHECK int key_lists_insert(key_lists *lists, uint32_t key, uint32_t position, uint32_t slot);
/* Takes out what is at the position. -ENOMEM: nothing was changed. */
WJZ_MUST_CHECK int key_lists_remove(key_lists *lists, uint32_t key, uint32_t position);

#endif
