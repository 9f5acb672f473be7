/* How services talk: durable queues, requests, and live publications. There is no fourth way.
 *
 * Queue: wjz_bus_emit writes the message to the service's outbox inside the caller's transaction; once that is
 * committed the relay sends it to one instance of each destination that has credit. That instance handles it in
 * one transaction with its inbox, and acknowledges after commit. At least once on the wire, once in effect.
 * Order is not kept: handlers commute. Request: one question, one answer, with a deadline. Publish: best
 * effort, for live views. The wire is described in proto/README.md. */
#ifndef WJZ_BUS_H
#define WJZ_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <protobuf-c/protobuf-c.h>

#include "wjz/arena.h"
#include "wjz/db.h"
#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_bus wjz_bus;
typedef struct wjz_batch wjz_batch;
typedef struct wjz_call wjz_call;

/* A message as received. Lives as long as the batch or call it came with. */
typedef struct wjz_message {
    int64_t id;
    int32_t region; /* GB/T 2260 county code, e.g. 510184; 0: none */
    int64_t created_at_us;
    int attempt; /* from 1 */
    const ProtobufCMessage *body; /* of the route's type; every string in it is well-formed UTF-8 without NUL */
} wjz_message;

/* --- queue --- */

/* Handles the messages of a batch, all of one type, in one open transaction. Runs in a fiber. What it does outside of the
 * transaction it leaves to wjz_tx_after: it may run in vain, also for a message that was handled before, whose inbox row
 * then fails the transaction at the handler's first wait. What comes while a batch is being handled waits for its end, and
 * is one batch then; unless there is a batch full of it. Returns 0 to commit and acknowledge. -EAGAIN, -ECONNRESET and -ETIMEDOUT (what wjz_tx gives when the database
 * is away): the same messages are handled again when it is back. Any other error is taken to be the fault of a
 * message: each is handled alone, and the one that fails goes back to its sender, who sends it again with
 * backoff (1 s doubling to 5 min) and after the last attempt puts it to the dead letters. */
typedef int wjz_queue_fn(wjz_batch *batch, void *state, wjz_err *err);

typedef struct wjz_queue_route {
    const ProtobufCMessageDescriptor *type; /* NULL ends the table */
    wjz_queue_fn *handler;
    int messages; /* most messages in one batch; 0: 64 */
    size_t bytes; /* most bytes of their bodies, but for a single message; 0: 1 MB. Bounds a batch by what is in it. */
    /* From the beginning of one batch to that of the next at least this long, unless as many wait as fill a batch or
     * as the credit lets wait: for work that nobody waits for, so that it gathers instead of costing a transaction a
     * message. One that comes alone is never delayed. 0: at once. */
    int rest_ms;
    /* Whether the commit of a batch need not wait for the disk. A crash of the server then undoes the last half second or so,
     * together with everything that followed from it in the store: the messages are delivered again, what was emitted takes
     * no effect (proto/README.md, eras). Right for a handler that does all it does in its transaction, and nothing outside
     * of the store before somebody has committed durably: no answer to who waits for it, no mail. What its process keeps in
     * memory of a commit must be checked against the store, because the commit may be taken back while the process lives.
     * Needs a pool with an era. */
    bool lazy;
} wjz_queue_route;

/* For wjz_db_options.era of the pools that a bus stands on. */
extern const wjz_stmt WJZ_BUS_ERA;

size_t wjz_batch_count(const wjz_batch *batch);
const wjz_message *wjz_batch_message(const wjz_batch *batch, size_t index);
wjz_tx *wjz_batch_tx(wjz_batch *batch); /* never committed or aborted by the handler */
wjz_arena *wjz_batch_arena(wjz_batch *batch);
/* Whether this try follows one that failed with -EEXIST, or some other failure. Without it a handler may insert rows that
 * are hardly ever there as if they never were; with it it looks. */
bool wjz_batch_careful(const wjz_batch *batch);

/* Who receives a message type that this service emits; one row per receiver. */
typedef struct wjz_emit_route {
    const ProtobufCMessageDescriptor *type; /* NULL ends the table */
    const char *destination;                /* a service's name */
} wjz_emit_route;

enum { WJZ_OUTBOX_PARAMS = 7 };
#define WJZ_OUTBOX_ROW(region, id, destination, type, envelope, owner, lease_s)                                        \
    "(region, id, destination, type, envelope, owner, due_at) VALUES (" region ", " id ", " destination ", " type      \
    ", " envelope ", " owner ", now() + make_interval(secs => " lease_s "))"

/* Emits body to every destination of its type, within tx. Keep the packed size under 1 MB (about 256 items);
 * -EMSGSIZE above 4 MB, -ENOENT for a type without route. */
WJZ_MUST_CHECK int wjz_bus_emit(wjz_bus *bus, wjz_tx *tx, int32_t region, const ProtobufCMessage *body, wjz_err *err);

