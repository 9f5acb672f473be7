/* What the relay holds in memory; shared by relay.c (emitting), relay_dispatch.c (choosing),
 * relay_talk.c (sockets) and relay_keeper.c (outbox). */
#ifndef WJZ_RUNTIME_RELAY_STATE_H
#define WJZ_RUNTIME_RELAY_STATE_H

#include "runtime/idmap.h"
#include "runtime/loop.h"
#include "runtime/relay.h"
#include "wjz/metrics.h"

typedef struct wjz_destination wjz_destination;
typedef struct wjz_consumer_link wjz_consumer_link;
typedef struct wjz_parcel wjz_parcel;

typedef struct wjz_parcels {
    wjz_parcel *first, *last;
    size_t count, bytes;
} wjz_parcels;

/* A message for one destination. It is in exactly one list: waiting or suspects of its destination, in_flight of a
 * consumer, acknowledged, rejected or doubtful of the relay. */
struct wjz_parcel {
    wjz_parcel *previous, *next;
    wjz_parcels *list;
    wjz_destination *destination;
    wjz_consumer_link *holder; /* while in flight */
    uint64_t id;
    int32_t region;
    int attempts;            /* rejections so far */
    int deaths;              /* consumers that died with it in hand, as far as this process saw */
    bool lost;               /* another instance has taken its row: ours no more when it comes back */
    bool spilled;            /* not kept: its row was written without owner */
    int64_t leased_until_us; /* monotonic, at the earliest */
    int64_t sent_at_us;      /* monotonic */
    int64_t era;             /* in which its row was seen; once acknowledged, in which that counts */
    char *error;             /* of the rejection */
    size_t length, fresh; /* of the envelope as it is stored, and of the fresh body behind it */
    uint8_t *data;        /* packed envelope without attempt, WJZ_ATTEMPT_BYTES behind it */
};

/*  (new) ──▶ ABSENT ◀──▶ JOINED ──▶ LEAVING
 *               └───────────┴──────────┴─────▶ GONE ──▶ freed
 * ABSENT: connected, but the registry does not show it alive; it is asked to join as soon as it does. LEAVING: takes
 * nothing more and finishes what it has. GONE: its connection has ended. */
typedef enum wjz_link_state { WJZ_LINK_ABSENT, WJZ_LINK_JOINED, WJZ_LINK_LEAVING, WJZ_LINK_GONE } wjz_link_state;

/* One consuming instance's connection. */
struct wjz_consumer_link {
    wjz_consumer_link *next;
    wjz_destination *destination;
    uint32_t number;
    uint8_t identity[256];
    size_t identity_length;
    int connection; /* as the socket numbers it; -1: not told */
    wjz_link_state state;
    uint32_t credit, window;
    int missed;   /* heartbeats in which it was not registered */
    bool blocked; /* the socket takes nothing more for it now */
    wjz_parcels in_flight;
};

struct wjz_destination {
    wjz_relay *relay;
    const char *name; /* of the emit route */
    wjz_parcels waiting;
    wjz_parcels suspects; /* consumers died with them: sent alone */
    wjz_idmap parcels;    /* all in memory, also acknowledged ones until their row is deleted */
    size_t held, bytes;   /* waiting, in flight, or on their way into a commit */
    size_t fresh;         /* bytes of bodies that are not stored, and not sent yet */
    bool spilled;         /* rows wait in the outbox without owner: new ones queue behind them there */
    int64_t look_at_us;   /* monotonic: when to look for free rows */
    wjz_consumer_link *consumers;
    wjz_metric *depth, *credit, *oldest, *rows;
};

struct wjz_relay {
    const wjz_ground *ground;
    wjz_relay_options options;
    wjz_socket *socket;
    wjz_arena *arena; /* of the frame at hand */
    wjz_destination *destinations;
    size_t destination_count;
    wjz_parcels acknowledged, rejected; /* their rows are still to be changed */
    wjz_parcels doubtful;               /* the connection was lost at commit: perhaps there is a row */
    size_t committing;                  /* parcels in transactions that have not ended */
    wjz_ready dispatch;                 /* of what was committed; queued while dispatching */
    bool dispatching;
    wjz_event work;                     /* something for the keeper */
    wjz_event idle;                     /* set while closing when nothing is in flight or committing any more */
    bool started, closing, orphans;
    int64_t era; /* of the keeper's last transaction, 0: none yet */
    bool undone; /* rows of ours may have come back, or their consumer's work been undone: to be read again */
    int64_t renew_at_us, stats_at_us, tidy_at_us;
    wjz_call_fn *closed;
    void *closed_arg;
    wjz_metric *sent, *redelivered, *acknowledged_total, *rejected_total, *dead, *malformed;
};

void wjz_parcels_append(wjz_parcels *list, wjz_parcel *parcel);
void wjz_parcels_prepend(wjz_parcels *list, wjz_parcel *parcel);
void wjz_parcel_unlink(wjz_parcel *parcel);
/* Takes it out of its list and the destination's map, and frees it. Accepts NULL. */
void wjz_parcel_free(wjz_parcel *parcel);

/* Counts the parcel into its destination's memory, and out of it. */
void wjz_parcel_hold(wjz_parcel *parcel);
void wjz_parcel_let_go(wjz_parcel *parcel);
/* It is a first try no more: what is not stored goes. */
void wjz_parcel_forget_fresh(wjz_parcel *parcel);
/* Back to those that wait, or away when another instance has it. */
void wjz_parcel_requeue(wjz_parcel *parcel);

/* The only way into another state. */
void wjz_link_enter(wjz_consumer_link *link, wjz_link_state state);
void wjz_link_requeue_all(wjz_consumer_link *link);
void wjz_link_free(wjz_consumer_link *link);

/* NULL when nothing is emitted to that service. */
wjz_destination *wjz_relay_destination(const wjz_relay *relay, const char *name);
/* Sets relay->idle when it is closing and nothing is under way any more. */
void wjz_relay_check_idle(wjz_relay *relay);
/* The socket's callbacks. */
void wjz_relay_on_frames(void *relay, zmq_msg_t *frames, int count);
void wjz_relay_on_writable(void *relay);
void wjz_relay_on_ended(void *relay, int connection);

/* Room for more parcels, in messages and bytes. */
size_t wjz_destination_room(const wjz_destination *destination, size_t *ret_bytes);
/* A row as it was read back. */
typedef struct wjz_claimed {
    uint64_t id;
    int32_t region;
    int attempts;
    uint8_t *data; /* allocated, WJZ_ATTEMPT_BYTES are free behind length */
    size_t length;
    int64_t leased_until_us, era;
} wjz_claimed;
/* Takes over the data; a row that is in memory already is dropped. */
void wjz_destination_claimed(wjz_destination *destination, const wjz_claimed *row);
/* Sends what waits to who has credit. */
void wjz_destination_dispatch(wjz_destination *destination);
/* Sends again, to others where there are any, what has been in flight for longer than the lease. */
void wjz_relay_resend_late(wjz_relay *relay);

/* Rows of ours are to be read again: all of them that are still there. */
void wjz_relay_doubt(wjz_relay *relay);

/* Puts it among the acknowledged, whose rows are deleted some together. */
void wjz_relay_acknowledged(wjz_relay *relay, wjz_parcel *parcel);

/* The fiber that changes the outbox; ends when the relay is closing and nothing is left to do, and frees the relay. */
void wjz_relay_keep(void *relay);
/* Frees everything and calls closed. */
void wjz_relay_end(wjz_relay *relay);

#endif
