/* Queues while the database stops, crashes and comes back, and while a message kills whoever handles it. */
#include "bus_world.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "proto/intake.pb-c.h"
#include "support/test_db.h"
#include "wjz/id.h"
#include "wjz/metrics.h"
#include "wjz/migrate.h"

enum { REGION = 510184 };

static const wjz_stmt EFFECT = {"effect", "INSERT INTO scoring.effect (item) VALUES ($1)", 0};
static const wjz_stmt SOURCE = {"source", "INSERT INTO intake.source (item) VALUES ($1)", 0};
static const wjz_emit_route EMITS[] = {{&wjz__intake__complaints_accepted__descriptor, "scoring"}, {NULL, NULL}};

static int64_t poison; /* the item that ends the process of its handler */

static int on_complaints(wjz_batch *batch, WJZ_UNUSED void *state, wjz_err *err) {
    for (size_t i = 0; i < wjz_batch_count(batch); i++) {
        const Wjz__Intake__ComplaintsAccepted *body =
            (const Wjz__Intake__ComplaintsAccepted *)wjz_batch_message(batch, i)->body;
        for (size_t j = 0; j < body->n_complaint; j++) {
            if ((int64_t)body->complaint[j] == poison) _exit(3);
            int r = wjz_tx_send_v(wjz_batch_tx(batch), &EFFECT, wjz_i64((int64_t)body->complaint[j]));
            if (r < 0) return r;
        }
    }
    return wjz_tx_wait(wjz_batch_tx(batch), NULL, err);
}

static const wjz_queue_route QUEUES[] = {
    {.type = &wjz__intake__complaints_accepted__descriptor, .handler = on_complaints}, {.type = NULL}};

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

/* The first column of the first row, asked over a connection of its own. */
static int64_t ask(const char *sql) {
    PGconn *conn = PQconnectdb(the_world.url);
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) fail_msg("%s: %s", sql, PQerrorMessage(conn));
    int64_t value = PQntuples(result) ? strtoll(PQgetvalue(result, 0, 0), NULL, 10) : 0;
    PQclear(result);
    PQfinish(conn);
    return value;
}

static const char MAKE[] = "CREATE TABLE scoring.effect (item int8); CREATE TABLE intake.source (item int8);"
                           "GRANT ALL ON scoring.effect TO wjz_scoring; GRANT ALL ON intake.source TO wjz_intake";

static void intake_open(node *self) {
    node_open(self, (wjz_bus_options){
                        .service = "intake", .instance = "intake-1", .emits = EMITS, .lease_ms = 1000, .attempts = 3});
}

static void scoring_open(node *self, const char *name) {
    node_open(self, (wjz_bus_options){.service = "scoring", .instance = name, .queues = QUEUES});
}

/* --- the database goes --- */

struct source {
    node node;
    int64_t item;
    bool stop, stopped;
};

/* Emits as fast as it can; what does not succeed is tried again with the next number. */
static void emit_all_the_time(void *arg) {
    struct source *self = arg;
    while (!self->stop) {
        wjz_err said = {0};
        if (try_emit(&self->node, ++self->item, &said) < 0) wjz_fiber_sleep(the_world.loop, 5);
    }
    self->stopped = true;
}

static double handled(void) {
    return wjz_metric_value(wjz_counter("wjz_handled_total", "type=\"wjz.intake.ComplaintsAccepted\"", ""));
}

static void wait_for_progress(double messages) {
    double before = handled();
    wait_until(handled() > before + messages);
}

static test_cluster *cluster;

static void restarts(WJZ_UNUSED void *arg) {
    struct source intake = {.item = 0};
    node scoring;
    intake_open(&intake.node);
    scoring_open(&scoring, "scoring-1");
    assert_int_equal(wjz_fiber_spawn(the_world.loop, emit_all_the_time, &intake), 0);
    wait_for_progress(50);
    test_cluster_crash(cluster); /* blocks the loop meanwhile, as a pause of the machine would */
    wait_for_progress(50);
    test_cluster_stop(cluster);
    wait_until(!wjz_db_ready(scoring.db));
    test_cluster_start(cluster);
    wait_for_progress(50);
    intake.stop = true;
    wait_until(intake.stopped);
    wait_until(ask("SELECT count(*) FROM intake.outbox") == 0);
    assert_int_equal(ask("SELECT count(*) FROM scoring.effect"), ask("SELECT count(*) FROM intake.source"));
    assert_int_equal(ask("SELECT count(DISTINCT item) FROM scoring.effect JOIN intake.source USING (item)"),
                     ask("SELECT count(*) FROM intake.source"));
    assert_int_equal(ask("SELECT count(*) FROM intake.dead_letter"), 0);
    assert_int_equal(ask("SELECT count(*) FROM bus.instance"), 2);
    node_close(&scoring);
    node_close(&intake.node);
}

