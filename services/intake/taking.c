/* See taking.h. */
#include "intake/taking.h"

#include <errno.h>
#include <string.h>
#include <xxhash.h>

#include "intake/check.h"
#include "intake/content_hash.h"
#include "intake/receipt.h"
#include "intake/store.h"
#include "wjz/clock.h"
#include "wjz/log.h"
#include "wjz/utf8.h"

enum { GAPS_TOLD = 32 };
static const int64_t GAPS_READ_EVERY_US = WJZ_SECOND_US / 5;

static int32_t region_of(const Wjz__Intake__FeedItem *item, const feed *of) {
    uint32_t region = 0;
    if (item->item_case == WJZ__INTAKE__FEED_ITEM__ITEM_COMPLAINT) region = item->complaint->region;
    if (item->item_case == WJZ__INTAKE__FEED_ITEM__ITEM_ENFORCEMENT_RECORD) region = item->enforcement_record->region;
    return region != 0 ? (int32_t)region : of->region;
}

static void reject(submitted_item *to, const issue *why) {
    to->outcome = REJECTED;
    to->code = why->code;
    to->field = why->field;
    to->message = why->message;
    to->remedy = why->remedy;
    to->value = why->value;
}

void taking_prepare(submitted_item *to, const Wjz__Intake__FeedItem *item, const feed *of) {
    *to = (submitted_item){.item = item, .hash = content_hash(item), .region = region_of(item, of)};
}

static check_rules rules_for(const intake *it, const feed *of) {
    return (check_rules){
        .now_us = wjz_clock_us(), .region = of->region, .regions = it->regions, .region_count = it->region_count};
}

bool taking_would_take(const intake *it, const feed *of, const Wjz__Intake__FeedItem *item, wjz_arena *arena) {
    check_rules rules = rules_for(it, of);
    issue_list issues = {0};
    return check_item(item, &rules, arena, &issues);
}

static void check_all(const intake *it, const taking *what, submission *to) {
    check_rules rules = rules_for(it, what->feed);
    uint64_t hashes[2] = {what->count, 0}; /* chained: the hash of the whole depends on the order */
    issue_list issues;
    for (size_t i = 0; i < what->count; i++) {
        submitted_item *item = &to->items[i];
        if (what->items[i] == NULL) {
            *item = what->refusals[i];
            continue;
        }
        issues.count = 0;
        taking_prepare(item, what->items[i], what->feed);
        if (!check_item(item->item, &rules, what->arena, &issues)) reject(item, issue_first_fatal(&issues));
        const char *id = item_external_id(item->item);
        hashes[1] = item->hash;
        hashes[0] = XXH3_64bits_withSeed(id, strlen(id), XXH3_64bits(hashes, sizeof hashes));
    }
    to->hash = hashes[0];
}

/* --- receipts --- */

static int read_receipt(const submission *from, wjz_arena *arena, Wjz__Intake__FeedReceipt **ret_receipt) {
    ProtobufCMessage *stored = protobuf_c_message_unpack(
        &wjz__intake__feed_receipt__descriptor, wjz_arena_protobuf(arena), from->stored.length, from->stored.data);
    *ret_receipt = (Wjz__Intake__FeedReceipt *)stored;
    return stored != NULL && (*ret_receipt)->n_items == from->count ? 0 : -ENOMEM;
}

/* What the answer has beyond the receipt that is kept: the ids, and the values that were refused, which are for their sender
 * alone. An id that is no text is not sent back: the receipt must be readable. */
static void name_items(const submission *from, Wjz__Intake__FeedReceipt *receipt) {
    for (size_t i = 0; i < from->count; i++) {
        const submitted_item *item = &from->items[i];
        const char *id = item->item != NULL ? item_external_id(item->item) : "";
        if (item->outcome != REJECTED || wjz_utf8_ok(id, strlen(id)))
            receipt->items[i]->external_id = (char *)(uintptr_t)id;
        if (item->outcome == REJECTED && item->value != NULL)
            receipt->items[i]->value = (char *)(uintptr_t)item->value;
    }
}

static int ask_store_about_gaps(intake *it, feed *of, const sequence_range *gaps, size_t count) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_err err;
    int r = wjz_tx_begin(it->db, &tx, &err);
    if (r == 0) r = store_read_gaps(tx, of, gaps, count, &err);
    return r == 0 ? wjz_tx_commit(&tx, &err) : r;
}

/* Gaps as they are known: another instance may have received what this one misses. */
static int tell_gaps(intake *it, const taking *what, Wjz__Intake__FeedReceipt *receipt) {
    sequence_range gaps[GAPS_TOLD];
    feed *of = what->feed;
    size_t count = sequences_missing(&of->sequences, gaps, GAPS_TOLD);
    int64_t now = wjz_clock_monotonic_us();
    if (count > 0 && now - of->gaps_read_us > GAPS_READ_EVERY_US) {
        of->gaps_read_us = now;
        if (ask_store_about_gaps(it, of, gaps, count) == 0) count = sequences_missing(&of->sequences, gaps, GAPS_TOLD);
    }
    if (count == 0) return 0;
    Wjz__Intake__SequenceGap *told = wjz_arena_alloc(what->arena, count * sizeof *told);
    receipt->missing = wjz_arena_alloc(what->arena, count * sizeof *receipt->missing);
    if (told == NULL || receipt->missing == NULL) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        wjz__intake__sequence_gap__init(&told[i]);
        told[i].first = gaps[i].first;
        told[i].last = gaps[i].last;
        receipt->missing[i] = &told[i];
    }
    receipt->n_missing = count;
    return 0;
}

