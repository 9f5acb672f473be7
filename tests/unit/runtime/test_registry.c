/* Who is alive: heartbeats that move, and pauses of the store that prove nothing. */
#include "bus_world.h"

#include <errno.h>

#include "runtime/registry.h"
#include "support/test_db.h"
#include "wjz/id.h"

enum { HEARTBEAT_MS = 200 };

static test_db *db;
static int beats, changes, closed;

static void on_beaten(WJZ_UNUSED void *arg, bool changed) {
    beats++;
    changes += changed;
}

static void on_closed(WJZ_UNUSED void *arg) {
    closed++;
}

static int set_up(WJZ_UNUSED void **state) {
    db = test_db_new();
    world_make(test_db_url(db));
    beats = changes = closed = 0;
    return 0;
}

static int tear_down(WJZ_UNUSED void **state) {
    world_unmake();
    test_db_destroy(&db);
    return 0;
}

static wjz_db *pool_open(void) {
    wjz_db *pool;
    wjz_db_options options = {.url = the_world.url, .role = "wjz_scoring", .connections = 1, .hot_path = true};
    assert_ok(wjz_db_open(the_world.loop, &options, &pool, err));
    return pool;
}

static wjz_registry *open_as(wjz_db *pool, const char *name) {
    wjz_registry *registry;
    wjz_registry_options options = {.service = "scoring",
                                    .name = name,
                                    .queue = "ipc://q",
                                    .request = "",
                                    .publish = "",
                                    .key = name,
                                    .admin = "",
                                    .heartbeat_ms = HEARTBEAT_MS,
                                    .beaten = on_beaten};
    assert_ok(wjz_registry_open(the_world.loop, pool, &options, &registry, err));
    return registry;
}

static void close_all(wjz_registry **registry, wjz_db **pool) {
    int before = closed;
    wjz_registry_close(registry, on_closed, NULL);
    wait_until(closed == before + 1);
    wjz_db_close(pool, on_closed, NULL);
    wait_until(closed == before + 2);
}

static void wait_for_beats(int more) {
    int before = beats;
    wait_until(beats >= before + more);
}

/* Without waiting in the server: it would be for a heartbeat of ours that ends only while this thread turns the loop.
 */
static void lock_instances(void) {
    test_db_run(db, "CREATE FUNCTION pg_temp.locked() RETURNS int LANGUAGE plpgsql AS $$ BEGIN"
                    "  LOCK TABLE bus.instance IN ACCESS EXCLUSIVE MODE NOWAIT; RETURN 1;"
                    " EXCEPTION WHEN lock_not_available THEN RETURN 0; END $$");
    test_db_run(db, "BEGIN");
    wait_until(test_db_int(db, "SELECT pg_temp.locked()") == 1);
}

/* A pause long enough to be taken for death, in which nobody's heartbeat could be written or read. */
static void pause_of_the_store(WJZ_UNUSED void *arg) {
    wjz_db *pools[] = {pool_open(), pool_open()};
    wjz_registry *first = open_as(pools[0], "one"), *second = open_as(pools[1], "two");
    wait_until(wjz_registry_find(first, wjz_registry_number(second)));
    wait_for_beats(4);
    int before = changes;
    lock_instances();
    int64_t until_us = wjz_clock_monotonic_us() + 10 * HEARTBEAT_MS * 1000;
    wait_until(wjz_clock_monotonic_us() > until_us);
    test_db_run(db, "COMMIT");
    wait_for_beats(6);
    assert_int_equal(changes, before);
    assert_non_null(wjz_registry_find(first, wjz_registry_number(second)));
    close_all(&second, &pools[1]);
    close_all(&first, &pools[0]);
}

static void test_pause_of_the_store(WJZ_UNUSED void **state) {
    world_run(pause_of_the_store, NULL);
}

/* A heartbeat of both; again and again, because one alone may grow old before it is looked at. */
static bool come_back(const wjz_registry *registry) {
    test_db_run(db, "UPDATE bus.instance SET heartbeat_at = now() WHERE number IN (71, 72)");
    return wjz_registry_find(registry, 71) && wjz_registry_find(registry, 72);
}

/* Rows written by hand: one that moves no more, one that is old from the beginning. */
static void silence(WJZ_UNUSED void *arg) {
    wjz_db *pool = pool_open();
    test_db_run(db, "INSERT INTO bus.instance (number, service, name, public_key, heartbeat_at) VALUES"
                    " (71, 'intake', 'fresh', 'key-71', now() + interval '3 seconds')," /* a slow machine needs it */
                    " (72, 'intake', 'old', 'key-72', now() - interval '30 seconds')");
    wjz_registry *registry = open_as(pool, "one");
    assert_non_null(wjz_registry_find(registry, 71));
    assert_null(wjz_registry_find(registry, 72));
    assert_non_null(wjz_registry_find_key(registry, "key-72")); /* silent, but no stranger */
    assert_null(wjz_registry_find_key(registry, "key-73"));
    wait_until(!wjz_registry_find(registry, 71));
    int before = changes;
    wait_until(come_back(registry) && changes > before); /* which is told when the heartbeat is committed */
    test_db_run(db, "DELETE FROM bus.instance WHERE number = 71");
    wait_until(!wjz_registry_find_key(registry, "key-71"));
    /* Somebody who has just come is found without waiting for the next heartbeat. */
    test_db_run(db, "INSERT INTO bus.instance (number, service, name) VALUES (73, 'intake', 'new')");
    wjz_registry_refresh(registry);
    wait_until(wjz_registry_find(registry, 73));
    close_all(&registry, &pool);
}

static void test_silence(WJZ_UNUSED void **state) {
    world_run(silence, NULL);
}

/* The dead of more than a minute and a half lose their row to whoever sees it. */
static void burial(WJZ_UNUSED void *arg) {
    wjz_db *pool = pool_open();
    test_db_run(db, "INSERT INTO bus.instance (number, service, name, heartbeat_at) VALUES"
                    " (72, 'intake', 'old', now() - interval '1 hour')");
    wjz_registry *registry = open_as(pool, "one");
    wait_until(test_db_int(db, "SELECT count(*) FROM bus.instance") == 1);
    close_all(&registry, &pool);
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM bus.instance"), 0);
}

static void test_burial(WJZ_UNUSED void **state) {
    world_run(burial, NULL);
}

/* Our row became another instance's, as when a store was restored that had never heard of us. */
static void renumbering(WJZ_UNUSED void *arg) {
    wjz_db *pool = pool_open();
    wjz_registry *registry = open_as(pool, "one");
    uint32_t before = wjz_registry_number(registry);
    test_db_run(db, "UPDATE bus.instance SET service = 'intake', name = 'other', public_key = 'key-of-another', "
                    "heartbeat_at = now()");
    wait_until(wjz_registry_number(registry) != before);
    wait_until(test_db_int(db, "SELECT count(*) FROM bus.instance WHERE name = 'one'") == 1);
    wait_until(wjz_registry_find_key(registry, "key-of-another"));
    assert_int_equal(wjz_registry_find_key(registry, "key-of-another")->number, before);
    assert_int_equal(test_db_int(db, "SELECT number FROM bus.instance WHERE name = 'one'"),
                     wjz_registry_number(registry));
    assert_int_equal((wjz_id_next() >> 10) & 0xfff, wjz_registry_number(registry) % 4096);
    close_all(&registry, &pool);
}

static void test_renumbering(WJZ_UNUSED void **state) {
    world_run(renumbering, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_pause_of_the_store),
        TEST(test_silence),
        TEST(test_burial),
        TEST(test_renumbering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
