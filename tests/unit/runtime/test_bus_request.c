/* Questions and answers between services, and live publications. */
#include "bus_world.h"

#include <errno.h>

#include "proto/bus.pb-c.h"
#include "proto/scoring.pb-c.h"
#include "support/test_db.h"

static test_db *db;

/* --- a service that answers as its state says --- */

typedef enum manner { REPLY, REFUSE, FAIL, SAY_NOTHING, HOLD, AWAY } manner;

typedef struct answerer {
    node node;
    manner manner;
    int asked, answered, held;
    wjz_event release;
    char sender[64];
} answerer;

static int on_rescore(wjz_call *call, void *state, wjz_err *err) {
    answerer *self = state;
    const Wjz__Scoring__Rescore *request = (const Wjz__Scoring__Rescore *)wjz_call_message(call)->body;
    Wjz__Scoring__RescoreBegun reply = WJZ__SCORING__RESCORE_BEGUN__INIT;
    self->asked++;
    snprintf(self->sender, sizeof self->sender, "%s", wjz_call_sender(call));
    switch (self->manner) {
    case REFUSE:
        return wjz_call_refuse(call, &(wjz_refusal){.code = WJZ_REFUSAL_CONFLICT,
                                                    .field = "complaint[0]",
                                                    .value = "17",
                                                    .message = "is being scored",
                                                    .remedy = "wait",
                                                    .retry_after_ms = 30});
    case FAIL:
        return wjz_err_set(err, -EIO, "broken");
    case AWAY:
        return wjz_err_set(err, -ECONNRESET, "no database");
    case SAY_NOTHING:
        return 0;
    case HOLD:
        self->held++;
        wjz_event_wait(the_world.loop, &self->release);
        self->held--;
        break;
    case REPLY:
        break;
    }
    self->answered++;
    reply.complaints = request->n_complaint + (uint64_t)wjz_call_message(call)->region;
    return wjz_call_reply(call, &reply.base);
}

static const wjz_request_route REQUESTS[] = {
    {.type = &wjz__scoring__rescore__descriptor, .handler = on_rescore},
    {.type = NULL},
};

static void answerer_open(answerer *self, const char *name, const char *bind) {
    node_open(
        &self->node,
        (wjz_bus_options){.service = "scoring", .instance = name, .requests = REQUESTS, .state = self, .bind = bind});
}

static void client_open(node *self, const char *bind) {
    node_open(self, (wjz_bus_options){.service = "operator", .instance = "wjz", .client = true, .bind = bind});
}

static int ask(node *client, int64_t timeout_ms, uint64_t *ret_complaints, wjz_refusal *ret_refusal, wjz_err *err) {
    static wjz_arena *arena; /* what refusals point into lives until the next question */
    Wjz__Scoring__Rescore request = WJZ__SCORING__RESCORE__INIT;
    uint64_t complaints[] = {1, 2, 3};
    request.complaint = complaints;
    request.n_complaint = 3;
    wjz_arena_destroy(&arena);
    if (!client) return 0;
    arena = wjz_arena_new(0);
    const ProtobufCMessage *reply;
    int r = wjz_bus_request(client->bus, "scoring", 100, &request.base, timeout_ms,
                            &wjz__scoring__rescore_begun__descriptor, arena, &reply, ret_refusal, err);
    if (r == 0) *ret_complaints = ((const Wjz__Scoring__RescoreBegun *)reply)->complaints;
    return r;
}

static int set_up(WJZ_UNUSED void **state) {
    db = test_db_new();
    world_make(test_db_url(db));
    return 0;
}

static int tear_down(WJZ_UNUSED void **state) {
    ask(NULL, 0, NULL, NULL, NULL);
    world_unmake();
    test_db_destroy(&db);
    return 0;
}

