/* Sets of a few places, found by the clue's id. */
#include "scoring/clue_memo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 4 };

typedef struct place {
    store_clue clue;  /* id 0: empty */
    uint64_t used_at; /* of the memo's uses */
} place;

struct clue_memo {
    uint64_t uses;
    place places[CLUE_MEMO_PLACES];
};

int clue_memo_new(clue_memo **ret_memo) {
    *ret_memo = calloc(1, sizeof **ret_memo);
    return *ret_memo ? 0 : -ENOMEM;
}

void clue_memo_destroy(clue_memo **memo) {
    if (!memo) return;
    free(*memo);
    *memo = NULL;
}

static place *set_of(clue_memo *memo, int64_t clue) {
    size_t hash = (size_t)(((uint64_t)clue * 0x9E3779B97F4A7C15U) >> 32);
    return &memo->places[hash * WAYS % CLUE_MEMO_PLACES];
}

static place *find(clue_memo *memo, int64_t clue) {
    place *set = set_of(memo, clue);
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].clue.id == clue) return &set[i];
    return NULL;
}

void clue_memo_put(clue_memo *memo, const store_clue *clue) {
    place *at = find(memo, clue->id), *set = set_of(memo, clue->id);
    if (!at) {
        at = set;
        for (size_t i = 1; i < WAYS; i++)
            if (set[i].used_at < at->used_at) at = &set[i];
    }
    *at = (place){*clue, ++memo->uses};
}

const store_clue *clue_memo_get(clue_memo *memo, int64_t clue) {
    place *at = find(memo, clue);
    if (!at) return NULL;
    at->used_at = ++memo->uses;
    return &at->clue;
}

void clue_memo_forget(clue_memo *memo) {
    memset(memo, 0, sizeof *memo);
}
