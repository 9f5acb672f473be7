/* What the parts of a bus stand on. */
#ifndef WJZ_RUNTIME_BUS_H
#define WJZ_RUNTIME_BUS_H

#include "runtime/queue_sql.h"
#include "runtime/registry.h"
#include "runtime/socket.h"
#include "wjz/bus.h"

typedef struct wjz_ground {
    wjz_loop *loop;
    void *zmq; /* the bus's own ZeroMQ context */
    wjz_db *db, *housekeeping;
    const wjz_queue_sql *sql; /* NULL for clients */
    wjz_registry *registry;   /* NULL until registered */
    const char *service, *instance;
    const char *bind; /* as in wjz_bus_options */
    const char *advertise_host;
    bool curve; /* bound over tcp: its sockets are CURVE servers */
    char public_key[WJZ_KEY_TEXT], secret_key[WJZ_KEY_TEXT];
} wjz_ground;

/* ZAP domain of the sockets between services. */
#define WJZ_BUS_DOMAIN "bus"

enum { WJZ_ENDPOINT_TEXT = 320 };

bool wjz_over_tcp(const char *endpoint);
/* Removes socket files that an earlier process of this instance's name left behind when it was killed. */
void wjz_ground_clear_leftovers(const wjz_ground *ground);
/* Binds a socket of the bus where the options say, with a name or port of its own; ret_endpoint is what peers connect
 * to. purpose: "queue", "request", "publish". */
WJZ_MUST_CHECK int wjz_ground_bind(const wjz_ground *ground, wjz_socket *socket, const char *purpose,
                                   char ret_endpoint[WJZ_ENDPOINT_TEXT], wjz_err *err);
/* Connects to a peer's endpoint: with CURVE over tcp, without over ipc. */
WJZ_MUST_CHECK int wjz_ground_connect(wjz_socket *socket, const char *endpoint, const char *public_key, wjz_err *err);
/* The options of a socket that connects to peers, or binds for them, with the keys it needs. */
wjz_socket_options wjz_ground_client(const wjz_ground *ground, int type, wjz_socket_fn *received, void *arg);
wjz_socket_options wjz_ground_server(const wjz_ground *ground, int type, wjz_socket_fn *received, void *arg);

const wjz_ground *wjz_bus_ground(const wjz_bus *bus);
/* Head of the list of open doors. */
wjz_door **wjz_bus_doors(wjz_bus *bus);

#endif
