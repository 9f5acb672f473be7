/* The service: what it is made of, in the order in which it starts and ends. */
#include "intake/intake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/command.h"
#include "intake/door.h"
#include "intake/feed_watch.h"
#include "intake/feeds_file.h"
#include "intake/handlers.h"
#include "intake/importer.h"
#include "intake/open311.h"
#include "intake/store.h"
#include "intake/store_profiles.h"
#include "intake/upkeep.h"
#include "intake/web.h"
#include "proto/notification.pb-c.h"
#include "wjz/log.h"

enum { FEEDS_MEMORY = 64 * 1024 * 1024 };

int intake_refresh(intake *it, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int32_t *regions = NULL;
    size_t count = 0;
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_read_feeds(tx, &it->feeds, err);
    if (r == 0) r = store_read_regions(tx, &regions, &count, err);
    if (r == 0) r = wjz_tx_commit(&tx, err);
    if (r < 0) {
        free(regions);
        return r;
    }
    free(it->regions);
    it->regions = regions;
    it->region_count = count;
    return 0;
}

static int register_feeds(intake *it, wjz_err *err) {
    WJZ_CLEANUP(wjz_arena_destroy) wjz_arena *arena = wjz_arena_new(FEEDS_MEMORY);
    if (arena == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    feeds_file file;
    profile_source profiles;
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(it->db, &tx, err);
    if (r == 0) r = store_read_profiles(tx, it->conf->profiles, arena, &profiles, err);
    if (r == 0) r = feeds_file_load(it->conf->feeds, &profiles, arena, &file, err);
    if (r < 0) return r;
    for (size_t i = 0; r == 0 && i < file.count; i++)
        r = store_define_feed_from_file(tx, &file.items[i]);
    return r == 0 ? wjz_tx_commit(&tx, err) : r;
}

bool intake_has_organ(const intake *it, int32_t region) {
    for (size_t i = 0; i < it->region_count; i++)
        if (it->regions[i] == region) return true;
    return false;
}

/* The file may name a county that the directory does not have: that keeps nobody from working, but is said. */
static void tell_unplaced(const intake *it) {
    for (size_t i = 0; it->region_count > 0 && i < it->feeds.count; i++) {
        const feed *of = it->feeds.items[i];
        if (!of->disabled && !intake_has_organ(it, of->region))
            wjz_log_warn("feed of a county without an organ", "feed=%s region=%d", of->name, of->region);
    }
}

static int open_parts(intake *it, wjz_err *err) {
    int r = wjz_seal_open_named(it->conf->identity_key_file, "identity.key", &it->seal, err);
    if (r == 0) r = register_feeds(it, err);
    if (r == 0) r = intake_refresh(it, err);
    if (r == 0) tell_unplaced(it);
    writer_options writing = {.loop = it->loop,
                              .db = it->db,
                              .bus = it->bus,
                              .seal = it->seal,
                              .queue_items = (size_t)it->conf->queue_items,
                              .writers = (int)it->conf->writers};
    if (r == 0) r = writer_open(&writing, &it->writer, err);
    if (r == 0) r = upkeep_open(it, &it->upkeep, err);
    if (r == 0) r = feed_watch_open(it, &it->feed_watch, err);
    if (r == 0) r = importer_open(it, &it->importer, err);
    if (r == 0) r = door_open(it, err);
    if (r == 0) r = web_open(it, err);
    return r;
}

typedef struct closing {
    wjz_loop *loop;
    wjz_event closed;
} closing;

static void on_closed(void *arg) {
    closing *c = arg;
    wjz_event_set(c->loop, &c->closed);
}

/* The doors first: what came in is stored and answered before the writer ends. */
static void stop(void *state) {
    intake *it = state;
    if (it == NULL) return;
    if (it->door != NULL) {
        closing c = {.loop = it->loop};
        wjz_door_close(&it->door, on_closed, &c);
        wjz_event_wait(it->loop, &c.closed);
    }
    if (it->http != NULL) {
        closing c = {.loop = it->loop};
        wjz_http_close(&it->http, on_closed, &c);
        wjz_event_wait(it->loop, &c.closed);
    }
    importer_close(&it->importer);
    feed_watch_close(&it->feed_watch);
    upkeep_close(&it->upkeep);
    writer_close(&it->writer);
    open311_close(it);
    feeds_free(&it->feeds);
    wjz_seal_destroy(&it->seal);
    free(it->regions);
    free(it);
}

static int start(wjz_service *service, const void *conf, void **ret_state, wjz_err *err) {
    intake *it = calloc(1, sizeof *it);
    if (it == NULL) return wjz_err_set(err, -ENOMEM, "out of memory");
    it->conf = conf;
    it->loop = wjz_service_loop(service);
    it->db = wjz_service_db(service);
    it->bus = wjz_service_bus(service);
    int r = open_parts(it, err);
    if (r < 0) {
        stop(it);
        return r;
    }
    if (it->door != NULL) {
        wjz_log_info("feed door open", "endpoint=\"%s\" key=\"%s\"", wjz_door_endpoint(it->door),
                     wjz_door_public_key(it->door));
    }
    if (it->http != NULL) wjz_log_info("http door open", "port=%d", wjz_http_port(it->http));
    *ret_state = it;
    return 0;
}

static const wjz_emit_route EMITS[] = {
    {&wjz__intake__complaints_accepted__descriptor, "scoring"},
    {&wjz__intake__feedback_accepted__descriptor, "scoring"},
    {&wjz__intake__enforcement_accepted__descriptor, "scoring"},
    {&wjz__notification__notices_requested__descriptor, "notification"},
    {NULL, NULL},
};

const wjz_service_spec INTAKE_SERVICE = {
    .name = "intake",
    .purpose = "takes in complaints, enforcement records and feedback from platforms",
    .options = INTAKE_OPTIONS,
    .conf_size = sizeof(intake_conf),
    .hasty = true,
    .emits = EMITS,
    .requests = INTAKE_REQUESTS,
    .start = start,
    .stop = stop,
    .command = intake_command,
};
