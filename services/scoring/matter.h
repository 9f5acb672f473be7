/* What a complaint is about, small enough to keep beside every complaint and to compare with thousands: the pairs of
 * characters that say most, marked as common word or name and as title or text; the districts it names; and a few keys
 * under which complaints of the same matter find each other. Pure. */
#ifndef SCORING_MATTER_H
#define SCORING_MATTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/card.pb-c.h"
#include "scoring/complaint.h"
#include "scoring/normalise.h"
#include "scoring/repeats_rules.h"
#include "wjz/arena.h"
#include "wjz/err.h"

enum {
    MATTER_GRAMS = 80,       /* kept for their weight */
    MATTER_NAMED_GRAMS = 48, /* kept besides, because they stand in the title or in a name */
    MATTER_DISTRICTS = 8,
    MATTER_KEYS = 16,
    MATTER_NAME_GRAMS = 24,
    MATTER_UNITS = 6,
};

/* A gram is a pair of adjacent characters: 25 bits of hash, then what it is. Sorted by hash. */
enum {
    GRAM_WEIGHT = WORDING_MOST_WEIGHT, /* how rare, and how often said */
    GRAM_TITLE = 1 << 4,               /* stands in the title */
    GRAM_RARE = 1 << 5,                /* a name rather than a common word */
    GRAM_PLACE = 1 << 6,               /* part of a name that tells one place or subject from another */
    GRAM_HASH_SHIFT = 7,
};

/* Hashes, and for grams what they are. */
typedef struct word_list {
    const uint32_t *items;
    uint16_t count;
} word_list;

typedef struct matter {
    uint64_t reporter; /* as in complaint */
    int64_t received_at_us;
    uint64_t self;       /* of feed and external id: the same wherever and whenever it is grouped */
    uint64_t parent;     /* self of the complaint that the platform says it repeats, 0: none */
    uint32_t digest;     /* of all of it as packed, and of the finding: two in the same state have the same */
    uint32_t town;       /* nine digits, 0: not known */
    uint32_t spot;       /* hash of how the place begins that the address field names, 0: it names none */
    bool has_address;    /* the first name is that of the address field */
    word_list grams;     /* sorted */
    word_list districts; /* names of counties and towns, sorted */
    word_list keys;      /* sorted; complaints of one matter share at least one; never 0; see matter_key_ties */
    word_list units;     /* numbered villagers' groups, buildings and house numbers, sorted */
    /* Names of estates, villages, schools and companies that stand in front: for each the hashes of its grams, shifted
     * by one; the last one of a name is odd. */
    word_list names;
    /* sums over the grams, so that comparing needs one pass */
    float all_norm, common_norm, title_common, title_rare;
    uint16_t title_rare_count;
} matter;

/* finding may be NULL: then names come from rarity alone. The matter lives in the arena. -ENOMEM, -EMSGSIZE above
 * 64 MB of text. */
WJZ_MUST_CHECK int matter_of(const repeat_rules *rules, const complaint *complaint,
                             const Wjz__Scoring__Finding *finding, wjz_arena *arena, matter **ret_matter);

/* The same from the complaint's text as the analysis made it (analysis.h), which need not be made twice. */
WJZ_MUST_CHECK int matter_of_text(const repeat_rules *rules, const complaint *complaint,
                                  const Wjz__Scoring__Finding *finding, const normal_text *text, wjz_arena *arena,
                                  matter **ret_matter);

/* Fills the sums. */
void matter_sum_up(matter *m);

/* As stored. Packed bytes live in the arena: -ENOMEM; sets the digest to that of the bytes. Unpacking checks them:
 * -EBADMSG, -ENOMEM. */
WJZ_MUST_CHECK int matter_pack(matter *matter, wjz_arena *arena, const void **ret_data, size_t *ret_length);
WJZ_MUST_CHECK int matter_unpack(const void *data, size_t length, wjz_arena *arena, matter **ret_matter);

/* A copy with its lists in one piece of memory: matter_size bytes, aligned for any type. */
size_t matter_size(const matter *m);
matter *matter_copy(const matter *m, void *memory);

/* Canonical order, which does not depend on who came first to us: by report time, unknown times last, then by self. */
static inline bool canon_before(int64_t a_at_us, uint64_t a_self, int64_t b_at_us, uint64_t b_self) {
    uint64_t at = (uint64_t)a_at_us - 1, bt = (uint64_t)b_at_us - 1; /* unknown, 0, becomes the largest */
    return at != bt ? at < bt : a_self < b_self;
}
static inline bool matter_before(const matter *a, const matter *b) {
    return canon_before(a->received_at_us, a->self, b->received_at_us, b->self);
}

/* Hash of the words of the content alone, equal in copies of one text; 0: too short to tell. */
uint64_t matter_copy_of(const normal_text *text);

/* The self of a complaint of a feed; never 0. */
uint64_t matter_self(const char *feed, const char *external_id);

/* Whether the key is shared by a complaint and those that name it as their parent: they are compared wherever they are.
 */
static inline bool matter_key_ties(uint32_t key) {
    return key & 1;
}

/* Where a complaint is, in one word: of its town and its spot as many bits as tell them apart, 0 for what is not known.
 */
enum { WHERE_SPOT_BITS = 20, WHERE_TOWN_BITS = 32 - WHERE_SPOT_BITS };

static inline uint32_t matter_where(uint32_t town, uint32_t spot) {
    uint32_t town_part = town ? (town * 2654435761U) >> WHERE_SPOT_BITS | 1 : 0;
    uint32_t spot_part = spot ? spot >> WHERE_TOWN_BITS | 1 : 0;
    return town_part << WHERE_SPOT_BITS | spot_part;
}

/* Whether two are known to be in different towns, or at different spots. */
static inline bool where_differs(uint32_t a, uint32_t b) {
    const uint32_t spot = (1U << WHERE_SPOT_BITS) - 1, differ = a ^ b;
    return ((differ & spot) && (a & spot) && (b & spot)) || ((differ & ~spot) && (a & ~spot) && (b & ~spot));
}

#endif
