/* The notification service: what its parts share while it runs. */
#ifndef NOTIFICATION_NOTIFICATION_H
#define NOTIFICATION_NOTIFICATION_H

#include "notification/channel.h"
#include "notification/chase.h"
#include "notification/conf.h"
#include "notification/template.h"
#include "wjz/http.h"
#include "wjz/seal.h"
#include "wjz/service.h"
#include "wjz/xfer.h"

struct notification {
    const struct notification_conf *conf;
    wjz_loop *loop;
    wjz_db *db;
    wjz_bus *bus;
    struct templates *templates;
    wjz_seal *seal;
    wjz_xfer *xfer;
    struct channel *channels[CHANNELS]; /* NULL: not set up */
    struct chase *chase;
    wjz_http *http; /* NULL: not served */
};

extern const wjz_service_spec notification_service;

#endif
