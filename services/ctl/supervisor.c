/* The supervisor: one small blocking process that owns PostgreSQL and the services as children, starts again whatever
 * ends (at once, then with growing pauses), and ends all of them in order. Production may use systemd or compose
 * instead; this one makes a clone run with one command. */
#include "ctl/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/postgres.h"
#include "wjz/clock.h"
#include "wjz/log.h"
#include "wjz/migrate.h"

/* Receivers before senders, so that the first message finds somebody. */
const char *const supervised_services[SUPERVISED_SERVICES] = {"notification", "scheduling", "assignment", "scoring",
                                                              "intake",       "console"};

enum {
    POSTGRES_MS = 60000,
    DRAIN_MS = 40000,
    PAUSE_FIRST_MS = 50,
    PAUSE_MOST_MS = 1000,
    STEADY_US = 10 * 1000 * 1000,
};

typedef struct child {
    pid_t pid; /* 0: not running */
    int64_t started_us, again_us;
    int pause_ms;
} child;

typedef struct supervisor {
    const home *home;
    scale scale;
    child postgres;
    child services[SUPERVISED_SERVICES][INSTANCES_MOST];
    int signals;
    bool ending;
} supervisor;

int scale_parse(const char *text, scale *s, wjz_err *err) {
    const char *equals = strchr(text, '=');
    char *end = NULL;
    long count = equals ? strtol(equals + 1, &end, 10) : -1;
    for (int i = 0; equals && i < SUPERVISED_SERVICES; i++) {
        if (strlen(supervised_services[i]) != (size_t)(equals - text) ||
            strncmp(supervised_services[i], text, (size_t)(equals - text)) != 0)
            continue;
        if (end == equals + 1 || *end || count < 0 || count > INSTANCES_MOST) break;
        s->instances[i] = (int)count;
        return 0;
    }
    return wjz_err_set(
        err, -EINVAL,
        "scale is \"%s\": give SERVICE=N with one of notification, scheduling, assignment, scoring, intake, console "
        "and 0 to %d",
        text, INSTANCES_MOST);
}

static void path_in(const char *folder, const char *name, char path[PATH_MAX + 32]) {
    snprintf(path, PATH_MAX + 32, "%.*s/%s", PATH_MAX - 2, folder, name);
}

/* --- scale, kept in a file so that a later `wjz up` and a running supervisor agree --- */

void supervisor_read_scale(const home *h, scale *ret_scale) {
    scale s = {.instances = {1, 1, 1, 2, 1, 1}};
    char path[PATH_MAX + 32], line[80];
    path_in(h->run, "scale", path);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (scale_parse(line, &s, NULL) < 0) break;
    }
    if (file) fclose(file);
    *ret_scale = s;
}

static int write_scale(const home *h, const scale *s, wjz_err *err) {
    char path[PATH_MAX + 32], fresh[PATH_MAX + 32];
    path_in(h->run, "scale", path);
    path_in(h->run, "scale.new", fresh);
    FILE *file = fopen(fresh, "we");
    if (!file) return wjz_err_set(err, -errno, "could not write \"%s\": %s", fresh, strerror(errno));
    for (int i = 0; i < SUPERVISED_SERVICES; i++)
        fprintf(file, "%s=%d\n", supervised_services[i], s->instances[i]);
    if (fclose(file) != 0 || rename(fresh, path) < 0)
        return wjz_err_set(err, -errno, "could not write \"%s\": %s", path, strerror(errno));
    return 0;
}

/* --- the one supervisor of a state folder holds a lock on its pid file --- */

