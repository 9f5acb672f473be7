/* Registry: an instance is alive while its heartbeat moves, not while its clock or ours says so. A time in which the
 * store could not be read proves nothing about anybody and counts as one heartbeat, however long it was: after a pause
 * of the database nobody is dead, and who reads slowly sees after as many readings who is. */
#include "runtime/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wjz/clock.h"
#include "wjz/id.h"
#include "wjz/log.h"

enum { DEAD_AFTER = 6 /* heartbeats */, BURY_AFTER_US = 90 * 1000000, NAME_TEXT = 200 };
/* Strangers who knock must not make us ask the store without pause. */
enum { REFRESH_PAUSE_MS = 20 };

struct wjz_registry {
    wjz_loop *loop;
    wjz_db *db;
    wjz_registry_options options; /* texts owned, but for the name */
    char name[NAME_TEXT];
    uint32_t number; /* kept for the life of the process */
    wjz_peer *peers;
    int64_t beaten_at_us; /* monotonic; 0: never */
    wjz_event kicked;
    bool closing;
    bool failing; /* the last heartbeat did not reach the store: said once */
    wjz_call_fn *closed;
    void *closed_arg;
};

/* Numbers are unique modulo 4096 among the registered, because message ids carry 12 bits of them. Registering is
 * serialised by a lock, so that two newcomers cannot choose at the same time. */
static const wjz_stmt LOCK = {"bus_registry_lock", "SELECT pg_advisory_xact_lock(7311, 1)", 1};
static const wjz_stmt REGISTER = {
    "bus_register",
    "WITH RECURSIVE fresh(n) AS ("
    "  SELECT nextval('bus.instance_number')::int4"
    "  UNION ALL"
    "  SELECT nextval('bus.instance_number')::int4 FROM fresh"
    "   WHERE EXISTS (SELECT FROM bus.instance i WHERE i.number % 4096 = fresh.n % 4096)) "
    "INSERT INTO bus.instance (number, service, name, queue_endpoint, request_endpoint, publish_endpoint, public_key,"
    "                          admin, host, pid) "
    "SELECT CASE WHEN $1 > 0 THEN $1 ELSE (SELECT max(n) FROM fresh) END, $2, $3, $4, $5, $6, $7, $8, $9, $10 "
    "ON CONFLICT (service, name) DO UPDATE SET number = excluded.number, queue_endpoint = excluded.queue_endpoint,"
    "  request_endpoint = excluded.request_endpoint, publish_endpoint = excluded.publish_endpoint,"
    "  public_key = excluded.public_key, admin = excluded.admin, host = excluded.host, pid = excluded.pid,"
    "  started_at = now(), heartbeat_at = now() "
    "RETURNING number",
    1};
static const wjz_stmt BEAT = {
    "bus_beat",
    "WITH beat AS (UPDATE bus.instance SET heartbeat_at = now() WHERE number = $1 AND service = $2 AND name = $3"
    "              RETURNING 1) "
    "SELECT number, service, name, queue_endpoint, request_endpoint, publish_endpoint, public_key, heartbeat_at,"
    "       now(), EXISTS (SELECT FROM beat) FROM bus.instance",
    10};
static const wjz_stmt BURY = {
    "bus_bury", "DELETE FROM bus.instance WHERE number = $1 AND heartbeat_at < now() - interval '1 minute'", 0};
static const wjz_stmt DEREGISTER = {"bus_deregister", "DELETE FROM bus.instance WHERE number = $1", 0};

/* --- peers --- */

static void peer_free(wjz_peer *peer) {
    free(peer->service);
    free(peer->name);
    free(peer->queue);
    free(peer->request);
    free(peer->publish);
    free(peer->key);
    free(peer);
}

static wjz_peer *peer_of(const wjz_registry *registry, uint32_t number) {
    wjz_peer *peer = registry->peers;
    while (peer && peer->number != number)
        peer = peer->next;
    return peer;
}

