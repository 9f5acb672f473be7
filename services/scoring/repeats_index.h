/* Who may be a repeat of whom, for all complaints of a region: under each key the complaints that have it, in canonical
 * order. A complaint is near the REACH before it and the REACH after it in each of its lists, which keeps the work
 * bounded however common a key is, and depends on the set of complaints alone. Complaints that were ever linked are
 * kept together as a neighbourhood, which is what is partitioned.
 *
 * Held in memory by every scoring process and rebuilt from the journal that each batch leaves in the store: so a batch
 * costs the store one small row instead of an index entry for each key. Plain memory, no I/O. */
#ifndef SCORING_REPEATS_INDEX_H
#define SCORING_REPEATS_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/decisions.h"
#include "scoring/matter.h"
#include "wjz/clean.h"

enum { REPEATS_REACH = 4 };

#define REPEATS_NONE UINT32_MAX

typedef struct repeats_index repeats_index;

WJZ_MUST_CHECK int repeats_index_new(repeats_index **ret_index);
void repeats_index_destroy(repeats_index **index);
/* The decisions of people that stand. */
decisions *repeats_index_decisions(repeats_index *index);
/* Complaints in it, and bytes held. */
size_t repeats_index_count(const repeats_index *index);
size_t repeats_index_bytes(const repeats_index *index);

/* What the index keeps of a complaint, beside where it is. */
typedef struct repeats_entry {
    int64_t complaint;
    int64_t clue;
    uint64_t self;
    int64_t received_at_us;
    uint32_t key_at;
    uint32_t key_count;
    uint32_t next;   /* ring of the neighbourhood */
    uint32_t hood;   /* towards the neighbourhood's root */
    uint32_t digest; /* of the matter, as last put */
    bool asked;      /* people may have been asked whether it and a later one are one matter */
} repeats_entry;

/* Called for slots near something that changed; the same slot may come several times. */
typedef void repeats_slot_fn(uint32_t slot, void *arg);

/* Adds a complaint, or replaces its keys, time and digest when they changed; it keeps its slot, clue and neighbourhood.
 * disturbed (may be NULL) is called for others that may have won a near one beside it, and for one of two of the same
 * neighbourhood that may not be near each other any more. 1 when anything changed, 0 when all was so before, -ENOMEM.
 */
WJZ_MUST_CHECK int repeats_index_put(repeats_index *index, int64_t id, const matter *matter, repeats_slot_fn *disturbed,
                                     void *arg, uint32_t *ret_slot);
/* REPEATS_NONE when not there. */
uint32_t repeats_index_find(const repeats_index *index, int64_t id);
const repeats_entry *repeats_index_entry(const repeats_index *index, uint32_t slot);
const uint32_t *repeats_index_keys(const repeats_index *index, uint32_t slot);
void repeats_index_set_clue(repeats_index *index, uint32_t slot, int64_t clue);
void repeats_index_set_asked(repeats_index *index, uint32_t slot);

/* Which of the near ones are wanted. */
typedef enum near_choice {
    NEAR_AFTER = 1, /* those behind it in the lists, so that asking all of a set gives each pair from one side */
    NEAR_HERE = 2,  /* not those that are known to be in another town or at another spot, which is most of those that
                       share a common  word; unless the platform may call one a repeat of the other */
} near_choice;

/* The near slots, by choices or'ed; the same one may come once per key. */
void repeats_index_near(const repeats_index *index, uint32_t slot, unsigned choice, repeats_slot_fn *fn, void *arg);
/* The same by some of its keys alone. */
void repeats_index_near_by(const repeats_index *index, uint32_t slot, const word_list *keys, unsigned choice,
                           repeats_slot_fn *fn, void *arg);

/* Start to fetch from memory what putting a complaint of these keys and looking for its near ones will read; slot:
 * REPEATS_NONE for one that is to be put. Each step needs what the one before it fetched; so a batch takes the steps
 * for some complaints ahead, and waits for none. */
typedef enum fetch_step { FETCH_CELLS, FETCH_LISTS, FETCH_PLACES, FETCH_SPOTS, FETCH_STEPS } fetch_step;
void repeats_index_fetch(const repeats_index *index, const word_list *keys, uint32_t slot, fetch_step step);
void repeats_index_fetch_id(const repeats_index *index, int64_t id);
void repeats_index_fetch_entry(const repeats_index *index, uint32_t slot);

/* Makes one neighbourhood of two. */
void repeats_index_join(repeats_index *index, uint32_t a, uint32_t b);
/* The neighbourhood's root; equal for two slots of one neighbourhood. Members: follow entry->next round the ring. */
uint32_t repeats_index_hood(repeats_index *index, uint32_t slot);

#endif
