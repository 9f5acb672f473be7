/* Little-endian. Version; count and complaints with self, time and keys; count and linked pairs; count and complaints
 * with their clues; count and complaints that people are asked about for the first time; in decided turns a decision,
 * or nothing: its id (0: none), kind, and both sides with their counts; and the id of one that was taken back, 0: none.
 * Turns of the first two versions do not say in which town a complaint is, those of the next two not at which spot,
 * those of the next two not whom people were asked about: it may be each. */
#include "scoring/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/bytes.h"

enum { JOURNAL_TOWNLESS = 1, JOURNAL_SPOTLESS = 3, JOURNAL_UNASKED = 5, JOURNAL_VERSION = 7, JOURNAL_DECIDED };
/* even ones are decided */
enum {
    HEAD_BYTES = 1,
    COUNT_BYTES = 4,
    PUT_BYTES = 3 * 8 + 4 + 4 + 4 + 1,
    PAIR_BYTES = 16,
    ID_BYTES = 8,
    KIND_BYTES = 1
};

typedef struct sizes {
    uint32_t put, keys, moved;
} sizes;

static sizes measure(const regroup_group *groups, size_t group_count) {
    sizes s = {0};
    for (size_t i = 0; i < group_count; i++) {
        for (size_t j = 0; j < groups[i].count; j++) {
            const regroup_member *member = &groups[i].members[j];
            if (member->rekeyed) s.put++;
            if (member->rekeyed) s.keys += member->matter->keys.count;
            if (member->clue != groups[i].clue) s.moved++;
        }
    }
    return s;
}

static unsigned char *write_put(unsigned char *at, const regroup_member *member) {
    at = put_bytes(at, (uint64_t)member->complaint, 8);
    at = put_bytes(at, member->matter->self, 8);
    at = put_bytes(at, (uint64_t)member->matter->received_at_us, 8);
    at = put_bytes(at, member->matter->digest, 4);
    at = put_bytes(at, member->matter->town, 4);
    at = put_bytes(at, member->matter->spot, 4);
    at = put_bytes(at, member->matter->keys.count, 1);
    for (uint16_t i = 0; i < member->matter->keys.count; i++)
        at = put_bytes(at, member->matter->keys.items[i], 4);
    return at;
}

static size_t decided_bytes(decision_change decided) {
    if (!decided.made && !decided.undone) return 0;
    size_t named = decided.made ? decided.made->member_count + decided.made->other_count : 0;
    return 2 * ID_BYTES + (decided.made ? KIND_BYTES + 2 * COUNT_BYTES + named * ID_BYTES : 0);
}

static unsigned char *write_side(unsigned char *at, const int64_t *complaints, size_t count) {
    at = put_bytes(at, count, COUNT_BYTES);
    for (size_t i = 0; i < count; i++)
        at = put_bytes(at, (uint64_t)complaints[i], ID_BYTES);
    return at;
}

static void write_decided(unsigned char *at, decision_change decided) {
    const decision *d = decided.made;
    at = put_bytes(at, d ? (uint64_t)d->id : 0, ID_BYTES);
    if (d) {
        at = put_bytes(at, d->kind, KIND_BYTES);
        at = write_side(at, d->members, d->member_count);
        at = write_side(at, d->others, d->other_count);
    }
    put_bytes(at, (uint64_t)decided.undone, ID_BYTES);
}

static unsigned char *write_all_put(unsigned char *at, const journal_change *c, uint32_t put) {
    at = put_bytes(at, put, COUNT_BYTES);
    for (size_t i = 0; i < c->group_count; i++) {
        for (size_t j = 0; j < c->groups[i].count; j++) {
            if (c->groups[i].members[j].rekeyed) at = write_put(at, &c->groups[i].members[j]);
        }
    }
    return at;
}

static unsigned char *write_joined(unsigned char *at, const journal_change *c) {
    at = put_bytes(at, c->joined_count, COUNT_BYTES);
    for (size_t i = 0; i < c->joined_count; i++) {
        at = put_bytes(at, (uint64_t)c->joined[i].a, 8);
        at = put_bytes(at, (uint64_t)c->joined[i].b, 8);
    }
    return at;
}

static unsigned char *write_moved(unsigned char *at, const journal_change *c, uint32_t moved) {
    at = put_bytes(at, moved, COUNT_BYTES);
    for (size_t i = 0; i < c->group_count; i++) {
        for (size_t j = 0; j < c->groups[i].count; j++) {
            if (c->groups[i].members[j].clue == c->groups[i].clue) continue;
            at = put_bytes(at, (uint64_t)c->groups[i].members[j].complaint, 8);
            at = put_bytes(at, (uint64_t)c->groups[i].clue, 8);
        }
    }
    return at;
}

int journal_write(const journal_change *c, wjz_arena *arena, const void **ret_data, size_t *ret_length) {
    sizes s = measure(c->groups, c->group_count);
    size_t extra = decided_bytes(c->decided);
    *ret_length = 0;
    if (!s.put && !s.moved && !c->joined_count && !c->asked_count && !extra) return 0;
    size_t length = HEAD_BYTES + 4 * COUNT_BYTES + (size_t)s.put * PUT_BYTES + (size_t)s.keys * 4 +
                    (c->joined_count + s.moved) * PAIR_BYTES + c->asked_count * ID_BYTES + extra;
    unsigned char *data = wjz_arena_alloc(arena, length), *at = data;
    if (!data) return -ENOMEM;
    at = put_bytes(at, extra ? JOURNAL_DECIDED : JOURNAL_VERSION, HEAD_BYTES);
    at = write_all_put(at, c, s.put);
    at = write_joined(at, c);
    at = write_moved(at, c, s.moved);
    at = write_side(at, c->asked, c->asked_count);
    if (extra) write_decided(at, c->decided);
    *ret_data = data;
    *ret_length = length;
    return 0;
}

