/* See row_ids.h. */
#include "intake/row_ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "intake/content_hash.h"

typedef struct slot {
    uint64_t key; /* 0: free */
    uint32_t value;
} slot;

/* Counts by 64-bit key; open addressing, at most half full. */
struct row_ids {
    const profile *profile;
    slot *slots;
    size_t count, room; /* room: a power of two */
};

row_ids *row_ids_new(const profile *rules) {
    row_ids *ids = calloc(1, sizeof *ids);
    if (ids == NULL) return NULL;
    ids->profile = rules;
    ids->room = 1024;
    ids->slots = calloc(ids->room, sizeof *ids->slots);
    if (ids->slots == NULL) row_ids_destroy(&ids);
    return ids;
}

void row_ids_destroy(row_ids **ids) {
    if (ids == NULL || *ids == NULL) return;
    free((*ids)->slots);
    free(*ids);
    *ids = NULL;
}

static slot *find(slot *slots, size_t room, uint64_t key) {
    size_t at = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (room - 1);
    while (slots[at].key != 0 && slots[at].key != key)
        at = (at + 1) & (room - 1);
    return &slots[at];
}

static int grow(row_ids *ids) {
    size_t room = ids->room * 2;
    slot *slots = calloc(room, sizeof *slots);
    if (slots == NULL) return -ENOMEM;
    for (size_t i = 0; i < ids->room; i++) {
        if (ids->slots[i].key != 0) *find(slots, room, ids->slots[i].key) = ids->slots[i];
    }
    free(ids->slots);
    ids->slots = slots;
    ids->room = room;
    return 0;
}

/* The value of a key, 0 when it is new; lives until the next call. */
static uint32_t *value_of(row_ids *ids, uint64_t key) {
    if (ids->count * 2 >= ids->room && grow(ids) < 0) return NULL;
    slot *found = find(ids->slots, ids->room, key != 0 ? key : 1);
    if (found->key == 0) {
        found->key = key != 0 ? key : 1;
        ids->count++;
    }
    return &found->value;
}

/* Every row of equal content gets a number of its own: rows without one cannot be told to be repetitions. */
static int derive(row_ids *ids, uint64_t content, char **id, wjz_arena *arena) {
    uint32_t *seen = value_of(ids, content);
    if (seen == NULL) return -ENOMEM;
    uint32_t number = ++*seen;
    *id = number == 1 ? wjz_arena_printf(arena, "~%016llx", (unsigned long long)content)
                      : wjz_arena_printf(arena, "~%016llx#%u", (unsigned long long)content, number);
    return *id != NULL ? 0 : -ENOMEM;
}

/* The second content under one number gets "#2", the third "#3"; equal contents share theirs. */
static int suffix(row_ids *ids, uint64_t content, char **id, wjz_arena *arena) {
    uint64_t name = XXH3_64bits(*id, strlen(*id));
    uint32_t *known = value_of(ids, XXH3_64bits_withSeed(&name, sizeof name, content));
    if (known == NULL) return -ENOMEM;
    uint32_t number = *known;
    if (number == 0) {
        uint32_t *contents = value_of(ids, name);
        if (contents == NULL) return -ENOMEM;
        number = ++*contents;
        known = value_of(ids, XXH3_64bits_withSeed(&name, sizeof name, content));
        if (known == NULL) return -ENOMEM;
        *known = number;
    }
    if (number == 1) return 0;
    *id = wjz_arena_printf(arena, "%s#%u", *id, number);
    return *id != NULL ? 0 : -ENOMEM;
}

int row_ids_assign(row_ids *ids, Wjz__Intake__FeedItem *item, wjz_arena *arena) {
    char **id = item->item_case == WJZ__INTAKE__FEED_ITEM__ITEM_COMPLAINT ? &item->complaint->external_id
                : item->item_case == WJZ__INTAKE__FEED_ITEM__ITEM_ENFORCEMENT_RECORD
                    ? &item->enforcement_record->document_no
                    : NULL;
    if (id == NULL) return 0; /* feedback names its complaint, and is identified by its content */
    if ((*id)[0] == '\0') {
        return profile_missing_id(ids->profile) == MISSING_ID_DERIVED ? derive(ids, content_hash(item), id, arena) : 0;
    }
    return profile_repeated_id(ids->profile) == REPEATED_ID_SUFFIXED ? suffix(ids, content_hash(item), id, arena) : 0;
}
