/* Queues end to end: emitted in a transaction, handled once, acknowledged, whatever happens in between. */
#include "bus_world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "proto/bus.pb-c.h"
#include "proto/envelope.pb-c.h"
#include "proto/intake.pb-c.h"
#include "support/test_db.h"
#include "wjz/metrics.h"

enum { REGION = 510184 };

static test_db *db;

static const wjz_stmt EFFECT = {"effect", "INSERT INTO scoring.effect (item, instance) VALUES ($1, $2)", 0};
static const wjz_stmt SOURCE = {"source", "INSERT INTO intake.source (item) VALUES ($1)", 0};

static const wjz_emit_route EMITS[] = {{&wjz__intake__complaints_accepted__descriptor, "scoring"}, {NULL, NULL}};

/* --- the consumer --- */

typedef struct receiver {
    node node;
    int batches, messages, largest;
    int brought;    /* what fresh bodies had besides */
    int64_t refuse; /* an item whose message always fails */
    int transient;  /* batches that still fail for a passing reason */
    bool hold;      /* waits for release, with the transaction open */
    int held;       /* handlers that wait */
    wjz_event release;
    int told; /* descriptor to tell a parent by, or -1 */
} receiver;

static const Wjz__Intake__ComplaintsAccepted *body_of(const wjz_batch *batch, size_t i) {
    return (const Wjz__Intake__ComplaintsAccepted *)wjz_batch_message(batch, i)->body;
}

static int on_complaints(wjz_batch *batch, void *state, wjz_err *err) {
    receiver *self = state;
    int count = (int)wjz_batch_count(batch);
    self->batches++;
    if (count > self->largest) self->largest = count;
    if (self->transient > 0) {
        self->transient--;
        return wjz_err_set(err, -EAGAIN, "could not serialize");
    }
    for (size_t i = 0; i < (size_t)count; i++)
        for (size_t j = 0; j < body_of(batch, i)->n_complaint; j++) {
            int64_t item = (int64_t)body_of(batch, i)->complaint[j];
            if (item == self->refuse) return wjz_err_set(err, -EINVAL, "item %d is guilty", (int)item);
            int r = wjz_tx_send_v(wjz_batch_tx(batch), &EFFECT, wjz_i64(item),
                                  wjz_i32((int32_t)wjz_bus_instance_number(self->node.bus)));
            if (r < 0) return r;
        }
    int r = wjz_tx_wait(wjz_batch_tx(batch), NULL, err);
    if (r < 0) return r;
    if (self->told >= 0) assert_int_equal(write(self->told, "h", 1), 1);
    if (self->hold) {
        self->held++;
        wjz_event_wait(the_world.loop, &self->release);
        self->held--;
    }
    self->messages += count;
    for (size_t i = 0; i < (size_t)count; i++)
        self->brought += (int)body_of(batch, i)->n_received;
    return 0;
}

static const wjz_queue_route QUEUES[] = {
    {.type = &wjz__intake__complaints_accepted__descriptor, .handler = on_complaints, .messages = 4}, {.type = NULL}};

static void receiver_open(receiver *self, const char *name, wjz_bus_options options) {
    self->told = -1;
    options.service = "scoring";
    options.instance = name;
    if (!options.queues) options.queues = QUEUES;
    options.state = self;
    node_open(&self->node, options);
}

/* --- the producer --- */

static void producer_open(node *self, const char *name, wjz_bus_options options) {
    options.service = "intake";
    options.instance = name;
    options.emits = EMITS;
    node_open(self, options);
}

/* One transaction with one message of one item, and a row beside it. */
static int try_emit(node *self, int64_t item, wjz_err *err) {
    wjz_tx *tx = NULL;
    uint64_t ids[] = {(uint64_t)item};
    Wjz__Intake__ComplaintsAccepted body = WJZ__INTAKE__COMPLAINTS_ACCEPTED__INIT;
    body.complaint = ids;
    body.n_complaint = 1;
    int r = wjz_tx_begin(self->db, &tx, err);
    if (r == 0) r = wjz_tx_send_v(tx, &SOURCE, wjz_i64(item));
    if (r == 0) r = wjz_bus_emit(self->bus, tx, REGION, &body.base, err);
    if (r == 0) return wjz_tx_commit(&tx, err);
    wjz_tx_abort(&tx);
    return r;
}

static void emit(node *self, int64_t first, int64_t count) {
    for (int64_t item = first; item < first + count; item++)
        assert_ok(try_emit(self, item, err));
}

static int64_t effects(void) {
    return test_db_int(db, "SELECT count(*) FROM scoring.effect");
}

static int64_t outbox(void) {
    return test_db_int(db, "SELECT count(*) FROM intake.outbox");
}

/* --- tests --- */

