/* Consumer: the receiving side of the queues. Joins every producer, keeps what comes until its batch is committed, and
 * acknowledges after that. */
#ifndef WJZ_RUNTIME_CONSUMER_H
#define WJZ_RUNTIME_CONSUMER_H

#include "runtime/bus.h"

typedef struct wjz_consumer wjz_consumer;

typedef struct wjz_consumer_options {
    const wjz_queue_route *routes; /* borrowed */
    int credit, workers;
} wjz_consumer_options;

/* ground is borrowed. */
WJZ_MUST_CHECK int wjz_consumer_open(const wjz_ground *ground, const wjz_consumer_options *options,
                                     wjz_consumer **ret_consumer, wjz_err *err);
WJZ_MUST_CHECK int wjz_consumer_start(wjz_consumer *consumer, void *state, wjz_err *err);
/* Peers have come or gone. */
void wjz_consumer_peers_changed(wjz_consumer *consumer);
/* Takes nothing more and gives back what has not been begun; 0 once the running batches are over, -ETIMEDOUT after ms.
 */
WJZ_MUST_CHECK int wjz_consumer_drain(wjz_consumer *consumer, uint64_t ms);
/* After it was drained. Only from a fiber. */
void wjz_consumer_close(wjz_consumer **consumer);

#endif