static int lock_pid_file(const home *h, wjz_err *err) {
    char path[PATH_MAX + 32];
    path_in(h->run, "supervisor.pid", path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return wjz_err_set(err, -errno, "could not open \"%s\": %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        close(fd);
        return wjz_err_set(err, -EALREADY, "a supervisor is running already");
    }
    return fd;
}

pid_t supervisor_running(const home *h) {
    char path[PATH_MAX + 32], text[32] = "";
    path_in(h->run, "supervisor.pid", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    pid_t pid = 0;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && read(fd, text, sizeof text - 1) > 0) pid = (pid_t)atoi(text);
    close(fd);
    return pid;
}

/* --- children --- */

/* What a service listens on for the world outside. The second instance and those after it cannot have the same port:
 * each takes the one ten above its predecessor's. */
static const struct {
    const char *service, *variable, *fallback;
} LISTENERS[] = {
    {"intake", "WJZ_DOOR", "tcp://127.0.0.1:7311"},
    {"intake", "WJZ_HTTP", "127.0.0.1:7312"},
    {"notification", "WJZ_NOTIFICATION_HTTP", "127.0.0.1:7313"},
    {"console", "WJZ_CONSOLE_HTTP", "127.0.0.1:7314"},
};

static void set_listeners(const char *service, int index) {
    for (size_t i = 0; index > 0 && i < WJZ_COUNT(LISTENERS); i++) {
        if (strcmp(LISTENERS[i].service, service) != 0) continue;
        const char *first = getenv(LISTENERS[i].variable), *colon;
        if (!first || !*first) first = LISTENERS[i].fallback;
        colon = strrchr(first, ':');
        char *end;
        long port = colon ? strtol(colon + 1, &end, 10) : 0;
        if (port <= 0 || *end) continue; /* any free port, or a unix socket that the operator has to think about */
        char shifted[256];
        snprintf(shifted, sizeof shifted, "%.*s:%ld", (int)(colon - first), first, port + 10L * index);
        setenv(LISTENERS[i].variable, shifted, 1);
    }
}

static void set_environment(const home *h, const char *service, const char *instance, int index) {
    setenv("WJZ_HOME", h->state, 1);
    setenv("WJZ_ROOT", h->root, 1);
    setenv("WJZ_DATABASE_URL", h->database, 1);
    setenv("WJZ_INSTANCE", instance, 1);
    set_listeners(service, index);
}

static int start_service(const supervisor *s, const char *service, int index, pid_t *ret_pid) {
    char instance[64];
    snprintf(instance, sizeof instance, "%s-%d", service, index + 1);
    char program[PATH_MAX + 64], log_path[PATH_MAX + 80];
    snprintf(program, sizeof program, "%s/weijianzhi-%s", s->home->programs, service);
    snprintf(log_path, sizeof log_path, "%s/%s.log", s->home->log, instance);
    pid_t pid = fork();
    if (pid < 0) return -errno;
    if (pid > 0) {
        *ret_pid = pid;
        return 0;
    }
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (log < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || chdir(s->home->root) < 0)
        _exit(127);
    set_environment(s->home, service, instance, index);
    execl(program, program, (char *)NULL);
    fprintf(stderr, "could not run %s: %s\n", program, strerror(errno));
    _exit(127);
}

static void note_start(child *c) {
    c->started_us = wjz_clock_monotonic_us();
}

/* The pause before the next start: none after a steady run, else doubling. */
static void note_end(child *c) {
    int64_t now = wjz_clock_monotonic_us();
    bool steady = now - c->started_us > STEADY_US;
    c->pause_ms = steady || c->pause_ms == 0 ? PAUSE_FIRST_MS : c->pause_ms * 2;
    if (c->pause_ms > PAUSE_MOST_MS) c->pause_ms = PAUSE_MOST_MS;
    c->pid = 0;
    c->again_us = now + c->pause_ms * INT64_C(1000);
}

static bool due(const child *c) {
    return c->pid == 0 && wjz_clock_monotonic_us() >= c->again_us;
}

static void start_what_is_due(supervisor *s) {
    if (s->home->embedded && due(&s->postgres)) {
        wjz_err err;
        note_start(&s->postgres);
        if (postgres_start(s->home, &s->postgres.pid, &err) < 0) {
            wjz_log_error("postgres not started", "error=\"%s\"", err.text);
            note_end(&s->postgres);
        }
    }
    for (int service = 0; service < SUPERVISED_SERVICES; service++) {
        for (int i = 0; i < s->scale.instances[service]; i++) {
            child *c = &s->services[service][i];
            if (!due(c)) continue;
            note_start(c);
            if (start_service(s, supervised_services[service], i, &c->pid) < 0) note_end(c);
        }
    }
}

static void end_surplus(supervisor *s) {
    for (int service = 0; service < SUPERVISED_SERVICES; service++)
        for (int i = s->scale.instances[service]; i < INSTANCES_MOST; i++)
            if (s->services[service][i].pid > 0) kill(s->services[service][i].pid, SIGTERM);
}

static void reap(supervisor *s) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        const char *who = "child";
        child *ended = NULL;
        if (pid == s->postgres.pid) ended = &s->postgres, who = "postgres";
        for (int service = 0; service < SUPERVISED_SERVICES && !ended; service++)
            for (int i = 0; i < INSTANCES_MOST && !ended; i++)
                if (s->services[service][i].pid == pid)
                    ended = &s->services[service][i], who = supervised_services[service];
        if (!ended) continue;
        note_end(ended);
        if (s->ending) continue;
        if (WIFSIGNALED(status))
            wjz_log_warn("process ended", "name=%s pid=%d signal=%d", who, (int)pid, WTERMSIG(status));
        else
            wjz_log_warn("process ended", "name=%s pid=%d status=%d", who, (int)pid, WEXITSTATUS(status));
    }
}

