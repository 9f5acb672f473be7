/* The life of a service: options, log, loop, administration address, database, bus, the service's own start — and
 * the same backwards. One fiber lives it from one end to the other, so it reads as it happens. */
#include "runtime/service.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/haste.h"
#include "wjz/clock.h"
#include "wjz/log.h"

enum { KEPT_FREE_BYTES = 32 << 20, OWN_MAPPING_BYTES = 8 << 20 };
enum { SHORTEST_PAUSE_MS = 10, LONGEST_PAUSE_MS = 5000, HOUSEKEEPING_CONNECTIONS = 2, MOST_FILES = 65536 };

#define FIELD(name) offsetof(wjz_service_conf, name)
static const wjz_option OPTIONS[] = {
    {"database_url", WJZ_CONF_SECRET, FIELD(database_url), NULL, 0, 0, "PostgreSQL connection string or URI"},
    {"database_role", WJZ_CONF_TEXT, FIELD(database_role), NULL, 0, 0, "role to connect as (default wjz_SERVICE)"},
    {"database_connections", WJZ_CONF_INT, FIELD(database_connections), "3", 1, 64, "size of the connection pool"},
    {"database_patience", WJZ_CONF_DURATION, FIELD(database_patience), "2m", 1000, 86400000,
     "silence after which a connection that owes an answer is given up; a statement is cancelled earlier"},
    {"instance", WJZ_CONF_TEXT, FIELD(instance), NULL, 0, 0, "name of this process (default SERVICE-HOST-PID)"},
    {"bind", WJZ_CONF_TEXT, FIELD(bind), NULL, 0, 0,
     "bus: ipc:///FOLDER or tcp://ADDRESS (default ipc://$WJZ_HOME/run)"},
    {"advertise_host", WJZ_CONF_TEXT, FIELD(advertise_host), NULL, 0, 0,
     "what peers connect to with tcp (default the host's name)"},
    {"admin", WJZ_CONF_TEXT, FIELD(admin), "127.0.0.1:0", 0, 0,
     "address of /healthz, /readyz, /metrics; port 0: any free one"},
    {"log_level", WJZ_CONF_TEXT, FIELD(log_level), "info", 0, 0, "debug, info, warn or error"},
    {"credit", WJZ_CONF_INT, FIELD(credit), "16", 1, 1024, "queued messages in flight per producer"},
    {"workers", WJZ_CONF_INT, FIELD(workers), "2", 1, 64, "batches handled at once"},
    {"lease", WJZ_CONF_DURATION, FIELD(lease), "30s", 1000, 3600000,
     "time until an unacknowledged message is sent again"},
    {"attempts", WJZ_CONF_INT, FIELD(attempts), "8", 1, 100, "attempts until a message is a dead letter"},
    {"drain", WJZ_CONF_DURATION, FIELD(drain), "30s", 100, 3600000,
     "time for an orderly end, then the process ends at once"},
    {0},
};
#undef FIELD

/* --- options --- */

static void home_folder(char *folder, size_t size) {
    const char *home = getenv("WJZ_HOME"), *user = getenv("HOME");
    if (home && *home)
        snprintf(folder, size, "%s", home);
    else if (geteuid() == 0 || !user)
        snprintf(folder, size, "/var/lib/weijianzhi");
    else
        snprintf(folder, size, "%s/.local/state/weijianzhi", user);
}

/* Makes the folder and those above it; one that cannot be made is found out when something is bound in it. */
static void make_folder(char *path) {
    for (char *at = path + 1; *at; at++)
        if (*at == '/') {
            *at = '\0';
            mkdir(path, 0755);
            *at = '/';
        }
    mkdir(path, 0770);
}

static int set_default(char **text, const char *format, ...) WJZ_PRINTF(2, 3);
static int set_default(char **text, const char *format, ...) {
    if (*text) return 0;
    va_list args;
    va_start(args, format);
    if (vasprintf(text, format, args) < 0) *text = NULL;
    va_end(args);
    return *text ? 0 : -ENOMEM;
}

static int complete_conf(const wjz_service_spec *spec, wjz_service_conf *conf, wjz_log_level *ret_level, wjz_err *err) {
    if (!conf->database_url)
        return wjz_err_set(err, -EINVAL,
                           "option \"database_url\" is not set; give --database_url=... or WJZ_DATABASE_URL");
    if (wjz_log_level_parse(conf->log_level, ret_level) < 0)
        return wjz_err_set(err, -EINVAL, "option \"log_level\" is \"%s\"; it must be debug, info, warn or error",
                           conf->log_level);
    char home[3072], run[4000];
    home_folder(home, sizeof(home));
    snprintf(run, sizeof(run), "%s/run", home);
    if (!conf->bind) make_folder(run);
    int e = set_default(&conf->database_role, "wjz_%s", spec->name);
    char host[65] = ""; /* in containers every process has the same number */
    gethostname(host, sizeof host - 1);
    if (e == 0) e = set_default(&conf->instance, "%s-%s-%d", spec->name, host, (int)getpid());
    if (e == 0) e = set_default(&conf->bind, "ipc://%s", run);
    return e == 0 ? 0 : wjz_err_set(err, e, "could not read the options: out of memory");
}