static int set_up(WJZ_UNUSED void **state) {
    db = test_db_new();
    test_db_run(db, "CREATE TABLE scoring.effect (item int8, instance int4);"
                    "CREATE TABLE intake.source (item int8);"
                    "GRANT ALL ON scoring.effect TO wjz_scoring; GRANT ALL ON intake.source TO wjz_intake");
    world_make(test_db_url(db));
    return 0;
}

static int tear_down(WJZ_UNUSED void **state) {
    world_unmake();
    test_db_destroy(&db);
    return 0;
}

static void flow(void *arg) {
    node intake;
    receiver scoring = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){.bind = arg});
    receiver_open(&scoring, "scoring-with-a-name-of-more-than-32-letters", (wjz_bus_options){.bind = arg});
    emit(&intake, 1, 100);
    wait_until(effects() == 100 && outbox() == 0);
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM scoring.inbox"), 100);
    assert_int_equal(scoring.messages, 100);
    node_close(&scoring.node);
    node_close(&intake);
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM bus.instance"), 0);
}

static void test_flow(WJZ_UNUSED void **state) {
    world_run(flow, NULL);
}

static void test_flow_over_curve(WJZ_UNUSED void **state) {
    char bind[] = "tcp://127.0.0.1";
    world_run(flow, bind);
}

/* Socket files of killed processes go when one of their name starts; others stay. */
static void leftovers(WJZ_UNUSED void *arg) {
    static const char *const NAMES[] = {"intake-1-4194303-0.queue", "intake-1-4194303-1.request",
                                        "intake-1-4194303-0.other", "intake-2-4194303-0.queue"};
    node intake;
    char path[100];
    for (size_t i = 0; i < WJZ_COUNT(NAMES); i++) {
        snprintf(path, sizeof path, "%s/%s", the_world.dir, NAMES[i]);
        assert_true(close(open(path, O_CREAT | O_WRONLY, 0600)) == 0);
    }
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    for (size_t i = 0; i < WJZ_COUNT(NAMES); i++) {
        snprintf(path, sizeof path, "%s/%s", the_world.dir, NAMES[i]);
        assert_int_equal(access(path, F_OK), i < 2 ? -1 : 0);
    }
    node_close(&intake);
}

static void test_leftovers(WJZ_UNUSED void **state) {
    world_run(leftovers, NULL);
}

/* --- sharing --- */

static void share(WJZ_UNUSED void *arg) {
    node intake;
    receiver first = {.hold = true}, second = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    receiver_open(&first, "scoring-1", (wjz_bus_options){.credit = 2, .workers = 1});
    emit(&intake, 1, 20);
    wait_until(first.held == 1);
    assert_int_equal(effects(), 0);
    receiver_open(&second, "scoring-2", (wjz_bus_options){.credit = 2});
    wait_until(second.messages == 18); /* all but the credit of the first, at once */
    wjz_event_set(the_world.loop, &first.release);
    wait_until(effects() == 20 && outbox() == 0);
    assert_int_equal(test_db_int(db, "SELECT count(DISTINCT item) FROM scoring.effect"), 20);
    node_close(&first.node);
    node_close(&second.node);
    node_close(&intake);
}

static void test_share(WJZ_UNUSED void **state) {
    world_run(share, NULL);
}

/* While a region's consumer stands still, single items gather with it: they are one batch when it goes on. */
static void gather(WJZ_UNUSED void *arg) {
    node intake;
    receiver receivers[2] = {{.hold = true}, {.hold = true}};
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    for (int i = 0; i < 2; i++)
        receiver_open(&receivers[i], i ? "scoring-2" : "scoring-1", (wjz_bus_options){.credit = 16, .workers = 1});
    wjz_metric *credit = wjz_gauge("wjz_queue_credit", "destination=\"scoring\"", "");
    wait_until(wjz_metric_value(credit) == 32);
    emit(&intake, 1, 12);
    wait_until(wjz_metric_value(credit) == 20);
    wait_until(receivers[0].held + receivers[1].held == 1);
    for (int i = 0; i < 2; i++) {
        receivers[i].hold = false;
        wjz_event_set(the_world.loop, &receivers[i].release);
    }
    wait_until(effects() == 12 && outbox() == 0);
    assert_int_equal(test_db_int(db, "SELECT count(DISTINCT instance) FROM scoring.effect"), 1);
    for (int i = 0; i < 2; i++)
        node_close(&receivers[i].node);
    node_close(&intake);
}

static void test_gather(WJZ_UNUSED void **state) {
    world_run(gather, NULL);
}

