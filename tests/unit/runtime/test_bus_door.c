/* Doors to the outside: who is let in, what is answered, and what hostile frames can do (nothing). The client side is
 * plain libzmq, as a platform would use it. */
#include "bus_world.h"

#include <errno.h>
#include <sys/stat.h>
#include <zmq.h>

#include "proto/envelope.pb-c.h"
#include "proto/intake.pb-c.h"
#include "support/test_db.h"
#include "wjz/metrics.h"

static test_db *db;

struct gate {
    node node;
    wjz_door *door;
    char admitted[41]; /* key that may enter, as "platform-a" */
    int handled, held, closed;
    bool hold;
    wjz_event release;
    char sender[64];
    char bad_item[200]; /* what the string check said of the last batch */
};

static int on_batch(wjz_call *call, void *state, wjz_err *err) {
    struct gate *self = state;
    const Wjz__Intake__FeedBatch *batch = (const Wjz__Intake__FeedBatch *)wjz_call_message(call)->body;
    Wjz__Intake__FeedReceipt receipt = WJZ__INTAKE__FEED_RECEIPT__INIT;
    (void)err;
    self->handled++;
    snprintf(self->sender, sizeof self->sender, "%s", wjz_call_sender(call));
    self->bad_item[0] = '\0';
    for (size_t i = 0; i < batch->n_items; i++) {
        wjz_err fault = {0};
        if (wjz_message_check_strings(&batch->items[i]->base, &fault) < 0)
            snprintf(self->bad_item, sizeof self->bad_item, "%zu: %.150s", i, fault.text);
    }
    if (self->hold) {
        self->held++;
        wjz_event_wait(the_world.loop, &self->release);
        self->held--;
    }
    return wjz_call_reply(call, &receipt.base);
}

static int on_import(wjz_call *call, WJZ_UNUSED void *state, WJZ_UNUSED wjz_err *err) {
    Wjz__Intake__FeedReceipt receipt = WJZ__INTAKE__FEED_RECEIPT__INIT;
    return wjz_call_reply(call, &receipt.base);
}

static const wjz_request_route ROUTES[] = {
    {.type = &wjz__intake__feed_batch__descriptor, .handler = on_batch, .lax_strings = true},
    {.type = &wjz__intake__complaint__descriptor, .handler = on_import},
    {.type = NULL},
};

static bool admit(const char *public_key, char sender[64], void *state) {
    struct gate *self = state;
    if (strcmp(public_key, self->admitted) != 0) return false;
    strcpy(sender, "platform-a");
    return true;
}

static void gate_open(struct gate *self, wjz_door_options options) {
    node_open(&self->node, (wjz_bus_options){.service = "intake", .instance = "intake-1"});
    options.routes = ROUTES;
    options.state = self;
    options.admit = admit;
    assert_ok(wjz_door_open(self->node.bus, &options, &self->door, err));
}

static void on_door_closed(void *arg) {
    ((struct gate *)arg)->closed++;
}

static void gate_close(struct gate *self) {
    wjz_door_close(&self->door, on_door_closed, self);
    wait_until(self->closed == 1);
    node_close(&self->node);
}

/* --- a platform --- */

typedef struct platform {
    void *zmq, *socket;
    char public_key[41], secret_key[41];
    char answer[2000];
    int length;
} platform;

static void platform_connect(platform *self, const struct gate *gate, bool curve) {
    int linger = 0;
    self->socket = zmq_socket(self->zmq, ZMQ_DEALER);
    zmq_setsockopt(self->socket, ZMQ_LINGER, &linger, sizeof linger);
    if (curve) {
        zmq_setsockopt(self->socket, ZMQ_CURVE_SERVERKEY, wjz_door_public_key(gate->door), 40);
        zmq_setsockopt(self->socket, ZMQ_CURVE_PUBLICKEY, self->public_key, 40);
        zmq_setsockopt(self->socket, ZMQ_CURVE_SECRETKEY, self->secret_key, 40);
    }
    assert_int_equal(zmq_connect(self->socket, wjz_door_endpoint(gate->door)), 0);
}

static void platform_open(platform *self, struct gate *gate, bool curve, bool admitted) {
    *self = (platform){.zmq = zmq_ctx_new()};
    assert_int_equal(zmq_curve_keypair(self->public_key, self->secret_key), 0);
    if (admitted) strcpy(gate->admitted, self->public_key);
    platform_connect(self, gate, curve);
}

static void platform_close(platform *self) {
    zmq_close(self->socket);
    zmq_ctx_term(self->zmq);
}

