/* Who runs where: this instance's row in bus.instance, its heartbeat, and its peers. */
#ifndef WJZ_RUNTIME_REGISTRY_H
#define WJZ_RUNTIME_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "wjz/db.h"
#include "wjz/err.h"
#include "wjz/loop.h"

typedef struct wjz_registry wjz_registry;

/* An instance as the registry showed it last; this one is among them. */
typedef struct wjz_peer {
    struct wjz_peer *next;
    uint32_t number;
    char *service, *name;
    char *queue, *request, *publish; /* endpoints; "" where it has none */
    char *key;                       /* CURVE public key, Z85, or "" */
    bool alive;
    bool seen; /* private, as the rest */
    int64_t heartbeat_us, fresh_at_us;
} wjz_peer;

typedef struct wjz_registry_options {
    const char *service, *name, *queue, *request, *publish, *key, *admin;
    int heartbeat_ms;
    /* After every heartbeat that reached the store; changed: a peer appeared, vanished, died or came back. May be
     * called before wjz_registry_open returns. */
    void (*beaten)(void *arg, bool changed);
    void *arg;
} wjz_registry_options;

/* Registers, reads the peers, and goes on with heartbeats. Copies the options. Only from a fiber. */
WJZ_MUST_CHECK int wjz_registry_open(wjz_loop *loop, wjz_db *db, const wjz_registry_options *options,
                                     wjz_registry **ret_registry, wjz_err *err);
/* Deregisters, then closed(arg). */
void wjz_registry_close(wjz_registry **registry, wjz_call_fn *closed, void *arg);

uint32_t wjz_registry_number(const wjz_registry *registry);
/* First of a list; changes with heartbeats only, which happen in another fiber. */
const wjz_peer *wjz_registry_peers(const wjz_registry *registry);
/* NULL when there is no such living instance. */
const wjz_peer *wjz_registry_find(const wjz_registry *registry, uint32_t number);
/* Registered, alive or silent. */
const wjz_peer *wjz_registry_find_key(const wjz_registry *registry, const char *public_key);
/* What ZAP calls the peer's connections: "service/name", shortened. */
void wjz_peer_user(const wjz_peer *peer, char user[64]);
/* Next heartbeat at once, for somebody who looks for a peer that may have come a moment ago. */
void wjz_registry_refresh(wjz_registry *registry);

#endif