static void batches(WJZ_UNUSED void *arg) {
    node intake;
    receiver scoring = {.hold = true};
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){.credit = 20, .workers = 1});
    emit(&intake, 1, 1);
    wait_until(scoring.held == 1);
    wjz_metric *sent = wjz_counter("wjz_queue_sent_total", "", "");
    double before = wjz_metric_value(sent);
    emit(&intake, 2, 8);
    wait_until(wjz_metric_value(sent) >= before + 8);
    wjz_event_set(the_world.loop, &scoring.release);
    wait_until(effects() == 9 && outbox() == 0);
    assert_in_range(scoring.largest, 2, 4); /* what queued meanwhile, within the route's limit */
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_batches(WJZ_UNUSED void **state) {
    world_run(batches, NULL);
}

/* A message of one item has ten bytes: two fit into a batch. */
static const wjz_queue_route TOGETHER[] = {
    {.type = &wjz__intake__complaints_accepted__descriptor, .handler = on_complaints, .bytes = 25}, {.type = NULL}};

static void together(WJZ_UNUSED void *arg) {
    node intake;
    receiver scoring = {.hold = true};
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){.credit = 20, .workers = 2, .queues = TOGETHER});
    emit(&intake, 1, 1);
    wait_until(scoring.held == 1);
    emit(&intake, 2, 3);
    wait_until(scoring.held == 2); /* the second worker began when there was a batch full, not before */
    assert_int_equal(scoring.batches, 2);
    assert_int_equal(scoring.largest, 2);
    wjz_event_set(the_world.loop, &scoring.release);
    wait_until(effects() == 4 && outbox() == 0);
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_together(WJZ_UNUSED void **state) {
    world_run(together, NULL);
}

/* A queue that rests for longer than any test lasts goes on only when as much waits as the credit allows. */
static const wjz_queue_route RESTING[] = {
    {.type = &wjz__intake__complaints_accepted__descriptor, .handler = on_complaints, .rest_ms = 3600000},
    {.type = NULL}};
static const wjz_queue_route RESTING_A_LITTLE[] = {
    {.type = &wjz__intake__complaints_accepted__descriptor, .handler = on_complaints, .rest_ms = 100}, {.type = NULL}};

static void rest(WJZ_UNUSED void *arg) {
    node intake;
    receiver scoring = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){.credit = 3, .queues = RESTING});
    emit(&intake, 1, 1);
    wait_until(effects() == 1); /* alone: at once */
    emit(&intake, 2, 3);
    wait_until(effects() == 4 && outbox() == 0);
    assert_int_equal(scoring.batches, 2);
    assert_int_equal(scoring.largest, 3);
    emit(&intake, 5, 2);
    node_close(&scoring.node); /* what waits goes back */
    receiver next = {0};
    receiver_open(&next, "scoring-2", (wjz_bus_options){.queues = RESTING_A_LITTLE});
    wait_until(effects() == 6 && outbox() == 0);
    emit(&intake, 7, 2);
    wait_until(effects() == 8 && outbox() == 0); /* the rest ends by itself */
    node_close(&next.node);
    node_close(&intake);
}

static void test_rest(WJZ_UNUSED void **state) {
    world_run(rest, NULL);
}

/* --- once in effect --- */

