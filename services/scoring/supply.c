/* See supply.h. */
#include "scoring/supply.h"

#include <errno.h>
#include <stdlib.h>

#include "scoring/store.h"
#include "wjz/id.h"

enum { GET_AHEAD = 4 };

int supply_held(const supplier *from, regroup_want *wants, size_t *count) {
    size_t left = 0;
    for (size_t i = 0; i < *count; i++) {
        matter *m = NULL;
        if (i + 2 * GET_AHEAD < *count) matter_cache_fetch_place(from->cache, wants[i + 2 * GET_AHEAD].complaint);
        if (i + GET_AHEAD < *count) matter_cache_fetch(from->cache, wants[i + GET_AHEAD].complaint);
        if (matter_cache_get(from->cache, wants[i].complaint, wants[i].digest, from->arena, &m)) return -ENOMEM;
        if (m)
            regroup_supply(from->regroup, &wants[i], m);
        else
            wants[left++] = wants[i];
    }
    *count = left;
    return 0;
}

static int64_t *ids_of(const supplier *from, const regroup_want *wants, size_t count) {
    int64_t *ids = wjz_arena_alloc(from->arena, count * sizeof *ids);
    for (size_t i = 0; ids && i < count; i++)
        ids[i] = wants[i].complaint;
    return ids;
}

static int cannot_use(int r, int64_t complaint_id, wjz_err *err) {
    return wjz_err_set(err, r, "cannot use the matter of complaint %lld", (long long)complaint_id);
}

/* In whatever state it is: it is held in that one, and asked for in the one that the index names. */
static int hold(const supplier *from, const store_state *row, wjz_err *err) {
    matter *m = NULL;
    int r = matter_unpack(row->matter.data, row->matter.length, from->arena, &m);
    if (r) return cannot_use(r, row->complaint, err);
    m->digest = matter_cache_digest(row->matter, row->finding);
    matter_cache_put(from->cache, row->complaint, m);
    matter_cache_put_finding(from->cache, row->complaint, m->digest, row->finding);
    return 0;
}

int supply_unlocked(const supplier *from, regroup_want *wants, size_t *count, wjz_err *err) {
    store_state *rows = NULL;
    size_t found = 0;
    int64_t *ids = ids_of(from, wants, *count);
    if (!ids) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = store_load_states(from->tx, from->region, ids, *count, from->arena, &rows, &found, err);
    for (size_t i = 0; !r && i < found; i++)
        r = hold(from, &rows[i], err);
    if (!r && supply_held(from, wants, count)) return wjz_err_set(err, -ENOMEM, "out of memory");
    return r;
}

static int by_wanted(const void *a, const void *b) {
    return wjz_id_order(&((const regroup_want *)a)->complaint, &((const regroup_want *)b)->complaint);
}

static int supply_row(const supplier *from, const regroup_want *want, const store_blob *row, wjz_err *err) {
    matter *m = NULL;
    int r = want ? matter_unpack(row->data.data, row->data.length, from->arena, &m) : -EBADMSG;
    if (r) return cannot_use(r, row->complaint, err);
    m->digest = want->digest;
    matter_cache_put(from->cache, row->complaint, m);
    regroup_supply(from->regroup, want, m);
    return 0;
}

int supply_locked(const supplier *from, regroup_want *wants, size_t count, wjz_err *err) {
    store_blob *rows = NULL;
    size_t found = 0;
    int64_t *ids = ids_of(from, wants, count);
    if (!ids) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = store_load_matters(from->tx, from->region, ids, count, from->arena, &rows, &found, err);
    if (count) qsort(wants, count, sizeof *wants, by_wanted);
    for (size_t i = 0; !r && i < found; i++) {
        regroup_want key = {.complaint = rows[i].complaint};
        r = supply_row(from, bsearch(&key, wants, count, sizeof *wants, by_wanted), &rows[i], err);
    }
    if (!r && found < count)
        return wjz_err_set(err, -EIO, "the journal of region %d names %zu complaints that have no finding",
                           (int)from->region, count - found);
    return r;
}
