/* A door to the world outside: an address of its own, a key of its own that clients know beforehand, and a service that
 * says whom it admits. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/door.h"
#include "runtime/key_file.h"
#include "wjz/log.h"

enum { MESSAGE_LIMIT = 8 << 20, RECEIVE_WINDOW = 8, BYTES = 64 << 20, BYTES_PER_SENDER = 16 << 20 };

/* --- the door --- */

static int open_at(const wjz_ground *ground, const wjz_door_options *options, int number, wjz_door **ret_door,
                   wjz_err *err) {
    char public_key[WJZ_KEY_TEXT] = "", secret_key[WJZ_KEY_TEXT] = "", name[32];
    snprintf(name, sizeof name, "door:%d", number);
    if (options->key_file) {
        int r = wjz_key_file_load(options->key_file, public_key, secret_key, err);
        if (r < 0) return r;
    }
    wjz_socket_options socket = {
        .type = ZMQ_ROUTER,
        .frame_limit = options->message_limit ? options->message_limit : MESSAGE_LIMIT,
        .receive_window = RECEIVE_WINDOW,
        .secret_key = options->key_file ? secret_key : NULL,
        .domain = name,
    };
    wjz_door_spec spec = {
        .tables = {options->routes, NULL},
        .states = {options->state, NULL},
        .arena_limit = options->arena_limit,
        .in_flight = options->in_flight,
        .in_flight_per_sender = options->in_flight_per_sender,
        .bytes = BYTES,
        .bytes_per_sender = BYTES_PER_SENDER,
        .name = name,
    };
    wjz_door *door;
    int r = wjz_door_new(ground, &spec, &socket, &door, err);
    if (r < 0) return r;
    wjz_door_outside *outside = wjz_door_outside_of(door);
    *outside = (wjz_door_outside){.number = number, .admit = options->admit, .state = options->state};
    memcpy(outside->public_key, public_key, sizeof outside->public_key);
    r = wjz_socket_bind(wjz_door_socket(door), options->endpoint, outside->endpoint, err);
    if (r < 0) {
        wjz_door_destroy(&door);
        return r;
    }
    *ret_door = door;
    return 0;
}

int wjz_door_open(wjz_bus *bus, const wjz_door_options *options, wjz_door **ret_door, wjz_err *err) {
    static int opened; /* numbers name ZAP domains; never used twice */
    if (!options->key_file && strncmp(options->endpoint, "ipc://", 6) != 0)
        return wjz_err_set(err, -EINVAL, "cannot open \"%s\" without a key file: only ipc goes without CURVE",
                           options->endpoint);
    wjz_door *door;
    int r = open_at(wjz_bus_ground(bus), options, ++opened, &door, err);
    if (r < 0) return r;
    wjz_door_outside *outside = wjz_door_outside_of(door);
    wjz_door **doors = wjz_bus_doors(bus);
    outside->next = *doors;
    outside->at = doors;
    if (outside->next) wjz_door_outside_of(outside->next)->at = &outside->next;
    *doors = door;
    wjz_door_start(door, options->state);
    *ret_door = door;
    return 0;
}

const char *wjz_door_endpoint(const wjz_door *door) {
    return wjz_door_outside_of((wjz_door *)(uintptr_t)door)->endpoint;
}

const char *wjz_door_public_key(const wjz_door *door) {
    return wjz_door_outside_of((wjz_door *)(uintptr_t)door)->public_key;
}

static void on_over(void *arg) {
    wjz_door *door = arg;
    wjz_door_outside *outside = wjz_door_outside_of(door);
    wjz_call_fn *closed = outside->closed;
    void *closed_arg = outside->closed_arg;
    *outside->at = outside->next;
    if (outside->next) wjz_door_outside_of(outside->next)->at = outside->at;
    wjz_door_destroy(&door);
    if (closed) closed(closed_arg);
}

/* Not from inside the last call, which still uses the door. */
void wjz_door_outside_over(wjz_door *door) {
    if (wjz_loop_defer(wjz_door_ground(door)->loop, on_over, door) < 0)
        wjz_log_error("door not closed", "error=\"out of memory\"");
}

void wjz_door_close(wjz_door **door, wjz_call_fn *closed, void *arg) {
    wjz_door *closing = WJZ_STEAL(*door);
    wjz_door_outside *outside = wjz_door_outside_of(closing);
    outside->closed = closed;
    outside->closed_arg = arg;
    outside->closing = true;
    wjz_door_refuse_new(closing);
    if (wjz_door_running(closing) == 0) wjz_door_outside_over(closing);
}

int wjz_door_judge(wjz_door *doors, const char *domain, const char *public_key, char user[64]) {
    int number;
    if (sscanf(domain, "door:%d", &number) != 1) return -EACCES;
    for (wjz_door *door = doors; door; door = wjz_door_outside_of(door)->next) {
        wjz_door_outside *outside = wjz_door_outside_of(door);
        if (outside->number != number) continue;
        return outside->admit && outside->admit(public_key, user, outside->state) ? 0 : -EACCES;
    }
    return -EACCES;
}
