/* What the consumer holds in memory; shared by consumer.c (connections) and consumer_work.c (batches). */
#ifndef WJZ_RUNTIME_CONSUMER_STATE_H
#define WJZ_RUNTIME_CONSUMER_STATE_H

#include "runtime/consumer.h"
#include "runtime/idmap.h"
#include "runtime/wire.h"
#include "wjz/metrics.h"

enum { WJZ_ACKNOWLEDGED_MOST = 256 };

/* The connection to one producing instance; lives as long as a delivery from it. */
typedef struct wjz_source {
    struct wjz_source *next; /* NULL also when it is no longer in the list */
    wjz_consumer *consumer;
    uint32_t number;
    wjz_socket *socket; /* NULL: the producer is gone, nobody to acknowledge to */
    size_t references;
    uint64_t done[WJZ_ACKNOWLEDGED_MOST]; /* committed, and still to be told */
    size_t done_count;
    int64_t done_era; /* in which all of them were */
} wjz_source;

/* A message in hand. */
typedef struct wjz_delivery {
    struct wjz_delivery *next; /* in its inlet */
    struct wjz_delivery *twin; /* the same message from another producer, which took it over from the first */
    wjz_source *source;
    zmq_msg_t frame;
    wjz_envelope envelope; /* points into frame */
} wjz_delivery;

/* Deliveries of one type that wait for a worker. */
typedef struct wjz_inlet {
    const wjz_queue_route *route;
    wjz_delivery *first, **end;
    size_t waiting;
    size_t busy;           /* workers that handle a batch of it */
    int64_t rest_until_us; /* monotonic; see rest_ms of the route */
    wjz_metric *handled, *seconds;
} wjz_inlet;

struct wjz_consumer {
    const wjz_ground *ground;
    wjz_consumer_options options;
    void *state;
    wjz_source *sources;
    wjz_inlet *inlets;
    size_t inlet_count, next_inlet;
    wjz_idmap in_hand;  /* id → delivery, waiting or being handled */
    wjz_event work;     /* something waits */
    wjz_event over;     /* set when the last worker has ended */
    wjz_event closing;  /* for the purge */
    wjz_event purged;   /* the purge has ended */
    wjz_timer *telling; /* of what is done */
    bool telling_soon;  /* the timer runs */
    size_t workers;     /* fibers that have not ended */
    bool started, draining, purging;
    wjz_metric *batch_messages;
};

/* Whether what waits there is to be handled now; now_us is monotonic. */
bool wjz_inlet_may_begin(const wjz_consumer *consumer, const wjz_inlet *inlet, int64_t now_us);

/* Takes the deliveries out of hand, and frees them. Their source is told that they are done, which counts in this era
 * only (0: in any), when they are a good part of its credit, or some milliseconds later: what comes one by one does not
 * wake it each time, and what it does with that can wait. */
void wjz_consumer_acknowledge(wjz_consumer *consumer, wjz_delivery **deliveries, size_t count, int64_t era);
/* Takes it out of hand and frees it; its source looks whether its row is still there. */
void wjz_consumer_doubt(wjz_consumer *consumer, wjz_delivery *delivery);
/* Takes the delivery out of hand, tells its source, and frees it. */
void wjz_consumer_reject(wjz_consumer *consumer, wjz_delivery *delivery, const char *error);
/* Gives them back to their sources, to be sent to another instance. */
void wjz_consumer_return(wjz_consumer *consumer, wjz_delivery **deliveries, size_t count);

/* A fiber that handles batches until the consumer drains. */
void wjz_consumer_work(void *consumer);
/* A fiber that deletes old inbox rows until the consumer closes. */
void wjz_consumer_purge(void *consumer);

#endif