const void *journal_nothing(size_t *ret_length) {
    static const unsigned char nothing[HEAD_BYTES + 4 * COUNT_BYTES] = {JOURNAL_VERSION};
    *ret_length = sizeof nothing;
    return nothing;
}

/* --- replaying --- */

typedef struct cursor {
    const unsigned char *at;
    size_t left;
    bool bad; /* ran out of bytes */
} cursor;

static uint64_t take(cursor *c, size_t bytes) {
    if (c->left < bytes) {
        c->bad = true;
        c->left = 0;
        return 0;
    }
    uint64_t value = get_bytes(c->at, bytes);
    c->at += bytes;
    c->left -= bytes;
    return value;
}

static int replay_put(cursor *c, repeats_index *index, uint64_t version) {
    uint32_t keys[MATTER_KEYS], slot;
    matter m = {0};
    int64_t id = (int64_t)take(c, 8);
    m.self = take(c, 8);
    m.received_at_us = (int64_t)take(c, 8);
    m.digest = (uint32_t)take(c, 4);
    m.town = version >= JOURNAL_SPOTLESS ? (uint32_t)take(c, 4) : 0;
    m.spot = version >= JOURNAL_UNASKED ? (uint32_t)take(c, 4) : 0;
    m.keys.count = (uint16_t)take(c, 1);
    if (c->bad || m.keys.count > MATTER_KEYS) return -EBADMSG;
    for (uint16_t i = 0; i < m.keys.count; i++) {
        keys[i] = (uint32_t)take(c, 4);
        if (!keys[i] || (i && keys[i] <= keys[i - 1])) return -EBADMSG;
    }
    m.keys.items = keys;
    int r = repeats_index_put(index, id, &m, NULL, NULL, &slot);
    if (r >= 0 && version < JOURNAL_VERSION) repeats_index_set_asked(index, slot);
    return r < 0 ? r : 0;
}

static int replay_pair(cursor *c, repeats_index *index, bool joined) {
    int64_t first = (int64_t)take(c, 8);
    int64_t second = (int64_t)take(c, 8);
    uint32_t a = c->bad ? REPEATS_NONE : repeats_index_find(index, first);
    uint32_t b = c->bad || !joined ? 0 : repeats_index_find(index, second);
    if (a == REPEATS_NONE || b == REPEATS_NONE) return -EBADMSG;
    if (joined)
        repeats_index_join(index, a, b);
    else
        repeats_index_set_clue(index, a, second);
    return 0;
}

static int replay_asked(cursor *c, repeats_index *index) {
    int64_t id = (int64_t)take(c, ID_BYTES);
    uint32_t slot = c->bad ? REPEATS_NONE : repeats_index_find(index, id);
    if (slot == REPEATS_NONE) return -EBADMSG;
    repeats_index_set_asked(index, slot);
    return 0;
}

/* A side of a decision; its complaints live with the caller. */
static int replay_side(cursor *c, int64_t **ret_complaints, size_t *ret_count) {
    size_t count = (size_t)take(c, COUNT_BYTES);
    if (c->bad || count > DECISION_COMPLAINTS || count * ID_BYTES > c->left) return -EBADMSG;
    int64_t *complaints = malloc((count + 1) * sizeof *complaints);
    if (!complaints) return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        complaints[i] = (int64_t)take(c, ID_BYTES);
    *ret_complaints = complaints;
    *ret_count = count;
    return 0;
}

static int replay_decision(cursor *c, int64_t id, decisions *all) {
    int64_t *members = NULL, *others = NULL;
    decision d = {.id = id, .kind = (decision_kind)take(c, KIND_BYTES)};
    int r = d.kind < DECISION_MERGE || d.kind > DECISION_APART ? -EBADMSG : 0;
    if (!r) r = replay_side(c, &members, &d.member_count);
    if (!r) r = replay_side(c, &others, &d.other_count);
    d.members = members;
    d.others = others;
    if (!r) r = decisions_add(all, &d);
    free(members);
    free(others);
    return r == -EEXIST ? -EBADMSG : r;
}

static int replay_decided(cursor *c, repeats_index *index) {
    decisions *all = repeats_index_decisions(index);
    int64_t made = (int64_t)take(c, ID_BYTES);
    int r = made ? replay_decision(c, made, all) : 0;
    int64_t undone = r ? 0 : (int64_t)take(c, ID_BYTES);
    if (undone) r = decisions_remove(all, undone);
    return r == -ENOENT ? -EBADMSG : r;
}

int journal_replay(const void *data, size_t length, repeats_index *index) {
    cursor c = {.at = data, .left = length};
    uint64_t version = take(&c, HEAD_BYTES);
    if (version < JOURNAL_TOWNLESS || version > JOURNAL_DECIDED) return -EBADMSG;
    bool decided = version % 2 == 0;
    int r = 0;
    for (uint64_t left = take(&c, COUNT_BYTES); !r && left > 0; left--)
        r = replay_put(&c, index, version);
    for (uint64_t left = r ? 0 : take(&c, COUNT_BYTES); !r && left > 0; left--)
        r = replay_pair(&c, index, true);
    for (uint64_t left = r ? 0 : take(&c, COUNT_BYTES); !r && left > 0; left--)
        r = replay_pair(&c, index, false);
    for (uint64_t left = r || version < JOURNAL_VERSION ? 0 : take(&c, COUNT_BYTES); !r && left > 0; left--)
        r = replay_asked(&c, index);
    if (!r && !c.bad && decided) r = replay_decided(&c, index);
    return r ? r : c.bad || c.left ? -EBADMSG : 0;
}