/* Milliseconds until the next start is due. */
static int until_next(const supervisor *s) {
    int64_t now = wjz_clock_monotonic_us(), next = now + 60 * WJZ_SECOND_US;
    if (s->home->embedded && s->postgres.pid == 0 && s->postgres.again_us < next) next = s->postgres.again_us;
    for (int service = 0; service < SUPERVISED_SERVICES; service++)
        for (int i = 0; i < s->scale.instances[service]; i++) {
            const child *c = &s->services[service][i];
            if (c->pid == 0 && c->again_us < next) next = c->again_us;
        }
    return next <= now ? 0 : (int)((next - now + 999) / 1000);
}

static void take_signals(supervisor *s) {
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) s->ending = true;
        if (info.ssi_signo == SIGHUP) supervisor_read_scale(s->home, &s->scale);
    }
    reap(s);
}

static bool any_service(const supervisor *s) {
    for (int service = 0; service < SUPERVISED_SERVICES; service++)
        for (int i = 0; i < INSTANCES_MOST; i++)
            if (s->services[service][i].pid > 0) return true;
    return false;
}

static void signal_services(const supervisor *s, int signal_number) {
    for (int service = SUPERVISED_SERVICES - 1; service >= 0; service--)
        for (int i = 0; i < INSTANCES_MOST; i++)
            if (s->services[service][i].pid > 0) kill(s->services[service][i].pid, signal_number);
}

static void wait_for(supervisor *s, bool (*busy)(const supervisor *), int timeout_ms) {
    int64_t until = wjz_clock_monotonic_us() + timeout_ms * INT64_C(1000);
    while (busy(s) && wjz_clock_monotonic_us() < until) {
        poll(&(struct pollfd){.fd = s->signals, .events = POLLIN}, 1, 200);
        take_signals(s);
    }
}

static bool postgres_runs(const supervisor *s) {
    return s->postgres.pid > 0;
}

static void end_all(supervisor *s) {
    s->ending = true;
    signal_services(s, SIGTERM);
    wait_for(s, any_service, DRAIN_MS);
    signal_services(s, SIGKILL);
    wait_for(s, any_service, 5000);
    if (s->postgres.pid > 0) kill(s->postgres.pid, SIGINT); /* "fast": connections are ended, all is flushed */
    wait_for(s, postgres_runs, DRAIN_MS);
    if (s->postgres.pid > 0) kill(s->postgres.pid, SIGQUIT);
    wait_for(s, postgres_runs, 5000);
}

static void told(const char *file, bool applied, void *arg) {
    (void)arg;
    if (applied) wjz_log_info("migration applied", "file=%s", file);
}

static int open_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static int prepare_database(supervisor *s, wjz_err *err) {
    int r = 0;
    if (s->home->embedded) {
        r = postgres_init(s->home, err);
        note_start(&s->postgres);
        if (r >= 0) r = postgres_start(s->home, &s->postgres.pid, err);
        if (r >= 0) r = postgres_wait(s->home, POSTGRES_MS, err);
    }
    if (r < 0) return r;
    char migrations[PATH_MAX + 32];
    path_in(s->home->root, "deploy/migrations", migrations);
    return wjz_migrate(s->home->database, migrations, told, NULL, err);
}

