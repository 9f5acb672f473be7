/* Messages about what was stored: ids of one kind, in portions, by region; of complaints that are new also what they
 * say, for as long as it is at hand (AsReceived in proto/intake.proto). */
#ifndef INTAKE_ANNOUNCE_H
#define INTAKE_ANNOUNCE_H

#include "intake/store.h"
#include "wjz/bus.h"

/* Something to announce. */
typedef struct told_item {
    complaint_key key;
    const stored_item *added; /* NULL: it was there before */
} told_item;

typedef struct announced {
    told_item *items;
    size_t count;
} announced;

/* Sorts and leaves out repetitions; returns how many stay. */
size_t unique_keys(complaint_key *keys, size_t count);

/* Emits the ids as messages of that type (ComplaintsAccepted, FeedbackAccepted or EnforcementAccepted), each once. */
WJZ_MUST_CHECK int announce(wjz_bus *bus, wjz_tx *tx, const ProtobufCMessageDescriptor *type, announced *list,
                            wjz_err *err);

/* A new complaint alone; its message's row is left to the caller, see wjz_bus_emit_row. */
WJZ_MUST_CHECK int announce_alone(wjz_bus *bus, wjz_tx *tx, const stored_item *item, wjz_param row[WJZ_OUTBOX_PARAMS],
                                  wjz_err *err);

/* Published: whoever looks at the feed reads again; other instances do, too, when it was defined anew. Nobody may be there,
 * and nothing of it is kept. */
void announce_feed_changed(wjz_bus *bus, const char *name, int32_t region, bool defined);

#endif