static void duplicate(WJZ_UNUSED void *arg) {
    node intake;
    receiver scoring = {.hold = true};
    producer_open(&intake, "intake-1", (wjz_bus_options){.lease_ms = 300});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    emit(&intake, 1, 1);
    wait_until(scoring.held == 1);
    test_db_run(db, "CREATE TABLE public.copy AS SELECT * FROM intake.outbox");
    wjz_event_set(the_world.loop, &scoring.release);
    wait_until(effects() == 1 && outbox() == 0);
    for (int round = 0; round < 3; round++) {
        test_db_run(db, "UPDATE public.copy SET owner = 0, due_at = now();"
                        "INSERT INTO intake.outbox SELECT * FROM public.copy");
        wait_until(outbox() == 0); /* acknowledged without effect */
    }
    assert_int_equal(effects(), 1);
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_duplicate(WJZ_UNUSED void **state) {
    world_run(duplicate, NULL);
}

/* A batch that takes longer than the lease is given to another consumer, who waits for the first one's inbox rows. */
static void late(WJZ_UNUSED void *arg) {
    node intake;
    receiver slow = {.hold = true}, other = {0};
    wjz_metric *redelivered = wjz_counter("wjz_queue_redelivered_total", "", "");
    producer_open(&intake, "intake-1", (wjz_bus_options){.lease_ms = 300});
    receiver_open(&slow, "scoring-1", (wjz_bus_options){0});
    emit(&intake, 1, 1);
    wait_until(slow.held == 1);
    double before = wjz_metric_value(redelivered);
    receiver_open(&other, "scoring-2", (wjz_bus_options){0});
    wait_until(wjz_metric_value(redelivered) > before);
    wjz_event_set(the_world.loop, &slow.release);
    wait_until(outbox() == 0);
    assert_int_equal(effects(), 1);
    assert_int_equal(slow.messages + other.messages, 1);
    node_close(&slow.node);
    node_close(&other.node);
    node_close(&intake);
}

static void test_late(WJZ_UNUSED void **state) {
    world_run(late, NULL);
}

static void transient(WJZ_UNUSED void *arg) {
    node intake;
    receiver scoring = {.transient = 3};
    wjz_metric *rejected = wjz_counter("wjz_queue_rejected_total", "", "");
    double before = wjz_metric_value(rejected);
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    emit(&intake, 1, 5);
    wait_until(effects() == 5 && outbox() == 0);
    assert_int_equal(scoring.messages, 5);
    assert_true(wjz_metric_value(rejected) == before);
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_transient(WJZ_UNUSED void **state) {
    world_run(transient, NULL);
}

static void rolled_back(WJZ_UNUSED void *arg) {
    node intake;
    receiver scoring = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    wjz_tx *tx = NULL;
    uint64_t ids[] = {1};
    Wjz__Intake__ComplaintsAccepted body = WJZ__INTAKE__COMPLAINTS_ACCEPTED__INIT;
    body.complaint = ids;
    body.n_complaint = 1;
    assert_ok(wjz_tx_begin(intake.db, &tx, err));
    assert_ok(wjz_bus_emit(intake.bus, tx, REGION, &body.base, err));
    wjz_tx_abort(&tx);
    Wjz__Intake__FeedbackAccepted other = WJZ__INTAKE__FEEDBACK_ACCEPTED__INIT;
    assert_ok(wjz_tx_begin(intake.db, &tx, err));
    assert_int_equal(wjz_bus_emit(intake.bus, tx, REGION, &other.base, &(wjz_err){0}), -ENOENT);
    body.n_complaint = 600000;
    body.complaint = calloc(body.n_complaint, sizeof *body.complaint);
    assert_int_equal(wjz_bus_emit(intake.bus, tx, REGION, &body.base, &(wjz_err){0}), -EMSGSIZE);
    free(body.complaint);
    wjz_tx_abort(&tx);
    emit(&intake, 2, 1);
    wait_until(outbox() == 0);
    assert_int_equal(effects(), 1);
    node_close(&scoring.node);
    node_close(&intake);
}

/* The row is the caller's: delivered when the statement with it is committed, and only then. */
static const wjz_stmt SOURCE_AND_ROW = {
    "test_source_and_row",
    "WITH s AS (INSERT INTO intake.source VALUES ($8)) "
    "INSERT INTO intake.outbox " WJZ_OUTBOX_ROW("$1", "$2", "$3", "$4", "$5", "$6", "$7"),
    0};

static int emit_row(node *self, wjz_tx *tx, int64_t item) {
    wjz_param params[WJZ_OUTBOX_PARAMS + 1];
    uint64_t ids[] = {(uint64_t)item};
    Wjz__Intake__ComplaintsAccepted body = WJZ__INTAKE__COMPLAINTS_ACCEPTED__INIT;
    body.complaint = ids;
    body.n_complaint = 1;
    assert_ok(wjz_bus_emit_row(self->bus, tx, REGION, &body.base, NULL, params, err));
    params[WJZ_OUTBOX_PARAMS] = wjz_i64(item);
    return wjz_tx_send(tx, &SOURCE_AND_ROW, params, WJZ_OUTBOX_PARAMS + 1);
}

static void as_a_row(WJZ_UNUSED void *arg) {
    node intake;
    receiver scoring = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    wjz_tx *tx = NULL;
    assert_ok(wjz_tx_begin(intake.db, &tx, err));
    assert_int_equal(emit_row(&intake, tx, 1), 0);
    wjz_tx_abort(&tx);
    assert_ok(wjz_tx_begin(intake.db, &tx, err));
    Wjz__Intake__FeedbackAccepted other = WJZ__INTAKE__FEEDBACK_ACCEPTED__INIT;
    wjz_param params[WJZ_OUTBOX_PARAMS];
    assert_int_equal(wjz_bus_emit_row(intake.bus, tx, REGION, &other.base, NULL, params, &(wjz_err){0}), -EINVAL);
    assert_int_equal(emit_row(&intake, tx, 2), 0);
    assert_ok(wjz_tx_commit(&tx, err));
    wait_until(effects() == 1 && outbox() == 0);
    assert_int_equal(test_db_int(db, "SELECT min(item) FROM scoring.effect"), 2);
    assert_int_equal(test_db_int(db, "SELECT sum(item) FROM intake.source"), 2);
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_as_a_row(WJZ_UNUSED void **state) {
    world_run(as_a_row, NULL);
}

static void test_rolled_back(WJZ_UNUSED void **state) {
    world_run(rolled_back, NULL);
}

/* --- what travels with the first try alone --- */

enum { BROUGHT_BYTES = 2000 };

/* Messages of one item each, which bring a text along. */
static void emit_fresh(node *self, int64_t first, int64_t count) {
    char text[BROUGHT_BYTES + 1];
    memset(text, 'x', BROUGHT_BYTES);
    text[BROUGHT_BYTES] = '\0';
    Wjz__Intake__Complaint complaint = WJZ__INTAKE__COMPLAINT__INIT;
    complaint.content = text;
    for (int64_t item = first; item < first + count; item++) {
        wjz_tx *tx = NULL;
        uint64_t ids[] = {(uint64_t)item};
        Wjz__Intake__AsReceived one = WJZ__INTAKE__AS_RECEIVED__INIT, *received[] = {&one};
        one.complaint = &complaint;
        Wjz__Intake__ComplaintsAccepted body = WJZ__INTAKE__COMPLAINTS_ACCEPTED__INIT;
        body.complaint = ids;
        body.n_complaint = 1;
        Wjz__Intake__ComplaintsAccepted fresh = body;
        fresh.received = received;
        fresh.n_received = 1;
        assert_ok(wjz_tx_begin(self->db, &tx, err));
        assert_ok(wjz_bus_emit_fresh(self->bus, tx, REGION, &body.base, &fresh.base, err));
        assert_ok(wjz_tx_commit(&tx, err));
    }
}

/* It is in no row, and a message that is sent again comes without it. */
static void fresh_once(WJZ_UNUSED void *arg) {
    node intake;
    receiver scoring = {.refuse = 2};
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    emit_fresh(&intake, 1, 3);
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM intake.outbox WHERE length(envelope) < 200"), 3);
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    wait_until(effects() == 2 && test_db_int(db, "SELECT max(attempts) FROM intake.outbox") > 0);
    assert_int_equal(scoring.brought, 2);
    scoring.refuse = 0;
    wait_until(effects() == 3 && outbox() == 0);
    assert_int_equal(scoring.brought, 2);
    emit_fresh(&intake, 4, 1);
    wait_until(effects() == 4 && outbox() == 0);
    assert_int_equal(scoring.brought, 3);
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_fresh_once(WJZ_UNUSED void **state) {
    world_run(fresh_once, NULL);
}

/* What memory has no room for is left out, until there is room again; the messages come all the same. */
static void fresh_within_bounds(WJZ_UNUSED void *arg) {
    enum { ROOM = 3, MESSAGES = 10 };
    node intake;
    receiver scoring = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){.memory_bytes = ROOM * (BROUGHT_BYTES + 100)});
    emit_fresh(&intake, 1, MESSAGES);
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM intake.outbox WHERE owner <> 0"), MESSAGES);
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    wait_until(effects() == MESSAGES && outbox() == 0);
    assert_int_equal(scoring.brought, ROOM);
    emit_fresh(&intake, MESSAGES + 1, 1);
    wait_until(effects() == MESSAGES + 1 && outbox() == 0);
    assert_int_equal(scoring.brought, ROOM + 1);
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_fresh_within_bounds(WJZ_UNUSED void **state) {
    world_run(fresh_within_bounds, NULL);
}

/* A message that waits in the outbox, and one whose process has ended, come from there. */
static void fresh_is_not_kept(WJZ_UNUSED void *arg) {
    node intake;
    receiver scoring = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){.memory_messages = 4});
    emit_fresh(&intake, 1, 20);
    node_close(&intake);
    producer_open(&intake, "intake-2", (wjz_bus_options){0});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    wait_until(effects() == 20 && outbox() == 0);
    assert_int_equal(scoring.brought, 0);
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_fresh_is_not_kept(WJZ_UNUSED void **state) {
    world_run(fresh_is_not_kept, NULL);
}

/* --- processes that die --- */

/* Runs body as another process in the same world; *ret_pipe tells what its handlers tell. */
static pid_t child(wjz_call_fn *body, int *ret_pipe) {
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        close(ends[1]);
        *ret_pipe = ends[0];
        return pid;
    }
    wjz_err err = {0};
    if (wjz_loop_new(&the_world.loop, &err) == 0 && wjz_fiber_spawn(the_world.loop, body, &ends[1]) == 0)
        wjz_loop_run(the_world.loop);
    _exit(0);
}

static bool told(int fd) {
    char byte;
    return read(fd, &byte, 1) == 1;
}

static void kill_child(pid_t pid, int fd) {
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(fd);
}

static void be_stuck_consumer(void *arg) {
    static receiver self = {.hold = true};
    receiver_open(&self, "scoring-doomed", (wjz_bus_options){.workers = 1});
    self.told = *(int *)arg;
}

struct victim {
    pid_t pid;
    int fd;
};

static void consumer_killed(void *arg) {
    struct victim *victim = arg;
    node intake;
    receiver heir = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    emit(&intake, 1, 3);
    wait_until(told(victim->fd)); /* rows written, not committed */
    kill_child(victim->pid, victim->fd);
    receiver_open(&heir, "scoring-2", (wjz_bus_options){0});
    wait_until(effects() == 3 && outbox() == 0);
    assert_int_equal(heir.messages, 3);
    node_close(&heir.node);
    node_close(&intake);
}

static void test_consumer_killed(WJZ_UNUSED void **state) {
    struct victim victim;
    victim.pid = child(be_stuck_consumer, &victim.fd);
    world_run(consumer_killed, &victim);
}

/* Nobody's silence is noticed in the time of the test: what tells of the death is the connection. */
static void consumer_killed_beside_another(void *arg) {
    struct victim *victim = arg;
    node intake;
    receiver heir = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){.heartbeat_ms = 600000, .lease_ms = 600000});
    emit(&intake, 1, 3);
    wait_until(told(victim->fd));
    receiver_open(&heir, "scoring-2", (wjz_bus_options){.heartbeat_ms = 600000, .credit = 100});
    wait_until(wjz_metric_value(wjz_gauge("wjz_queue_credit", "destination=\"scoring\"", "")) >= 100); /* joined */
    kill_child(victim->pid, victim->fd);
    wait_until(effects() == 3 && outbox() == 0);
    assert_int_equal(heir.messages, 3);
    node_close(&heir.node);
    node_close(&intake);
}

