/* See group.h. In the common case, nothing but complaints that are taken to be new, it is one round trip. */
#include "intake/group.h"

#include <errno.h>
#include <string.h>

#include "intake/announce.h"
#include "intake/identity.h"
#include "intake/receipt.h"
#include "wjz/id.h"

/* Items of one kind. */
typedef struct kind_items {
    stored_item *items;
    size_t count;
} kind_items;

typedef struct group {
    const group_context *context;
    submission *const *submissions;
    size_t submission_count;
    bool *no_receipt; /* by submission: its number was used before, for something else */
    kind_items complaints, records, feedback;
    wjz_tx *tx;
    wjz_arena *arena;
    announced told_complaints, told_records, told_feedback;
    complaint_key *touched; /* complaints whose standing changes */
    size_t touched_count;
} group;

static int no_memory(wjz_err *err) {
    return wjz_err_set(err, -ENOMEM, "out of memory");
}

static void tell(announced *list, complaint_key key, const stored_item *added) {
    list->items[list->count++] = (told_item){key, added};
}

static complaint_key key_of(const submitted_item *item) {
    return (complaint_key){item->region, item->id};
}

static void settle(submitted_item *item, outcome known, int64_t id) {
    item->outcome = known;
    item->id = id;
}

/* --- sorting out --- */

static bool make_lists(group *g) {
    size_t most = 1;
    for (size_t i = 0; i < g->submission_count; i++)
        most += g->submissions[i]->count;
    stored_item **lists[] = {&g->complaints.items, &g->records.items, &g->feedback.items};
    for (size_t i = 0; i < WJZ_COUNT(lists); i++) {
        *lists[i] = wjz_arena_alloc(g->arena, most * sizeof **lists[i]);
        if (*lists[i] == NULL) return false;
    }
    announced *tellings[] = {&g->told_complaints, &g->told_records, &g->told_feedback};
    for (size_t i = 0; i < WJZ_COUNT(tellings); i++) {
        tellings[i]->items = wjz_arena_alloc(g->arena, most * sizeof *tellings[i]->items);
        if (tellings[i]->items == NULL) return false;
    }
    g->touched = wjz_arena_alloc(g->arena, 2 * most * sizeof *g->touched);
    g->no_receipt = wjz_arena_calloc(g->arena, g->submission_count + 1, sizeof *g->no_receipt);
    return g->touched != NULL && g->no_receipt != NULL;
}

static kind_items *list_of(group *g, const Wjz__Intake__FeedItem *item) {
    return item->item_case == WJZ__INTAKE__FEED_ITEM__ITEM_COMPLAINT  ? &g->complaints
           : item->item_case == WJZ__INTAKE__FEED_ITEM__ITEM_FEEDBACK ? &g->feedback
                                                                      : &g->records;
}

static void sort_out(group *g, submission *from) {
    for (size_t i = 0; i < from->count; i++) {
        submitted_item *item = &from->items[i];
        if (item->outcome == REJECTED) continue;
        settle(item, OUTCOME_NONE, wjz_id_next());
        kind_items *list = list_of(g, item->item);
        if (list == &g->complaints)
            item->reporter_hash = identity_hash(g->context->seal, from->feed->name, item->item->complaint->reporter);
        list->items[list->count++] = (stored_item){item, from};
    }
}

/* Finds the submissions that are in the store already; true in *ret_known for those. */
static int look_for_receipt(group *g, size_t index, bool *ret_known, wjz_err *err) {
    submission *it = g->submissions[index];
    *ret_known = false;
    if (it->key == NULL && it->sequence == 0) return 0;
    wjz_blob receipt = {NULL, 0};
    uint64_t hash = 0;
    int r = store_find_receipt(g->tx, it, it->arena, &receipt, &hash, err);
    if (r < 0 || receipt.length == 0) return r;
    bool same = hash == it->hash;
    g->no_receipt[index] = !same;
    it->key_reused = !same && it->key != NULL;
    *ret_known = same || it->key_reused;
    if (same) it->stored = receipt;
    return 0;
}

static int collect(group *g, wjz_err *err) {
    for (size_t i = 0; i < g->submission_count; i++) {
        bool known = false;
        g->submissions[i]->stored = (wjz_blob){NULL, 0};
        int r = g->context->look_first ? look_for_receipt(g, i, &known, err) : 0;
        if (r < 0) return r;
        if (!known) sort_out(g, g->submissions[i]);
        g->no_receipt[i] = g->no_receipt[i] || known;
    }
    return 0;
}

/* --- inserting --- */

static int send_inserts(group *g) {
    int r = 0;
    if (g->complaints.count > 0)
        r = store_insert_complaints(g->tx, g->complaints.items, g->complaints.count, g->context->all_new,
                                    g->context->seal);
    if (r == 0 && g->records.count > 0) r = store_insert_records(g->tx, g->records.items, g->records.count);
    if (r == 0 && g->feedback.count > 0) r = store_insert_feedback(g->tx, g->feedback.items, g->feedback.count);
    return r;
}

