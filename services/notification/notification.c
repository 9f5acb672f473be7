/* The notification service: state and lifetime. */
#include "notification/notification.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "notification/compose.h"
#include "notification/email.h"
#include "notification/handlers.h"
#include "notification/pages.h"
#include "notification/webhook.h"
#include "wjz/log.h"

enum { CONNECTIONS_PER_ADDRESS = 64 };

static int open_channels(struct notification *self, wjz_err *err) {
    const struct notification_conf *conf = self->conf;
    const struct channel_spec email = {CHANNEL_EMAIL, conf->mail_parallel, email_send, email_address};
    const struct channel_spec webhook = {CHANNEL_WEBHOOK, conf->webhook_parallel, webhook_send, webhook_address};
    int r = wjz_xfer_open(self->loop, &self->xfer, err);
    if (r == 0 && conf->smtp_url != NULL) r = channel_open(self, &email, &self->channels[CHANNEL_EMAIL], err);
    if (r == 0) r = channel_open(self, &webhook, &self->channels[CHANNEL_WEBHOOK], err);
    return r;
}

static int open_pages(struct notification *self, wjz_err *err) {
    if (self->conf->http[0] == '\0') return 0;
    const wjz_http_options options = {.address = self->conf->http,
                                      .routes = pages_routes,
                                      .arg = self,
                                      .connections_per_address = CONNECTIONS_PER_ADDRESS};
    return wjz_http_open(self->loop, &options, &self->http, err);
}

static void stop(void *state);

static int start(wjz_service *service, const void *conf, void **ret_state, wjz_err *err) {
    struct notification *self = calloc(1, sizeof *self);
    if (self == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    self->conf = conf;
    self->loop = wjz_service_loop(service);
    self->db = wjz_service_db(service);
    self->bus = wjz_service_bus(service);

    int r = notification_conf_check(self->conf, err);
    if (r == 0) r = templates_load(self->conf->templates_dir, compose_templates, &self->templates, err);
    if (r == 0) r = wjz_seal_open_named(self->conf->key_file, "notification.key", &self->seal, err);
    if (r == 0) r = open_channels(self, err);
    if (r == 0) r = chase_open(self, &self->chase, err);
    if (r == 0) r = open_pages(self, err);
    if (r < 0) {
        stop(self);
        return r;
    }
    wjz_log_info("templates loaded", "count=%zu", templates_count(self->templates));
    *ret_state = self;
    return 0;
}

/* Closing with a callback, as a fiber waits for it. */
struct closing {
    wjz_loop *loop;
    wjz_event done;
};

static void on_closed(void *arg) {
    struct closing *closing = arg;
    wjz_event_set(closing->loop, &closing->done);
}

static void stop(void *state) {
    struct notification *self = state;
    if (self == NULL) return;
    if (self->http != NULL) {
        struct closing closing = {.loop = self->loop};
        wjz_http_close(&self->http, on_closed, &closing);
        wjz_event_wait(self->loop, &closing.done);
    }
    chase_close(&self->chase);
    for (int kind = 0; kind < CHANNELS; kind++)
        channel_close(&self->channels[kind]);
    if (self->xfer != NULL) {
        struct closing closing = {.loop = self->loop};
        wjz_xfer_close(&self->xfer, on_closed, &closing);
        wjz_event_wait(self->loop, &closing.done);
    }
    wjz_seal_destroy(&self->seal);
    templates_destroy(&self->templates);
    free(self);
}

/* `weijianzhi-notification check-templates DIR`: what an administrator runs after editing. */
static int command(const void *conf, int argc, char **argv) {
    if (argc < 1 || argc > 2 || strcmp(argv[0], "check-templates") != 0) {
        fprintf(stderr, "usage: weijianzhi-notification check-templates [DIR]\n");
        return 2;
    }
    const struct notification_conf *given = conf;
    WJZ_CLEANUP(templates_destroy) struct templates *templates = NULL;
    wjz_err err = {0};
    if (templates_load(argc == 2 ? argv[1] : given->templates_dir, compose_templates, &templates, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    printf("%zu templates are well-formed\n", templates_count(templates));
    return 0;
}

const wjz_service_spec notification_service = {
    .name = "notification",
    .purpose = "tells people what they must know, and makes sure that somebody has seen it",
    .options = notification_options,
    .conf_size = sizeof(struct notification_conf),
    .queues = notification_queues,
    .emits = notification_emits,
    .requests = notification_requests,
    .start = start,
    .stop = stop,
    .command = command,
};