static void test_consumer_killed_beside_another(WJZ_UNUSED void **state) {
    struct victim victim;
    victim.pid = child(be_stuck_consumer, &victim.fd);
    world_run(consumer_killed_beside_another, &victim);
}

static void be_lonely_producer(void *arg) {
    static node self;
    producer_open(&self, "intake-doomed", (wjz_bus_options){0});
    emit(&self, 1, 5);
    assert_int_equal(write(*(int *)arg, "e", 1), 1);
}

/* Committed, not sent, and then its memory is gone. */
static void producer_killed(void *arg) {
    struct victim *victim = arg;
    node intake;
    receiver scoring = {0};
    wait_until(told(victim->fd));
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM intake.outbox WHERE owner <> 0 AND due_at > now()"), 5);
    producer_open(&intake, "intake-2", (wjz_bus_options){0});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    kill_child(victim->pid, victim->fd);
    wait_until(effects() == 5 && outbox() == 0); /* long before the leases of 30 s end */
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_producer_killed(WJZ_UNUSED void **state) {
    struct victim victim;
    victim.pid = child(be_lonely_producer, &victim.fd);
    world_run(producer_killed, &victim);
}

/* Under the same name: the successor takes the place at once. */
static void producer_replaced(void *arg) {
    struct victim *victim = arg;
    node intake;
    receiver scoring = {0};
    wait_until(told(victim->fd));
    kill_child(victim->pid, victim->fd);
    producer_open(&intake, "intake-doomed", (wjz_bus_options){0});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    wait_until(effects() == 5 && outbox() == 0);
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM bus.instance"), 2);
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_producer_replaced(WJZ_UNUSED void **state) {
    struct victim victim;
    victim.pid = child(be_lonely_producer, &victim.fd);
    world_run(producer_replaced, &victim);
}

/* --- more than memory holds --- */

static void spill(WJZ_UNUSED void *arg) {
    node intake;
    receiver scoring = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){.memory_messages = 4});
    emit(&intake, 1, 200);
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM intake.outbox WHERE owner = 0"), 196);
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    wait_until(effects() == 200 && outbox() == 0);
    emit(&intake, 201, 1);
    wait_until(effects() == 201 && outbox() == 0);
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_spill(WJZ_UNUSED void **state) {
    world_run(spill, NULL);
}

static void spill_bytes(WJZ_UNUSED void *arg) {
    node intake;
    receiver scoring = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){.memory_bytes = 300});
    emit(&intake, 1, 50);
    assert_in_range(test_db_int(db, "SELECT count(*) FROM intake.outbox WHERE owner <> 0"), 1, 5);
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    wait_until(effects() == 50 && outbox() == 0);
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_spill_bytes(WJZ_UNUSED void **state) {
    world_run(spill_bytes, NULL);
}

