/* What every service is made of: options, log, loop, database, bus, administration address, orderly end.
 *
 * A service's main.c hands its table to wjz_service_main and is done. */
#ifndef WJZ_SERVICE_H
#define WJZ_SERVICE_H

#include "wjz/bus.h"
#include "wjz/conf.h"
#include "wjz/db.h"
#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_service wjz_service;

/* Options that all services have; the first member of every service's conf struct. The rows are in service.c. */
typedef struct wjz_service_conf {
    char *database_url, *database_role;
    int64_t database_connections, database_patience;
    char *instance;   /* default: the service's name and the process id */
    char *bind;       /* bus, see wjz_bus_options */
    char *advertise_host;
    char *admin;      /* address of /healthz, /readyz, /metrics */
    char *log_level;
    int64_t credit, workers, lease, attempts, drain;
} wjz_service_conf;

typedef struct wjz_service_spec {
    const char *name;    /* "scoring" */
    const char *purpose; /* one line for --help */
    const wjz_option *options; /* of this service, ended by key NULL; fields in its conf struct */
    size_t conf_size;          /* of the conf struct, which begins with a wjz_service_conf */
    /* People or platforms wait for its answers: it and the server processes of its database pool get the processor as soon as
     * they wake, where the kernel can do that; not more of it. */
    bool hasty;
    const wjz_queue_route *queues;
    const wjz_emit_route *emits;
    const wjz_request_route *requests;
    /* Makes the state that handlers get. Runs in a fiber, before the bus takes messages; the database may be
     * waited for. wjz_service_bus is there for emitting and asking. */
    int (*start)(wjz_service *service, const void *conf, void **ret_state, wjz_err *err);
    /* Called in a fiber once the bus has been told to take no more; closes doors, timers, frees the state. NULL-safe
     * towards a state that start did not finish. */
    void (*stop)(void *state);
    /* Another command than serving: `program word ...` (e.g. "check-rules DIR"); runs without loop. argv[0] is the first
     * word, not the program. NULL: none. Returns the process's exit status. */
    int (*command)(const void *conf, int argc, char **argv);
} wjz_service_spec;

/* 0 after an orderly end (SIGTERM, SIGINT), 1 after a failure that was logged, 2 for bad options. */
int wjz_service_main(const wjz_service_spec *spec, int argc, char **argv);

wjz_loop *wjz_service_loop(wjz_service *service);
wjz_db *wjz_service_db(wjz_service *service);
wjz_bus *wjz_service_bus(wjz_service *service);
/* Readiness beyond database and bus: while reason is not NULL /readyz answers 503 with it. The text is borrowed. */
void wjz_service_not_ready(wjz_service *service, const char *reason);

#endif