/* --- up --- */

static bool may_pass(int e) {
    return e == -EAGAIN || e == -ECONNRESET || e == -ETIMEDOUT;
}

/* Waits a little longer every time; -ECANCELED once the process was told to stop. */
static int pause_or_stop(wjz_service *service, int64_t *pause_ms) {
    if (wjz_event_wait_ms(service->loop, &service->stop_asked, (uint64_t)*pause_ms) == 0) return -ECANCELED;
    *pause_ms = *pause_ms * 2 < LONGEST_PAUSE_MS ? *pause_ms * 2 : LONGEST_PAUSE_MS;
    return 0;
}

static int wait_for_database(wjz_service *service) {
    int e = 0;
    for (int64_t pause_ms = SHORTEST_PAUSE_MS; e == 0 && !wjz_db_ready(service->db);)
        e = pause_or_stop(service, &pause_ms);
    return e;
}

static int open_pools(wjz_service *service, wjz_err *err) {
    const wjz_service_conf *conf = service->conf;
    wjz_db_options options = {
        .url = conf->database_url,
        .role = conf->database_role,
        .application = conf->instance,
        .connections = (int)conf->database_connections,
        .hot_path = true,
        .generic_plans = service->spec->queues != NULL,
        .hasty = service->spec->hasty,
        .statement_timeout_ms = (int)conf->database_patience / 4 * 3,
        .patience_ms = (int)conf->database_patience,
        .era = &WJZ_BUS_ERA,
    };
    int e = wjz_db_open(service->loop, &options, &service->db, err);
    if (e < 0) return e;
    options.connections = HOUSEKEEPING_CONNECTIONS;
    options.hasty = false;
    return wjz_db_open(service->loop, &options, &service->housekeeping, err);
}

static int open_bus(wjz_service *service, wjz_err *err) {
    const wjz_service_spec *spec = service->spec;
    const wjz_service_conf *conf = service->conf;
    wjz_bus_options options = {
        .service = spec->name,
        .instance = conf->instance,
        .bind = conf->bind,
        .advertise_host = conf->advertise_host,
        .queues = spec->queues,
        .emits = spec->emits,
        .requests = spec->requests,
        .credit = (int)conf->credit,
        .workers = (int)conf->workers,
        .lease_ms = (int)conf->lease,
        .attempts = (int)conf->attempts,
        .housekeeping = service->housekeeping,
        .admin = service->admin_address,
    };
    return wjz_bus_open(service->loop, service->db, &options, &service->bus, err);
}

static int start_service(wjz_service *service, wjz_err *err) {
    if (!service->spec->start) return 0;
    return service->spec->start(service, service->conf, &service->state, err);
}

/* Tries again while it may help: always for the bus, whose tables may not be there yet, and while the database comes
 * and goes for the service itself. */
static int keep_trying(wjz_service *service, int (*step)(wjz_service *, wjz_err *), const char *what, bool always,
                       wjz_err *err) {
    for (int64_t pause_ms = SHORTEST_PAUSE_MS;;) {
        int e = step(service, err);
        if (e == 0 || e == -EINVAL || !(always || may_pass(e))) return e;
        if (service->stop_asked.set) return -ECANCELED;
        wjz_log_warn("start delayed", "step=%s error=\"%s\" again_in_ms=%d", what, err->text, (int)pause_ms);
        e = pause_or_stop(service, &pause_ms);
        if (e < 0) return e;
    }
}

static int come_up(wjz_service *service, wjz_err *err) {
    const wjz_service_conf *conf = service->conf;
    int e = wjz_service_admin_open(service, conf->admin, err);
    if (e == 0) e = open_pools(service, err);
    if (e == 0) e = wait_for_database(service);
    if (e == 0) e = keep_trying(service, open_bus, "bus", true, err);
    if (e == 0) e = keep_trying(service, start_service, service->spec->name, false, err);
    if (e == 0) e = wjz_bus_start(service->bus, service->state, err);
    if (e == 0) service->started = true;
    return e;
}

/* --- down --- */

static void on_closed(void *arg) {
    wjz_service *service = arg;
    wjz_event_set(service->loop, &service->closed);
}

static void wait_closed(wjz_service *service) {
    wjz_event_wait(service->loop, &service->closed);
    wjz_event_clear(&service->closed);
}

static void close_db(wjz_service *service, wjz_db **db) {
    if (!*db) return;
    wjz_db_close(db, on_closed, service);
    wait_closed(service);
}

static void on_drain_over(void *arg) {
    const wjz_service *service = arg;
    wjz_log_error("drain time is over", "started=%s", service->started ? "yes" : "no");
    _exit(1);
}