/* --- messages that cannot be handled --- */

static int64_t ask_dead_letters(node *client, const ProtobufCMessage *request) {
    wjz_arena *arena = wjz_arena_new(0);
    const ProtobufCMessage *reply;
    assert_ok(wjz_bus_request(client->bus, "intake", 0, request, 5000, &wjz__bus__dead_letters_changed__descriptor,
                              arena, &reply, NULL, err));
    int64_t count = ((const Wjz__Bus__DeadLettersChanged *)reply)->count;
    wjz_arena_destroy(&arena);
    return count;
}

static void dead_letter(WJZ_UNUSED void *arg) {
    node intake, operator;
    receiver scoring = {.refuse = 7};
    producer_open(&intake, "intake-1", (wjz_bus_options){.attempts = 2});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    emit(&intake, 1, 10);
    wait_until(effects() == 9); /* the innocent of its batch */
    wait_until(test_db_int(db, "SELECT count(*) FROM intake.dead_letter") == 1);
    assert_string_equal(test_db_text(db, "SELECT destination || attempts || error FROM intake.dead_letter"),
                        "scoring2item 7 is guilty");
    assert_string_equal(test_db_text(db, "SELECT type FROM intake.outbox WHERE destination = 'notification'"),
                        "wjz.bus.MessageDied");
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM intake.outbox WHERE destination = 'scoring'"), 0);

    node_open(&operator,(wjz_bus_options){.service = "operator", .instance = "wjz", .client = true});
    Wjz__Bus__RetryDeadLetters retry = WJZ__BUS__RETRY_DEAD_LETTERS__INIT;
    scoring.refuse = 0;
    assert_int_equal(ask_dead_letters(&operator, & retry.base), 1);
    wait_until(effects() == 10);
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM intake.dead_letter"), 0);
    assert_int_equal(ask_dead_letters(&operator, & retry.base), 0);
    node_close(&operator);
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_dead_letter(WJZ_UNUSED void **state) {
    world_run(dead_letter, NULL);
}

static void drop_dead_letter(WJZ_UNUSED void *arg) {
    node intake, operator;
    wjz_refusal refusal = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    node_open(&operator,(wjz_bus_options){.service = "operator", .instance = "wjz", .client = true});
    test_db_run(db, "INSERT INTO intake.dead_letter VALUES"
                    " (0, 5, 'scoring', 'x', '', now(), 8, 'no'), (0, 6, 'scoring', 'x', '', now(), 8, 'no')");
    Wjz__Bus__DropDeadLetters drop = WJZ__BUS__DROP_DEAD_LETTERS__INIT;
    wjz_arena *arena = wjz_arena_new(0);
    const ProtobufCMessage *reply;
    assert_int_equal(wjz_bus_request(operator.bus, "intake", 0, &drop.base, 5000,
                                     &wjz__bus__dead_letters_changed__descriptor, arena, &reply, &refusal, NULL),
                     -EREMOTE);
    assert_int_equal(refusal.code, WJZ_REFUSAL_INVALID);
    assert_string_equal(refusal.field, "id");
    wjz_arena_destroy(&arena);
    drop.id = (uint64_t[]){6, 9};
    drop.n_id = 2;
    assert_int_equal(ask_dead_letters(&operator, & drop.base), 1);
    assert_int_equal(test_db_int(db, "SELECT id FROM intake.dead_letter"), 5);
    node_close(&operator);
    node_close(&intake);
}

static void test_drop_dead_letter(WJZ_UNUSED void **state) {
    world_run(drop_dead_letter, NULL);
}

/* A row as nobody of ours would write it. */
static void put_row(int id, const char *type, uint32_t schema, const char *body) {
    Wjz__Envelope envelope = WJZ__ENVELOPE__INIT;
    envelope.id = (uint64_t)id;
    envelope.type = (char *)(uintptr_t)type;
    envelope.schema = schema;
    envelope.body = (ProtobufCBinaryData){strlen(body), (uint8_t *)(uintptr_t)body};
    uint8_t packed[200];
    char hex[401];
    size_t length = wjz__envelope__pack(&envelope, packed);
    for (size_t i = 0; i < length; i++)
        snprintf(hex + 2 * i, 3, "%02x", packed[i]);
    test_db_run(db,
                "INSERT INTO intake.outbox (region, id, destination, type, envelope, owner, due_at)"
                " VALUES (0, %d, 'scoring', '%s', '\\x%s', 0, now())",
                id, type, hex);
}

/* Each is sent back alone, with what is wrong with it. */
static void unreadable(WJZ_UNUSED void *arg) {
    static const char TYPE[] = "wjz.intake.ComplaintsAccepted";
    node intake;
    receiver scoring = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){.attempts = 1});
    put_row(77, TYPE, 1, "\n");
    put_row(78, "a.b", 1, "");
    put_row(79, TYPE, 2, "");
    put_row(80, "", 1, "");
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    emit(&intake, 1, 1);
    wait_until(effects() == 1 && test_db_int(db, "SELECT count(*) FROM intake.dead_letter") == 4);
    assert_string_equal(test_db_text(db, "SELECT error FROM intake.dead_letter WHERE id = 77"),
                        "ComplaintsAccepted is cut off or no protobuf message");
    assert_string_equal(test_db_text(db, "SELECT error FROM intake.dead_letter WHERE id = 78"),
                        "the receiver does not know this type");
    assert_string_equal(test_db_text(db, "SELECT error FROM intake.dead_letter WHERE id = 79"),
                        "the receiver does not know this schema version");
    assert_string_equal(test_db_text(db, "SELECT error FROM intake.dead_letter WHERE id = 80"),
                        "the row holds no envelope of its id");
    node_close(&scoring.node);
    node_close(&intake);
}

