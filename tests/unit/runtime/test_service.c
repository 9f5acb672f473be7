/* The life of a service, as a process of its own: what it answers while it waits, works and ends. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/test_db.h"
#include "wjz/clock.h"
#include "wjz/service.h"

/* --- the service under test --- */

typedef struct test_conf {
    wjz_service_conf common;
    char *behaviour;
} test_conf;

static const wjz_option OPTIONS[] = {
    {"behaviour", WJZ_CONF_TEXT, offsetof(test_conf, behaviour), "plain", 0, 0, "what start and stop do"}, {0}};

static wjz_service *self;
static int trail; /* a pipe: the child writes what happened */

static void leave_trail(const char *what) {
    if (write(trail, what, strlen(what)) != (ssize_t)strlen(what)) abort();
}

static int on_start(wjz_service *service, const void *conf, void **ret_state, wjz_err *err) {
    const test_conf *c = conf;
    self = service;
    if (strcmp(c->behaviour, "fail") == 0) return wjz_err_set(err, -EIO, "cannot read the rules");
    static int tries;
    if (strcmp(c->behaviour, "later") == 0 && ++tries < 3) return wjz_err_set(err, -ETIMEDOUT, "not yet");
    if (!wjz_in_fiber() || !wjz_bus_ready(wjz_service_bus(service)) || !wjz_db_ready(wjz_service_db(service)))
        return wjz_err_set(err, -EIO, "no fiber, bus or database");
    if (strcmp(c->behaviour, "not_ready") == 0) wjz_service_not_ready(service, "rules are loading");
    leave_trail("started ");
    *ret_state = strdup(c->behaviour);
    return 0;
}

static void on_stop(void *state) {
    leave_trail(state ? "stopped " : "nothing-to-stop ");
    if (state && strcmp(state, "hang") == 0) wjz_fiber_sleep(wjz_service_loop(self), 60000);
    free(state);
}

static int on_command(const void *conf, int argc, char **argv) {
    const test_conf *c = conf;
    return argc == 2 && strcmp(argv[0], "check") == 0 && strcmp(c->behaviour, "plain") == 0 ? atoi(argv[1]) : 99;
}

static const wjz_service_spec SPEC = {
    .name = "scheduling",
    .purpose = "is tested",
    .options = OPTIONS,
    .conf_size = sizeof(test_conf),
    .start = on_start,
    .stop = on_stop,
    .command = on_command,
};

/* --- the process --- */

static char folder[] = "/tmp/test_service_XXXXXX";
static char admin[64], database[512];
static test_db *db;
static pid_t child;
static int trail_end;

static void spawn(const char *const *words) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        trail = ends[1];
        char *argv[16] = {(char *)"program"};
        int argc = 1;
        while (words[argc - 1]) {
            argv[argc] = (char *)words[argc - 1];
            argc++;
        }
        exit(wjz_service_main(&SPEC, argc, argv));
    }
    close(ends[1]);
    trail_end = ends[0];
}

static void run(const char *behaviour, const char *url, const char *drain) {
    char words[5][600];
    snprintf(words[0], 600, "--database_url=%s", url);
    snprintf(words[1], 600, "--admin=unix:%s", admin);
    snprintf(words[2], 600, "--bind=ipc://%s", folder);
    snprintf(words[3], 600, "--behaviour=%s", behaviour);
    snprintf(words[4], 600, "--drain=%s", drain);
    spawn((const char *const[]){words[0], words[1], words[2], words[3], words[4], NULL});
}

static int wait_status(void) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* What the child wrote, and the end of its life. */
static const char *trail_text(void) {
    static char text[256];
    ssize_t length = read(trail_end, text, sizeof(text) - 1);
    close(trail_end);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

static int stop(void) {
    kill(child, SIGTERM);
    return wait_status();
}

/* --- its administration address --- */

static char answer[65536];

static bool ask(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path, admin);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool connected = connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0;
    size_t length = 0;
    if (connected) {
        dprintf(fd, "GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", path);
        for (ssize_t n; (n = read(fd, answer + length, sizeof(answer) - 1 - length)) > 0;)
            length += (size_t)n;
    }
    answer[length] = '\0';
    close(fd);
    return length > 0;
}

/* Asks until the answer holds the part; at most two minutes. */
static void wait_for(const char *path, const char *part) {
    int64_t until = wjz_clock_monotonic_us() + 120 * WJZ_SECOND_US;
    while (!ask(path) || !strstr(answer, part)) {
        if (wjz_clock_monotonic_us() > until) fail_msg("\"%s\" is not in:\n%s", part, answer);
        poll(NULL, 0, 10);
    }
}