/* The one that the row tells of. In a store that was restored a number may be somebody else's. */
static wjz_peer *peer_known(const wjz_registry *registry, const wjz_rows *rows, int row) {
    wjz_peer *peer = peer_of(registry, (uint32_t)wjz_row_int(rows, row, 0));
    bool same = peer && strcmp(peer->service, wjz_row_text(rows, row, 1)) == 0 &&
                strcmp(peer->name, wjz_row_text(rows, row, 2)) == 0 &&
                strcmp(peer->key, wjz_row_text(rows, row, 6)) == 0;
    return same ? peer : NULL;
}

/* The peer of a row, made when it is new; NULL when out of memory. */
static wjz_peer *peer_take(wjz_registry *registry, const wjz_rows *rows, int row, int64_t now_us) {
    wjz_peer *peer = peer_known(registry, rows, row);
    if (peer) return peer;
    if (!(peer = calloc(1, sizeof *peer))) return NULL;
    char **const texts[] = {&peer->service, &peer->name, &peer->queue, &peer->request, &peer->publish, &peer->key};
    bool whole = true;
    for (size_t i = 0; i < WJZ_COUNT(texts); i++)
        whole = (*texts[i] = strdup(wjz_row_text(rows, row, (int)i + 1))) && whole;
    if (!whole) {
        peer_free(peer);
        return NULL;
    }
    peer->number = (uint32_t)wjz_row_int(rows, row, 0);
    peer->heartbeat_us = wjz_row_time(rows, row, 7);
    /* As old as the store says: an instance that has been silent for long is not taken for alive at first sight. */
    peer->fresh_at_us = now_us - (wjz_row_time(rows, row, 8) - peer->heartbeat_us);
    peer->next = registry->peers;
    registry->peers = peer;
    return peer;
}

static bool forget_unseen(wjz_registry *registry) {
    bool changed = false;
    for (wjz_peer **at = &registry->peers; *at;) {
        wjz_peer *peer = *at;
        if (peer->seen) {
            at = &peer->next;
            continue;
        }
        *at = peer->next;
        peer_free(peer);
        changed = true;
    }
    return changed;
}

/* Brings the list to what the rows say. Returns whether anything changed that others act on. */
static bool update_peers(wjz_registry *registry, const wjz_rows *rows) {
    int64_t now_us = wjz_clock_monotonic_us(), beat_us = registry->options.heartbeat_ms * INT64_C(1000);
    int64_t since_us = registry->beaten_at_us ? now_us - registry->beaten_at_us : 0;
    int64_t blind_us = since_us > 2 * beat_us ? since_us - beat_us : 0;
    registry->beaten_at_us = now_us;
    for (wjz_peer *peer = registry->peers; peer; peer = peer->next) {
        peer->seen = false;
        peer->fresh_at_us += blind_us;
    }
    bool changed = false;
    for (int row = 0; row < wjz_rows_count(rows); row++) {
        wjz_peer *peer = peer_take(registry, rows, row, now_us);
        if (!peer) continue; /* out of memory: found again at the next heartbeat */
        peer->seen = true;
        int64_t heartbeat_us = wjz_row_time(rows, row, 7);
        if (heartbeat_us != peer->heartbeat_us || peer->number == registry->number) peer->fresh_at_us = now_us;
        peer->heartbeat_us = heartbeat_us;
        bool alive = now_us - peer->fresh_at_us <= DEAD_AFTER * beat_us;
        changed |= alive != peer->alive;
        if (peer->alive && !alive)
            wjz_log_warn("instance silent", "peer=%s/%s number=%" PRIu32, peer->service, peer->name, peer->number);
        peer->alive = alive;
    }
    return forget_unseen(registry) || changed;
}

/* --- the row --- */

/* wanted: the number it has, 0 for a new one. */
static int register_row(wjz_registry *registry, uint32_t wanted, wjz_err *err) {
    const wjz_registry_options *self = &registry->options;
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows;
    int r = wjz_tx_begin(registry->db, &tx, err);
    if (r == 0) r = wjz_tx_send(tx, &LOCK, NULL, 0);
    if (r == 0)
        r = wjz_tx_query_v(tx, &REGISTER, &rows, err, wjz_i32((int32_t)wanted), wjz_text(self->service),
                           wjz_text(registry->name), wjz_text(self->queue), wjz_text(self->request),
                           wjz_text(self->publish), wjz_text(self->key), wjz_text(self->admin), wjz_text(host),
                           wjz_i32(getpid()));
    if (r < 0) return r;
    if (wjz_rows_count(rows) != 1) return wjz_err_set(err, -EIO, "could not register: the store kept no row");
    uint32_t number = (uint32_t)wjz_row_int(rows, 0, 0);
    r = wjz_tx_commit(&tx, err);
    if (r < 0) return r;
    if (number != registry->number) wjz_id_set_instance(number);
    registry->number = number;
    return 0;
}