static void test_unreadable(WJZ_UNUSED void **state) {
    world_run(unreadable, NULL);
}

/* --- leaving --- */

static void drain(void *arg) {
    receiver *self = arg;
    assert_ok(wjz_bus_drain(self->node.bus, 20000));
    self->held = -1;
}

static void leave(WJZ_UNUSED void *arg) {
    node intake;
    receiver leaving = {.hold = true}, staying = {0};
    producer_open(&intake, "intake-1", (wjz_bus_options){0});
    receiver_open(&leaving, "scoring-1", (wjz_bus_options){.workers = 1});
    emit(&intake, 1, 1);
    wait_until(leaving.held == 1);
    emit(&intake, 2, 5); /* to the leaving one as well, but not begun */
    assert_int_equal(wjz_fiber_spawn(the_world.loop, drain, &leaving), 0);
    receiver_open(&staying, "scoring-2", (wjz_bus_options){0});
    wait_until(staying.messages == 5);
    assert_int_equal(leaving.held, 1); /* still in its batch */
    wjz_event_set(the_world.loop, &leaving.release);
    wait_until(leaving.held == -1);
    emit(&intake, 7, 3);
    wait_until(effects() == 9 && outbox() == 0);
    assert_int_equal(leaving.messages, 1);
    node_close(&leaving.node);
    node_close(&staying.node);
    node_close(&intake);
}

