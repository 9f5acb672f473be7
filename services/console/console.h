/* The console: what its parts share while it runs. */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "console/citizen.h"
#include "console/conf.h"
#include "console/document.h"
#include "console/events.h"
#include "console/follow.h"
#include "console/pages.h"
#include "console/people.h"
#include "console/rate.h"
#include "console/reference.h"
#include "console/vouch.h"
#include "wjz/http.h"
#include "wjz/seal.h"
#include "wjz/service.h"

struct endpoint;

typedef struct console {
    const console_conf *conf;
    wjz_loop *loop;
    wjz_db *db;
    wjz_bus *bus;
    wjz_seal *seal;
    vouch *vouch;
    document *document;
    reference *reference;
    people *people;
    pages *pages;
    events *events;
    follow *follow;
    citizen *citizen;
    rate *logins;   /* attempts of an address */
    rate *requests; /* of a session, or of an address without one */
    int hashing;    /* passwords that are being hashed now: each takes 64 MB */
    wjz_http *http;
    wjz_route *routes;
    const struct endpoint **endpoints; /* beside routes; NULL where pages are served */
} console;

extern const wjz_service_spec CONSOLE_SERVICE;

#endif