static void send_bytes(platform *self, const void *data, size_t length, bool more) {
    assert_true(zmq_send(self->socket, data, length, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0);
}

static void send_envelope(platform *self, uint64_t id, const char *type, uint32_t schema, int64_t deadline_us,
                          const void *body, size_t length) {
    Wjz__Envelope envelope = WJZ__ENVELOPE__INIT;
    envelope.id = id;
    envelope.type = (char *)(uintptr_t)type;
    envelope.schema = schema;
    envelope.deadline_us = deadline_us;
    envelope.body = (ProtobufCBinaryData){length, (uint8_t *)(uintptr_t)body};
    uint8_t *data = malloc(wjz__envelope__get_packed_size(&envelope));
    send_bytes(self, data, wjz__envelope__pack(&envelope, data), false);
    free(data);
}

static void send_batch(platform *self, uint64_t id) {
    send_envelope(self, id, "wjz.intake.FeedBatch", 1, 0, "", 0);
}

static bool answered(platform *self) {
    self->length = zmq_recv(self->socket, self->answer, sizeof self->answer, ZMQ_DONTWAIT);
    return self->length >= 0;
}

/* Waits for the answer to question id; the code of its refusal, 0 for a reply. */
static int result_of(platform *self, uint64_t id) {
    wait_until(answered(self));
    Wjz__Envelope *envelope = wjz__envelope__unpack(NULL, (size_t)self->length, (uint8_t *)self->answer);
    assert_non_null(envelope);
    assert_int_equal(envelope->id, id);
    int code = 0;
    if (strcmp(envelope->type, "wjz.Refusal") == 0) {
        Wjz__Refusal *refusal = wjz__refusal__unpack(NULL, envelope->body.len, envelope->body.data);
        assert_non_null(refusal);
        assert_true(refusal->message[0]);
        code = (int)refusal->code;
        assert_true(code != WJZ_REFUSAL_RETRY_LATER || refusal->retry_after_ms > 0);
        wjz__refusal__free_unpacked(refusal, NULL);
    } else {
        assert_string_equal(envelope->type, "wjz.intake.FeedReceipt");
    }
    wjz__envelope__free_unpacked(envelope, NULL);
    return code;
}

/* --- tests --- */

static int set_up(WJZ_UNUSED void **state) {
    db = test_db_new();
    world_make(test_db_url(db));
    return 0;
}

static int tear_down(WJZ_UNUSED void **state) {
    world_unmake();
    test_db_destroy(&db);
    return 0;
}

static const char *key_file(void) {
    static char path[64];
    snprintf(path, sizeof path, "%s/door.key", the_world.dir);
    return path;
}

static wjz_door_options curve_door(void) {
    return (wjz_door_options){.endpoint = "tcp://127.0.0.1:*", .key_file = key_file()};
}

static void keys(WJZ_UNUSED void *arg) {
    struct gate gate = {0};
    platform known, stranger, bare;
    wjz_metric *refused = wjz_counter("wjz_connections_refused_total", "", "");
    double before = wjz_metric_value(refused);
    gate_open(&gate, curve_door());
    assert_int_equal(strlen(wjz_door_public_key(gate.door)), 40);
    platform_open(&stranger, &gate, true, false);
    platform_open(&bare, &gate, false, false);
    send_batch(&stranger, 1);
    send_batch(&bare, 2);
    wait_until(wjz_metric_value(refused) > before);
    platform_open(&known, &gate, true, true);
    send_batch(&known, 3);
    assert_int_equal(result_of(&known, 3), 0);
    assert_string_equal(gate.sender, "platform-a");
    assert_int_equal(gate.handled, 1);
    assert_false(answered(&stranger));
    assert_false(answered(&bare));
    /* Let in later: the next handshake succeeds, without anything being opened again. */
    strcpy(gate.admitted, stranger.public_key);
    platform_close(&stranger);
    stranger.zmq = zmq_ctx_new();
    platform_connect(&stranger, &gate, true);
    send_batch(&stranger, 4);
    assert_int_equal(result_of(&stranger, 4), 0);
    platform_close(&known);
    platform_close(&stranger);
    platform_close(&bare);
    gate_close(&gate);
}

static void test_keys(WJZ_UNUSED void **state) {
    world_run(keys, NULL);
}

/* The key is made once, readable by its owner alone, and is the same after a restart. */
static void key_is_kept(WJZ_UNUSED void *arg) {
    struct gate first = {0}, second = {0};
    char key[41], secret[80];
    struct stat status;
    gate_open(&first, curve_door());
    strcpy(key, wjz_door_public_key(first.door));
    gate_close(&first);
    snprintf(secret, sizeof secret, "%s_secret", key_file());
    assert_int_equal(stat(secret, &status), 0);
    assert_int_equal(status.st_mode & 077, 0);
    assert_int_equal(stat(key_file(), &status), 0);
    gate_open(&second, curve_door());
    assert_string_equal(wjz_door_public_key(second.door), key);
    gate_close(&second);
}

static void test_key_is_kept(WJZ_UNUSED void **state) {
    world_run(key_is_kept, NULL);
}

static void refused_opening(WJZ_UNUSED void *arg) {
    struct gate gate = {0};
    wjz_err said = {0};
    wjz_door *door;
    gate_open(&gate, curve_door());
    wjz_door_options options = {.endpoint = "tcp://127.0.0.1:*", .routes = ROUTES};
    assert_int_equal(wjz_door_open(gate.node.bus, &options, &door, &said), -EINVAL);
    assert_string_equal(said.text, "cannot open \"tcp://127.0.0.1:*\" without a key file: only ipc goes without CURVE");
    options.key_file = "/nowhere/at/all";
    assert_int_equal(wjz_door_open(gate.node.bus, &options, &door, &said), -EIO);
    options = curve_door();
    options.endpoint = wjz_door_endpoint(gate.door); /* taken */
    assert_int_equal(wjz_door_open(gate.node.bus, &options, &door, &said), -EADDRINUSE);
    FILE *file = fopen(key_file(), "w");
    char secret[80];
    fclose(file);
    snprintf(secret, sizeof secret, "%s_secret", key_file());
    assert_int_equal(truncate(secret, 10), 0);
    options.endpoint = "tcp://127.0.0.1:*";
    assert_int_equal(wjz_door_open(gate.node.bus, &options, &door, &said), -EINVAL);
    gate_close(&gate);
}

static void test_refused_opening(WJZ_UNUSED void **state) {
    world_run(refused_opening, NULL);
}

static wjz_door_options ipc_door(void) {
    static char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/door", the_world.dir);
    return (wjz_door_options){.endpoint = endpoint};
}

static void hostile(WJZ_UNUSED void *arg) {
    struct gate gate = {0};
    platform client;
    char garbage[600];
    wjz_door_options options = ipc_door();
    options.message_limit = 100000;
    options.arena_limit = 200000;
    gate_open(&gate, options);
    platform_open(&client, &gate, false, false);
    for (size_t i = 0; i < sizeof garbage; i++)
        garbage[i] = (char)(i * 37 + 11);

    send_bytes(&client, "", 0, false); /* ignored */
    send_bytes(&client, garbage, sizeof garbage, false);
    assert_int_equal(result_of(&client, 0), WJZ_REFUSAL_MALFORMED);
    send_bytes(&client, "", 0, true);
    send_bytes(&client, "x", 1, false);
    assert_int_equal(result_of(&client, 0), WJZ_REFUSAL_MALFORMED);
    for (int i = 0; i < 50; i++) /* more frames than anybody reads: refused as a whole */
        send_bytes(&client, "x", 1, i < 49);
    assert_int_equal(result_of(&client, 0), WJZ_REFUSAL_MALFORMED);
    send_envelope(&client, 5, "wjz.intake.FeedBatch", 9, 0, "", 0);
    assert_int_equal(result_of(&client, 5), WJZ_REFUSAL_INVALID);
    send_envelope(&client, 6, "wjz.intake.Nonsense", 1, 0, "", 0);
    assert_int_equal(result_of(&client, 6), WJZ_REFUSAL_UNKNOWN_TYPE);
    send_envelope(&client, 7, "wjz.intake.FeedBatch", 1, 0, "\x1a\x05", 2);
    assert_int_equal(result_of(&client, 7), WJZ_REFUSAL_MALFORMED);
    send_envelope(&client, 8, "wjz.intake.Complaint", 1, 0, "\x2a\x02\xff\xff", 4);
    assert_int_equal(result_of(&client, 8), WJZ_REFUSAL_MALFORMED);
    send_envelope(&client, 9, "wjz.intake.FeedBatch", 1, 1, "", 0); /* deadline in 1970: no answer */
    char items[80000];
    for (size_t i = 0; i < sizeof items; i += 2)
        memcpy(items + i, "\x1a\x00", 2);
    send_envelope(&client, 10, "wjz.intake.FeedBatch", 1, 0, items, sizeof items);
    assert_int_equal(result_of(&client, 10), WJZ_REFUSAL_TOO_LARGE);
    /* Bad strings in a lax route reach the handler, which knows them from good ones. */
    send_envelope(&client, 11, "wjz.intake.FeedBatch", 1, 0, "\x1a\x00\x1a\x06\x0a\x04\x2a\x02\x00z", 10);
    assert_int_equal(result_of(&client, 11), 0);
    assert_string_equal(gate.bad_item, "1: FeedItem \"complaint.content\" is not well-formed UTF-8 without NUL");
    assert_int_equal(gate.handled, 1);
    assert_string_equal(gate.sender, "local");

    /* A frame over the limit ends the connection; the client comes back by itself. */
    char *large = calloc(1, 200000);
    send_bytes(&client, large, 200000, false);
    free(large);
    for (uint64_t id = 20;; id++) {
        send_batch(&client, id);
        int64_t until_us = wjz_clock_monotonic_us() + 200000;
        while (!answered(&client) && wjz_clock_monotonic_us() < until_us)
            wjz_fiber_sleep(the_world.loop, 2);
        if (client.length >= 0) break;
        assert_true(id < 1000);
    }
    platform_close(&client);
    gate_close(&gate);
}

static void test_hostile(WJZ_UNUSED void **state) {
    world_run(hostile, NULL);
}

static void busy(WJZ_UNUSED void *arg) {
    struct gate gate = {.hold = true};
    platform client;
    wjz_door_options options = curve_door();
    options.in_flight = 3;
    options.in_flight_per_sender = 2;
    gate_open(&gate, options);
    platform_open(&client, &gate, true, true);
    send_batch(&client, 1);
    send_batch(&client, 2);
    wait_until(gate.held == 2);
    send_batch(&client, 3);
    assert_int_equal(result_of(&client, 3), WJZ_REFUSAL_RETRY_LATER);
    /* A door that closes lets its calls end. */
    wjz_door *door = gate.door;
    wjz_door_close(&gate.door, on_door_closed, &gate);
    assert_non_null(door);
    send_batch(&client, 4);
    assert_int_equal(result_of(&client, 4), WJZ_REFUSAL_RETRY_LATER);
    assert_int_equal(gate.closed, 0);
    wjz_event_set(the_world.loop, &gate.release);
    assert_int_equal(result_of(&client, 1), 0);
    assert_int_equal(result_of(&client, 2), 0);
    wait_until(gate.closed == 1);
    platform_close(&client);
    node_close(&gate.node);
}

static void test_busy(WJZ_UNUSED void **state) {
    world_run(busy, NULL);
}

static void busy_in_all(WJZ_UNUSED void *arg) {
    struct gate gate = {.hold = true};
    platform client;
    wjz_door_options options = ipc_door();
    options.in_flight = 1;
    gate_open(&gate, options);
    platform_open(&client, &gate, false, false);
    send_batch(&client, 1);
    wait_until(gate.held == 1);
    send_batch(&client, 2);
    assert_int_equal(result_of(&client, 2), WJZ_REFUSAL_RETRY_LATER);
    wjz_event_set(the_world.loop, &gate.release);
    assert_int_equal(result_of(&client, 1), 0);
    platform_close(&client);
    gate_close(&gate);
}

static void test_busy_in_all(WJZ_UNUSED void **state) {
    world_run(busy_in_all, NULL);
}

/* A stranger is not let into the sockets between services either. */
static void strangers_on_the_bus(WJZ_UNUSED void *arg) {
    node intake;
    platform stranger = {.zmq = zmq_ctx_new()};
    wjz_metric *refused = wjz_counter("wjz_connections_refused_total", "", "");
    double before = wjz_metric_value(refused);
    node_open(&intake, (wjz_bus_options){.service = "intake", .instance = "intake-1", .bind = "tcp://127.0.0.1"});
    assert_int_equal(zmq_curve_keypair(stranger.public_key, stranger.secret_key), 0);
    int linger = 0;
    stranger.socket = zmq_socket(stranger.zmq, ZMQ_DEALER);
    zmq_setsockopt(stranger.socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(stranger.socket, ZMQ_CURVE_SERVERKEY, test_db_text(db, "SELECT public_key FROM bus.instance"), 40);
    zmq_setsockopt(stranger.socket, ZMQ_CURVE_PUBLICKEY, stranger.public_key, 40);
    zmq_setsockopt(stranger.socket, ZMQ_CURVE_SECRETKEY, stranger.secret_key, 40);
    assert_int_equal(zmq_connect(stranger.socket, test_db_text(db, "SELECT queue_endpoint FROM bus.instance")), 0);
    wait_until(wjz_metric_value(refused) > before);
    platform_close(&stranger);
    node_close(&intake);
}

static void test_strangers_on_the_bus(WJZ_UNUSED void **state) {
    world_run(strangers_on_the_bus, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_keys), TEST(test_key_is_kept), TEST(test_refused_opening),      TEST(test_hostile),
        TEST(test_busy), TEST(test_busy_in_all), TEST(test_strangers_on_the_bus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