static void accept_all(kind_items *list, announced *told) {
    for (size_t i = 0; i < list->count; i++) {
        settle(list->items[i].item, ACCEPTED, list->items[i].item->id);
        tell(told, key_of(list->items[i].item), &list->items[i]);
    }
}

/* --- revisions --- */

/* What is known of an original, growing while revisions of it are found in the group. */
typedef struct versions {
    int64_t id;
    int64_t *hashes;
    size_t count;
} versions;

typedef struct revising {
    stored_item *items;
    int32_t *numbers;
    size_t count;
    versions *known;
    size_t known_count;
} revising;

static versions *versions_of(revising *all, const known_item *known, size_t most, wjz_arena *arena) {
    for (size_t i = 0; i < all->known_count; i++) {
        if (all->known[i].id == known->id) return &all->known[i];
    }
    versions *made = &all->known[all->known_count];
    made->hashes = wjz_arena_alloc(arena, (known->hash_count + most) * sizeof *made->hashes);
    if (made->hashes == NULL) return NULL;
    memcpy(made->hashes, known->hashes, known->hash_count * sizeof *made->hashes);
    made->count = known->hash_count;
    made->id = known->id;
    all->known_count++;
    return made;
}

static bool is_known_version(const versions *known, uint64_t hash, bool any) {
    for (size_t i = any ? 0 : known->count - 1; i < known->count; i++) {
        if (known->hashes[i] == (int64_t)hash) return true;
    }
    return false;
}

/* Divides items that exist already into repetitions and new versions. */
static int divide(revising *all, const stored_item *items, const known_item *known, size_t count, wjz_arena *arena) {
    all->items = wjz_arena_alloc(arena, count * sizeof *all->items);
    all->numbers = wjz_arena_alloc(arena, count * sizeof *all->numbers);
    all->known = wjz_arena_alloc(arena, count * sizeof *all->known);
    if (all->items == NULL || all->numbers == NULL || all->known == NULL) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        versions *of = versions_of(all, &known[i], count, arena);
        if (of == NULL) return -ENOMEM;
        submitted_item *item = items[i].item;
        if (is_known_version(of, item->hash, items[i].from->any_version)) {
            settle(item, DUPLICATE, of->id);
            continue;
        }
        settle(item, REVISED, of->id);
        all->items[all->count] = items[i];
        all->numbers[all->count++] = (int32_t)of->count;
        of->hashes[of->count++] = (int64_t)item->hash;
    }
    return 0;
}

/* Settles the items that were inserted and those that were stored like this before; gives those that differ. */
static size_t pick_changed(kind_items *list, const known_item *known, announced *told, stored_item *ret_items) {
    size_t changed = 0;
    for (size_t i = 0; i < list->count; i++) {
        submitted_item *item = list->items[i].item;
        bool same = known[i].hash_count == 1 && known[i].hashes[0] == (int64_t)item->hash;
        if (known[i].id == item->id) {
            settle(item, ACCEPTED, item->id);
            tell(told, key_of(item), &list->items[i]);
        } else if (same) {
            settle(item, DUPLICATE, known[i].id);
        } else {
            ret_items[changed++] = list->items[i];
        }
    }
    return changed;
}

static int revise_complaints(group *g, const stored_item *changed, const known_item *first_known, size_t count,
                             wjz_err *err) {
    complaint_key *keys = wjz_arena_alloc(g->arena, count * sizeof *keys);
    known_item *known = wjz_arena_alloc(g->arena, count * sizeof *known);
    if (keys == NULL || known == NULL) return no_memory(err);
    for (size_t i = 0; i < count; i++)
        keys[i] = (complaint_key){changed[i].item->region, first_known[i].id};
    size_t locked = unique_keys(keys, count);
    int r = store_lock_standing(g->tx, keys, locked);
    if (r < 0) return wjz_err_set(err, r, "could not lock complaints");
    r = store_find_complaints(g->tx, changed, count, known, err); /* again, under the lock */
    revising all = {0};
    if (r == 0) r = divide(&all, changed, known, count, g->arena);
    if (r == 0 && all.count > 0) r = store_insert_revisions(g->tx, all.items, all.numbers, all.count, g->context->seal);
    for (size_t i = 0; r == 0 && i < all.count; i++) {
        tell(&g->told_complaints, key_of(all.items[i].item), NULL);
        g->touched[g->touched_count++] = key_of(all.items[i].item);
    }
    return r == -ENOMEM ? no_memory(err) : r;
}