static void answers(void *arg) {
    const char *bind = arg;
    answerer scoring = {0};
    node client;
    uint64_t complaints = 0;
    wjz_refusal refusal = {0};
    wjz_err said = {0};
    answerer_open(&scoring, "scoring-1", bind);
    client_open(&client, bind);

    assert_ok(ask(&client, 5000, &complaints, NULL, err));
    assert_int_equal(complaints, 103);
    assert_string_equal(scoring.sender, bind && bind[0] == 't' ? "operator/wjz" : "local");

    scoring.manner = REFUSE;
    assert_int_equal(ask(&client, 5000, &complaints, &refusal, &said), -EREMOTE);
    assert_string_equal(said.text, "scoring refused (CONFLICT): is being scored, field complaint[0] \"17\"; wait");
    assert_int_equal(refusal.code, WJZ_REFUSAL_CONFLICT);
    assert_string_equal(refusal.field, "complaint[0]");
    assert_string_equal(refusal.value, "17");
    assert_string_equal(refusal.remedy, "wait");
    assert_int_equal(refusal.retry_after_ms, 30);
    assert_int_equal(ask(&client, 5000, &complaints, NULL, NULL), -EREMOTE);

    static const struct {
        manner manner;
        wjz_refusal_code code;
    } CASES[] = {{FAIL, WJZ_REFUSAL_INTERNAL}, {SAY_NOTHING, WJZ_REFUSAL_INTERNAL}, {AWAY, WJZ_REFUSAL_RETRY_LATER}};
    for (size_t i = 0; i < WJZ_COUNT(CASES); i++) {
        scoring.manner = CASES[i].manner;
        assert_int_equal(ask(&client, 5000, &complaints, &refusal, &said), -EREMOTE);
        assert_int_equal(refusal.code, CASES[i].code);
    }
    node_close(&client);
    node_close(&scoring.node);
}

static void test_answers(WJZ_UNUSED void **state) {
    world_run(answers, NULL);
}

static void test_answers_over_curve(WJZ_UNUSED void **state) {
    char bind[] = "tcp://127.0.0.1";
    world_run(answers, bind);
}

static void nobody(WJZ_UNUSED void *arg) {
    node client;
    uint64_t complaints;
    wjz_err said = {0};
    client_open(&client, NULL);
    assert_int_equal(ask(&client, 5000, &complaints, NULL, &said), -EHOSTUNREACH);
    assert_string_equal(said.text, "could not ask scoring: no instance is running");
    node_close(&client);
}

static void test_nobody(WJZ_UNUSED void **state) {
    world_run(nobody, NULL);
}

static void deadline(WJZ_UNUSED void *arg) {
    answerer scoring = {.manner = HOLD};
    node client;
    uint64_t complaints;
    wjz_err said = {0};
    answerer_open(&scoring, "scoring-1", NULL);
    client_open(&client, NULL);
    assert_int_equal(ask(&client, 50, &complaints, NULL, &said), -ETIMEDOUT);
    assert_string_equal(said.text, "scoring did not answer within 50 ms");
    wjz_event_set(the_world.loop, &scoring.release); /* its answer comes too late and harms nobody */
    wait_until(scoring.held == 0);
    scoring.manner = REPLY;
    assert_ok(ask(&client, 5000, &complaints, NULL, err));
    /* A question that comes when nobody waits any more is not carried out. */
    int asked = scoring.asked;
    assert_int_equal(ask(&client, -1000, &complaints, NULL, &said), -ETIMEDOUT);
    assert_ok(ask(&client, 5000, &complaints, NULL, err));
    assert_int_equal(scoring.asked, asked + 1);
    node_close(&client);
    node_close(&scoring.node);
}

static void test_deadline(WJZ_UNUSED void **state) {
    world_run(deadline, NULL);
}

static void unknown_type(WJZ_UNUSED void *arg) {
    answerer scoring = {0};
    node client;
    wjz_refusal refusal = {0};
    wjz_arena *arena = wjz_arena_new(0);
    const ProtobufCMessage *reply;
    wjz_err said = {0};
    answerer_open(&scoring, "scoring-1", NULL);
    client_open(&client, NULL);
    Wjz__Bus__Join join = WJZ__BUS__JOIN__INIT;
    assert_int_equal(wjz_bus_request(client.bus, "scoring", 0, &join.base, 5000, &wjz__bus__join__descriptor, arena,
                                     &reply, &refusal, &said),
                     -EREMOTE);
    assert_int_equal(refusal.code, WJZ_REFUSAL_UNKNOWN_TYPE);
    /* Another answer than was asked for. */
    Wjz__Scoring__Rescore rescore = WJZ__SCORING__RESCORE__INIT;
    assert_int_equal(wjz_bus_request(client.bus, "scoring", 0, &rescore.base, 5000, &wjz__bus__join__descriptor, arena,
                                     &reply, &refusal, &said),
                     -EBADMSG);
    wjz_arena_destroy(&arena);
    node_close(&client);
    node_close(&scoring.node);
}

static void test_unknown_type(WJZ_UNUSED void **state) {
    world_run(unknown_type, NULL);
}