/* In a store that was restored or made anew our number may be another instance's by now; ids made with it would be
 * given twice. */
static int register_renumbered(wjz_registry *registry, wjz_err *err) {
    uint32_t before = registry->number;
    int r = register_row(registry, 0, err);
    if (r == 0) wjz_log_warn("instance renumbered", "from=%" PRIu32 " to=%" PRIu32, before, registry->number);
    return r;
}

/* The row went: somebody else runs under our name, or it was buried while we were away. Two processes of one name
 * must not replace each other for ever, so this one takes another name; its number stays. */
static int register_again(wjz_registry *registry, wjz_err *err) {
    for (const wjz_peer *peer = registry->peers; peer; peer = peer->next) {
        if (peer->number == registry->number || strcmp(peer->service, registry->options.service) != 0 ||
            strcmp(peer->name, registry->name) != 0)
            continue;
        snprintf(registry->name, sizeof registry->name, "%.180s~%" PRIu32, registry->options.name, registry->number);
        wjz_log_warn("instance replaced", "by=%" PRIu32 " name=%s", peer->number, registry->name);
        break;
    }
    int r = register_row(registry, registry->number, err);
    if (r != -EEXIST) return r;
    *err = (wjz_err){0};
    return register_renumbered(registry, err);
}

static int beat(wjz_registry *registry, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_rows *rows;
    int r = wjz_tx_begin(registry->db, &tx, err);
    if (r < 0) return r;
    wjz_tx_lazy(tx); /* a heartbeat that is lost in a crash of the server is none */
    r = wjz_tx_query_v(tx, &BEAT, &rows, err, wjz_i32((int32_t)registry->number), wjz_text(registry->options.service),
                       wjz_text(registry->name));
    if (r < 0) return r;
    bool registered = wjz_rows_count(rows) > 0 && wjz_row_bool(rows, 0, 9);
    bool changed = update_peers(registry, rows);
    r = wjz_tx_commit(&tx, err);
    if (r == 0 && !registered) r = register_again(registry, err);
    if (r == 0) registry->options.beaten(registry->options.arg, changed);
    return r;
}

/* Deletes the row of one instance that has been silent for long; the next one at the next heartbeat. */
static int bury(wjz_registry *registry, wjz_err *err) {
    int64_t now_us = wjz_clock_monotonic_us();
    wjz_peer *peer = registry->peers;
    while (peer && (peer->alive || now_us - peer->fresh_at_us < BURY_AFTER_US))
        peer = peer->next;
    if (!peer) return 0;
    peer->fresh_at_us = now_us - BURY_AFTER_US / 2; /* if the store does not agree, not again at once */
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(registry->db, &tx, err);
    if (r == 0) r = wjz_tx_send_v(tx, &BURY, wjz_i32((int32_t)peer->number));
    return r < 0 ? r : wjz_tx_commit(&tx, err);
}

static void deregister(wjz_registry *registry) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    wjz_err err = {0};
    if (!wjz_db_ready(registry->db)) return; /* peers see the silence */
    int r = wjz_tx_begin(registry->db, &tx, &err);
    if (r == 0) r = wjz_tx_send_v(tx, &DEREGISTER, wjz_i32((int32_t)registry->number));
    if (r == 0) r = wjz_tx_commit(&tx, &err);
    if (r < 0) wjz_log_warn("could not deregister", "error=\"%s\"", err.text);
}

/* --- lifetime --- */