/* Found while the insertion left some out: who is new, who is known, who has changed. */
static int resolve_complaints(group *g, wjz_err *err) {
    size_t count = g->complaints.count;
    known_item *known = wjz_arena_alloc(g->arena, count * sizeof *known);
    stored_item *changed = wjz_arena_alloc(g->arena, count * sizeof *changed);
    if (known == NULL || changed == NULL) return no_memory(err);
    int r = store_find_complaints(g->tx, g->complaints.items, count, known, err);
    if (r < 0) return r;
    size_t differing = pick_changed(&g->complaints, known, &g->told_complaints, changed);
    if (differing == 0) return 0;
    known_item *of_changed = wjz_arena_alloc(g->arena, differing * sizeof *of_changed);
    if (of_changed == NULL) return no_memory(err);
    size_t at = 0;
    for (size_t i = 0; i < count && at < differing; i++) {
        if (g->complaints.items[i].item == changed[at].item) of_changed[at++] = known[i];
    }
    return revise_complaints(g, changed, of_changed, differing, err);
}

static int resolve_records(group *g, wjz_err *err) {
    size_t count = g->records.count;
    known_item *known = wjz_arena_alloc(g->arena, count * sizeof *known);
    stored_item *changed = wjz_arena_alloc(g->arena, count * sizeof *changed);
    known_item *of_changed = wjz_arena_alloc(g->arena, count * sizeof *of_changed);
    if (known == NULL || changed == NULL || of_changed == NULL) return no_memory(err);
    int r = store_find_records(g->tx, g->records.items, count, known, err);
    if (r < 0) return r;
    size_t differing = pick_changed(&g->records, known, &g->told_records, changed);
    size_t at = 0;
    for (size_t i = 0; i < count && at < differing; i++) {
        if (g->records.items[i].item == changed[at].item) of_changed[at++] = known[i];
    }
    revising all = {0};
    if (differing > 0) r = divide(&all, changed, of_changed, differing, g->arena);
    /* Two at once collide on the primary key, and the later one tries again. */
    if (r == 0 && all.count > 0) r = store_insert_record_revisions(g->tx, all.items, all.numbers, all.count);
    for (size_t i = 0; r == 0 && i < all.count; i++)
        tell(&g->told_records, key_of(all.items[i].item), NULL);
    return r == -ENOMEM ? no_memory(err) : r;
}

/* --- feedback --- */

static int resolve_feedback(group *g, wjz_err *err) {
    size_t count = g->feedback.count;
    known_item *known = wjz_arena_alloc(g->arena, count * sizeof *known);
    stored_item *early = wjz_arena_alloc(g->arena, count * sizeof *early);
    complaint_key *keys = wjz_arena_alloc(g->arena, count * sizeof *keys);
    if (known == NULL || early == NULL || keys == NULL) return no_memory(err);
    int r = store_find_feedback(g->tx, g->feedback.items, count, known, err);
    size_t early_count = 0;
    size_t key_count = 0;
    for (size_t i = 0; r == 0 && i < count; i++) {
        submitted_item *item = g->feedback.items[i].item;
        bool added = known[i].id == item->id;
        settle(item, added ? ACCEPTED : DUPLICATE, known[i].id);
        if (!added) continue;
        if (known[i].complaint == 0)
            early[early_count++] = g->feedback.items[i];
        else
            keys[key_count++] = (complaint_key){item->region, known[i].complaint};
    }
    key_count = unique_keys(keys, key_count);
    if (r == 0 && early_count > 0) r = store_await_complaints(g->tx, early, early_count);
    if (r == 0 && key_count > 0) r = store_lock_standing(g->tx, keys, key_count);
    for (size_t i = 0; r == 0 && i < key_count; i++) {
        g->touched[g->touched_count++] = keys[i];
        tell(&g->told_feedback, keys[i], NULL);
    }
    return r == -ENOMEM ? no_memory(err) : r;
}

static int insert_items(group *g, wjz_err *err) {
    if (send_inserts(g) < 0) return no_memory(err);
    if (g->context->all_new && g->records.count == 0 && g->feedback.count == 0) {
        accept_all(&g->complaints, &g->told_complaints); /* or the whole fails */
        return 0;
    }
    int r = wjz_tx_wait(g->tx, NULL, err);
    if (r < 0) return r;
    int sent = 0;
    bool all_complaints =
        g->complaints.count == 0 || wjz_rows_affected(wjz_tx_rows(g->tx, sent++)) == (int64_t)g->complaints.count;
    bool all_records =
        g->records.count == 0 || wjz_rows_affected(wjz_tx_rows(g->tx, sent)) == (int64_t)g->records.count;
    if (all_complaints)
        accept_all(&g->complaints, &g->told_complaints);
    else
        r = resolve_complaints(g, err);
    if (r == 0 && all_records)
        accept_all(&g->records, &g->told_records);
    else if (r == 0)
        r = resolve_records(g, err);
    if (r == 0 && g->feedback.count > 0) r = resolve_feedback(g, err);
    if (r == 0 && g->touched_count > 0) {
        g->touched_count = unique_keys(g->touched, g->touched_count);
        r = store_compute_standing(g->tx, g->touched, g->touched_count);
    }
    return r;
}