/* The drain timer bounds all of this. */
static void go_down(wjz_service *service) {
    const wjz_service_conf *conf = service->conf;
    if (service->bus && wjz_bus_drain(service->bus, (uint64_t)conf->drain) < 0)
        on_drain_over(service); /* handlers that still run use the state */
    if (service->spec->stop) service->spec->stop(WJZ_STEAL(service->state));
    if (service->bus) {
        wjz_bus_close(&service->bus, on_closed, service);
        wait_closed(service);
    }
    close_db(service, &service->db);
    close_db(service, &service->housekeeping);
    if (service->admin) {
        wjz_http_close(&service->admin, on_closed, service);
        wait_closed(service);
    }
}

static void begin_end(wjz_service *service) {
    if (service->stop_asked.set) return;
    const wjz_service_conf *conf = service->conf;
    wjz_event_set(service->loop, &service->stop_asked);
    int e = wjz_timer_open(service->loop, (uint64_t)conf->drain, 0, on_drain_over, service, &service->drain);
    if (e < 0) wjz_log_error("drain time not bounded", "error=\"%s\"", strerror(-e));
}

static void on_signal(void *arg) {
    wjz_log_info("told to stop", "");
    begin_end(arg);
}

/* --- the whole --- */

static void live(void *arg) {
    wjz_service *service = arg;
    wjz_err err = {0};
    int e = come_up(service, &err);
    if (e == 0) {
        wjz_log_info("service ready", "admin=\"%s\"", service->admin_address);
        wjz_event_wait(service->loop, &service->stop_asked);
    } else if (e != -ECANCELED) {
        wjz_log_error("service cannot start", "error=\"%s\"", err.text);
        service->status = 1;
        begin_end(service);
    }
    go_down(service);
    wjz_timer_close(&service->drain);
    wjz_loop_ignore_signals(service->loop);
    wjz_log_info("service ended", "status=%d", service->status);
}

static int serve(wjz_service *service, wjz_err *err) {
    int e = wjz_loop_new(&service->loop, err);
    if (e < 0) return e;
    e = wjz_loop_on_signal(service->loop, SIGTERM, on_signal, service);
    if (e == 0) e = wjz_loop_on_signal(service->loop, SIGINT, on_signal, service);
    if (e == 0) e = wjz_fiber_spawn(service->loop, live, service);
    if (e == 0)
        wjz_loop_run(service->loop);
    else
        wjz_err_set(err, e, "could not start: %s", strerror(-e));
    wjz_loop_destroy(&service->loop);
    return e;
}

/* Batches take and free megabytes: what is given back to the system after one is asked for, and cleared, for the next.
 */
static void keep_freed_memory(void) {
    mallopt(M_TRIM_THRESHOLD, KEPT_FREE_BYTES);
    mallopt(M_MMAP_THRESHOLD, OWN_MAPPING_BYTES);
}

/* Every connection is a file, and by default a process may have 1024 of them. */
static void allow_many_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
    rlim_t wanted = limit.rlim_max < MOST_FILES ? limit.rlim_max : MOST_FILES;
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* then it stays as it was */
}

static int run_service(const wjz_service_spec *spec, void *conf, wjz_err *err) {
    wjz_log_level level;
    int e = complete_conf(spec, conf, &level, err);
    if (e < 0) return 2;
    const wjz_service_conf *common = conf;
    wjz_log_open(spec->name, common->instance, level);
    signal(SIGPIPE, SIG_IGN);
    keep_freed_memory();
    allow_many_files();
    if (spec->hasty) (void)wjz_haste_own(); /* before any other thread is made */
    wjz_service service = {.spec = spec, .conf = conf};
    return serve(&service, err) < 0 ? 1 : service.status;
}

int wjz_service_main(const wjz_service_spec *spec, int argc, char **argv) {
    const wjz_option *const tables[] = {OPTIONS, spec->options, NULL};
    char program[96];
    snprintf(program, sizeof(program), "weijianzhi-%s", spec->name);
    void *conf = calloc(1, spec->conf_size);
    wjz_err err = {0};
    int status = 2;
    int e = conf ? wjz_conf_load(conf, tables, program, spec->purpose, &argc, argv, &err)
                 : wjz_err_set(&err, -ENOMEM, "out of memory");
    if (e == 1)
        status = 0;
    else if (e == 0 && argc > 1 && spec->command)
        status = spec->command(conf, argc - 1, argv + 1);
    else if (e == 0 && argc > 1)
        wjz_err_set(&err, -EINVAL, "command line: \"%s\" is no option and no command; see --help", argv[1]);
    else if (e == 0)
        status = run_service(spec, conf, &err);
    if (err.code < 0 && status != 0) fprintf(stderr, "%s: %s\n", program, err.text);
    if (conf) wjz_conf_free(conf, tables);
    free(conf);
    return status;
}

wjz_loop *wjz_service_loop(wjz_service *service) {
    return service->loop;
}

wjz_db *wjz_service_db(wjz_service *service) {
    return service->db;
}

wjz_bus *wjz_service_bus(wjz_service *service) {
    return service->bus;
}

void wjz_service_not_ready(wjz_service *service, const char *reason) {
    service->not_ready = reason;
}