static void run_on_own_cluster(wjz_call_fn *body, const char *tables) {
    wjz_err said = {0};
    cluster = test_cluster_new();
    if (wjz_migrate(test_cluster_url(cluster), WJZ_SOURCE_DIR "/deploy/migrations", NULL, NULL, &said) < 0)
        fail_msg("%s", said.text);
    world_make(test_cluster_url(cluster));
    ask(tables);
    world_run(body, NULL);
    world_unmake();
    test_cluster_destroy(&cluster);
}

static void test_restarts(WJZ_UNUSED void **state) {
    run_on_own_cluster(restarts, MAKE);
}

/* --- commits that were not on disk --- */

/* intake ─▶ scoring ─▶ assignment, both lazy. What scoring makes of an item has a new number each time it is made, so
 * that what came of work that was undone shows. */
static wjz_event gate;    /* scoring waits for it */
static wjz_event release; /* assignment waits for it once it has handled some */
static int passed;        /* messages that did not wait there */
enum { ITEMS = 40, PASSING = 12 };

static const wjz_stmt MADE = {"made", "INSERT INTO scoring.made (item, number) VALUES ($1, $2)", 0};
static const wjz_stmt TAKEN = {"taken", "INSERT INTO assignment.taken (number) VALUES ($1)", 0};

static int make_of(node *self, wjz_tx *tx, int64_t item, wjz_err *err) {
    int64_t number = wjz_id_next();
    Wjz__Scoring__ClueState state = WJZ__SCORING__CLUE_STATE__INIT, *states[] = {&state};
    Wjz__Scoring__CluesScored body = WJZ__SCORING__CLUES_SCORED__INIT;
    state.clue = (uint64_t)number;
    body.clues = states;
    body.n_clues = 1;
    int r = wjz_tx_send_v(tx, &MADE, wjz_i64(item), wjz_i64(number));
    return r < 0 ? r : wjz_bus_emit(self->bus, tx, REGION, &body.base, err);
}

static int on_item(wjz_batch *batch, void *state, wjz_err *err) {
    int r = 0;
    wjz_event_wait(the_world.loop, &gate);
    for (size_t i = 0; i < wjz_batch_count(batch) && r == 0; i++) {
        const Wjz__Intake__ComplaintsAccepted *body =
            (const Wjz__Intake__ComplaintsAccepted *)wjz_batch_message(batch, i)->body;
        r = make_of(state, wjz_batch_tx(batch), (int64_t)body->complaint[0], err);
    }
    return r;
}

static int on_made(wjz_batch *batch, WJZ_UNUSED void *state, WJZ_UNUSED wjz_err *err) {
    int r = 0;
    if (passed >= PASSING) wjz_event_wait(the_world.loop, &release);
    for (size_t i = 0; i < wjz_batch_count(batch) && r == 0; i++) {
        const Wjz__Scoring__CluesScored *body = (const Wjz__Scoring__CluesScored *)wjz_batch_message(batch, i)->body;
        r = wjz_tx_send_v(wjz_batch_tx(batch), &TAKEN, wjz_i64((int64_t)body->clues[0]->clue));
    }
    passed += (int)wjz_batch_count(batch);
    return r;
}

static const wjz_queue_route LAZY_ITEMS[] = {
    {.type = &wjz__intake__complaints_accepted__descriptor, .handler = on_item, .messages = 2, .lazy = true},
    {.type = NULL}};
static const wjz_queue_route LAZY_MADE[] = {
    {.type = &wjz__scoring__clues_scored__descriptor, .handler = on_made, .messages = 2, .lazy = true}, {.type = NULL}};
static const wjz_emit_route MADE_EMITS[] = {{&wjz__scoring__clues_scored__descriptor, "assignment"}, {NULL, NULL}};