/* Says how the start went to the process that waits for it: a byte 0, or the reason. */
static void report(int pipe_end, const char *text) {
    if (pipe_end < 0) return;
    ssize_t written = write(pipe_end, text, *text ? strlen(text) : 1);
    (void)written;
    close(pipe_end);
}

static int supervise(supervisor *s, int pipe_end) {
    wjz_err err = {0};
    wjz_log_open("supervisor", "supervisor", WJZ_LOG_INFO);
    s->signals = open_signals();
    int r = prepare_database(s, &err);
    if (r < 0) {
        report(pipe_end, err.text);
        if (pipe_end < 0) wjz_log_error("not started", "error=\"%s\"", err.text);
        end_all(s);
        return r;
    }
    report(pipe_end, "");
    wjz_log_info("started", "home=%s", s->home->state);
    while (!s->ending) {
        start_what_is_due(s);
        end_surplus(s);
        poll(&(struct pollfd){.fd = s->signals, .events = POLLIN}, 1, until_next(s));
        take_signals(s);
    }
    end_all(s);
    wjz_log_info("ended", "%s", "");
    return 0;
}

/* In the process that becomes the supervisor: takes the lock, lets go of the terminal. */
static int become_supervisor(const home *h, const scale *wanted, int pipe_end, bool foreground) {
    wjz_err err = {0};
    int lock = lock_pid_file(h, &err);
    if (lock < 0) {
        report(pipe_end, err.text);
        return lock;
    }
    if (ftruncate(lock, 0) < 0 || dprintf(lock, "%d\n", (int)getpid()) < 0) return -errno;
    if (!foreground) {
        char path[PATH_MAX + 32];
        path_in(h->log, "supervisor.log", path);
        setsid();
        int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(null, 0);
        dup2(log, 1);
        dup2(log, 2);
    }
    supervisor *s = calloc(1, sizeof *s);
    if (!s) return -ENOMEM;
    s->home = h;
    s->scale = *wanted;
    int r = supervise(s, pipe_end);
    close(s->signals);
    free(s);
    close(lock);
    return r;
}

static int start_in_background(const home *h, const scale *s, wjz_err *err) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return wjz_err_set(err, -errno, "could not make a pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0) return wjz_err_set(err, -errno, "could not start the supervisor: %s", strerror(errno));
    if (pid == 0) {
        close(ends[0]);
        if (fork() != 0) _exit(0);
        _exit(become_supervisor(h, s, ends[1], false) < 0 ? 1 : 0);
    }
    close(ends[1]);
    waitpid(pid, NULL, 0);
    char text[sizeof err->text] = "";
    ssize_t length = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    if (length == 1 && text[0] == '\0') return 0;
    return wjz_err_set(err, -EIO, "%s", length > 0 ? text : "the supervisor ended at once: see its log");
}

int supervisor_scale(const home *h, const scale *s, wjz_err *err) {
    int r = write_scale(h, s, err);
    pid_t pid = supervisor_running(h);
    if (r < 0 || pid == 0) return r;
    return kill(pid, SIGHUP) == 0 ? 0 : wjz_err_set(err, -errno, "could not tell the supervisor: %s", strerror(errno));
}

int supervisor_up(const home *h, const scale *s, bool foreground, wjz_err *err) {
    int r = home_make(h, err);
    if (r >= 0) r = supervisor_scale(h, s, err);
    if (r < 0 || supervisor_running(h)) return r;
    if (foreground) return become_supervisor(h, s, -1, true);
    return start_in_background(h, s, err);
}

int supervisor_down(const home *h, int timeout_ms, wjz_err *err) {
    pid_t pid = supervisor_running(h);
    if (pid == 0) return 0;
    if (kill(pid, SIGTERM) < 0 && errno != ESRCH)
        return wjz_err_set(err, -errno, "could not end the supervisor: %s", strerror(errno));
    int64_t until = wjz_clock_monotonic_us() + timeout_ms * INT64_C(1000);
    while (supervisor_running(h)) {
        if (wjz_clock_monotonic_us() > until)
            return wjz_err_set(err, -ETIMEDOUT, "the supervisor (pid %d) did not end within %d s", (int)pid,
                               timeout_ms / 1000);
        poll(NULL, 0, 50);
    }
    return 0;
}