/* The same, and the receiver is spared reading what its sender has at hand: fresh is body with more in it, and the
 * message's body where it is sent from memory for the first time. It is stored nowhere; where memory is short, when the
 * message is sent again, or by another process, body alone comes. A receiver takes what it misses from the store, and does
 * the same then. */
WJZ_MUST_CHECK int wjz_bus_emit_fresh(wjz_bus *bus, wjz_tx *tx, int32_t region, const ProtobufCMessage *body,
                                      const ProtobufCMessage *fresh, wjz_err *err);

/* The same (fresh: NULL for none) for who stores one thing at a time and would rather do it by one statement: the
 * message's row is the caller's to insert within tx, as part of a larger statement with
 * "INSERT INTO schema.outbox " WJZ_OUTBOX_ROW("$1", …). params: its values, good until the send. Committed without the
 * row, the message would be sent and never be durable. -EINVAL for a type that has not one destination, else as above. */
WJZ_MUST_CHECK int wjz_bus_emit_row(wjz_bus *bus, wjz_tx *tx, int32_t region, const ProtobufCMessage *body,
                                    const ProtobufCMessage *fresh, wjz_param params[WJZ_OUTBOX_PARAMS], wjz_err *err);

/* --- request --- */

/* Answers by one of the functions below; returning without an answer, or an error, refuses with INTERNAL. Runs in
 * a fiber. */
typedef int wjz_request_handler(wjz_call *call, void *state, wjz_err *err);

typedef struct wjz_request_route {
    const ProtobufCMessageDescriptor *type; /* NULL ends the table */
    wjz_request_handler *handler;
    /* The strings of the body are not checked as a whole, so that one bad item does not refuse a batch: the handler
     * calls wjz_message_check_strings on every item before it uses one. */
    bool lax_strings;
} wjz_request_route;

const wjz_message *wjz_call_message(const wjz_call *call);
/* The authenticated sender: what the door's admission gave for its key, or "local" over ipc. */
const char *wjz_call_sender(const wjz_call *call);
wjz_arena *wjz_call_arena(wjz_call *call);
int wjz_call_reply(wjz_call *call, const ProtobufCMessage *reply); /* returns 0, so that a handler can end with it */

/* As in envelope.proto. */
typedef enum wjz_refusal_code {
    WJZ_REFUSAL_UNSPECIFIED,
    WJZ_REFUSAL_INVALID,      /* a field is wrong; the same request will never work */
    WJZ_REFUSAL_NOT_FOUND,
    WJZ_REFUSAL_CONFLICT,     /* the state does not allow it, or somebody was faster */
    WJZ_REFUSAL_FORBIDDEN,
    WJZ_REFUSAL_RETRY_LATER,  /* see retry_after_ms */
    WJZ_REFUSAL_UNKNOWN_TYPE,
    WJZ_REFUSAL_MALFORMED,    /* bytes that are no such message */
    WJZ_REFUSAL_INTERNAL,
    WJZ_REFUSAL_TOO_LARGE,
} wjz_refusal_code;

typedef struct wjz_refusal {
    wjz_refusal_code code;
    const char *field, *value, *message, *remedy; /* NULL where there is none */
    uint32_t retry_after_ms;
} wjz_refusal;

int wjz_call_refuse(wjz_call *call, const wjz_refusal *refusal); /* returns 0 */

/* Asks one instance of the service. 0 with the reply (of reply_type, in arena); -EREMOTE with *ret_refusal filled (may
 * be NULL) and err saying the same; -ETIMEDOUT; -EHOSTUNREACH when no instance is known. Only from a fiber. */
WJZ_MUST_CHECK int wjz_bus_request(wjz_bus *bus, const char *service, int32_t region, const ProtobufCMessage *body, int64_t timeout_ms, const ProtobufCMessageDescriptor *reply_type, wjz_arena *arena, const ProtobufCMessage **ret_reply, wjz_refusal *ret_refusal, wjz_err *err);

/* --- publish --- */

/* Best effort: dropped where nobody listens or a listener is slow. */
void wjz_bus_publish(wjz_bus *bus, int32_t region, const ProtobufCMessage *body);
typedef void wjz_publication_fn(const wjz_message *message, void *arg);
/* From all instances of all services. The message lives during the call only. */
WJZ_MUST_CHECK int wjz_bus_subscribe(wjz_bus *bus, const ProtobufCMessageDescriptor *type, wjz_publication_fn *fn, void *arg, wjz_err *err);
/* Ends what was subscribed with this arg, before it dies: the bus lives longer than its users. Not from within fn. */
void wjz_bus_unsubscribe(wjz_bus *bus, const void *arg);

/* --- doors: requests from outside the product, on a socket of their own --- */

typedef struct wjz_door wjz_door;

