/* A small world for tests of the bus: a fresh database, a loop, and services that come and go on it, each with the
 * database role, the pools and the bus that a process of that service has. */
#ifndef BUS_WORLD_H
#define BUS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/scoring.pb-c.h"
#include "wjz/bus.h"
#include "wjz/clock.h"

typedef struct world {
    wjz_loop *loop;
    char url[300];
    char dir[40];
} world;

typedef struct node {
    world *world;
    wjz_db *db, *housekeeping;
    wjz_bus *bus;
    int closed; /* of the three */
} node;

static world the_world;

/* Waits, in a fiber, until the condition holds; fails after two minutes. */
#define wait_until(condition)                                                                                          \
    do {                                                                                                               \
        int64_t limit_ = wjz_clock_monotonic_us() + 120 * WJZ_SECOND_US;                                               \
        while (!(condition)) {                                                                                         \
            if (wjz_clock_monotonic_us() > limit_) fail_msg("waited in vain for %s", #condition);                      \
            wjz_fiber_sleep(the_world.loop, 2);                                                                        \
        }                                                                                                              \
    } while (0)

/* The call returns 0; it may use err. */
#define assert_ok(call)                                                                                                \
    do {                                                                                                               \
        wjz_err err_ = {0}, *err WJZ_UNUSED = &err_;                                                                   \
        int result_ = (call);                                                                                          \
        if (result_ < 0) fail_msg("%s: %d %s", #call, result_, err_.text);                                             \
    } while (0)

static inline void world_make(const char *url) {
    wjz_err err = {0};
    snprintf(the_world.url, sizeof the_world.url, "%s", url);
    strcpy(the_world.dir, "/tmp/wjz-bus-XXXXXX");
    assert_non_null(mkdtemp(the_world.dir));
    assert_int_equal(wjz_loop_new(&the_world.loop, &err), 0);
}

/* Runs body in a fiber until everything is closed again. */
static inline void world_run(wjz_call_fn *body, void *arg) {
    assert_int_equal(wjz_fiber_spawn(the_world.loop, body, arg), 0);
    wjz_loop_run(the_world.loop);
}

static inline void world_unmake(void) {
    char command[160];
    wjz_loop_destroy(&the_world.loop);
    /* Who closes in order leaves no socket behind. */
    snprintf(command, sizeof command, "cd %s && rm -f door* *doomed* *419430* && cd / && rmdir %s", the_world.dir,
             the_world.dir);
    assert_int_equal(system(command), 0);
}

static inline void node_pools(node *self, const char *service) {
    char role[64];
    snprintf(role, sizeof role, "wjz_%s", service);
    *self = (node){.world = &the_world};
    wjz_db_options options = {.url = the_world.url,
                              .role = role,
                              .application = service,
                              .connections = 3,
                              .hot_path = true,
                              .era = &WJZ_BUS_ERA};
    assert_ok(wjz_db_open(the_world.loop, &options, &self->db, err));
    options.connections = 2;
    assert_ok(wjz_db_open(the_world.loop, &options, &self->housekeeping, err));
}

/* Opens with the given options; folder, pools and a quick heartbeat are filled in. Starts to serve unless it is a
 * client. */
static inline void node_open(node *self, wjz_bus_options options) {
    char bind[64];
    node_pools(self, options.service);
    snprintf(bind, sizeof bind, "ipc://%s", the_world.dir);
    if (!options.bind) options.bind = bind;
    if (options.heartbeat_ms == 0) options.heartbeat_ms = 100;
    options.housekeeping = self->housekeeping;
    assert_ok(wjz_bus_open(the_world.loop, self->db, &options, &self->bus, err));
    if (!options.client) assert_ok(wjz_bus_start(self->bus, options.state, err));
}

static inline void on_node_closed(void *arg) {
    ((node *)arg)->closed++;
}

static inline void node_close(node *self) {
    self->closed = 0;
    wjz_bus_close(&self->bus, on_node_closed, self);
    wait_until(self->closed == 1);
    wjz_db_close(&self->db, on_node_closed, self);
    wjz_db_close(&self->housekeeping, on_node_closed, self);
    wait_until(self->closed == 3);
}

#endif
