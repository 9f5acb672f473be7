/* See announce.h. */
#include "intake/announce.h"

#include <errno.h>
#include <stdlib.h>

#include "intake/as_received.h"

enum { IDS_IN_MESSAGE = 256, FRESH_BYTES = 1 << 20 /* of complaints that a message brings along */ };

static int by_key(const void *a, const void *b) {
    const complaint_key *x = a;
    const complaint_key *y = b;
    if (x->region != y->region) return x->region < y->region ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

size_t unique_keys(complaint_key *keys, size_t count) {
    size_t kept = 0;
    qsort(keys, count, sizeof *keys, by_key);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || by_key(&keys[kept - 1], &keys[i]) != 0) keys[kept++] = keys[i];
    }
    return kept;
}

/* What was added and revised at once is told as revised. */
static int by_told(const void *a, const void *b) {
    const told_item *x = a;
    const told_item *y = b;
    int order = by_key(&x->key, &y->key);
    return order != 0 ? order : (x->added != NULL) - (y->added != NULL);
}

static void sort_told(announced *list) {
    size_t kept = 0;
    qsort(list->items, list->count, sizeof *list->items, by_told);
    for (size_t i = 0; i < list->count; i++) {
        if (kept == 0 || by_key(&list->items[kept - 1].key, &list->items[i].key) != 0)
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

/* What the message brings along, as far as there is room for it. */
static int bring_along(const told_item *items, size_t count, wjz_arena *arena, Wjz__Intake__ComplaintsAccepted *fresh) {
    size_t bytes = 0;
    fresh->received = wjz_arena_alloc(arena, count * sizeof *fresh->received);
    if (fresh->received == NULL) return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (items[i].added == NULL) continue;
        Wjz__Intake__AsReceived *made = as_received(items[i].added, arena);
        if (made == NULL) return -ENOMEM;
        size_t size = wjz__intake__as_received__get_packed_size(made);
        if (bytes + size > FRESH_BYTES) continue;
        bytes += size;
        fresh->received[fresh->n_received++] = made;
    }
    return 0;
}

static int emit_complaints(wjz_bus *bus, wjz_tx *tx, const told_item *items, size_t count,
                           const Wjz__Intake__ComplaintsAccepted *message, wjz_err *err) {
    Wjz__Intake__ComplaintsAccepted fresh = *message;
    if (bring_along(items, count, wjz_tx_arena(tx), &fresh) < 0) return wjz_err_set(err, -ENOMEM, "out of memory");
    return wjz_bus_emit_fresh(bus, tx, items[0].key.region, &message->base, fresh.n_received > 0 ? &fresh.base : NULL,
                              err);
}

static int emit_slice(wjz_bus *bus, wjz_tx *tx, const ProtobufCMessageDescriptor *type, const told_item *items,
                      size_t count, wjz_err *err) {
    uint64_t ids[IDS_IN_MESSAGE];
    for (size_t i = 0; i < count; i++)
        ids[i] = (uint64_t)items[i].key.id;
    union {
        ProtobufCMessage base;
        Wjz__Intake__ComplaintsAccepted complaints;
        Wjz__Intake__FeedbackAccepted feedback;
        Wjz__Intake__EnforcementAccepted records;
    } message;
    if (type == &wjz__intake__complaints_accepted__descriptor) {
        wjz__intake__complaints_accepted__init(&message.complaints);
        message.complaints.complaint = ids;
        message.complaints.n_complaint = count;
        return emit_complaints(bus, tx, items, count, &message.complaints, err);
    }
    if (type == &wjz__intake__feedback_accepted__descriptor) {
        wjz__intake__feedback_accepted__init(&message.feedback);
        message.feedback.complaint = ids;
        message.feedback.n_complaint = count;
    } else {
        wjz__intake__enforcement_accepted__init(&message.records);
        message.records.record = ids;
        message.records.n_record = count;
    }
    return wjz_bus_emit(bus, tx, items[0].key.region, &message.base, err);
}

int announce_alone(wjz_bus *bus, wjz_tx *tx, const stored_item *item, wjz_param row[WJZ_OUTBOX_PARAMS], wjz_err *err) {
    uint64_t id = (uint64_t)item->item->id;
    Wjz__Intake__AsReceived *received = as_received(item, wjz_tx_arena(tx));
    if (received == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    Wjz__Intake__ComplaintsAccepted message = WJZ__INTAKE__COMPLAINTS_ACCEPTED__INIT;
    message.complaint = &id;
    message.n_complaint = 1;
    Wjz__Intake__ComplaintsAccepted fresh = message;
    fresh.received = &received;
    fresh.n_received = 1;
    return wjz_bus_emit_row(bus, tx, item->item->region, &message.base, &fresh.base, row, err);
}

int announce(wjz_bus *bus, wjz_tx *tx, const ProtobufCMessageDescriptor *type, announced *list, wjz_err *err) {
    sort_told(list);
    for (size_t from = 0; from < list->count;) {
        size_t to = from;
        while (to < list->count && to - from < IDS_IN_MESSAGE &&
               list->items[to].key.region == list->items[from].key.region)
            to++;
        int r = emit_slice(bus, tx, type, list->items + from, to - from, err);
        if (r < 0) return r;
        from = to;
    }
    return 0;
}

void announce_feed_changed(wjz_bus *bus, const char *name, int32_t region, bool defined) {
    Wjz__Intake__FeedChanged changed = WJZ__INTAKE__FEED_CHANGED__INIT;
    changed.feed = (char *)(uintptr_t)name; /* protobuf-c has no const; packing only reads */
    changed.defined = defined;
    wjz_bus_publish(bus, region, &changed.base);
}
