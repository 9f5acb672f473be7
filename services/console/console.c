/* The service: what it is made of, in the order in which it starts and ends. */
#include "console/console.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#include "console/endpoint.h"
#include "console/guard.h"
#include "console/handlers.h"
#include "wjz/log.h"

typedef struct closing {
    wjz_loop *loop;
    wjz_event closed;
} closing;

static void on_closed(void *arg) {
    closing *c = arg;
    wjz_event_set(c->loop, &c->closed);
}

static void stop(void *state) {
    console *c = state;
    if (!c) return;
    follow_close(&c->follow);
    if (c->http) {
        closing waiting = {.loop = c->loop};
        wjz_http_close(&c->http, on_closed, &waiting);
        wjz_event_wait(c->loop, &waiting.closed);
    }
    events_destroy(&c->events);
    rate_destroy(&c->logins);
    rate_destroy(&c->requests);
    citizen_destroy(&c->citizen);
    people_destroy(&c->people);
    reference_destroy(&c->reference);
    pages_destroy(&c->pages);
    document_destroy(&c->document);
    vouch_destroy(&c->vouch);
    wjz_seal_destroy(&c->seal);
    free(c->routes);
    free(c->endpoints);
    free(c);
}

static int open_http(console *c, wjz_err *err) {
    const console_conf *conf = c->conf;
    wjz_http_options options = {.address = conf->http,
                                .routes = c->routes,
                                .arg = c,
                                .tls_certificate = conf->http_tls_certificate,
                                .tls_key = conf->http_tls_key,
                                .connections = (int)conf->http_connections,
                                .connections_per_address = (int)conf->http_connections_per_address};
    return wjz_http_open(c->loop, &options, &c->http, err);
}

static int open_parts(console *c, wjz_err *err) {
    const console_conf *conf = c->conf;
    c->logins = rate_new((double)conf->login_rate, (double)conf->login_rate);
    c->requests = rate_new((double)conf->request_rate * 60, (double)conf->request_rate * 4);
    c->people = people_new();
    if (!c->logins || !c->requests || !c->people) return wjz_err_set(err, -ENOMEM, "out of memory");
    int r = sodium_init() < 0 ? wjz_err_set(err, -EIO, "could not start libsodium") : 0;
    if (r == 0) r = wjz_seal_open_named(conf->key_file, "console.key", &c->seal, err);
    if (r == 0) r = vouch_new(c->seal, c->db, &c->vouch, err);
    if (r == 0) r = document_new(&c->document, err);
    if (r == 0) r = pages_load(conf->pages, &c->pages, err);
    if (r == 0) r = endpoints_lay(c, err);
    if (r == 0) r = citizen_new(conf->privacy_notice, (double)conf->citizen_rate, &c->citizen, err);
    if (r == 0) r = reference_load(c, &c->reference, err);
    if (r == 0) r = reference_store(c->reference, c->db, err);
    if (r == 0) r = events_new(c->loop, c->bus, &c->events, err);
    if (r == 0) r = open_http(c, err);
    return r == 0 ? follow_open(c, &c->follow, err) : r;
}

static int start(wjz_service *service, const void *conf, void **ret_state, wjz_err *err) {
    console *c = calloc(1, sizeof *c);
    if (!c) return wjz_err_set(err, -ENOMEM, "out of memory");
    c->conf = conf;
    c->loop = wjz_service_loop(service);
    c->db = wjz_service_db(service);
    c->bus = wjz_service_bus(service);
    int r = open_parts(c, err);
    if (r < 0) {
        stop(c);
        return r;
    }
    wjz_log_info("console open", "port=%d", wjz_http_port(c->http));
    *ret_state = c;
    return 0;
}

const wjz_service_spec CONSOLE_SERVICE = {
    .name = "console",
    .purpose = "serves the pages and their interface; accounts, audit",
    .options = CONSOLE_OPTIONS,
    .conf_size = sizeof(console_conf),
    .requests = CONSOLE_REQUESTS,
    .emits = CONSOLE_EMITS,
    .start = start,
    .stop = stop,
};