/* --- what is tested --- */

static void waits_for_the_database(WJZ_UNUSED void **state) {
    run("plain", "host=/nowhere", "60s");
    wait_for("/healthz", "HTTP/1.1 200 OK");
    wait_for("/readyz", "HTTP/1.1 503 ");
    assert_non_null(strstr(answer, "{\"ready\":false,\"reasons\":[\"database\",\"bus\",\"starting\"]}"));
    assert_int_equal(stop(), 0);
    assert_string_equal(trail_text(), "nothing-to-stop ");
}

static void works_and_ends(WJZ_UNUSED void **state) {
    run("plain", database, "60s");
    wait_for("/readyz", "{\"ready\":true,\"reasons\":[]}");
    wait_for("/metrics", "# TYPE wjz_http_request_seconds histogram\n");
    assert_non_null(strstr(answer, "wjz_database_busy_seconds "));
    char host[256] = "", expected[512];
    gethostname(host, sizeof(host) - 1);
    snprintf(expected, sizeof(expected), "scheduling-%s-%d unix:%s", host, (int)child, admin);
    assert_string_equal(test_db_text(db, "SELECT name || ' ' || admin FROM bus.instance"), expected);
    assert_int_equal(stop(), 0);
    assert_string_equal(trail_text(), "started stopped ");
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM bus.instance"), 0);
}

static void says_why_it_is_not_ready(WJZ_UNUSED void **state) {
    run("not_ready", database, "60s");
    wait_for("/readyz", "{\"ready\":false,\"reasons\":[\"rules are loading\"]}");
    assert_int_equal(stop(), 0);
    trail_text();
}

static void tries_to_start_again(WJZ_UNUSED void **state) {
    run("later", database, "60s");
    wait_for("/readyz", "{\"ready\":true,\"reasons\":[]}");
    assert_int_equal(stop(), 0);
    assert_string_equal(trail_text(), "started stopped ");
}

static void ends_when_it_cannot_start(WJZ_UNUSED void **state) {
    run("fail", database, "60s");
    assert_int_equal(wait_status(), 1);
    assert_string_equal(trail_text(), "nothing-to-stop ");
    assert_int_equal(test_db_int(db, "SELECT count(*) FROM bus.instance"), 0);
}

static void ends_when_its_address_is_taken(WJZ_UNUSED void **state) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path, admin);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(fd, 1), 0);
    run("plain", database, "60s");
    assert_int_equal(wait_status(), 1);
    trail_text();
    close(fd);
    unlink(admin);
}

static void does_not_hang_at_its_end(WJZ_UNUSED void **state) {
    run("hang", database, "2s");
    wait_for("/readyz", "{\"ready\":true,\"reasons\":[]}");
    assert_int_equal(stop(), 1);
    assert_string_equal(trail_text(), "started stopped ");
}

static void runs_commands(WJZ_UNUSED void **state) {
    spawn((const char *const[]){"check", "42", NULL});
    assert_int_equal(wait_status(), 42);
    trail_text();
}

static void refuses_bad_options(WJZ_UNUSED void **state) {
    static const char *const rows[][3] = {
        {"--nonsense=1", NULL},
        {"--workers=0", NULL},
        {"--database_url=x", "--log_level=loud", NULL},
        {NULL}, /* no database_url */
    };
    unsetenv("WJZ_DATABASE_URL");
    for (size_t i = 0; i < WJZ_COUNT(rows); i++) {
        spawn(rows[i]);
        assert_int_equal(wait_status(), 2);
        trail_text();
    }
    spawn((const char *const[]){"--help", NULL});
    assert_int_equal(wait_status(), 0);
    trail_text();
}

static int set_up(WJZ_UNUSED void **state) {
    db = test_db_new();
    if (!mkdtemp(folder)) return -1;
    snprintf(admin, sizeof(admin), "%s/admin", folder);
    snprintf(database, sizeof(database), "%s", test_db_url(db));
    return 0;
}

static int tear_down(WJZ_UNUSED void **state) {
    test_db_destroy(&db);
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", folder); /* a process that is ended hard leaves its sockets */
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_for_the_database),    cmocka_unit_test(works_and_ends),
        cmocka_unit_test(says_why_it_is_not_ready),  cmocka_unit_test(tries_to_start_again),
        cmocka_unit_test(ends_when_it_cannot_start), cmocka_unit_test(ends_when_its_address_is_taken),
        cmocka_unit_test(does_not_hang_at_its_end),  cmocka_unit_test(runs_commands),
        cmocka_unit_test(refuses_bad_options),
    };
    return cmocka_run_group_tests_name("service", tests, set_up, tear_down);
}