/* Nobody writes the log out of memory any more but who commits durably, and nobody does that unasked. */
static void stop_wal_writer(void) {
    ask("ALTER SYSTEM SET autovacuum = off");
    ask("ALTER SYSTEM SET bgwriter_lru_maxpages = 0");
    ask("SELECT pg_reload_conf()");
    wait_until(ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'autovacuum%'") == 0);
    assert_int_equal(kill((pid_t)ask("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"), SIGSTOP), 0);
}

static void lost_commits(WJZ_UNUSED void *arg) {
    static const char MADE_COUNT[] = "SELECT count(*) FROM scoring.made",
                      TAKEN_COUNT[] = "SELECT count(*) FROM assignment.taken";
    node intake, scoring, assignment;
    intake_open(&intake);
    node_open(&assignment, (wjz_bus_options){.service = "assignment", .instance = "assignment-1", .queues = LAZY_MADE});
    node_open(&scoring, (wjz_bus_options){.service = "scoring",
                                          .instance = "scoring-1",
                                          .queues = LAZY_ITEMS,
                                          .emits = MADE_EMITS,
                                          .state = &scoring});
    for (int64_t item = 1; item <= ITEMS; item++)
        assert_ok(try_emit(&intake, item, err));
    stop_wal_writer();
    wjz_event_set(the_world.loop, &gate);
    /* All is made, some of it taken, rows of what was acknowledged are deleted, and nothing of that is on disk. */
    wait_until(ask(MADE_COUNT) == ITEMS && ask(TAKEN_COUNT) >= PASSING && passed >= PASSING);
    wait_until(ask("SELECT count(*) FROM intake.outbox") == 0);
    wait_until(ask("SELECT count(*) FROM scoring.outbox") < ITEMS);
    test_cluster_crash(cluster); /* blocks the loop: what the processes have in memory is of before */
    assert_in_range(ask(MADE_COUNT), 0, ITEMS - 1);
    assert_int_equal(ask("SELECT count(*) FROM intake.source"), ITEMS);
    wjz_event_set(the_world.loop, &release);
    wait_until(ask(TAKEN_COUNT) == ITEMS);
    wait_until(ask("SELECT count(*) FROM intake.outbox") == 0 && ask("SELECT count(*) FROM scoring.outbox") == 0);
    assert_int_equal(ask("SELECT count(DISTINCT item) FROM scoring.made"), ITEMS);
    assert_int_equal(ask(MADE_COUNT), ITEMS);
    assert_int_equal(ask("SELECT count(*) FROM scoring.made JOIN assignment.taken USING (number)"), ITEMS);
    assert_int_equal(ask(TAKEN_COUNT), ITEMS);
    node_close(&scoring);
    node_close(&assignment);
    node_close(&intake);
}

static void test_lost_commits(WJZ_UNUSED void **state) {
    run_on_own_cluster(lost_commits,
                       "CREATE TABLE intake.source (item int8); GRANT ALL ON intake.source TO wjz_intake;"
                       "CREATE TABLE scoring.made (item int8, number int8); GRANT ALL ON scoring.made TO wjz_scoring;"
                       "CREATE TABLE assignment.taken (number int8); GRANT ALL ON assignment.taken TO wjz_assignment");
}

/* --- a message kills its handlers --- */

static void be_consumer(void *arg) {
    scoring_open(arg, "scoring-doomed");
}

/* A process that keeps one consumer running, as a supervisor does, until it is killed. */
static pid_t supervise_consumer(void) {
    fflush(NULL);
    pid_t supervisor = fork();
    assert_true(supervisor >= 0);
    if (supervisor > 0) return supervisor;
    for (;;) {
        pid_t pid = fork();
        if (pid > 0) {
            waitpid(pid, NULL, 0);
            continue;
        }
        static node self;
        wjz_err said = {0};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (pid < 0 || wjz_loop_new(&the_world.loop, &said) < 0) _exit(1);
        world_run(be_consumer, &self);
        _exit(1);
    }
}

static void poisoned(void *arg) {
    node intake;
    intake_open(&intake);
    for (int64_t item = 1; item <= 20; item++)
        assert_ok(try_emit(&intake, item, err));
    wait_until(ask("SELECT count(*) FROM intake.dead_letter") == 1);
    wait_until(ask("SELECT count(*) FROM scoring.effect") == 19);
    wait_until(ask("SELECT count(*) FROM intake.outbox WHERE destination = 'scoring'") == 0);
    assert_int_equal(ask("SELECT count(DISTINCT item) FROM scoring.effect"), 19);
    kill(*(pid_t *)arg, SIGKILL);
    waitpid(*(pid_t *)arg, NULL, 0);
    node_close(&intake);
}

/* It ends as a dead letter; the others, which died with it at first, do not. */
static void test_poisoned(WJZ_UNUSED void **state) {
    test_db *db = test_db_new();
    world_make(test_db_url(db));
    ask(MAKE);
    poison = 7;
    pid_t supervisor = supervise_consumer();
    world_run(poisoned, &supervisor);
    poison = 0;
    world_unmake();
    test_db_destroy(&db);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restarts),
        cmocka_unit_test(test_lost_commits),
        cmocka_unit_test(test_poisoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
