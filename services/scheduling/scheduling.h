/* The scheduling service: what its parts share while it runs. */
#ifndef SCHEDULING_SCHEDULING_H
#define SCHEDULING_SCHEDULING_H

#include "scheduling/conf.h"
#include "scheduling/sweep.h"
#include "wjz/seal.h"
#include "wjz/service.h"

struct scheduling {
    const struct scheduling_conf *conf;
    wjz_loop *loop;
    wjz_db *db;
    wjz_bus *bus;
    wjz_seal *seal;
    struct sweep *sweep;
};

/* The actor of what the service does by itself. */
#define OURSELVES "scheduling"

extern const wjz_service_spec scheduling_service;

#endif