static void test_leave(WJZ_UNUSED void **state) {
    world_run(leave, NULL);
}

/* A producer that ends in order leaves its rows to others without any lease to wait for. */
static void producer_leaves(WJZ_UNUSED void *arg) {
    node first, second;
    receiver scoring = {0};
    producer_open(&first, "intake-1", (wjz_bus_options){0});
    emit(&first, 1, 10);
    node_close(&first);
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM intake.outbox WHERE owner = 0 AND due_at <= now()"), 10);
    producer_open(&second, "intake-2", (wjz_bus_options){0});
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    wait_until(effects() == 10 && outbox() == 0);
    node_close(&scoring.node);
    node_close(&second);
}

static void test_producer_leaves(WJZ_UNUSED void **state) {
    world_run(producer_leaves, NULL);
}

/* --- what was handled long ago --- */

static void purge(WJZ_UNUSED void *arg) {
    receiver scoring = {0};
    test_db_run(db, "INSERT INTO scoring.inbox (region, id, handled_at)"
                    " SELECT 510184, i, now() - interval '15 days' FROM generate_series(1, 6000) i"
                    " UNION ALL SELECT 510184, 10000 + i, now() - interval '13 days' FROM generate_series(1, 100) i");
    receiver_open(&scoring, "scoring-1", (wjz_bus_options){0});
    wait_until(test_db_int(db, "SELECT count(*) FROM scoring.inbox WHERE id < 10000") == 0);
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM scoring.inbox"), 100);
    node_close(&scoring.node);
}

/* Ids are remembered for 14 days, which no producer's attempts outlast; older ones go, more than one portion of them.
 */
static void test_purge(WJZ_UNUSED void **state) {
    world_run(purge, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_flow),
        TEST(test_flow_over_curve),
        TEST(test_leftovers),
        TEST(test_share),
        TEST(test_gather),
        TEST(test_batches),
        TEST(test_together),
        TEST(test_rest),
        TEST(test_duplicate),
        TEST(test_late),
        TEST(test_transient),
        TEST(test_rolled_back),
        TEST(test_as_a_row),
        TEST(test_fresh_once),
        TEST(test_fresh_within_bounds),
        TEST(test_fresh_is_not_kept),
        TEST(test_consumer_killed),
        TEST(test_consumer_killed_beside_another),
        TEST(test_producer_killed),
        TEST(test_producer_replaced),
        TEST(test_spill),
        TEST(test_spill_bytes),
        TEST(test_dead_letter),
        TEST(test_drop_dead_letter),
        TEST(test_unreadable),
        TEST(test_leave),
        TEST(test_producer_leaves),
        TEST(test_purge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