/* Instances are asked in turn; one that drains says so, one that has gone is not asked. */
static void several(WJZ_UNUSED void *arg) {
    answerer first = {0}, second = {0};
    node client;
    uint64_t complaints;
    wjz_refusal refusal;
    answerer_open(&first, "scoring-1", NULL);
    answerer_open(&second, "scoring-2", NULL);
    client_open(&client, NULL);
    for (int i = 0; i < 10; i++)
        assert_ok(ask(&client, 5000, &complaints, NULL, err));
    assert_int_equal(first.asked, 5);
    assert_int_equal(second.asked, 5);
    assert_ok(wjz_bus_drain(second.node.bus, 1000));
    int refused = 0;
    for (int i = 0; i < 2; i++)
        if (ask(&client, 5000, &complaints, &refusal, NULL) == -EREMOTE) {
            assert_int_equal(refusal.code, WJZ_REFUSAL_RETRY_LATER);
            refused++;
        }
    assert_int_equal(refused, 1);
    node_close(&second.node);
    wait_until(ask(&client, 5000, &complaints, NULL, NULL) == 0 && ask(&client, 5000, &complaints, NULL, NULL) == 0 &&
               ask(&client, 5000, &complaints, NULL, NULL) == 0);
    node_close(&client);
    node_close(&first.node);
}

static void test_several(WJZ_UNUSED void **state) {
    world_run(several, NULL);
}

struct asking {
    node *client;
    int result;
};

static void ask_and_note(void *arg) {
    struct asking *self = arg;
    uint64_t complaints;
    self->result = ask(self->client, 60000, &complaints, NULL, NULL);
}

/* From here on an instance of scoring may stop to register, as when its process is gone. Whether it does is a row: what
 * would change the trigger waits for transactions of this very loop. */
static void let_registration_stop(void) {
    test_db_run(db, "CREATE TABLE bus.stopped (service text)");
    test_db_run(db,
                "CREATE FUNCTION bus.stop() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
                " 'BEGIN IF EXISTS (SELECT FROM bus.stopped s WHERE s.service = NEW.service) THEN RETURN NULL; END IF;"
                " RETURN NEW; END'");
    test_db_run(db,
                "CREATE TRIGGER stop BEFORE INSERT OR UPDATE ON bus.instance FOR EACH ROW EXECUTE FUNCTION bus.stop()");
}

/* Nobody waits a minute for an instance that has ended. */
static void asked_one_ends(WJZ_UNUSED void *arg) {
    answerer scoring = {.manner = HOLD};
    node client;
    let_registration_stop();
    answerer_open(&scoring, "scoring-1", NULL);
    client_open(&client, NULL);
    struct asking asking = {&client, 1};
    assert_int_equal(wjz_fiber_spawn(the_world.loop, ask_and_note, &asking), 0);
    wait_until(scoring.held == 1);
    wjz_event_set(the_world.loop, &scoring.release);
    wait_until(asking.result == 0);
    scoring.release.set = false;
    asking.result = 1;
    assert_int_equal(wjz_fiber_spawn(the_world.loop, ask_and_note, &asking), 0);
    wait_until(scoring.held == 1);
    test_db_run(db, "INSERT INTO bus.stopped VALUES ('scoring')");
    wait_until(asking.result == -ETIMEDOUT);
    test_db_run(db, "DELETE FROM bus.stopped");
    wjz_event_set(the_world.loop, &scoring.release);
    wait_until(scoring.held == 0);
    node_close(&client);
    node_close(&scoring.node);
}

static void test_asked_one_ends(WJZ_UNUSED void **state) {
    world_run(asked_one_ends, NULL);
}

/* --- publications --- */

static int heard;
static uint64_t last_heard;

static void on_begun(const wjz_message *message, void *arg) {
    assert_ptr_equal(arg, &heard);
    heard++;
    last_heard = ((const Wjz__Scoring__RescoreBegun *)message->body)->complaints;
}

static int other_heard;

static void on_counted(WJZ_UNUSED const wjz_message *message, void *arg) {
    assert_ptr_equal(arg, &other_heard);
    other_heard++;
}

