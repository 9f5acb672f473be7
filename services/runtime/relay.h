/* Relay: the producing side of the queues. Keeps a message in the outbox until its receiver confirmed it, so that a
 * restart loses none, and in memory so that nobody has to look for it there. */
#ifndef WJZ_RUNTIME_RELAY_H
#define WJZ_RUNTIME_RELAY_H

#include "runtime/bus.h"

typedef struct wjz_relay wjz_relay;

typedef struct wjz_relay_options {
    const wjz_emit_route *emits; /* borrowed */
    int lease_ms, attempts;
    int memory_messages; /* per destination */
    size_t memory_bytes; /* and of fresh bodies as many */
} wjz_relay_options;

/* Binds the queue socket; ret_endpoint is what goes into the registry. ground is borrowed. */
WJZ_MUST_CHECK int wjz_relay_open(const wjz_ground *ground, const wjz_relay_options *options, wjz_relay **ret_relay,
                                  char ret_endpoint[WJZ_ENDPOINT_TEXT], wjz_err *err);
/* Begins to send, once the instance is registered. */
WJZ_MUST_CHECK int wjz_relay_start(wjz_relay *relay, wjz_err *err);
/* As wjz_bus_emit_row. */
WJZ_MUST_CHECK int wjz_relay_emit_row(wjz_relay *relay, wjz_tx *tx, int32_t region, const ProtobufCMessage *body,
                                      const ProtobufCMessage *fresh, wjz_param row[WJZ_OUTBOX_PARAMS], wjz_err *err);
/* As wjz_bus_emit_fresh; fresh may be NULL. */
WJZ_MUST_CHECK int wjz_relay_emit(wjz_relay *relay, wjz_tx *tx, int32_t region, const ProtobufCMessage *body,
                                  const ProtobufCMessage *fresh, wjz_err *err);
/* The registry has been read; changed: peers have come or gone. */
void wjz_relay_beaten(wjz_relay *relay, bool changed);
/* There may be free rows in the outbox: looks for them at once. */
void wjz_relay_look(wjz_relay *relay);
/* Stops sending, waits a moment for acknowledgements, frees the rows it holds for others to take; then closed(arg). Any
 * context; *relay may have been opened without start. */
void wjz_relay_close(wjz_relay **relay, wjz_call_fn *closed, void *arg);

#endif
