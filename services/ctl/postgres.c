/* The embedded PostgreSQL. It is the ordinary server of the distribution with a data folder of its own; it refuses to
 * run as root, so a root supervisor hands it to the user "postgres". */
#include "ctl/postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wjz/clock.h"

/* What the store wants of its server: local trust, no network, memory for a county. */
static const char SETTINGS[] = "listen_addresses = ''\n"
                               "unix_socket_permissions = 0700\n"
                               "max_connections = 200\n"
                               "shared_buffers = 256MB\n"
                               "max_wal_size = 2GB\n"
                               "min_wal_size = 512MB\n" /* a flood writes into files that are there, not into new ones */
                               "wal_compression = lz4\n"
                               "checkpoint_completion_target = 0.9\n"
                               "default_toast_compression = lz4\n"
                               "jit = off\n"
                               "update_process_title = off\n" /* a system view shows the same, for less */
                               "timezone = 'Asia/Shanghai'\n"
                               "log_timezone = 'Asia/Shanghai'\n"
                               "password_encryption = 'scram-sha-256'\n";

/* Folder of the newest server of the distribution, or WJZ_POSTGRES_BIN. */
static int find_programs(char *into, size_t size, wjz_err *err) {
    const char *named = getenv("WJZ_POSTGRES_BIN");
    if (named) {
        snprintf(into, size, "%s", named);
        return 0;
    }
    glob_t found = {0};
    int newest = 0;
    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            int version = atoi(found.gl_pathv[i] + strlen("/usr/lib/postgresql/"));
            if (version > newest) newest = version;
        }
    }
    globfree(&found);
    if (newest < 15)
        return wjz_err_set(
            err, -ENOENT,
            "cannot find PostgreSQL 15 or later: install postgresql-15, name its folder in WJZ_POSTGRES_BIN, "
            "or point WJZ_DATABASE_URL to a server");
    snprintf(into, size, "/usr/lib/postgresql/%d/bin", newest);
    return 0;
}

/* In the child: becomes the user the server may run as. */
static void drop_root(void) {
    if (geteuid() != 0) return;
    const struct passwd *user = getpwnam("postgres");
    if (!user || initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0) {
        fprintf(stderr, "could not become the user \"postgres\"\n");
        _exit(127);
    }
}

static int open_log(const home *h, wjz_err *err) {
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/postgres.log", h->log);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return wjz_err_set(err, -errno, "could not open \"%s\": %s", path, strerror(errno));
    return fd;
}

static int spawn(const home *h, const char *const argv[], pid_t *ret_pid, wjz_err *err) {
    int log = open_log(h, err);
    if (log < 0) return log;
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0); /* a terminal's interrupt is for the supervisor, which ends its children in order */
        int null = open("/dev/null", O_RDONLY);
        dup2(null, 0);
        dup2(log, 1);
        dup2(log, 2);
        if (chdir("/") < 0) _exit(127);
        drop_root();
        execv(argv[0], (char *const *)argv);
        fprintf(stderr, "could not run %s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    close(log);
    if (pid < 0) return wjz_err_set(err, -errno, "could not start %s: %s", argv[0], strerror(errno));
    *ret_pid = pid;
    return 0;
}

static int run(const home *h, const char *const argv[], wjz_err *err) {
    pid_t pid;
    int r = spawn(h, argv, &pid, err), status;
    if (r < 0) return r;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
    return wjz_err_set(err, -EIO, "%s failed: see %s/postgres.log", argv[0], h->log);
}

static int own_folder(const char *path, wjz_err *err) {
    int r = home_make_folder(path, 0700, err);
    if (r < 0 || geteuid() != 0) return r;
    const struct passwd *user = getpwnam("postgres");
    if (!user) return wjz_err_set(err, -ENOENT, "cannot find the user \"postgres\": install postgresql-15");
    if (chown(path, user->pw_uid, user->pw_gid) < 0)
        return wjz_err_set(err, -errno, "could not give \"%s\" to postgres: %s", path, strerror(errno));
    return 0;
}

