/* See announce.h. */
#include "intake/announce.h"

#include <stdlib.h>

enum { IDS_IN_MESSAGE = 256 };

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

static int emit_slice(wjz_bus *bus, wjz_tx *tx, const ProtobufCMessageDescriptor *type, const complaint_key *keys,
                      size_t count, wjz_err *err) {
    uint64_t ids[IDS_IN_MESSAGE];
    for (size_t i = 0; i < count; i++)
        ids[i] = (uint64_t)keys[i].id;
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
    } else if (type == &wjz__intake__feedback_accepted__descriptor) {
        wjz__intake__feedback_accepted__init(&message.feedback);
        message.feedback.complaint = ids;
        message.feedback.n_complaint = count;
    } else {
        wjz__intake__enforcement_accepted__init(&message.records);
        message.records.record = ids;
        message.records.n_record = count;
    }
    return wjz_bus_emit(bus, tx, keys[0].region, &message.base, err);
}

int announce_alone(wjz_bus *bus, wjz_tx *tx, const complaint_key *key, wjz_param row[WJZ_OUTBOX_PARAMS], wjz_err *err) {
    uint64_t id = (uint64_t)key->id;
    Wjz__Intake__ComplaintsAccepted message = WJZ__INTAKE__COMPLAINTS_ACCEPTED__INIT;
    message.complaint = &id;
    message.n_complaint = 1;
    return wjz_bus_emit_row(bus, tx, key->region, &message.base, row, err);
}

int announce(wjz_bus *bus, wjz_tx *tx, const ProtobufCMessageDescriptor *type, announced *list, wjz_err *err) {
    list->count = unique_keys(list->keys, list->count);
    for (size_t from = 0; from < list->count;) {
        size_t to = from;
        while (to < list->count && to - from < IDS_IN_MESSAGE && list->keys[to].region == list->keys[from].region)
            to++;
        int r = emit_slice(bus, tx, type, list->keys + from, to - from, err);
        if (r < 0) return r;
        from = to;
    }
    return 0;
}

void announce_feed_changed(wjz_bus *bus, const char *name, int32_t region) {
    Wjz__Intake__FeedChanged changed = WJZ__INTAKE__FEED_CHANGED__INIT;
    changed.feed = (char *)(uintptr_t)name; /* protobuf-c has no const; packing only reads */
    wjz_bus_publish(bus, region, &changed.base);
}