static void destroy(wjz_registry *registry) {
    const char **texts[] = {&registry->options.service, &registry->options.name,    &registry->options.queue,
                            &registry->options.request, &registry->options.publish, &registry->options.key,
                            &registry->options.admin};
    for (size_t i = 0; i < WJZ_COUNT(texts); i++)
        free((char *)(uintptr_t)*texts[i]);
    while (registry->peers) {
        wjz_peer *peer = registry->peers;
        registry->peers = peer->next;
        peer_free(peer);
    }
    free(registry);
}

/* The fiber of the heartbeat. */
static void run(void *arg) {
    wjz_registry *registry = arg;
    while (!registry->closing) {
        wjz_err err = {0};
        wjz_event_clear(&registry->kicked);
        int r = beat(registry, &err);
        if (r == 0) r = bury(registry, &err);
        if (r < 0 && !registry->failing) wjz_log_warn("could not send heartbeat", "error=\"%s\"", err.text);
        registry->failing = r < 0;
        if (registry->closing) break;
        if (wjz_event_wait_ms(registry->loop, &registry->kicked, (uint64_t)registry->options.heartbeat_ms) == 0 &&
            !registry->closing)
            wjz_fiber_sleep(registry->loop, REFRESH_PAUSE_MS);
    }
    deregister(registry);
    wjz_call_fn *closed = registry->closed;
    void *closed_arg = registry->closed_arg;
    destroy(registry);
    closed(closed_arg);
}

static int copy_texts(wjz_registry *registry, const wjz_registry_options *options) {
    wjz_registry_options *own = &registry->options;
    *own = (wjz_registry_options){
        .service = strdup(options->service),
        .name = strdup(options->name),
        .queue = strdup(options->queue),
        .request = strdup(options->request),
        .publish = strdup(options->publish),
        .key = strdup(options->key),
        .admin = strdup(options->admin),
        .heartbeat_ms = options->heartbeat_ms,
        .beaten = options->beaten,
        .arg = options->arg,
    };
    return own->service && own->name && own->queue && own->request && own->publish && own->key && own->admin ? 0
                                                                                                             : -ENOMEM;
}

int wjz_registry_open(wjz_loop *loop, wjz_db *db, const wjz_registry_options *options, wjz_registry **ret_registry,
                      wjz_err *err) {
    wjz_registry *registry = calloc(1, sizeof *registry);
    if (!registry) return wjz_err_set(err, -ENOMEM, "could not register: out of memory");
    registry->loop = loop;
    registry->db = db;
    int r = copy_texts(registry, options);
    if (r < 0) wjz_err_set(err, r, "could not register: out of memory");
    snprintf(registry->name, sizeof registry->name, "%s", options->name);
    if (r == 0) r = register_row(registry, 0, err);
    if (r == 0) r = beat(registry, err);
    if (r == 0 && (r = wjz_fiber_spawn(loop, run, registry)) < 0) wjz_err_set(err, r, "could not start heartbeat");
    if (r < 0) {
        destroy(registry);
        return r;
    }
    *ret_registry = registry;
    return 0;
}

void wjz_registry_close(wjz_registry **registry, wjz_call_fn *closed, void *arg) {
    wjz_registry *closing = WJZ_STEAL(*registry);
    closing->closed = closed;
    closing->closed_arg = arg;
    closing->closing = true;
    wjz_event_set(closing->loop, &closing->kicked);
}

/* --- questions --- */

uint32_t wjz_registry_number(const wjz_registry *registry) {
    return registry->number;
}

const wjz_peer *wjz_registry_peers(const wjz_registry *registry) {
    return registry->peers;
}

const wjz_peer *wjz_registry_find(const wjz_registry *registry, uint32_t number) {
    const wjz_peer *peer = peer_of(registry, number);
    return peer && peer->alive ? peer : NULL;
}

const wjz_peer *wjz_registry_find_key(const wjz_registry *registry, const char *public_key) {
    for (const wjz_peer *peer = registry->peers; peer; peer = peer->next)
        if (strcmp(peer->key, public_key) == 0) return peer;
    return NULL;
}

void wjz_peer_user(const wjz_peer *peer, char user[64]) {
    snprintf(user, 64, "%.30s/%.32s", peer->service, peer->name);
}

void wjz_registry_refresh(wjz_registry *registry) {
    wjz_event_set(registry->loop, &registry->kicked);
}
