/* Door: answers requests that come in on one ROUTER socket. The bus has one for its own services; a service may open
 * others for the world outside. */
#ifndef WJZ_RUNTIME_DOOR_H
#define WJZ_RUNTIME_DOOR_H

#include "runtime/bus.h"
#include "wjz/metrics.h"

typedef struct wjz_door_spec {
    const wjz_request_route *tables[2]; /* routes, looked up in order; NULL for none; borrowed */
    void *states[2];                    /* for the handlers of each table */
    size_t arena_limit;
    int in_flight, in_flight_per_sender;
    size_t bytes, bytes_per_sender; /* of requests in flight; 0: no limit */
    const char *name;               /* in metrics */
} wjz_door_spec;

/* Counts what is refused at the door of that name before a handler sees it. */
wjz_metric *wjz_door_refusals(const char *door, const char *reason);

/* The bound socket's options come from the caller, who also binds it; received and arg are set here. */
WJZ_MUST_CHECK int wjz_door_new(const wjz_ground *ground, const wjz_door_spec *spec, wjz_socket_options *options,
                                wjz_door **ret_door, wjz_err *err);
wjz_socket *wjz_door_socket(wjz_door *door);
/* Begins to answer; state is for the first table. */
void wjz_door_start(wjz_door *door, void *state);
/* Refuses everything new with RETRY_LATER; 0 once the running calls are over, -ETIMEDOUT after ms. Only from a fiber.
 */
WJZ_MUST_CHECK int wjz_door_drain(wjz_door *door, uint64_t ms);
/* No call may run any more. */
void wjz_door_destroy(wjz_door **door);
/* Judges a key that knocks at "door:N": 0, its name written to user; -EACCES. doors: head of the list. */
int wjz_door_judge(wjz_door *doors, const char *domain, const char *public_key, char user[64]);

/* --- a door to the outside, see door_outside.c --- */

typedef struct wjz_door_outside {
    wjz_door *next, **at; /* in the bus's list of open doors; at NULL: an inner door */
    int number;
    char endpoint[WJZ_ENDPOINT_TEXT], public_key[WJZ_KEY_TEXT];
    bool (*admit)(const char *public_key, char sender[64], void *state);
    void *state;
    wjz_call_fn *closed;
    void *closed_arg;
    bool closing;
} wjz_door_outside;

wjz_door_outside *wjz_door_outside_of(wjz_door *door);
const wjz_ground *wjz_door_ground(const wjz_door *door);
int wjz_door_running(const wjz_door *door); /* calls */
void wjz_door_refuse_new(wjz_door *door);
/* Called when the last call has ended and the door is closing. */
void wjz_door_outside_over(wjz_door *door);

#endif