typedef struct wjz_door_options {
    const char *endpoint;     /* "tcp://0.0.0.0:7001", "tcp://127.0.0.1:*", "ipc://..." */
    const char *key_file;     /* CURVE server key (zcert file, made when absent); NULL: no CURVE, ipc only */
    /* Name of the sender who has this Z85 public key (40 characters), written to sender; false: not admitted. Called on
     * the loop, must not wait. */
    bool (*admit)(const char *public_key, char sender[64], void *state);
    const wjz_request_route *routes;
    void *state;
    size_t message_limit; /* bytes; a larger frame ends the connection; 0: 8 MB */
    size_t arena_limit;   /* bytes that a message may unpack to; 0: 64 MB */
    int in_flight;        /* requests handled at once (and 64 MB of them, 16 MB of one sender); beyond: RETRY_LATER; 0: 64 */
    int in_flight_per_sender; /* 0: 16 */
} wjz_door_options;

WJZ_MUST_CHECK int wjz_door_open(wjz_bus *bus, const wjz_door_options *options, wjz_door **ret_door, wjz_err *err);
/* The endpoint as bound (with its port), and the Z85 public key clients need ("" without CURVE). */
const char *wjz_door_endpoint(const wjz_door *door);
const char *wjz_door_public_key(const wjz_door *door);
/* Lets running calls end, then calls closed(arg). */
void wjz_door_close(wjz_door **door, wjz_call_fn *closed, void *arg);

/* --- lifetime (called by service.c, by tools and by tests) --- */

typedef struct wjz_bus_options {
    const char *service;  /* also the schema of its outbox and inbox */
    const char *instance; /* name, unique among the service's instances, e.g. "scoring-2" */
    const char *bind;     /* "ipc:///run/folder" or "tcp://0.0.0.0"; ports and file names are chosen */
    const char *advertise_host; /* what peers connect to when bind is tcp; NULL: the host's name */
    const wjz_queue_route *queues;
    const wjz_emit_route *emits;
    const wjz_request_route *requests;
    void *state;          /* given to the handlers */
    int credit;           /* messages in flight per producer; 0: 8 */
    int workers;          /* batches handled at once; 0: 2 */
    int lease_ms;         /* 0: 30000 */
    int attempts;         /* until dead letter; 0: 8 */
    bool client;          /* only asks and listens: no outbox, no inbox, serves nothing */
    /* A pool of its own for heartbeat and outbox (two connections, hot_path), so that busy handlers cannot make the instance
     * look dead. The caller's, closed after the bus. NULL: db, good enough for tools and clients. */
    wjz_db *housekeeping;
    const char *admin;    /* address of the administration server, shown to operators; NULL: none */
    int heartbeat_ms;     /* 0: 500; a peer that is silent for six heartbeats is dead */
    int memory_messages;  /* per destination, kept in memory until acknowledged; 0: 256 */
    /* The same in bytes; 0: 32 MB; what is beyond waits in the outbox. Fresh bodies have as many of their own until they
     * are sent. */
    size_t memory_bytes;
} wjz_bus_options;

/* Registers in bus.instance. From then on the bus emits, asks, publishes and listens; it takes queued messages and
 * requests only from wjz_bus_start on. Copies the options except the tables. Only from a fiber. */
WJZ_MUST_CHECK int wjz_bus_open(wjz_loop *loop, wjz_db *db, const wjz_bus_options *options, wjz_bus **ret_bus, wjz_err *err);
/* Begins to take queued messages and requests; state, which may have been made after the opening, is given to the
 * handlers in place of the options' one. Once. Not for clients. */
WJZ_MUST_CHECK int wjz_bus_start(wjz_bus *bus, void *state, wjz_err *err);
/* Takes nothing more (messages not yet begun go back to their senders, requests are refused with RETRY_LATER) and waits
 * until the running handlers have ended and acknowledged: after that no handler uses the state. Emitting and asking
 * still work. -ETIMEDOUT when some still run after ms. May be called again. Only from a fiber. */
WJZ_MUST_CHECK int wjz_bus_drain(wjz_bus *bus, uint64_t ms);
/* Drains, waits a moment for acknowledgements of what it sent, releases its outbox leases, deregisters, closes; then
 * closed(arg). Doors must have been closed. Any context. */
void wjz_bus_close(wjz_bus **bus, wjz_call_fn *closed, void *arg);
/* Whether it is registered and not closing. */
bool wjz_bus_ready(const wjz_bus *bus);
uint32_t wjz_bus_instance_number(const wjz_bus *bus);

/* --- codec, for doors of other kinds and for tests --- */

/* Unpacks into the arena and checks every string. err names the field by its path ("items[3].content"). -EBADMSG; -EMSGSIZE
 * when it is well-formed but does not fit into the arena's limit. */
WJZ_MUST_CHECK int wjz_message_unpack(const ProtobufCMessageDescriptor *type, const void *data, size_t length, wjz_arena *arena, const ProtobufCMessage **ret_body, wjz_err *err);
/* The string check alone, for what a route with lax_strings got. -EBADMSG, err as above. */
WJZ_MUST_CHECK int wjz_message_check_strings(const ProtobufCMessage *body, wjz_err *err);

#endif
