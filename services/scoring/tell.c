/* The hash of a state without its revision shows whether anything changed that others care about. */
#include "scoring/tell.h"

#include <errno.h>
#include <xxhash.h>

#include "proto/scoring.pb-c.h"

enum { CLUES_PER_MESSAGE = 256, COMPLAINTS_PER_MESSAGE = 20000 };

struct tell {
    wjz_arena *arena;
    Wjz__Scoring__ClueState **states;
    size_t count;
};

int tell_new(size_t most, wjz_arena *arena, tell **ret_tell) {
    tell *t = wjz_arena_calloc(arena, 1, sizeof *t);
    if (!t) return -ENOMEM;
    t->arena = arena;
    t->states = wjz_arena_alloc(arena, most * sizeof(Wjz__Scoring__ClueState *));
    if (!t->states) return -ENOMEM;
    *ret_tell = t;
    return 0;
}

static Wjz__Scoring__ClueState *state_of(tell *t, const regroup_group *group, const clue_row *row) {
    const Wjz__Scoring__ScoreCard *card = row->card;
    size_t complaints = group->count < TELL_COMPLAINTS ? group->count : TELL_COMPLAINTS;
    Wjz__Scoring__ClueState *state = wjz_arena_alloc(t->arena, sizeof *state);
    uint64_t *ids = wjz_arena_alloc(t->arena, complaints * sizeof *ids);
    if (!state || !ids) return NULL;
    for (size_t i = 0; i < complaints; i++)
        ids[i] = (uint64_t)group->members[i].complaint;
    wjz__scoring__clue_state__init(state);
    state->clue = (uint64_t)row->id;
    state->index = card->index;
    state->stars = card->stars;
    state->kind = card->kind;
    state->branch = card->branch;
    state->domain = card->domain;
    if (card->place) {
        state->town = card->place->town;
        state->village = card->place->village;
        state->place = card->place->text;
        state->report_region = card->place->region;
    }
    state->mediation = card->mediation;
    state->urgent = card->urgent;
    state->confidential = card->confidential;
    state->look_on_spot = card->look_on_spot;
    state->complaint_count = (uint32_t)group->count;
    state->feed = (char *)row->feed;
    state->n_agencies = card->n_agencies;
    state->agencies = card->agencies;
    state->subject = card->subject;
    state->n_complaint = complaints;
    state->complaint = ids;
    return state;
}

static int hash_of(tell *t, const Wjz__Scoring__ClueState *state, int64_t *ret_hash) {
    size_t length = wjz__scoring__clue_state__get_packed_size(state);
    uint8_t *packed = wjz_arena_alloc(t->arena, length);
    if (!packed) return -ENOMEM;
    wjz__scoring__clue_state__pack(state, packed);
    *ret_hash = (int64_t)XXH3_64bits(packed, length);
    return 0;
}

int tell_scored(tell *t, const regroup_group *group, clue_row *row, wjz_err *err) {
    if (!row->told && row->card->stars < TELL_LEAST_STARS && !row->card->mediation) return 0;
    Wjz__Scoring__ClueState *state = state_of(t, group, row);
    int64_t hash = 0;
    if (!state || hash_of(t, state, &hash)) return wjz_err_set(err, -ENOMEM, "out of memory");
    if (row->told && hash == row->told_state) return 0;
    row->told = true;
    row->told_state = hash;
    state->revision = (uint64_t)row->revision;
    t->states[t->count++] = state;
    return 0;
}

int tell_merged(tell *t, const merged_row *row, wjz_err *err) {
    Wjz__Scoring__ClueState *state = wjz_arena_alloc(t->arena, sizeof *state);
    if (!state) return wjz_err_set(err, -ENOMEM, "out of memory");
    wjz__scoring__clue_state__init(state);
    state->clue = (uint64_t)row->id;
    state->revision = (uint64_t)row->revision;
    state->stars = 1;
    state->merged_into = (uint64_t)row->into;
    t->states[t->count++] = state;
    return 0;
}

int tell_send(tell *t, wjz_bus *bus, wjz_tx *tx, int32_t region, wjz_err *err) {
    for (size_t from = 0; from < t->count;) {
        Wjz__Scoring__CluesScored message = WJZ__SCORING__CLUES_SCORED__INIT;
        message.clues = t->states + from;
        for (size_t complaints = 0; from + message.n_clues < t->count && message.n_clues < CLUES_PER_MESSAGE &&
                                    complaints < COMPLAINTS_PER_MESSAGE;
             message.n_clues++)
            complaints += message.clues[message.n_clues]->n_complaint;
        int r = wjz_bus_emit(bus, tx, region, &message.base, err);
        if (r) return r;
        from += message.n_clues;
    }
    return 0;
}