static void publications(void *arg) {
    const char *bind = arg;
    answerer scoring = {0};
    node client;
    heard = 0;
    client_open(&client, bind);
    assert_ok(wjz_bus_subscribe(client.bus, &wjz__scoring__rescore_begun__descriptor, on_begun, &heard, err));
    answerer_open(&scoring, "scoring-1", bind); /* comes later than its listener */
    Wjz__Scoring__RescoreBegun news = WJZ__SCORING__RESCORE_BEGUN__INIT;
    Wjz__Scoring__Rescore other = WJZ__SCORING__RESCORE__INIT;
    for (news.complaints = 1; heard < 3; news.complaints++) {
        wjz_bus_publish(scoring.node.bus, 1, &other.base); /* nobody listens to this */
        wjz_bus_publish(scoring.node.bus, 1, &news.base);
        wjz_bus_publish(client.bus, 1, &news.base); /* a client publishes nothing */
        wjz_fiber_sleep(the_world.loop, 5);
        assert_true(news.complaints < 20000);
    }
    assert_true(last_heard <= news.complaints);
    int before = heard;
    other_heard = 0;
    assert_ok(wjz_bus_subscribe(client.bus, &wjz__scoring__rescore_begun__descriptor, on_counted, &other_heard, err));
    wjz_bus_unsubscribe(client.bus, &heard);
    for (int rounds = 0; other_heard < 3; rounds++) {
        wjz_bus_publish(scoring.node.bus, 1, &news.base);
        wjz_fiber_sleep(the_world.loop, 5);
        assert_true(rounds < 20000);
    }
    assert_int_equal(heard, before);
    node_close(&scoring.node);
    node_close(&client);
}

static void test_publications(WJZ_UNUSED void **state) {
    world_run(publications, NULL);
}

static void test_publications_over_curve(WJZ_UNUSED void **state) {
    char bind[] = "tcp://127.0.0.1";
    world_run(publications, bind);
}

/* --- registration --- */

static void refused_opening(WJZ_UNUSED void *arg) {
    node self;
    wjz_err said = {0};
    node_pools(&self, "scoring");
    wjz_bus_options options = {.service = "scoring", .instance = "scoring-1", .bind = "udp://x"};
    assert_int_equal(wjz_bus_open(the_world.loop, self.db, &options, &self.bus, &said), -EINVAL);
    assert_string_equal(said.text, "cannot bind the bus to \"udp://x\": give \"ipc://FOLDER\" or \"tcp://HOST\"");
    options.bind = "ipc:///nowhere/at/all";
    assert_true(wjz_bus_open(the_world.loop, self.db, &options, &self.bus, &said) < 0);
    options.bind = "ipc:///tmp";
    options.service = "Scoring; DROP";
    assert_int_equal(wjz_bus_open(the_world.loop, self.db, &options, &self.bus, &said), -EINVAL);
    options.service = "intake"; /* not with this role */
    assert_true(wjz_bus_open(the_world.loop, self.db, &options, &self.bus, &said) < 0);
    wjz_db_close(&self.db, on_node_closed, &self);
    wjz_db_close(&self.housekeeping, on_node_closed, &self);
    wait_until(self.closed == 2);
    client_open(&self, NULL);
    assert_int_equal(wjz_bus_start(self.bus, NULL, &said), -EINVAL);
    node_close(&self);
}

static void test_refused_opening(WJZ_UNUSED void **state) {
    world_run(refused_opening, NULL);
}

/* The row is lost, or taken by a namesake: the instance stays what it is. */
static void registered_again(WJZ_UNUSED void *arg) {
    answerer first = {0}, namesake = {0};
    answerer_open(&first, "scoring-1", NULL);
    int64_t number = wjz_bus_instance_number(first.node.bus);
    test_db_run(db, "DELETE FROM bus.instance");
    wait_until(test_db_int(db, "SELECT number FROM bus.instance WHERE name = 'scoring-1'") == number);
    answerer_open(&namesake, "scoring-1", NULL);
    wait_until(test_db_int(db, "SELECT count(*) FROM bus.instance") == 2);
    assert_int_equal(test_db_int(db, "SELECT number FROM bus.instance WHERE name = 'scoring-1'"),
                     wjz_bus_instance_number(namesake.node.bus));
    assert_int_equal(test_db_int(db, "SELECT number FROM bus.instance WHERE name LIKE 'scoring-1~%%'"), number);
    /* Numbers stay apart in their last twelve bits. */
    test_db_run(db, "SELECT setval('bus.instance_number', %d)", (int)number + 4095);
    answerer third = {0};
    answerer_open(&third, "scoring-3", NULL);
    assert_int_not_equal(wjz_bus_instance_number(third.node.bus) % 4096, number % 4096);
    assert_int_equal(test_db_int(db, "SELECT count(DISTINCT number %% 4096) FROM bus.instance"), 3);
    node_close(&third.node);
    node_close(&namesake.node);
    node_close(&first.node);
}

static void test_registered_again(WJZ_UNUSED void **state) {
    world_run(registered_again, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_answers),         TEST(test_answers_over_curve), TEST(test_nobody),
        TEST(test_deadline),        TEST(test_unknown_type),       TEST(test_several),
        TEST(test_asked_one_ends),  TEST(test_publications),       TEST(test_publications_over_curve),
        TEST(test_refused_opening), TEST(test_registered_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