void taking_count(const Wjz__Intake__FeedReceipt *receipt, uint64_t out[5]) {
    for (size_t i = 0; i < receipt->n_items; i++) {
        unsigned number = (unsigned)receipt->items[i]->outcome;
        if (number < 5) out[number]++;
    }
}

static void add_counts(const submission *from, const Wjz__Intake__FeedReceipt *receipt) {
    uint64_t outcomes[5] = {0};
    feed_counts *counts = &from->feed->counts;
    taking_count(receipt, outcomes);
    bool repeated = from->stored.length > 0;
    for (size_t i = 1; i < WJZ_COUNT(outcomes); i++) {
        outcome known = repeated && (i == ACCEPTED || i == REVISED) ? DUPLICATE : (outcome)i;
        wjz_count(from->feed->metrics[known], outcomes[i]);
    }
    counts->accepted += repeated ? 0 : outcomes[ACCEPTED];
    counts->revised += repeated ? 0 : outcomes[REVISED];
    counts->duplicate += outcomes[DUPLICATE] + (repeated ? outcomes[ACCEPTED] + outcomes[REVISED] : 0);
    counts->rejected += repeated ? 0 : outcomes[REJECTED];
    counts->last_us = wjz_clock_us();
    for (size_t i = 0; i < from->count; i++) {
        const Wjz__Intake__FeedItem *item = from->items[i].item;
        if (item == NULL || from->items[i].outcome == REJECTED) continue;
        if (item->item_case != WJZ__INTAKE__FEED_ITEM__ITEM_COMPLAINT) continue;
        if (item->complaint->received_at_us > counts->newest_report_us)
            counts->newest_report_us = item->complaint->received_at_us;
    }
}

static uint32_t over_rate(const intake *it, const taking *what) {
    if (what->unlimited) return 0;
    double rate = what->feed->rate > 0 ? what->feed->rate : (double)it->conf->rate;
    return bucket_take(&what->feed->bucket, wjz_clock_monotonic_us(), rate, rate * (double)it->conf->burst_s,
                       (double)what->count);
}

int taking_store(intake *it, const taking *what, Wjz__Intake__FeedReceipt **ret_receipt, uint32_t *ret_retry_ms,
                 wjz_err *err) {
    uint32_t wait_ms = over_rate(it, what);
    if (wait_ms > 0) {
        wjz_count(what->feed->held_back, 1);
        *ret_retry_ms = wait_ms;
        return wjz_err_set(err, -EDQUOT, "feed \"%s\" sends more than it may", what->feed->name);
    }
    submission to = {.feed = what->feed,
                     .count = what->count,
                     .any_version = what->any_version,
                     .drop_id_numbers = what->drop_id_numbers,
                     .sequence = what->sequence,
                     .key = what->key,
                     .look_first = what->key != NULL && !what->key_is_new,
                     .also = what->also,
                     .also_arg = what->also_arg,
                     .arena = what->arena};
    to.items = wjz_arena_alloc(what->arena, (what->count + 1) * sizeof *to.items);
    if (to.items == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    check_all(it, what, &to);
    bool new_sequence = what->sequence != 0 && !sequences_contain(&what->feed->sequences, what->sequence);
    if (what->sequence != 0 && !new_sequence) to.look_first = true;
    if (new_sequence && sequences_add(&what->feed->sequences, what->sequence) < 0)
        return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = writer_submit(it->writer, &to);
    if (r == 0 && to.key_reused) return wjz_err_set(err, -EEXIST, "the idempotency key was used for another request");
    if (r < 0) {
        if (new_sequence && sequences_remove(&what->feed->sequences, what->sequence) < 0) {
            wjz_log_warn("sequence forgotten", "feed=%s", what->feed->name);
        }
        *ret_retry_ms = (uint32_t)it->conf->retry_after;
        if (r != -EAGAIN)
            return wjz_err_set(err, r, "could not store items of feed \"%s\": %s", what->feed->name, to.err.text);
        return wjz_err_set(err, r, "the store is away or crowded; nothing was kept");
    }
    Wjz__Intake__FeedReceipt *receipt = NULL;
    if (to.stored.length > 0)
        r = read_receipt(&to, what->arena, &receipt);
    else if ((receipt = receipt_make(&to, what->arena)) == NULL)
        r = -ENOMEM;
    if (r == 0) {
        receipt->feed = what->feed->name;
        receipt->sequence = what->sequence;
        name_items(&to, receipt);
        add_counts(&to, receipt);
        r = what->sequence != 0 ? tell_gaps(it, what, receipt) : 0;
    }
    if (r < 0) return wjz_err_set(err, r, "out of memory");
    *ret_receipt = receipt;
    return 0;
}