/* The folders above may be closed to the server's user, as /root is. */
static int check_reachable(const home *h, const char *path, wjz_err *err) {
    if (run(h, (const char *const[]){"/usr/bin/test", "-w", path, NULL}, NULL) == 0) return 0;
    return wjz_err_set(err, -EACCES,
                       "the user \"postgres\" cannot enter \"%s\": open the folders above it to others (chmod o+x), or "
                       "choose another WJZ_HOME",
                       path);
}

static int write_settings(const char *data, wjz_err *err) {
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/postgresql.auto.conf", data);
    FILE *file = fopen(path, "ae");
    if (!file) return wjz_err_set(err, -errno, "could not write \"%s\": %s", path, strerror(errno));
    fputs(SETTINGS, file);
    return fclose(file) == 0 ? 0 : wjz_err_set(err, -EIO, "could not write \"%s\"", path);
}

/* Single-user mode makes the database before the server ever listens. */
static int make_database(const home *h, const char *server, const char *data, wjz_err *err) {
    static const char script[] = "\"$0\" --single -D \"$1\" postgres <<<'CREATE DATABASE weijianzhi;'";
    return run(h, (const char *const[]){"/bin/bash", "-c", script, server, data, NULL}, err);
}

int postgres_init(const home *h, wjz_err *err) {
    char data[PATH_MAX + 16], begun[PATH_MAX + 32], sockets[PATH_MAX + 16], programs[PATH_MAX], initdb[PATH_MAX + 16],
        server[PATH_MAX + 16];
    snprintf(data, sizeof data, "%s/data", h->postgres);
    snprintf(begun, sizeof begun, "%s.begun", data);
    snprintf(sockets, sizeof sockets, "%s/socket", h->postgres);
    int r = find_programs(programs, sizeof programs, err);
    if (r >= 0) r = own_folder(h->postgres, err);
    if (r >= 0) r = own_folder(sockets, err);
    if (r < 0 || access(data, F_OK) == 0) return r;
    /* Made beside and moved in place at the end: a cluster is there whole or not at all. */
    r = home_remove_folder(begun, err);
    if (r >= 0) r = own_folder(begun, err);
    if (r >= 0) r = check_reachable(h, begun, err);
    if (r < 0) return r;
    snprintf(initdb, sizeof initdb, "%s/initdb", programs);
    snprintf(server, sizeof server, "%s/postgres", programs);
    r = run(h,
            (const char *const[]){initdb, "-D", begun, "-U", "wjz_owner", "-E", "UTF8", "--locale=C.UTF-8", "-A",
                                  "trust", "--data-checksums", NULL},
            err);
    if (r >= 0) r = make_database(h, server, begun, err);
    if (r >= 0) r = write_settings(begun, err);
    if (r < 0) return r;
    return rename(begun, data) == 0 ? 0 : wjz_err_set(err, -errno, "could not move \"%s\" in place", begun);
}

int postgres_start(const home *h, pid_t *ret_pid, wjz_err *err) {
    char data[PATH_MAX + 16], sockets[PATH_MAX + 16], programs[PATH_MAX], server[PATH_MAX + 16];
    int r = find_programs(programs, sizeof programs, err);
    if (r < 0) return r;
    snprintf(server, sizeof server, "%s/postgres", programs);
    snprintf(data, sizeof data, "%s/data", h->postgres);
    snprintf(sockets, sizeof sockets, "%s/socket", h->postgres);
    return spawn(h, (const char *const[]){server, "-D", data, "-k", sockets, NULL}, ret_pid, err);
}

int postgres_wait(const home *h, int timeout_ms, wjz_err *err) {
    char ready[PATH_MAX + 16], programs[PATH_MAX], sockets[PATH_MAX + 16];
    int r = find_programs(programs, sizeof programs, err);
    if (r < 0) return r;
    snprintf(ready, sizeof ready, "%s/pg_isready", programs);
    snprintf(sockets, sizeof sockets, "%s/socket", h->postgres);
    int64_t until = wjz_clock_monotonic_us() + timeout_ms * INT64_C(1000);
    while (run(h, (const char *const[]){ready, "-q", "-h", sockets, NULL}, NULL) < 0) {
        if (wjz_clock_monotonic_us() > until)
            return wjz_err_set(err, -ETIMEDOUT, "PostgreSQL did not answer within %d s: see %s/postgres.log",
                               timeout_ms / 1000, h->log);
        poll(NULL, 0, 100);
    }
    return 0;
}