/* --- messages and receipts --- */

static uint8_t *pack_receipt(const group *g, const submission *it, size_t *ret_length) {
    Wjz__Intake__FeedReceipt *receipt = receipt_make(it, g->arena);
    if (receipt == NULL) return NULL;
    *ret_length = wjz__intake__feed_receipt__get_packed_size(receipt);
    uint8_t *packed = wjz_arena_alloc(g->arena, *ret_length);
    if (packed != NULL) wjz__intake__feed_receipt__pack(receipt, packed);
    return packed;
}

static int store_receipts(group *g, wjz_err *err) {
    for (size_t i = 0; i < g->submission_count; i++) {
        submission *it = g->submissions[i];
        if (g->no_receipt[i] || (it->key == NULL && it->sequence == 0)) continue;
        size_t length;
        const uint8_t *packed = pack_receipt(g, it, &length);
        if (packed == NULL) return no_memory(err);
        if (store_insert_receipt(g->tx, it, packed, length) < 0) return no_memory(err);
    }
    for (size_t i = 0; i < g->submission_count; i++) {
        submission *it = g->submissions[i];
        int r = it->also != NULL ? it->also(g->tx, it, it->also_arg, err) : 0;
        if (r < 0) return r;
    }
    return 0;
}

/* --- one complaint alone, as they come most of the day --- */

static bool is_alone(const group *g) {
    const submission *it = g->submissions[0];
    bool receipt = it->sequence != 0 && it->key == NULL && !g->no_receipt[0];
    return g->submission_count == 1 && g->complaints.count == 1 && g->records.count == 0 && g->feedback.count == 0 &&
           g->context->all_new && !g->context->rehearsal && receipt && it->also == NULL;
}

static int store_alone(group *g, wjz_err *err) {
    wjz_param message[WJZ_OUTBOX_PARAMS];
    accept_all(&g->complaints, &g->told_complaints); /* or the whole fails */
    int r = announce_alone(g->context->bus, g->tx, g->complaints.items, message, err);
    if (r < 0) return r;
    size_t length;
    const uint8_t *receipt = pack_receipt(g, g->submissions[0], &length);
    if (receipt == NULL) return no_memory(err);
    r = store_insert_alone(g->tx, g->complaints.items, g->context->seal, message, receipt, length);
    return r < 0 ? no_memory(err) : 0;
}

int group_store(const group_context *context, submission *const *submissions, size_t count, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(context->db, &tx, err);
    if (r < 0) return r;
    group g = {
        .context = context, .submissions = submissions, .submission_count = count, .tx = tx, .arena = wjz_tx_arena(tx)};
    if (!make_lists(&g)) return no_memory(err);
    r = collect(&g, err);
    if (r == 0 && is_alone(&g)) {
        r = store_alone(&g, err);
        return r == 0 ? wjz_tx_commit(&tx, err) : r;
    }
    if (r == 0) r = insert_items(&g, err);
    if (context->rehearsal) return r == 0 && g.touched_count > 0 ? wjz_tx_wait(tx, NULL, err) : r;
    if (r == 0) r = announce(context->bus, tx, &wjz__intake__complaints_accepted__descriptor, &g.told_complaints, err);
    if (r == 0) r = announce(context->bus, tx, &wjz__intake__enforcement_accepted__descriptor, &g.told_records, err);
    if (r == 0) r = announce(context->bus, tx, &wjz__intake__feedback_accepted__descriptor, &g.told_feedback, err);
    if (r == 0) r = store_receipts(&g, err);
    return r == 0 ? wjz_tx_commit(&tx, err) : r;
}

int group_adopt(const group_context *context, size_t *ret_count, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(context->db, &tx, err);
    if (r < 0) return r;
    complaint_key *keys = NULL;
    announced found = {0};
    size_t count = 0;
    r = store_adopt_feedback(tx, wjz_tx_arena(tx), &keys, &count, err);
    if (r < 0) return r;
    *ret_count = count;
    if (count > 0) {
        count = unique_keys(keys, count);
        found.items = wjz_arena_alloc(wjz_tx_arena(tx), count * sizeof *found.items);
        r = found.items != NULL ? store_lock_standing(tx, keys, count) : -ENOMEM;
        if (r == 0) r = store_compute_standing(tx, keys, count);
        if (r < 0) return no_memory(err);
        for (size_t i = 0; i < count; i++)
            tell(&found, keys[i], NULL);
        r = announce(context->bus, tx, &wjz__intake__feedback_accepted__descriptor, &found, err);
        if (r < 0) return r;
    }
    return wjz_tx_commit(&tx, err);
}
